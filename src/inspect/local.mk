# SPDX-License-Identifier: MIT
# What the tools see of the system. Only the portres command wants it, and its libraries.
noinst_LTLIBRARIES += src/libinspect.la
src_libinspect_la_SOURCES = src/inspect/sockets.h src/inspect/sockets.c src/inspect/owners.h src/inspect/owners.c \
	src/inspect/process.h src/inspect/process.c src/inspect/settings.h src/inspect/settings.c \
	src/inspect/unix.h src/inspect/unix.c src/inspect/judge.h src/inspect/judge.c src/inspect/reservations.h src/inspect/reservations.c \
	src/inspect/trial.h src/inspect/trial.c src/inspect/start.h src/inspect/start.c \
	src/inspect/served.h src/inspect/served.c src/inspect/port.h src/inspect/port.c src/inspect/port-read.c \
	src/inspect/elsewhere.h src/inspect/elsewhere.c \
	src/inspect/ports.h src/inspect/ports.c src/inspect/runs.h src/inspect/runs.c \
	src/inspect/namespaces.h src/inspect/namespaces.c src/inspect/unused.h src/inspect/unused.c \
	src/inspect/leftovers.h src/inspect/leftovers.c src/inspect/left-files.c
src_libinspect_la_CPPFLAGS = $(room_cppflags)
src_libinspect_la_LIBADD = src/libpersist.la
