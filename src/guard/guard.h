/* SPDX-License-Identifier: MIT */
/*
 * guard.h - the kernel sockets that make a port ours
 *
 * A guard is bound to one port on an interface index that does not exist: it
 * conflicts with every ordinary bind on any address, the kernel's own choice of
 * ports walks around it, and it never receives a packet. A port is reserved if and
 * only if it has a guard. To place one is at once the test whether the port is
 * free, the mutual exclusion between users and the proof that a former owner is
 * gone.
 *
 * The order of the calls matters: bound first, so that it meets also sockets that
 * are bound to a real device; the device after that; SO_REUSEPORT last, which lets
 * the reservation's own sockets (same user, SO_REUSEPORT on around their bind)
 * pass it.
 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include "pool/pool.h"

/* A guard for one port. over_time_wait: TCP connections in TIME_WAIT do not count.
 * The descriptor, or -errno: -EADDRINUSE, -EACCES, -EOPNOTSUPP (the kernel lacks
 * the means), -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM. */
int guard_place(enum protocol protocol, uint16_t port, bool over_time_wait);

/*
 * Whether a port has a guard, or a program's socket: what a token in the pool is
 * worth. Something of ours may be there when it says so; when it says no, no guard
 * is, and the reservation has ended.
 */
bool guard_present(enum protocol protocol, uint16_t port);

/*
 * The interface index of the guards of a persistent block, by its first port: by it every
 * process of the user knows them, whoever placed them. fd: any socket.
 */
uint32_t guard_persistent_index(int fd, uint16_t first);
uint32_t guard_index_of_block(const struct block *block); /* the same, with a socket of its own */
/* The first port of the persistent block whose guards are on an index; 0: of none. */
uint16_t guard_persistent_first(uint32_t index);

/*
 * Whether a port has a guard on this index, or a program's socket, which the caller's
 * claim rules out. Sockets that are bound with SO_REUSEADDR and do not listen do not count.
 */
bool guard_present_on(enum protocol protocol, uint16_t port, uint32_t index);

/* Whether it has a guard on this index and no program's socket. False also where others
 * ask at the same time. */
bool guard_alone_on(enum protocol protocol, uint16_t port, uint32_t index);

/* The network namespace in which this thread's guards would be (real/netns.h). */
uint64_t guard_netns(void);

/* A guard on this index where the port has none yet; TCP connections in TIME_WAIT do not
 * count. As guard_place. */
int guard_place_missing(enum protocol protocol, uint16_t port, uint32_t index);

/* Where the guards of a block go as they are placed. */
struct guard_sink {
	/* Takes over a guard's descriptor. 0 or -errno. */
	int (*take)(struct guard_sink *sink, int fd);
	/* Descriptors have run out: make some free. -EMFILE where it cannot. */
	int (*make_room)(struct guard_sink *sink);
};

/* Which guards a block shall get. */
enum guard_choice {
	GUARD_ALL,		  /* one for each port, or none at all */
	GUARD_ALL_OVER_TIME_WAIT, /* the same; TCP ports that only TIME_WAIT holds are taken,
				   * too, so that a service restarts on its block at once */
	GUARD_MISSING,		  /* of a persistent block: those that can be placed, likewise */
};

/*
 * Places the guards of a block. 0; or -errno and in *failed the port it failed at, with
 * some guards in the sink already. GUARD_MISSING: -EADDRINUSE if none could be placed.
 */
int guard_place_block(const struct block *block, enum guard_choice choice, struct guard_sink *sink,
		      uint16_t *failed);

#endif
