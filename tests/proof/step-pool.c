/* SPDX-License-Identifier: MIT */
/*
 * The judge looks into the pool with the library's own code, but without its hooks: it is
 * linked with the objects of the tools.
 */
#include "step-pool.h"

#include <errno.h>

#include "core/here.h"
#include "core/persistent.h"
#include "pool/slot.h"

/* As long as it is the same: to map it takes longer than to read it. */
static struct pool *pool;

/* Persistent reservations need nobody alive. */
static bool lives(uint64_t token)
{
	struct reservation reservation;

	return token && reservation_find(pool, token, &reservation) &&
	       reservation.kind != KIND_PERSISTENT && reservation_alive(&reservation);
}

void pool_forget(void)
{
	if (pool)
		pool_close(pool);
	pool = NULL;
}

const char *pool_judge(int end)
{
	const char *why = NULL;
	unsigned int i;
	int error = pool ? 0 : pool_here(&pool, false);

	if (error)
		return error == -ENOENT && !end ? NULL : "the pool cannot be opened";
	for (i = 0; i < POOL_SLOTS; i++)
		if (lives(slot_token(pool, i)))
			why = "the pool lists a reservation that lives";
	if (end && !why)
		reservation_prune(pool, true);
	for (i = 0; end && !why && i < POOL_SLOTS; i++)
		if (slot_token(pool, i))
			why = "a slot is lost";
	return why;
}

uint64_t pool_persistent(int tcp, int start, int count)
{
	struct block block = {(uint16_t)start, (uint16_t)count,
			      PROTOCOL_BIT(tcp ? PROTOCOL_TCP : PROTOCOL_UDP)};
	struct reservation reservation = {.token = 0};

	if (!pool && pool_here(&pool, true))
		return 0;
	return persistent_make(pool, &block, &reservation) ? 0 : reservation.token;
}
