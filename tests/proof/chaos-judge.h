/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PROOF_CHAOS_JUDGE_H
#define TESTS_PROOF_CHAOS_JUDGE_H

#include "chaos.h"

/* Judges until the ledger says stop, in a process of its own that the library is not in. */
void judge(uint64_t seed);

struct census {
	unsigned long free;
	unsigned long ended;   /* once TIME_WAIT was ended, which alone was there */
	unsigned long waiting; /* where the kernel cannot do that */
	unsigned long taken;
};

/* Binds every port of both protocols, once for each. */
struct census census_take(void);

#endif
