/* SPDX-License-Identifier: MIT */
/* pool-world.h - what a script of fuzz-pool.c has of a pool, and what must be true of it */
#ifndef TESTS_FUZZ_POOL_WORLD_H
#define TESTS_FUZZ_POOL_WORLD_H

#include "core/reservation.h"
#include "fuzz.h"

enum { HELD = 6, SOCKETS = 8 };

struct held {
	struct reservation reservation; /* token 0: none */
	int anchor;			/* -1: none */
	bool acquired;			/* by this script, and not only found in the pool */
};

struct kept_socket {
	struct reservation reservation;
	enum protocol protocol;
	uint16_t port;
	bool joined; /* for connections, which share ports */
	int fd;	     /* -1: none */
};

struct pool_world {
	struct pool *pool;
	uint64_t netns;
	bool damaged;
	unsigned int descriptors;
	struct held held[HELD];
	struct kept_socket sockets[SOCKETS];
	/* The blocks that were acquired: in the end their ports are free. */
	struct block blocks[HELD * 2];
	unsigned int block_count;
};

/* Once. */
void pool_world_begin(void);

/* The pool as if it had just been made; and the end of a script. */
struct pool_world *pool_world_fresh(void);
void pool_world_end(struct pool_world *world);

/* Any word of the pool, rather one that counts; and what could be written there. */
_Atomic uint64_t *word_choose(struct pool_world *world, struct bytes *bytes);
uint64_t value_choose(struct pool_world *world, struct bytes *bytes, uint64_t now);

/* One of what there is; NULL: there is none. */
struct held *held_choose(struct pool_world *world, struct bytes *bytes);
struct kept_socket *socket_choose(struct pool_world *world, struct bytes *bytes);

/* The anchor is the world's now. */
void reservation_keep(struct pool_world *world, const struct reservation *reservation, int anchor,
		      bool acquired);
void reservation_drop(struct pool_world *world, struct held *held);

/* So is the socket, which was given this port. */
void socket_keep(struct pool_world *world, const struct held *held, const struct socket_call *call,
		 uint16_t port, bool joined);

/* The kernel keeps others out of each port of it. */
void block_strangers_refused(const struct block *block);

#endif
