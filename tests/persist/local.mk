# SPDX-License-Identifier: MIT
# The list of reserved blocks on disk, and what keeps it: portres persist, --name.
persist_tests = tests/persist/persist.test tests/persist/crash.test tests/persist/store-full.test \
	tests/persist/hold.test tests/persist/name.test
TESTS += $(persist_tests)
EXTRA_DIST += $(persist_tests) tests/persist/persist.sh

check_PROGRAMS += tests/persist/call
tests_persist_call_SOURCES = tests/persist/call.c
tests_persist_call_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_persist_call_LDFLAGS = -no-install
tests_persist_call_LDADD = src/libportres-winsock.la src/libportres.la
LONG_TESTS += tests/persist/crash.test
