/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PROOF_STEP_POOL_H
#define TESTS_PROOF_STEP_POOL_H

#include <stdint.h>

/*
 * What is wrong with the pool when nobody has a reservation; NULL: nothing, or there is no
 * pool. At the end no slot may be in use that is not found to be free.
 */
const char *pool_judge(int end);

/* It has been removed, and there will be another. */
void pool_forget(void);

/* The token of a persistent reservation, as the pool has it; 0: it cannot be made. */
uint64_t pool_persistent(int tcp, int start, int count);

#endif
