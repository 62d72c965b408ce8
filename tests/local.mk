# SPDX-License-Identifier: MIT
# Every test speaks TAP, so that each assertion is counted, not each file.
TEST_EXTENSIONS = .test
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_LOG_DRIVER = $(LOG_DRIVER)
TEST_LOG_COMPILER = $(SHELL)

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	PORTRES_LIB='$(abs_top_builddir)/src/.libs/libportres.so'; export PORTRES_LIB; \
	PORTRES_RUN='$(abs_top_builddir)/scripts/portres-run'; export PORTRES_RUN; \
	PORTRES='$(abs_top_builddir)/src/portres'; export PORTRES; \
	unset LD_PRELOAD PORTRES_DIR PORTRES_RANGE PORTRES_RESERVE PORTRES_RESERVATION PORTRES_DEBUG \
	PORTRES_STATE;

EXTRA_DIST += tests/lib/tap.h tests/lib/tap.sh tests/lib/wait.h

# That there is a test for each row of the specification.
TESTS += tests/answers.test
EXTRA_DIST += tests/answers.test

# Tests that have a long form, which PORTRES_LONG=1 asks for; those that have only that
# one are in this list alone, and end in .test. They begin in this order, as many at once as
# there are processors: those that take longest first.
LONG_TESTS =

.PHONY: check-long
check-long:
	@status=0; \
	PORTRES_LONG=1 $(MAKE) $(AM_MAKEFLAGS) -j"$$(nproc)" -k check TESTS='$(LONG_TESTS)' || status=$$?; \
	$(SHELL) $(top_srcdir)/tests/proof/table \
		$$(for test in $(LONG_TESTS); do echo "$${test%.test}.log"; done) || status=1; \
	exit $$status

include tests/proof/local.mk
include tests/fuzz/local.mk

include tests/unit/local.mk
include tests/preload/local.mk
include tests/programs/local.mk
include tests/pitfalls/start.mk
include tests/pitfalls/descriptors.mk
include tests/pitfalls/ports.mk
include tests/winsock/local.mk
if PORTRES_COMMAND
include tests/persist/local.mk
include tests/cli/doctor.mk
include tests/cli/explain.mk
include tests/cli/list.mk
include tests/cli/map.mk
include tests/cli/reserve.mk
include tests/cli/screens.mk
include tests/guides/local.mk
endif
include tests/install/local.mk
include tests/differential/local.mk
include tests/suites/local.mk
include tests/bench/local.mk
