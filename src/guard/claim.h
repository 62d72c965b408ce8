/* SPDX-License-Identifier: MIT */
/*
 * claim.h - the lock for one port of a block
 *
 * A claim is a socket of the program's kind, bound to the program's address on an
 * interface index of its own that does not exist, so that it meets program sockets
 * and other claims but no guard. Success means that nobody in the reservation has
 * this port and nobody else can claim it until this one is closed; to check and to
 * take are one step of the kernel. It stays open across the program's real bind,
 * which passes it because the claim has SO_REUSEPORT on by then.
 */
#ifndef GUARD_CLAIM_H
#define GUARD_CLAIM_H

#include <sys/socket.h>

#include "pool/pool.h"

struct claim_request {
	enum protocol protocol;
	uint32_t index; /* of the pool's claims */
	uint64_t netns; /* of the pool: elsewhere a claim would say nothing */
	/* The program's address, its port not looked at; NULL: all of both families. */
	const struct sockaddr_storage *address;
	uint16_t port;	    /* host byte order */
	bool v6only;	    /* the program's IPV6_V6ONLY */
	bool reuse_address; /* the program's SO_REUSEADDR */
	bool share;	    /* the program's SO_REUSEPORT, on a port that is shared so */
	bool listen;	    /* ask also whether somebody listens there */
};

/* The claim's descriptor, for the caller to close after its bind; -EADDRINUSE where
 * somebody has the port; -EOPNOTSUPP: this thread is in another network namespace. */
int claim_take(const struct claim_request *request);

/*
 * A claim on a TCP port that nothing but TIME_WAIT holds, on every address:
 * -EADDRINUSE where anything else is there. Slow.
 */
int claim_take_over_time_wait(uint32_t index, uint64_t netns, uint16_t port);

#endif
