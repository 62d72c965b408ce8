# SPDX-License-Identifier: MIT
# The tests under sanitizers, and which lines they reach.
analysis_long = tests/proof/asan.test tests/proof/coverage.test
LONG_TESTS += $(analysis_long) tests/unit/every-failure
TESTS += tests/proof/exceptions.test
EXTRA_DIST += $(analysis_long) tests/proof/exceptions.test tests/proof/exceptions.txt \
	tests/proof/tree.sh tests/proof/coverage.h tests/proof/coverage.py tests/proof/unreached.txt
