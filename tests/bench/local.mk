# SPDX-License-Identifier: MIT
# Not part of make check: speed is no matter of pass and fail.
EXTRA_PROGRAMS += tests/bench/block
tests_bench_block_SOURCES = tests/bench/block.c

.PHONY: bench
bench: tests/bench/block$(EXEEXT) src/libportres.la
	LD_PRELOAD='$(abs_top_builddir)/src/.libs/libportres.so' tests/bench/block$(EXEEXT)
CLEANFILES += tests/bench/block$(EXEEXT)
