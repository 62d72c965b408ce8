# SPDX-License-Identifier: MIT
# portres reserve and portres prune.
reserve_tests = tests/cli/reserve.test tests/cli/reserve-format.test tests/cli/reserve-input.test \
	tests/cli/reserve-command.test tests/cli/prune.test
TESTS += $(reserve_tests)
EXTRA_DIST += $(reserve_tests) tests/cli/reserve.sh
