/* SPDX-License-Identifier: MIT */
/* holding.h - the guards that portres persist hold has, as plain descriptors */
#ifndef CLI_HOLDING_H
#define CLI_HOLDING_H

#include "core/reservation.h"
#include "persist/store.h"

/* Descriptors for every port there is, and some. */
#define HOLDING_MOST (2 * POOL_PORTS + 64)

/* Kept back, to read the list and to ask the kernel with. */
#define HOLDING_SPARE 32

struct held_block;

struct holding {
	struct pool *pool;
	struct held_block *blocks;
	size_t count;
	unsigned int ports, missing; /* of all blocks; those whose guard could not be placed */
};

/* Whether blocks that are held are not in this list. */
bool holding_would_lose(const struct holding *holding, const struct store *store);

/* Blocks that are no longer listed are let go, new ones are held from the next
 * holding_place on. */
void holding_update(struct holding *holding, struct pool *pool, const struct store *store);

/* Places the guards that are missing. */
void holding_place(struct holding *holding);

/* Lets all of them go. */
void holding_end(struct holding *holding);

#endif
