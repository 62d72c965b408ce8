# SPDX-License-Identifier: MIT
# The screens of the README
TESTS += tests/cli/screens.test
EXTRA_DIST += tests/cli/screens.test
