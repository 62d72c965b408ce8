/* SPDX-License-Identifier: MIT */
#include "core/reservation.h"
#include "guard/anchor.h"
#include "guard/guard.h"
#include "pool/slot.h"

/* How many ports of a reservation are asked for a guard: a stray socket may sit on one. */
#define PROBES 4

bool reservation_find(struct pool *pool, uint64_t token, struct reservation *reservation)
{
	struct slot_view view;

	if (!slot_find(pool, token, &view))
		return false;
	*reservation = (struct reservation){
		.pool = pool, .token = token, .block = view.block, .anchor = view.anchor};
	return true;
}

bool reservation_anchored(const struct reservation *reservation, int fd)
{
	uint64_t cookie = anchor_cookie(fd);

	return cookie && (cookie & COOKIE_MASK) == reservation->anchor;
}

bool reservation_alive(const struct reservation *reservation)
{
	const struct block *block = &reservation->block;
	enum protocol protocol =
		block->protocols & PROTOCOL_BIT(PROTOCOL_TCP) ? PROTOCOL_TCP : PROTOCOL_UDP;
	uint32_t i;

	for (i = 0; i < block->count && i < PROBES; i++)
		if (!guard_present(protocol, (uint16_t)(block->first + i)))
			return false;
	return true;
}

void reservation_prune(struct pool *pool, bool unfinished)
{
	struct reservation reservation;
	unsigned int i;

	/* From another network namespace nothing can be said of these ports. */
	if (guard_netns() != pool->netns)
		return;
	for (i = 0; i < POOL_SLOTS; i++) {
		uint64_t token = slot_token(pool, i);

		if (!token)
			continue;
		if (reservation_find(pool, token, &reservation) ? !reservation_alive(&reservation)
								: unfinished)
			slot_free(pool, token);
	}
}
