/* SPDX-License-Identifier: MIT */
/*
 * bind() to port 0: the next free port of the block.
 *
 * The block is walked round-robin from a cursor that all its users share, in up to
 * five rounds:
 *
 *  1. ports that nobody ever had, or that an explicit bind gave back;
 *  2. some that an explicit bind has, as far as we know: a server that was killed
 *     closes nothing that we see;
 *  3. the others that were seen to be closed: these were drawn by a bind to port 0,
 *     whose caller may have promised the number to a server that it starts next;
 *  4. all that are in use as far as we know;
 *  5. those that only TIME_WAIT holds.
 *
 * What has been free longest so comes first, and a number that was looked up and
 * closed stays free for as long as the block allows.
 */
#include <errno.h>
#include <sched.h>

#include "core/draw.h"
#include "guard/claim.h"
#include "pool/word.h"

static struct pool_slot *slot_of(const struct port_bind *bind)
{
	return &bind->reservation->pool->slots[TOKEN_SLOT(bind->reservation->token)];
}

int port_round(struct port_bind *bind, port_try *try, uint16_t *port)
{
	const struct reservation *reservation = bind->reservation;
	const struct block *block = &reservation->block;
	_Atomic uint32_t *cursor = &slot_of(bind)->cursor[bind->call->protocol];
	uint32_t seen = atomic_load_explicit(cursor, memory_order_relaxed);
	uint32_t offset = seen % block->count, i;
	bool ours = false;

	for (i = 0; i < block->count; i++, offset = offset + 1 == block->count ? 0 : offset + 1) {
		uint16_t candidate = (uint16_t)(block->first + offset);
		uint64_t word =
			atomic_load(word_of(reservation->pool, bind->call->protocol, candidate));
		int error;

		if (!word_belongs(word, reservation->token))
			continue;
		ours = true;
		error = try(bind, candidate, word);
		if (error == -EADDRINUSE || error == -EAGAIN)
			continue;
		if (!error) {
			*port = candidate;
			/* Only if nobody has moved it on. It does not come back to where it was,
			 * so that who walks sees that others have drawn. */
			atomic_compare_exchange_strong_explicit(cursor, &seen, seen + i + 1,
								memory_order_relaxed,
								memory_order_relaxed);
		}
		return error;
	}
	return ours ? -EADDRINUSE : -EADDRNOTAVAIL;
}

/* On every address: a port is drawn only where nobody of the reservation is on it at all. */
static int by_claim(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	struct claim_request request = port_claim(bind->reservation, bind->call->protocol, port);
	int claim = claim_take(&request);

	/* The guard of a persistent block that another places is in the way for a moment. */
	if (claim == -EADDRINUSE && bind->persistent_index && word_state(seen) == WORD_HELD)
		bind->refused = true;
	return claim < 0 ? claim : port_bind_claimed(bind, port, seen, claim);
}

int port_try_held(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	if (word_state(seen) == WORD_HELD)
		return bind->binding ? port_bind_held(bind, port, seen)
				     : by_claim(bind, port, seen);
	if (word_state(seen) == WORD_MAYBE && !(seen & WORD_DRAWN))
		return by_claim(bind, port, seen);
	return -EADDRINUSE;
}

int port_try_closed(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	return word_state(seen) == WORD_MAYBE ? by_claim(bind, port, seen) : -EADDRINUSE;
}

/* Each of these may cost a claim in vain: only so many a draw. */
#define ABANDONED_TRIES 16

static int try_abandoned(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	if (word_state(seen) != WORD_USED || seen & (WORD_DRAWN | WORD_CLIENT))
		return -EADDRINUSE;
	if (bind->abandoned_tries++ == ABANDONED_TRIES)
		return -ENOENT;
	return by_claim(bind, port, seen);
}

static int try_any(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	struct pool *pool = bind->reservation->pool;
	uint64_t maybe = word_make(bind->reservation->token, WORD_MAYBE, 0);
	int error;

	if (word_state(seen) == WORD_BINDING) {
		if (!word_binder_is_dead(pool, seen) ||
		    !atomic_compare_exchange_strong(word_of(pool, bind->call->protocol, port),
						    &seen, maybe)) {
			bind->refused = true;
			return -EADDRINUSE;
		}
		seen = maybe;
	}
	error = by_claim(bind, port, seen);
	if (error == -EADDRINUSE && word_state(seen) == WORD_MAYBE)
		bind->refused = true;
	return error;
}

static int try_over_time_wait(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	const struct pool *pool = bind->reservation->pool;
	int claim;

	if (word_state(seen) == WORD_BINDING)
		return -EADDRINUSE;
	claim = claim_take_over_time_wait(pool->claim_index, pool->netns, port);
	return claim < 0 ? claim : port_bind_claimed(bind, port, seen, claim);
}

static int draw_once(struct port_bind *bind, uint16_t *port)
{
	struct pool_slot *slot = slot_of(bind);
	_Atomic uint32_t *exhausted = &slot->exhausted[bind->call->protocol];
	uint32_t preferred =
		atomic_load_explicit(&slot->preferred[bind->call->protocol], memory_order_relaxed);
	int error = -EADDRINUSE;

	bind->abandoned_tries = 0;
	bind->over_time_wait = false;
	bind->refused = false;
	/* Skipped where a walk over all of them found none and none has come up since. */
	if (atomic_load_explicit(exhausted, memory_order_relaxed) != preferred) {
		error = port_round(bind, port_try_held, port);
		if (error == -EADDRINUSE)
			atomic_store_explicit(exhausted, preferred, memory_order_relaxed);
	}
	if (error == -EADDRINUSE) {
		error = port_round(bind, try_abandoned, port);
		if (error == -ENOENT)
			error = -EADDRINUSE;
	}
	if (error == -EADDRINUSE)
		error = port_round(bind, port_try_closed, port);
	if (error == -EADDRINUSE)
		error = port_round(bind, try_any, port);
	if (error == -EADDRINUSE && bind->call->protocol == PROTOCOL_TCP) {
		bind->over_time_wait = true;
		error = port_round(bind, try_over_time_wait, port);
	}
	return error;
}

/*
 * Others close one port and draw another while the rounds are walked, so that all seem
 * to be in use although one never was. A draw that succeeded is seen by the cursor; one
 * that is under way by a port that was refused though nobody has it for all we know -
 * but that may also be a copy of a closed socket in another process, for good.
 */
#define CROSSED_TRIES 16
#define REFUSED_TRIES 3

int port_draw(struct port_bind *bind, uint16_t *port)
{
	_Atomic uint32_t *cursor = &slot_of(bind)->cursor[bind->call->protocol];
	int error, tries = 0;
	uint32_t before;
	bool moved;

	bind->flags |= WORD_DRAWN;
	do {
		if (tries)
			sched_yield();
		before = atomic_load_explicit(cursor, memory_order_relaxed);
		error = draw_once(bind, port);
		moved = atomic_load_explicit(cursor, memory_order_relaxed) != before;
		tries++;
	} while (error == -EADDRINUSE &&
		 ((moved && tries < CROSSED_TRIES) || (bind->refused && tries < REFUSED_TRIES)));
	return error;
}
