# SPDX-License-Identifier: MIT
# What went wrong with shared memory and with ports elsewhere: a file for each, with a number.
pitfall_headers = $(preload_headers) tests/pitfalls/network.h tests/pitfalls/step.h \
	tests/pitfalls/work.h
pitfall_port_programs = \
	tests/pitfalls/27b-index \
	tests/pitfalls/29-locks \
	tests/pitfalls/30-pids \
	tests/pitfalls/31-leaks \
	tests/pitfalls/32-aba \
	tests/pitfalls/34-search \
	tests/pitfalls/35-crossing \
	tests/pitfalls/35-threads \
	tests/pitfalls/36-options \
	tests/pitfalls/37-lengths
pitfall_port_scripts = \
	tests/pitfalls/28-full-shm.test \
	tests/pitfalls/33-layouts.test \
	tests/pitfalls/38-fails-open.test

check_PROGRAMS += $(pitfall_port_programs) tests/pitfalls/reserve
TESTS += $(pitfall_port_programs) $(pitfall_port_scripts)
LONG_TESTS += tests/pitfalls/29-locks tests/pitfalls/30-pids tests/pitfalls/31-leaks \
	tests/pitfalls/32-aba
EXTRA_DIST += $(pitfall_port_scripts) tests/pitfalls/33-layout.c

tests_pitfalls_reserve_SOURCES = tests/pitfalls/reserve.c
tests_pitfalls_27b_index_SOURCES = tests/pitfalls/27b-index.c $(pitfall_headers)
tests_pitfalls_29_locks_SOURCES = tests/pitfalls/29-locks.c $(pitfall_headers)
tests_pitfalls_30_pids_SOURCES = tests/pitfalls/30-pids.c $(pitfall_headers)
tests_pitfalls_31_leaks_SOURCES = tests/pitfalls/31-leaks.c $(pitfall_headers)
tests_pitfalls_32_aba_SOURCES = tests/pitfalls/32-aba.c $(pitfall_headers)
tests_pitfalls_34_search_SOURCES = tests/pitfalls/34-search.c $(pitfall_headers)
tests_pitfalls_35_crossing_SOURCES = tests/pitfalls/35-crossing.c tests/pitfalls/step.h \
	$(preload_headers)
tests_pitfalls_35_crossing_LDADD = -lpthread
tests_pitfalls_35_threads_SOURCES = tests/pitfalls/35-threads.c $(pitfall_headers)
tests_pitfalls_35_threads_LDADD = -lpthread
tests_pitfalls_36_options_SOURCES = tests/pitfalls/36-options.c $(pitfall_headers)
tests_pitfalls_37_lengths_SOURCES = tests/pitfalls/37-lengths.c $(pitfall_headers)
