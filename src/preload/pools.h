/* SPDX-License-Identifier: MIT */
/* pools.h - the pools that this process has mapped, one per network namespace */
#ifndef PRELOAD_POOLS_H
#define PRELOAD_POOLS_H

#include "core/reservation.h"

/* The pool of a namespace (real/netns.h), mapped at its first use and kept. 0 or -errno. */
int pools_get(uint64_t netns, bool create, struct pool **pool);

/* The reservation of a token in one of them; false where none has it. */
bool pools_find(uint64_t token, struct reservation *reservation);

#endif
