# SPDX-License-Identifier: MIT
# Winsock's face: programs that are linked with it, as those from Windows are.
winsock_tests = tests/winsock/wsaioctl tests/winsock/codes tests/winsock/last-error tests/winsock/print \
	tests/winsock/sequences tests/winsock/persistent tests/winsock/persistent-use \
	tests/winsock/persistent-sockets tests/winsock/persistent-crowd
check_PROGRAMS += $(winsock_tests)
TESTS += $(winsock_tests) tests/winsock/sample.test tests/winsock/layout.test
EXTRA_DIST += tests/winsock/layout.test tests/winsock/layout.h tests/winsock/sample.test tests/winsock/sample.cpp
winsock_headers = tests/winsock/linked.h $(preload_headers)

tests_winsock_wsaioctl_SOURCES = tests/winsock/wsaioctl.c tests/winsock/call.h $(winsock_headers)
tests_winsock_wsaioctl_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_wsaioctl_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_codes_SOURCES = tests/winsock/codes.c tests/winsock/call.h tests/preload/sandbox.h \
	$(winsock_headers)
tests_winsock_codes_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_codes_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_last_error_SOURCES = tests/winsock/last-error.c $(winsock_headers)
tests_winsock_last_error_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_sequences_SOURCES = tests/winsock/sequences.c tests/pitfalls/network.h $(winsock_headers)
tests_winsock_sequences_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_sequences_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_persistent_SOURCES = tests/winsock/persistent.c tests/winsock/persistent.h \
	tests/pitfalls/network.h $(winsock_headers)
tests_winsock_persistent_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_persistent_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_persistent_sockets_SOURCES = tests/winsock/persistent-sockets.c tests/winsock/persistent.h \
	tests/pitfalls/network.h $(winsock_headers)
tests_winsock_persistent_sockets_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_persistent_sockets_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_persistent_crowd_SOURCES = tests/winsock/persistent-crowd.c tests/winsock/persistent.h \
	tests/pitfalls/network.h $(winsock_headers)
tests_winsock_persistent_crowd_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_persistent_crowd_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_persistent_use_SOURCES = tests/winsock/persistent-use.c tests/winsock/persistent.h \
	tests/pitfalls/network.h $(winsock_headers)
tests_winsock_persistent_use_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
tests_winsock_persistent_use_LDADD = src/libportres-winsock.la src/libportres.la
tests_winsock_print_SOURCES = tests/winsock/print.c tests/lib/tap.h
tests_winsock_print_LDADD = src/libportres-wmain.a
