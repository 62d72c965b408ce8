# SPDX-License-Identifier: MIT
noinst_PROGRAMS += examples/reserve
examples_reserve_SOURCES = examples/reserve.c

TESTS += examples/reserve.test
EXTRA_DIST += examples/reserve.test
