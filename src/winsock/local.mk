# SPDX-License-Identifier: MIT
# Winsock's face of the library, for sources that are shared with Windows. A library of its
# own: it allocates, and has thread-local variables, which the preloaded object must not.
winsockincludedir = $(includedir)/portres
winsockinclude_HEADERS = include/portres/winsock2.h include/portres/windows.h \
	include/portres/Windows.h include/portres/Windows.h. include/portres/mstcpip.h include/portres/ws2ipdef.h \
	include/portres/iphlpapi.h

lib_LTLIBRARIES += src/libportres-winsock.la
src_libportres_winsock_la_SOURCES = src/winsock/error.h src/winsock/error.c \
	src/winsock/memory.h src/winsock/memory.c src/winsock/overlapped.h \
	src/winsock/overlapped.c src/winsock/socket.c src/winsock/ioctl.c \
	src/winsock/persistent.c
src_libportres_winsock_la_CPPFLAGS = $(AM_CPPFLAGS) -DPORTRES_WINSOCK_OWN
src_libportres_winsock_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
src_libportres_winsock_la_LIBADD = src/libpersist.la src/libportres.la
src_libportres_winsock_la_LDFLAGS = -version-info 0:0:0 \
	-Wl,--version-script=$(top_srcdir)/src/winsock/libportres-winsock.map
src_libportres_winsock_la_DEPENDENCIES = src/libpersist.la src/libportres.la src/winsock/libportres-winsock.map
EXTRA_DIST += src/winsock/libportres-winsock.map

# main() and what prints, which belong to the program.
lib_LIBRARIES = src/libportres-wmain.a
src_libportres_wmain_a_SOURCES = src/winsock/program/main.c src/winsock/program/print.h \
	src/winsock/program/print.c

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = src/portres.pc src/portres-winsock.pc
EXTRA_DIST += src/portres.pc.in src/portres-winsock.pc.in
