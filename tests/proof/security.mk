# SPDX-License-Identifier: MIT
# Other users, and whoever can swap what stands at a path.
check_PROGRAMS += tests/proof/races
TESTS += tests/proof/races
LONG_TESTS += tests/proof/races

tests_proof_races_SOURCES = tests/proof/races.c tests/proof/races-swap.c tests/proof/races.h
tests_proof_races_LDADD = src/libpersist.la -lpthread
