# SPDX-License-Identifier: MIT
# Every interleaving of the pool's own code.
check_PROGRAMS += tests/proof/explore
TESTS += tests/proof/explore
LONG_TESTS += tests/proof/explore

# The very source of src, with another machine below it.
check_LTLIBRARIES += tests/proof/libexplored.la
tests_proof_libexplored_la_SOURCES = src/pool/slot.c src/pool/word.c src/guard/guard.c src/guard/claim.c \
	src/guard/diag.c src/guard/block.c src/guard/persistent.c src/guard/anchor.c src/guard/parked.c \
	src/core/acquire.c src/core/budget.c src/core/search.c src/core/find.c src/core/persistent.c \
	src/core/release.c src/core/port.c src/core/bind.c src/core/draw.c src/core/through.c \
	src/core/listen.c src/core/address.c src/core/browsers.c src/real/option.c src/real/netns.c \
	tests/proof/explore-source.h tests/proof/explore-machine.h
explore_cppflags = $(AM_CPPFLAGS) -DPOOL_SLOTS=2 -DPOOL_PORTS=8
explore_cflags = $(AM_CFLAGS)
tests_proof_libexplored_la_CPPFLAGS = $(explore_cppflags) -include $(top_srcdir)/tests/proof/explore-source.h
tests_proof_libexplored_la_CFLAGS = $(explore_cflags)

tests_proof_explore_SOURCES = tests/proof/explore.c tests/proof/explore.h tests/proof/explore-search.c \
	tests/proof/explore-search.h tests/proof/explore-run.c tests/proof/explore-run.h tests/proof/explore-state.c \
	tests/proof/explore-kernel.c tests/proof/explore-calls.c tests/proof/explore-libc.c tests/proof/explore-history.c \
	tests/proof/explore-memory.c tests/proof/explore-operations.c tests/proof/explore-operations.h \
	tests/proof/explore-scenarios.c tests/lib/tap.h
tests_proof_explore_CPPFLAGS = $(explore_cppflags)
tests_proof_explore_CFLAGS = $(explore_cflags)
tests_proof_explore_LDADD = tests/proof/libexplored.la
EXTRA_DIST += tests/proof/explore-build
