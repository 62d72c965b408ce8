# SPDX-License-Identifier: MIT
# Other users, and whoever can swap what stands at a path.
check_PROGRAMS += tests/proof/races tests/proof/users
TESTS += tests/proof/races tests/proof/users
LONG_TESTS += tests/proof/races tests/proof/users

tests_proof_races_SOURCES = tests/proof/races.c tests/proof/races-swap.c tests/proof/races.h
tests_proof_races_LDADD = src/libpersist.la -lpthread

tests_proof_users_SOURCES = tests/proof/users.c $(preload_headers)
