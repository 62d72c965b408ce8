/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdatomic.h>

#include "preload/debug.h"
#include "preload/pools.h"
#include "preload/settings.h"

/* More namespaces than any program visits; their pools stay mapped. */
#define POOLS 64

static _Atomic(struct pool *) pools[POOLS];

int pools_get(uint64_t netns, bool create, struct pool **pool)
{
	struct pool *mine = NULL;
	unsigned int i;
	int error;

	if (!netns)
		return -EOPNOTSUPP;
	for (i = 0; i < POOLS; i++) {
		struct pool *known = atomic_load_explicit(&pools[i], memory_order_acquire);

		if (!known) {
			if (!mine) {
				error = pool_open(&mine, settings.folder, netns, create);
				if (error) {
					if (create)
						debug_error("opening the pool", error);
					return error;
				}
			}
			if (atomic_compare_exchange_strong(&pools[i], &known, mine)) {
				*pool = mine;
				return 0;
			}
		}
		if (known->netns == netns) {
			if (mine)
				pool_close(mine);
			*pool = known;
			return 0;
		}
	}
	if (mine)
		pool_close(mine);
	return -ENOSPC;
}

bool pools_find(uint64_t token, struct reservation *reservation)
{
	unsigned int i;

	for (i = 0; i < POOLS; i++) {
		struct pool *pool = atomic_load_explicit(&pools[i], memory_order_acquire);

		if (!pool)
			return false;
		if (reservation_find(pool, token, reservation))
			return true;
	}
	return false;
}
