/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "core/reservation.h"
#include "guard/guard.h"
#include "pool/word.h"
#include "real/real.h"

/* How many ports of a reservation are asked for a guard: a stray socket may sit on one. */
#define PROBES 2
/* No reservation is in the making for longer, but those of processes that were stopped. */
#define MAKING_SECONDS 60

bool reservation_find(struct pool *pool, uint64_t token, struct reservation *reservation)
{
	struct slot_view view;

	if (!slot_find(pool, token, &view))
		return false;
	*reservation = (struct reservation){.pool = pool,
					    .token = token,
					    .block = view.block,
					    .kind = view.kind,
					    .anchor = view.anchor};
	return true;
}

bool reservation_anchored(const struct reservation *reservation, int fd)
{
	uint64_t cookie = real_cookie(fd);

	return cookie && (cookie & COOKIE_MASK) == reservation->anchor;
}

static enum protocol protocol_first(const struct block *block)
{
	return block->protocols & PROTOCOL_BIT(PROTOCOL_TCP) ? PROTOCOL_TCP : PROTOCOL_UDP;
}

bool reservation_alive(const struct reservation *reservation)
{
	const struct block *block = &reservation->block;
	enum protocol protocol = protocol_first(block);
	uint32_t i;

	for (i = 0; i < block->count && i < PROBES; i++)
		if (!guard_present(protocol, (uint16_t)(block->first + i)))
			return false;
	return true;
}

/*
 * Somebody has its first port by the words: he had placed his guard and was killed before he
 * could bury it. The guard that stands there is not its own.
 */
static bool is_replaced(const struct reservation *reservation)
{
	const struct block *block = &reservation->block;
	uint64_t token = word_token(reservation->pool, protocol_first(block), block->first);

	return reservation->kind != KIND_PERSISTENT && token && token != reservation->token;
}

bool reservation_given_up(const struct pool *pool, unsigned int slot)
{
	uint64_t since = atomic_load_explicit(&pool->slots[slot].since, memory_order_relaxed);

	return (uint64_t)time(NULL) > since + MAKING_SECONDS;
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
		if (!reservation_find(pool, token, &reservation)) {
			if (unfinished || reservation_given_up(pool, i))
				slot_abandon(pool, token);
		} else if (!reservation_alive(&reservation) || is_replaced(&reservation)) {
			/* Where the pool is full, persistent ones, too: they are looked up anew. */
			if (unfinished)
				slot_free(pool, token);
			else
				slot_bury(pool, token);
		}
	}
}
