/* SPDX-License-Identifier: MIT */
/*
 * port.h - one socket on its way to one port of a block
 *
 * What bind.c (a certain port), draw.c (the next free one) and connect.c (one for
 * a connection) have in common: the two ways to a port, by its word or by a claim.
 */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include "core/reservation.h"
#include "guard/claim.h"

struct port_bind {
	const struct reservation *reservation;
	const struct socket_call *call;
	struct sockaddr_storage address; /* the program's; its port is put in here */
	socklen_t length;
	uint64_t alone_flags;	   /* WORD_ALONE of the families that its address means */
	bool own_share;		   /* the program has SO_REUSEPORT on by its own wish */
	bool client;		   /* for connect: SO_REUSEADDR and SO_REUSEPORT stay on */
	bool over_time_wait;	   /* SO_REUSEADDR is on around the bind */
	bool refused;		   /* a port that nobody has for all we know */
	uint32_t persistent_index; /* of the block's guards; 0: it is no persistent one */
	int abandoned_tries;	   /* how many ports that only seem in use were tried */
	uint64_t flags;		   /* of the word, once it is USED */
	uint64_t binding;	   /* our BINDING word, 0: we must use claims */
};

/* The WORD_ALONE flags that sockets on this address have to do with. */
uint64_t port_alone_flags(int fd, const struct sockaddr_storage *address);

/* Whether the program's socket is for IPv6 alone; false for IPv4. */
bool port_v6only(int fd, const struct sockaddr_storage *address);

/* A claim on every address of a port of this reservation, for the caller to narrow. */
struct claim_request port_claim(const struct reservation *reservation, enum protocol protocol,
				uint16_t port);

/* Reads what it needs of the socket. 0 or -errno. */
int port_bind_begin(struct port_bind *bind, const struct reservation *reservation,
		    const struct socket_call *call, const struct sockaddr_storage *address,
		    socklen_t length);

/*
 * A port that was never used: its word, HELD when it was seen, is the lock.
 * -EAGAIN: another was quicker. -EADDRINUSE: a stranger of the same user is there.
 */
int port_bind_held(struct port_bind *bind, uint16_t port, uint64_t seen);

/*
 * Any other port: under a claim, which this closes; its word was seen before the claim
 * was taken. -EAGAIN: it is another now. -EADDRNOTAVAIL: the reservation is no longer ours.
 * -EOWNERDEAD: as reservation_bind says.
 */
int port_bind_claimed(struct port_bind *bind, uint16_t port, uint64_t seen, int claim);

/* What to answer where no port was had: for a persistent block, guards may be missing. */
int port_refused(const struct port_bind *bind, int error);

#endif
