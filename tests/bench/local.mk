# SPDX-License-Identifier: MIT
# Not part of make check: speed is no matter of pass and fail.
EXTRA_PROGRAMS += tests/bench/block tests/bench/untracked
tests_bench_block_SOURCES = tests/bench/block.c
tests_bench_untracked_SOURCES = tests/bench/untracked.c

.PHONY: bench
bench: tests/bench/block$(EXEEXT) tests/bench/untracked$(EXEEXT) src/libportres.la
	LD_PRELOAD='$(abs_top_builddir)/src/.libs/libportres.so' tests/bench/untracked$(EXEEXT)
	LD_PRELOAD='$(abs_top_builddir)/src/.libs/libportres.so' tests/bench/block$(EXEEXT)
CLEANFILES += tests/bench/block$(EXEEXT) tests/bench/untracked$(EXEEXT)
