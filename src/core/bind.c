/* SPDX-License-Identifier: MIT */
/* bind() to a port that the program names. */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "core/address.h"
#include "core/draw.h"
#include "core/persistent.h"
#include "core/port.h"
#include "guard/claim.h"
#include "pool/word.h"
#include "real/real.h"

/* A bind takes microseconds; who takes longer has been stopped in the midst of it. */
#define PATIENCE 1000
/*
 * So does a bind to port 0 that comes late to a port and lets it go again. Half of these
 * times we only let others run; then, as they may have been stopped on a busy machine, they
 * get a time that they may sleep.
 */
#define CLAIM_PATIENCE 20
#define CLAIM_PAUSE_NS 1000000

/* A claim for this bind, on its address. */
static struct claim_request request_make(const struct port_bind *bind, uint16_t port)
{
	struct claim_request request = port_claim(bind->reservation, bind->call->protocol, port);

	request.address = &bind->address;
	request.v6only = port_v6only(bind->call->fd, &bind->address);
	return request;
}

/*
 * Takes off a flag of a word whose owner has closed the port unseen: if nobody at all of that
 * family is on it. The claim that tells stays until it is off: somebody who came in between
 * would set the very same word anew.
 */
static void alone_forget(const struct port_bind *bind, uint16_t port, uint64_t *seen,
			 uint64_t alone)
{
	const struct reservation *reservation = bind->reservation;
	struct claim_request request = port_claim(reservation, bind->call->protocol, port);
	struct sockaddr_storage all = {.ss_family = alone == WORD_ALONE4 ? AF_INET : AF_INET6};
	uint64_t without =
		word_make(reservation->token, word_state(*seen), *seen & WORD_FLAGS & ~alone);
	_Atomic uint64_t *word = word_of(reservation->pool, bind->call->protocol, port);
	int claim;

	request.address = &all;
	request.v6only = true;
	claim = claim_take(&request);
	if (claim == -EADDRINUSE && bind->call->protocol == PROTOCOL_TCP)
		claim = claim_take_over_time_wait(request.index, request.netns, port);
	if (claim < 0)
		return;
	/* Where it is another by now, the caller finds that out. */
	if (atomic_compare_exchange_strong(word, &(uint64_t){*seen}, without))
		*seen = without;
	real_close(claim);
}

/* What a socket with SO_REUSEPORT finds in a word of its families is asked for first. */
static uint64_t alone_corrected(const struct port_bind *bind, uint16_t port, uint64_t seen)
{
	static const uint64_t families[] = {WORD_ALONE4, WORD_ALONE6};
	int i;

	for (i = 0; i < 2; i++)
		if (seen & bind->alone_flags & families[i])
			alone_forget(bind, port, &seen, families[i]);
	return seen;
}

static int claimed(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	struct claim_request request = request_make(bind, port);
	int reuse_address = 0, claim;

	if (bind->own_share)
		seen = alone_corrected(bind, port, seen);
	bind->flags = (seen & WORD_ALONE) | (bind->own_share ? 0 : bind->alone_flags);
	/*
	 * The kernel remembers of a port that somebody passed a guard with SO_REUSEPORT,
	 * whether or not its owner wished to share it: a claim that shares would see
	 * nobody. The word knows.
	 */
	request.share = bind->own_share && !(bind->flags & bind->alone_flags);
	real_option_get(bind->call->fd, SOL_SOCKET, SO_REUSEADDR, &reuse_address);
	request.reuse_address = reuse_address;
	claim = claim_take(&request);
	return claim < 0 ? claim : port_bind_claimed(bind, port, seen, claim);
}

/* On a persistent block's port stand for a moment also the guards that others place, and the
 * questions of those who share it. */
static bool in_passing(const struct port_bind *bind, uint64_t seen)
{
	return bind->persistent_index && (word_state(seen) == WORD_HELD || bind->own_share);
}

static void let_pass(int claims)
{
	if (claims < CLAIM_PATIENCE / 2)
		sched_yield();
	else
		nanosleep(&(struct timespec){.tv_nsec = CLAIM_PAUSE_NS}, NULL);
}

static int bind_certain(struct port_bind *bind, uint16_t port)
{
	const struct reservation *reservation = bind->reservation;
	_Atomic uint64_t *word = word_of(reservation->pool, bind->call->protocol, port);
	int patience, claims = 0, error;

	for (patience = 0; patience < PATIENCE; patience++) {
		uint64_t seen = atomic_load(word);

		if (!word_belongs(seen, reservation->token)) {
			/* What is left of one who had it while it had no guard. */
			error = bind->persistent_index
					? persistent_adopt(reservation, bind->call->protocol, port,
							   bind->persistent_index)
					: -EADDRNOTAVAIL;
			if (error && (error != -EAGAIN || claims++ == CLAIM_PATIENCE))
				return -EADDRNOTAVAIL;
			if (error)
				let_pass(claims);
			continue;
		}
		if (word_state(seen) == WORD_BINDING) {
			if (word_binder_is_dead(reservation->pool, seen))
				atomic_compare_exchange_strong(
					word, &seen, word_make(reservation->token, WORD_MAYBE, 0));
			else
				sched_yield();
			continue;
		}
		if (word_state(seen) == WORD_HELD && bind->binding)
			error = port_bind_held(bind, port, seen);
		else
			error = claimed(bind, port, seen);
		/* Closed, and yet in use: a passing claim, or a child that still has it. */
		if (error == -EADDRINUSE &&
		    (word_state(seen) == WORD_MAYBE || in_passing(bind, seen)) &&
		    claims++ < CLAIM_PATIENCE)
			let_pass(claims);
		else if (error != -EAGAIN)
			return error;
	}
	return -EADDRINUSE;
}

int reservation_bind(const struct reservation *reservation, const struct socket_call *call,
		     const struct sockaddr_storage *address, socklen_t length, uint16_t *port)
{
	struct port_bind bind;
	int error = port_bind_begin(&bind, reservation, call, address, length);

	if (error)
		return error;
	*port = address_port(address);
	if (!*port)
		return port_refused(&bind, port_draw(&bind, port));
	if (!block_contains(&reservation->block, *port))
		return -EADDRNOTAVAIL;
	error = bind_certain(&bind, *port);
	/* Its word is another's, perhaps of one who had it while it had no guard. */
	if (error == -EADDRNOTAVAIL && bind.persistent_index)
		return port_refused(&bind, -EADDRINUSE);
	return error;
}

int reservation_bind_any(const struct reservation *reservation, const struct socket_call *call,
			 uint16_t *port)
{
	struct sockaddr_storage address;
	socklen_t length;
	int error = address_of_unbound(call->fd, &address, &length);

	return error ? error : reservation_bind(reservation, call, &address, length, port);
}

void reservation_unbind(const struct reservation *reservation, enum protocol protocol,
			uint16_t port)
{
	_Atomic uint64_t *word = word_of(reservation->pool, protocol, port);
	uint64_t seen = atomic_load(word), maybe;

	if (word_state(seen) != WORD_USED || !word_belongs(seen, reservation->token))
		return;
	maybe = word_make(reservation->token, WORD_MAYBE, seen & WORD_FLAGS);
	/* Where it has changed meanwhile, another has the port. */
	if (atomic_compare_exchange_strong(word, &seen, maybe) && !(maybe & WORD_DRAWN))
		atomic_fetch_add_explicit(&reservation->pool->slots[TOKEN_SLOT(reservation->token)]
						   .preferred[protocol],
					  1, memory_order_relaxed);
}
