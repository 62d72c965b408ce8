# SPDX-License-Identifier: MIT
# Many processes, and a judge who trusts only the kernel.
check_PROGRAMS += tests/proof/chaos tests/proof/chaos-worker tests/proof/chaos-reset
TESTS += tests/proof/chaos tests/proof/chaos-reset
LONG_TESTS += tests/proof/chaos tests/proof/chaos-reset

chaos_headers = tests/proof/chaos.h tests/preload/sockets.h tests/lib/tap.h tests/lib/wait.h
tests_proof_chaos_SOURCES = tests/proof/chaos.c tests/proof/chaos-judge.c tests/proof/chaos-judge.h \
	tests/proof/chaos-end.c tests/proof/chaos-end.h tests/pitfalls/network.h \
	tests/preload/preload.h tests/preload/process.h $(chaos_headers)
tests_proof_chaos_worker_SOURCES = tests/proof/chaos-worker.c tests/proof/chaos-worker.h \
	tests/proof/chaos-ports.c tests/proof/chaos-talk.c $(chaos_headers)
tests_proof_chaos_reset_SOURCES = tests/proof/chaos-reset.c tests/proof/chaos-ask.c tests/pitfalls/network.h \
	tests/preload/preload.h tests/preload/process.h $(chaos_headers)
tests_proof_chaos_reset_LDADD = src/libcore.la -lpthread
