# SPDX-License-Identifier: MIT
# What the tools see of the system. Only the portres command wants it, and its libraries.
# What a command is; by libelf.
program_sources = src/inspect/program.h src/inspect/program.c src/inspect/image.h src/inspect/image.c \
	src/inspect/script.h src/inspect/script.c src/inspect/gain.h src/inspect/gain.c src/inspect/reach.c \
	src/inspect/locate.h src/inspect/locate.c src/inspect/word-size.h src/inspect/word-size.c
# What portres doctor tries.
check_sources = src/inspect/check.h src/inspect/check.c src/inspect/checks.h src/inspect/check-kernel.c \
	src/inspect/check-guard.c src/inspect/check-diag.c src/inspect/check-user.c \
	src/inspect/check-pool.c src/inspect/check-list.c src/inspect/check-limits.c \
	src/inspect/check-library.c src/inspect/check-reservation.c \
	src/inspect/check-program.h src/inspect/check-program.c src/inspect/obstacle.h src/inspect/obstacle.c \
	src/inspect/place.h src/inspect/place.c src/inspect/child.h src/inspect/child.c

noinst_LTLIBRARIES += src/libinspect.la
src_libinspect_la_SOURCES = src/inspect/sockets.h src/inspect/sockets.c src/inspect/owners.h src/inspect/owners.c \
	src/inspect/process.h src/inspect/process.c src/inspect/settings.h src/inspect/settings.c \
	src/inspect/unix.h src/inspect/unix.c src/inspect/judge.h src/inspect/judge.c src/inspect/reservations.h src/inspect/reservations.c \
	src/inspect/trial.h src/inspect/trial.c src/inspect/start.h src/inspect/start.c \
	src/inspect/served.h src/inspect/served.c src/inspect/port.h src/inspect/port.c src/inspect/port-read.c \
	src/inspect/elsewhere.h src/inspect/elsewhere.c \
	src/inspect/ports.h src/inspect/ports.c src/inspect/runs.h src/inspect/runs.c \
	src/inspect/namespaces.h src/inspect/namespaces.c src/inspect/unused.h src/inspect/unused.c \
	src/inspect/leftovers.h src/inspect/leftovers.c src/inspect/left-files.c \
	$(library_sources) $(program_sources) $(check_sources)
src_libinspect_la_CPPFLAGS = $(room_cppflags)
src_libinspect_la_LIBADD = src/libpersist.la $(ELF_LIBS)
