/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <time.h>

#include "core/budget.h"
#include "core/reservation.h"
#include "core/search.h"
#include "guard/anchor.h"
#include "guard/claim.h"
#include "pool/word.h"
#include "real/netns.h"
#include "real/real.h"

/* A slot can be taken from under a slow acquirer only while the pool is full. */
#define TRIES 16

/* In all some fifty times what a holder of a thousand guards was seen to need. */
#define HOLDER_PAUSE_MS 2
#define HOLDER_PAUSES	50

struct acquisition {
	struct pool *pool;
	const struct acquire_request *request;
	struct slot_claim claim;
	struct anchor anchor;
	struct block block;
	enum guard_choice choice;
};

static void words_give_back(struct acquisition *a, uint32_t end)
{
	uint32_t port;
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		for (port = a->block.first; port < end; port++) {
			uint64_t held = word_make(a->claim.token, WORD_HELD, 0);

			atomic_compare_exchange_strong(
				word_of(a->pool, (enum protocol)protocol, (uint16_t)port), &held,
				0);
		}
	}
}

/*
 * Who was about to bind a port when its last reservation ended has passed our guard, if that
 * was there already, and says so in the word. So nobody on it, but for TIME_WAIT, which we
 * may have passed.
 */
static bool port_is_empty(const struct acquisition *a, enum protocol protocol, uint16_t port)
{
	struct claim_request request = {.protocol = protocol,
					.index = a->pool->claim_index,
					.netns = a->pool->netns,
					.port = port};
	int claim = claim_take(&request);

	if (claim == -EADDRINUSE && protocol == PROTOCOL_TCP)
		claim = claim_take_over_time_wait(request.index, request.netns, port);
	if (claim >= 0)
		real_close(claim);
	return claim >= 0;
}

static bool port_take(const struct acquisition *a, enum protocol protocol, uint16_t port)
{
	enum word_state was;

	if (!word_take(a->pool, a->claim.token, protocol, port, &was))
		return false;
	return was == WORD_FREE || was == WORD_HELD || port_is_empty(a, protocol, port);
}

static bool words_take(struct acquisition *a, uint16_t *failed)
{
	uint32_t port, end = (uint32_t)a->block.first + a->block.count;
	int protocol;

	for (port = a->block.first; port < end; port++) {
		for (protocol = 0; protocol < PROTOCOLS; protocol++) {
			if (!(a->block.protocols & PROTOCOL_BIT(protocol)))
				continue;
			if (!port_take(a, (enum protocol)protocol, (uint16_t)port)) {
				words_give_back(a, port + 1);
				*failed = (uint16_t)port;
				return false;
			}
		}
	}
	return true;
}

static int fill(struct acquisition *a, uint16_t *failed)
{
	return budget_fill(a->pool, TOKEN_SLOT(a->claim.token), &a->anchor, &a->block, a->choice,
			   failed);
}

/* The port belongs, by the pool, to a reservation whose guards a holder keeps. */
static bool is_held(struct pool *pool, uint8_t protocols, uint16_t port)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		uint64_t token = word_token(pool, (enum protocol)protocol, port);
		struct slot_view view;

		if (protocols & PROTOCOL_BIT(protocol) && slot_find(pool, token, &view) &&
		    view.kind != KIND_PERSISTENT &&
		    !atomic_load(&pool->slots[TOKEN_SLOT(token)].parked))
			return true;
	}
	return false;
}

/*
 * A holder lets its guards go when it notices that the anchor has gone, not in the same
 * instant: a service that restarts on its block waits for that.
 */
static int fill_patiently(struct acquisition *a, uint16_t *failed)
{
	struct timespec pause = {.tv_nsec = HOLDER_PAUSE_MS * 1000000L};
	int tries, error = fill(a, failed);

	for (tries = 0; tries < HOLDER_PAUSES && error == -EADDRINUSE && a->request->first &&
			is_held(a->pool, a->block.protocols, *failed);
	     tries++) {
		nanosleep(&pause, NULL);
		error = fill(a, failed);
	}
	return error;
}

