# SPDX-License-Identifier: MIT
# portres explain
TESTS += tests/cli/explain.test
EXTRA_DIST += tests/cli/explain.test

check_PROGRAMS += tests/cli/keep
tests_cli_keep_SOURCES = tests/cli/keep.c
if STATIC_HOLDER
check_PROGRAMS += tests/cli/keep-static
tests_cli_keep_static_SOURCES = tests/cli/keep.c
tests_cli_keep_static_LDFLAGS = -all-static
endif
