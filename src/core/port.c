/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "core/address.h"
#include "core/port.h"
#include "core/through.h"
#include "guard/guard.h"
#include "pool/word.h"
#include "real/real.h"

bool port_v6only(int fd, const struct sockaddr_storage *address)
{
	int v6only = 0;

	if (address->ss_family == AF_INET6)
		real_option_get(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only);
	return v6only;
}

uint64_t port_alone_flags(int fd, const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	if (address->ss_family != AF_INET6 || IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return WORD_ALONE4;
	if (!IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		return WORD_ALONE6;
	return port_v6only(fd, address) ? WORD_ALONE6 : WORD_ALONE;
}

struct claim_request port_claim(const struct reservation *reservation, enum protocol protocol,
				uint16_t port)
{
	return (struct claim_request){
		.protocol = protocol,
		.index = reservation->pool->claim_index,
		.netns = reservation->pool->netns,
		.port = port,
	};
}

int port_bind_begin(struct port_bind *bind, const struct reservation *reservation,
		    const struct socket_call *call, const struct sockaddr_storage *address,
		    socklen_t length)
{
	int share, error = real_option_get(call->fd, SOL_SOCKET, SO_REUSEPORT, &share);

	if (error)
		return error;
	bind->alone_flags = port_alone_flags(call->fd, address);
	bind->reservation = reservation;
	bind->call = call;
	bind->address = *address;
	bind->length = length;
	bind->own_share = share;
	bind->client = false;
	bind->over_time_wait = false;
	bind->flags = share ? 0 : bind->alone_flags;
	bind->persistent_index = 0;
	bind->binding = 0;
	/* Through claims alone, under which it can be asked whether the guard is there. */
	if (reservation->kind == KIND_PERSISTENT)
		bind->persistent_index = guard_persistent_index(call->fd, reservation->block.first);
	else
		bind->binding = word_binding(reservation->pool, reservation->token);
	return 0;
}

static int bind_socket(struct port_bind *bind, uint16_t port)
{
	int fd = bind->call->fd, reuse_address = 1, error = 0;

	address_set_port(&bind->address, port);
	if (bind->over_time_wait) {
		error = real_option_get(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_address);
		if (!error && !reuse_address)
			error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	}
	if (!error && bind->client) {
		/* Both on for good: connections to different peers share a port. */
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (!error)
			error = real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	}
	if (!error)
		error = through_bind(fd, &bind->address, bind->length,
				     bind->own_share || bind->client);
	if (!reuse_address)
		real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 0);
	return error;
}

int port_bind_held(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	const struct reservation *reservation = bind->reservation;
	_Atomic uint64_t *word = word_of(reservation->pool, bind->call->protocol, port);
	uint64_t binding = bind->binding, after;
	int error;

	if (!atomic_compare_exchange_strong(word, &seen, binding))
		return -EAGAIN;
	error = bind_socket(bind, port);
	if (!error)
		after = word_make(reservation->token, WORD_USED, bind->flags);
	else if (error == -EADDRINUSE)
		after = word_make(reservation->token, WORD_MAYBE, 0);
	else
		after = seen;
	atomic_compare_exchange_strong(word, &binding, after);
	return error;
}

/* With the claim in place no guard of somebody else can come any more. */
static int still_guarded(const struct port_bind *bind, uint16_t port)
{
	const struct socket_call *call = bind->call;

	if (!bind->persistent_index)
		return reservation_anchored(bind->reservation, call->anchor) ? 0 : -EADDRNOTAVAIL;
	if (guard_present_on(call->protocol, port, bind->persistent_index))
		return 0;
	/* Once all that can be placed are, those without are somebody else's. */
	return call->guarded ? -EADDRINUSE : -EOWNERDEAD;
}

int port_refused(const struct port_bind *bind, int error)
{
	if (!bind->persistent_index || bind->call->guarded)
		return error;
	return error == -EADDRINUSE || error == -EADDRNOTAVAIL ? -EOWNERDEAD : error;
}

int port_bind_claimed(struct port_bind *bind, uint16_t port, uint64_t seen, int claim)
{
	const struct reservation *reservation = bind->reservation;
	_Atomic uint64_t *word = word_of(reservation->pool, bind->call->protocol, port);
	uint64_t used = word_make(reservation->token, WORD_USED, bind->flags), before = seen;
	/* The claim is there; only now does it count that all this is still ours. */
	int error = still_guarded(bind, port);

	if (!error && !atomic_compare_exchange_strong(word, &before, used))
		error = -EAGAIN;
	if (!error) {
		error = bind_socket(bind, port);
		/* As it was: others may be on the port. */
		if (error)
			atomic_compare_exchange_strong(
				word, &used,
				word_state(seen) == WORD_HELD
					? word_make(reservation->token, WORD_MAYBE, 0)
					: seen);
	}
	real_close(claim);
	return error;
}