static int take_block(struct acquisition *a, uint16_t first, uint16_t *failed)
{
	enum anchor_kind kind;
	int error;

	a->block.first = first;
	error = fill_patiently(a, failed);
	if (!error && netns_of(a->anchor.fd) != a->pool->netns)
		error = -EOPNOTSUPP; /* the socket is of another namespace than this thread */
	if (error || words_take(a, failed))
		return error;
	/* The guards are there and must go again. */
	kind = a->anchor.kind;
	anchor_discard(&a->anchor);
	error = anchor_open(&a->anchor, kind);
	return error ? error : -EADDRINUSE;
}

static int search_block(struct acquisition *a)
{
	struct search search;
	uint16_t first, failed;
	int error = search_begin(&search, a->pool, a->request);

	if (!error)
		error = -EADDRINUSE;
	while (error == -EADDRINUSE && search_next(&search, &first)) {
		error = take_block(a, first, &failed);
		if (error == -EADDRINUSE)
			search_failed(&search, failed);
		else if (!error)
			search_taken(&search, first);
	}
	search_end(&search);
	return error;
}

/* Ports in TIME_WAIT are taken where there are no others: not every bind passes them. */
static int take_any_block(struct acquisition *a)
{
	int error;

	a->choice = GUARD_ALL;
	error = search_block(a);
	if (error == -EADDRINUSE && a->request->protocols & PROTOCOL_BIT(PROTOCOL_TCP)) {
		a->choice = GUARD_ALL_OVER_TIME_WAIT;
		error = search_block(a);
	}
	return error;
}

/* Everything but the slot: the block's guards behind an anchor and its port words. */
static int take(struct acquisition *a)
{
	uint32_t guards = a->block.count * (a->block.protocols == 3 ? 2U : 1U);
	unsigned int slot = TOKEN_SLOT(a->claim.token);
	uint16_t failed;
	int error = anchor_open(&a->anchor, budget_choose(a->pool, slot, guards));

	if (error)
		return error;
	if (a->request->first) {
		a->choice = GUARD_ALL_OVER_TIME_WAIT;
		error = take_block(a, a->request->first, &failed);
	} else {
		error = take_any_block(a);
	}
	if (error)
		anchor_discard(&a->anchor);
	return error;
}

static int claim_slot(struct acquisition *a)
{
	int error = slot_claim(a->pool, &a->claim);

	if (error == -ENOSPC) {
		reservation_prune(a->pool, true);
		error = slot_claim(a->pool, &a->claim);
	}
	return error;
}

int reservation_acquire(struct pool *pool, const struct acquire_request *request,
			struct reservation *reservation, int *anchor)
{
	struct acquisition a = {.pool = pool, .request = request};
	int tries, error;

	if (!request->count || (uint32_t)request->first + request->count > POOL_PORTS)
		return -EINVAL;
	a.block.count = request->count;
	a.block.protocols = request->protocols;

	for (tries = 0; tries < TRIES; tries++) {
		error = claim_slot(&a);
		if (error)
			return error;
		error = take(&a);
		if (error) {
			slot_free(pool, a.claim.token);
			return error;
		}
		anchor_settle(&a.anchor, request->keep_on_exec);
		if (slot_describe(pool, &a.claim, a.block, request->kind) &&
		    slot_anchor(pool, &a.claim, real_cookie(a.anchor.fd)) &&
		    reservation_find(pool, a.claim.token, reservation)) {
			*anchor = a.anchor.fd;
			return 0;
		}
		/* We were thought dead, and our slot is another's. */
		words_give_back(&a, (uint32_t)a.block.first + a.block.count);
		/* A holder notices the end of its anchor later: its guards would meet ours. */
		anchor_release(a.anchor.fd);
		anchor_discard(&a.anchor);
		slot_free(pool, a.claim.token);
	}
	return -ENOSPC;
}
