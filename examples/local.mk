# SPDX-License-Identifier: MIT
noinst_PROGRAMS += examples/reserve examples/winsock
examples_reserve_SOURCES = examples/reserve.c
examples_winsock_SOURCES = examples/winsock.c
examples_winsock_CPPFLAGS = -I$(top_srcdir)/include/portres
examples_winsock_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
examples_winsock_LDADD = src/libportres-winsock.la src/libportres-wmain.a src/libportres.la

TESTS += examples/reserve.test
EXTRA_DIST += examples/reserve.test
