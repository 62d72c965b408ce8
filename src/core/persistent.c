/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "core/budget.h"
#include "core/persistent.h"
#include "core/port.h"
#include "guard/anchor.h"
#include "pool/word.h"
#include "real/netns.h"
#include "real/real.h"

/* Two processes that ask about a port at once see each other. */
#define ASK_TRIES 3
/* A slot can be another's in between (as in acquire.c). */
#define MAKE_TRIES 16

static void ports_visit(const struct reservation *reservation,
			void (*visit)(const struct reservation *reservation, enum protocol protocol,
				      uint16_t port, void *context),
			void *context)
{
	const struct block *block = &reservation->block;
	uint32_t port, end = (uint32_t)block->first + block->count;
	int protocol;

	for (port = block->first; port < end; port++)
		for (protocol = 0; protocol < PROTOCOLS; protocol++)
			if (block->protocols & PROTOCOL_BIT(protocol))
				visit(reservation, (enum protocol)protocol, (uint16_t)port,
				      context);
}

bool persistent_find(struct pool *pool, const struct block *block, struct reservation *reservation)
{
	unsigned int i;

	for (i = 0; i < POOL_SLOTS; i++) {
		uint64_t token = slot_token(pool, i);

		if (token && reservation_find(pool, token, reservation) &&
		    reservation->kind == KIND_PERSISTENT &&
		    block_equals(&reservation->block, block))
			return true;
	}
	return false;
}

/* So that blocks without a given port are looked for elsewhere first. */
static void word_mark(const struct reservation *reservation, enum protocol protocol, uint16_t port,
		      void *context)
{
	_Atomic uint64_t *word = word_of(reservation->pool, protocol, port);
	uint64_t seen = atomic_load(word);

	(void)context;
	if (!word_token(reservation->pool, protocol, port))
		atomic_compare_exchange_strong(word, &seen,
					       word_make(reservation->token, WORD_HELD, 0));
}

int persistent_make(struct pool *pool, const struct block *block, struct reservation *reservation)
{
	struct slot_claim claim;
	int tries, error;

	if (persistent_find(pool, block, reservation))
		return 0;
	for (tries = 0; tries < MAKE_TRIES; tries++) {
		error = slot_claim(pool, &claim);
		if (error == -ENOSPC) {
			reservation_prune(pool, true);
			error = slot_claim(pool, &claim);
		}
		if (error)
			return error;
		if (slot_describe(pool, &claim, *block, KIND_PERSISTENT) &&
		    reservation_find(pool, claim.token, reservation)) {
			ports_visit(reservation, word_mark, NULL);
			return 0;
		}
		/* Another had the slot in between, or we were thought dead. */
		slot_free(pool, claim.token);
	}
	return -ENOSPC;
}

static void word_give_back(const struct reservation *reservation, enum protocol protocol,
			   uint16_t port, void *context)
{
	_Atomic uint64_t *word = word_of(reservation->pool, protocol, port);
	uint64_t seen = atomic_load(word);

	(void)context;
	while (word_belongs(seen, reservation->token))
		if (atomic_compare_exchange_weak(word, &seen, 0))
			break;
}

void persistent_end(const struct reservation *reservation)
{
	slot_free(reservation->pool, reservation->token);
	ports_visit(reservation, word_give_back, NULL);
}

int persistent_adopt(const struct reservation *reservation, enum protocol protocol, uint16_t port,
		     uint32_t index)
{
	struct claim_request request = port_claim(reservation, protocol, port);
	int claim = claim_take(&request), error = -EADDRNOTAVAIL;
	enum word_state was;

	if (claim < 0)
		return claim == -EADDRINUSE ? -EAGAIN : claim;
	/* Under the claim we are the only ones who ask. */
	if (guard_alone_on(protocol, port, index))
		error = word_take(reservation->pool, reservation->token, protocol, port, &was)
				? 0
				: -EAGAIN;
	real_close(claim);
	return error;
}

static void word_enter(const struct reservation *reservation, enum protocol protocol, uint16_t port,
		       void *context)
{
	const uint32_t *index = context;
	int tries;

	if (word_token(reservation->pool, protocol, port) == reservation->token)
		return;
	for (tries = 0; tries < ASK_TRIES; tries++) {
		if (persistent_adopt(reservation, protocol, port, *index) != -EAGAIN)
			return;
		sched_yield();
	}
}

void persistent_guarded(const struct reservation *reservation)
{
	uint32_t index = guard_index_of_block(&reservation->block);

	slot_trust(reservation->pool, reservation->token);
	ports_visit(reservation, word_enter, &index);
}

struct question {
	uint32_t index;
	bool *lacks;
};

static void guard_ask(const struct reservation *reservation, enum protocol protocol, uint16_t port,
		      void *context)
{
	const struct question *question = context;

	(void)reservation;
	if (!*question->lacks && !guard_present_on(protocol, port, question->index))
		*question->lacks = true;
}

int persistent_guard(const struct reservation *reservation, int *anchor)
{
	const struct block *block = &reservation->block;
	struct pool *pool = reservation->pool;
	unsigned int slot = TOKEN_SLOT(reservation->token);
	uint32_t parked = atomic_load(&pool->slots[slot].parked);
	uint32_t guards = block->count * (block->protocols == 3 ? 2U : 1U);
	struct anchor made;
	uint16_t failed;
	bool lacks = false;
	int error;

	/* An anchor may be a process: not one for each bind in a block that is full. */
	ports_visit(reservation, guard_ask,
		    &(struct question){guard_index_of_block(block), &lacks});
	if (!lacks) {
		persistent_guarded(reservation);
		return -EADDRINUSE;
	}
	error = anchor_open(&made, budget_choose(pool, slot, guards));
	if (!error)
		error = budget_fill(pool, slot, &made, block, GUARD_MISSING, &failed);
	if (!error && netns_of(made.fd) != pool->netns)
		error = -EOPNOTSUPP; /* the socket is of another namespace than this thread */
	if (error) {
		/* Others may have parked some. */
		atomic_store(&pool->slots[slot].parked, parked);
		anchor_discard(&made);
		if (error == -EADDRINUSE)
			persistent_guarded(reservation);
		return error;
	}
	*anchor = anchor_settle(&made, false);
	persistent_guarded(reservation);
	return 0;
}
