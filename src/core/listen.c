/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>

#include "core/address.h"
#include "core/port.h"
#include "core/reservation.h"
#include "core/through.h"
#include "pool/word.h"
#include "real/real.h"

#define LISTEN_PATIENCE 20

/*
 * Two sockets with SO_REUSEADDR may both be bound to a port, but only one may
 * listen. Behind the guard the kernel would let both: a claim that listens itself
 * asks first, and keeps others out until ours does. -errno, or a claim to close;
 * -ENOENT where none is needed.
 */
static int listening_claim(const struct reservation *reservation, int fd, bool own_share)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	struct claim_request request;
	uint64_t word;
	int reuse_address = 0, listening = 0, tries = 0, claim;

	real_option_get(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_address);
	real_option_get(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening);
	/* Who listens already changes the backlog. */
	if (!reuse_address || listening)
		return -ENOENT;
	if (real_getsockname(fd, (struct sockaddr *)&address, &length))
		return -errno;
	/* A SO_REUSEPORT group shares by its wish, all of it. */
	word = atomic_load(word_of(reservation->pool, PROTOCOL_TCP, address_port(&address)));
	if (own_share && !(word & port_alone_flags(fd, &address)))
		return -ENOENT;
	request = port_claim(reservation, PROTOCOL_TCP, address_port(&address));
	request.address = &address;
	request.v6only = port_v6only(fd, &address);
	request.reuse_address = true;
	request.listen = true;
	do {
		claim = claim_take(&request);
		if (claim != -EADDRINUSE)
			break;
		/* Another who listens; or one who came late to the port and lets it go again. */
		sched_yield();
	} while (++tries < LISTEN_PATIENCE);
	return claim;
}

int reservation_listen(const struct reservation *reservation, const struct socket_call *call,
		       int backlog)
{
	int share, claim, error = real_option_get(call->fd, SOL_SOCKET, SO_REUSEPORT, &share);

	if (error)
		return error;
	claim = listening_claim(reservation, call->fd, share);
	if (claim < 0 && claim != -ENOENT)
		return claim;
	error = through_listen(call->fd, backlog, share);
	if (claim >= 0)
		real_close(claim);
	return error;
}
