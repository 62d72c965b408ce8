# SPDX-License-Identifier: MIT
# What goes wrong in preload libraries before main() and around it: calls that they do not
# see, calls that come too early, look-ups, other libcs and word sizes, sanitizers, names.
start_programs = tests/pitfalls/00-unseen-calls tests/pitfalls/00-unseen-copies \
	tests/pitfalls/00-unseen-own-close tests/pitfalls/00-unseen-processes \
	tests/pitfalls/02-dlopen
start_tests = \
	tests/pitfalls/00-unseen-programs.test \
	tests/pitfalls/00-unseen-run.test \
	tests/pitfalls/01-before-constructor.test \
	tests/pitfalls/02-dlsym-malloc.test \
	tests/pitfalls/02-other-preloads.test \
	tests/pitfalls/03-first-call-race.test \
	tests/pitfalls/04-thread-local.test \
	tests/pitfalls/05-lto.test \
	tests/pitfalls/06-names.test \
	tests/pitfalls/07-headers.test \
	tests/pitfalls/08-musl.test \
	tests/pitfalls/09-word-sizes.test \
	tests/pitfalls/10-asan.test \
	tests/pitfalls/11-start-cost.test \
	tests/pitfalls/39-setuid.test

TESTS += $(start_programs) $(start_tests) tests/pitfalls/list.test
LONG_TESTS += tests/pitfalls/03-first-call-race.test
check_PROGRAMS += $(start_programs)
# The tests build the rest themselves, in more ways than one.
EXTRA_DIST += $(start_tests) tests/pitfalls/list.test tests/pitfalls/build.sh \
	tests/pitfalls/every-basics.h \
	tests/pitfalls/every-plain.h tests/pitfalls/every-block.h tests/pitfalls/every-call.h \
	tests/pitfalls/every-call.c tests/pitfalls/early.c tests/pitfalls/first-call.c \
	tests/pitfalls/setuid.c tests/pitfalls/setuid-linked.c tests/pitfalls/word-size.c

tests_pitfalls_00_unseen_calls_SOURCES = tests/pitfalls/00-unseen-calls.c $(preload_headers)
tests_pitfalls_00_unseen_own_close_SOURCES = tests/pitfalls/00-unseen-calls.c $(preload_headers)
tests_pitfalls_00_unseen_own_close_CPPFLAGS = $(AM_CPPFLAGS) -DOWN_CLOSE
tests_pitfalls_00_unseen_processes_SOURCES = tests/pitfalls/00-unseen-processes.c $(preload_headers)
tests_pitfalls_00_unseen_copies_SOURCES = tests/pitfalls/00-unseen-copies.c tests/pitfalls/modes.h \
	$(preload_headers)
tests_pitfalls_00_unseen_copies_LDADD = -lpthread
tests_pitfalls_02_dlopen_SOURCES = tests/pitfalls/02-dlopen.c tests/pitfalls/modes.h $(preload_headers)

# What 02-dlopen loads; -rpath makes it a shared object.
check_LTLIBRARIES += tests/pitfalls/dlopen-plugin.la
tests_pitfalls_dlopen_plugin_la_SOURCES = tests/pitfalls/dlopen-plugin.c
tests_pitfalls_dlopen_plugin_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
tests_pitfalls_dlopen_plugin_la_LIBADD = -lpthread
