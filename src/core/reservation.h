/* SPDX-License-Identifier: MIT */
/*
 * reservation.h - reservations: pool and guards put together
 *
 * Knows sockets and ports, nothing of preloading. All ports are in host byte
 * order, all functions return 0 (or a descriptor) or -errno, and each may be
 * called from any thread. But for acquire and release they are async-signal-safe.
 */
#ifndef CORE_RESERVATION_H
#define CORE_RESERVATION_H

#include <sys/socket.h>

#include "pool/pool.h"

/* A living reservation, as found in its pool. */
struct reservation {
	struct pool *pool;
	uint64_t token;
	struct block block;
	enum reservation_kind kind;
	uint64_t anchor; /* SO_COOKIE of the anchor, low bits; 0: not known yet */
};

struct port_range {
	uint16_t first, last;
};

/* Any ports, of each protocol. */
struct port_set {
	uint8_t bits[PROTOCOLS][POOL_PORTS / 8];
};
void port_set_add(struct port_set *set, const struct block *block);
/* Whether it has a port of a block, of one of the block's protocols. */
bool port_set_meets(const struct port_set *set, const struct block *block);

struct acquire_request {
	uint16_t first; /* 0: any block */
	uint16_t count;
	uint8_t protocols; /* PROTOCOL_BIT()s */
	uint16_t align;	   /* any block: its first port is a multiple of this; 0 is 1 */
	/* Any block: where it may lie; 0-0: the kernel's own ranges are left out. */
	struct port_range range;
	/* Any block: not of these, as long as there are others. */
	const struct port_set *avoid;
	enum reservation_kind kind;
	bool keep_on_exec; /* the anchor stays open across exec */
};

/*
 * Reserves a block. The anchor's descriptor is the caller's: the reservation lives
 * until its last copy is closed.
 *
 * -EINVAL (no ports, or past 65535), -EADDRINUSE, -EACCES, -EOPNOTSUPP, -ENOSPC
 * (4096 reservations), -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM.
 */
int reservation_acquire(struct pool *pool, const struct acquire_request *request,
			struct reservation *reservation, int *anchor);

/* The reservation of a token; false where the pool has none of that name. */
bool reservation_find(struct pool *pool, uint64_t token, struct reservation *reservation);

/* Whether fd is (a copy of) the anchor of this reservation. */
bool reservation_anchored(const struct reservation *reservation, int fd);

/* Whether the kernel still has guards of it. Asks with a bind: for doubtful cases. */
bool reservation_alive(const struct reservation *reservation);

/* Ends it for everybody. -EINVAL: somebody else did already. */
int reservation_release(const struct reservation *reservation, int anchor);

/* Of one that is being made: for so long that its maker was killed, or begins again. */
bool reservation_given_up(const struct pool *pool, unsigned int slot);

/* Takes reservations that the kernel no longer has out of the pool. Also those that
 * are being made and persistent ones without guards, if `unfinished`: their makers begin
 * again, and they are looked up again. */
void reservation_prune(struct pool *pool, bool unfinished);

/* A program's call on a socket of the reservation. */
struct socket_call {
	int fd;
	enum protocol protocol;
	int anchor;   /* the caller's descriptor of the anchor; a persistent block needs none */
	bool guarded; /* a persistent block has all the guards that can be placed */
};

static inline bool block_equals(const struct block *one, const struct block *other)
{
	return one->first == other->first && one->count == other->count &&
	       one->protocols == other->protocols;
}

static inline bool block_contains(const struct block *block, uint16_t port)
{
	return port >= block->first && port - block->first < block->count;
}

/*
 * Binds a program's socket to an address with a port of the block, or with port 0
 * to the next free one of it, whose number goes to *port. The address is the
 * program's, checked by address_valid; for the kernel it stays what it was but for
 * the port.
 *
 * -EADDRINUSE: the port is taken, or the block exhausted. -EADDRNOTAVAIL: outside
 * the block, or the reservation has ended. -EOWNERDEAD: a persistent block lacks guards,
 * or may (never if call->guarded is set): place them, and try again. Otherwise what the
 * kernel said.
 */
int reservation_bind(const struct reservation *reservation, const struct socket_call *call,
		     const struct sockaddr_storage *address, socklen_t length, uint16_t *port);

/* The same for a socket that binds itself (listen, sendto): to the next free port, on
 * every address of its family or the one it has. */
int reservation_bind_any(const struct reservation *reservation, const struct socket_call *call,
			 uint16_t *port);

/*
 * A port for a TCP connection to this peer. It may be one that other connections
 * use, as on Linux: SO_REUSEADDR and SO_REUSEPORT stay on. -EADDRNOTAVAIL where
 * every port of the block has a connection to that peer.
 */
int reservation_bind_for_connect(const struct reservation *reservation,
				 const struct socket_call *call,
				 const struct sockaddr_storage *peer, socklen_t length,
				 uint16_t *port);

/* listen() on a TCP socket that is bound to a port of the block. */
int reservation_listen(const struct reservation *reservation, const struct socket_call *call,
		       int backlog);

/* A socket of the port was closed. */
void reservation_unbind(const struct reservation *reservation, enum protocol protocol,
			uint16_t port);

#endif
