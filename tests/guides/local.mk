# SPDX-License-Identifier: MIT
# The examples of the guides in docs/guides, on the programs that they are about.
guide_tests = \
	tests/guides/parallel-tests.test \
	tests/guides/hpc.test \
	tests/guides/services.test \
	tests/guides/windows.test \
	tests/guides/which-tool.test

TESTS += tests/guides/links.test
LONG_TESTS += $(guide_tests)
EXTRA_DIST += $(guide_tests) tests/guides/links.test tests/guides/guides.sh tests/guides/guide.py \
	tests/guides/links.py tests/guides/booted.sh tests/guides/slurm.sh tests/guides/systemctl.sh

# By themselves, since they take minutes: they build with Go, boot systemd, start Slurm.
.PHONY: check-guides
check-guides:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(guide_tests)'
