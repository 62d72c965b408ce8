# SPDX-License-Identifier: MIT
# portres list
TESTS += tests/cli/list.test
EXTRA_DIST += tests/cli/list.test tests/cli/cli.sh

check_PROGRAMS += tests/cli/unshared tests/cli/acquire
tests_cli_unshared_SOURCES = tests/cli/unshared.c
tests_cli_unshared_LDADD = -lpthread
tests_cli_acquire_SOURCES = tests/cli/acquire.c
