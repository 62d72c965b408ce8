# SPDX-License-Identifier: MIT
# Killed, and frozen, at every instruction.
step_sources = tests/proof/step.h tests/proof/step-trace.c tests/proof/step-ptrace.h \
	tests/proof/step-ptrace.c tests/proof/step-work.c \
	tests/proof/step-judge.c tests/proof/step-pool.h tests/proof/step-pool.c \
	tests/proof/step-rows.c $(preload_headers)

check_PROGRAMS += tests/proof/step-killed tests/proof/step-frozen
TESTS += tests/proof/step-killed tests/proof/step-frozen
LONG_TESTS += tests/proof/step-killed tests/proof/step-frozen
tests_proof_step_killed_SOURCES = tests/proof/step-killed.c $(step_sources)
tests_proof_step_killed_LDADD = src/libpersist.la
tests_proof_step_frozen_SOURCES = tests/proof/step-frozen.c tests/proof/step-other.c $(step_sources)
tests_proof_step_frozen_LDADD = src/libpersist.la
# What is called for the first time is called as at every other time.
tests_proof_step_killed_LDFLAGS = -Wl,-z,now
tests_proof_step_frozen_LDFLAGS = -Wl,-z,now
