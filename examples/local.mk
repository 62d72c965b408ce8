# SPDX-License-Identifier: MIT
noinst_PROGRAMS += examples/reserve examples/winsock examples/persistent
examples_reserve_SOURCES = examples/reserve.c
examples_winsock_SOURCES = examples/winsock.c
examples_winsock_CPPFLAGS = -I$(top_srcdir)/include/portres
examples_winsock_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
examples_winsock_LDADD = src/libportres-winsock.la src/libportres-wmain.a src/libportres.la
examples_persistent_SOURCES = examples/persistent.c
examples_persistent_CPPFLAGS = -I$(top_srcdir)/include/portres
examples_persistent_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
examples_persistent_LDADD = src/libportres-winsock.la src/libportres-wmain.a src/libportres.la

TESTS += examples/reserve.test
EXTRA_DIST += examples/reserve.test examples/collide.py
