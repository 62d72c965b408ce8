# SPDX-License-Identifier: MIT
# portres map
map_tests = tests/cli/map.test tests/cli/map-screen.test
TESTS += $(map_tests)
EXTRA_DIST += $(map_tests) tests/cli/map.sh tests/cli/map.py tests/cli/map_screen.py tests/cli/map_svg.py \
	tests/cli/map_truth.py tests/cli/servers.py
