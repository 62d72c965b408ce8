# SPDX-License-Identifier: MIT
# What shells complete; and what is installed, which is looked at when no other test runs.
TESTS += tests/install/completions.test
EXTRA_DIST += tests/install/completions.test tests/install/complete.bash tests/install/complete.fish \
	tests/install/complete.zsh

install_tests = tests/install/install.test tests/install/packages.test
EXTRA_DIST += $(install_tests) tests/install/root.sh
LONG_TESTS += tests/install/packages.test

.PHONY: check-install
check-install:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(install_tests)'
