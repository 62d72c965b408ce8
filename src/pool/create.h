/* SPDX-License-Identifier: MIT */
#ifndef POOL_CREATE_H
#define POOL_CREATE_H

#include "pool/pool.h"

/* Makes the pool file name in folder; one that is there already is no error. 0 or -errno. */
int pool_create(int folder, const char *name, uint64_t netns, uint32_t claim_index);

/* An interface index that does not exist, for the claims of a new pool. */
uint32_t pool_claim_index(void);

#endif
