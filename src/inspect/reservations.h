/* SPDX-License-Identifier: MIT */
/* reservations.h - the reservations of this user in this network namespace, for people */
#ifndef INSPECT_RESERVATIONS_H
#define INSPECT_RESERVATIONS_H

#include "core/reservation.h"
#include "inspect/owners.h"
#include "inspect/sockets.h"

enum reservation_health {
	HEALTH_ALIVE,  /* the kernel has its guards */
	HEALTH_UNHELD, /* persistent, and nobody keeps strangers out now */
	HEALTH_STALE,  /* what is left of one that has ended: harmless, the next who needs the place
			  takes it */
	HEALTH_MAKING, /* somebody is at it, or was killed at it */
};

/* One entry of the pool, or of the list of persistent reservations. */
struct reserved {
	uint64_t token;	    /* 0: listed, and not yet in the pool */
	struct block block; /* count 0: not known yet (HEALTH_MAKING) */
	enum reservation_kind kind;
	enum reservation_health health;
	/* Who made it; maker.pid is 0 for persistent ones, which nobody in particular made.
	 * maker_lives: that very process is still there (command line and all). */
	struct process_about maker;
	bool maker_lives;
	/* Every process that keeps it alive: has the anchor open, or holds its guards. They
	 * point into struct reservations' owners, by pid. */
	const struct owner *keepers;
	size_t keeper_count;
	pid_t holder; /* the portres-hold or portres persist hold that has the guards; 0: none, or
			 not seen */
	/* Ports of it that programs are bound to, by protocol. */
	unsigned int used[PROTOCOLS];
};

struct reservations {
	struct reserved *list; /* by first port, then protocol */
	size_t count;
	struct inet_sockets sockets; /* of all ports, at the same time */
	struct owners owners;
	bool keepers_known; /* unix sockets and /proc could be read */
};

/*
 * Reads the pool, the list of persistent reservations, the kernel's sockets and /proc.
 * store_error: what reading the list met, 0 or -errno; it counts as empty then.
 * 0 or -errno as sockets_read says. Allocates.
 */
int reservations_read(struct reservations *reservations, struct pool *pool, int *store_error);
void reservations_free(struct reservations *reservations);

/* The one that has this port by the pool; NULL: none. */
const struct reserved *reservations_find(const struct reservations *reservations,
					 enum protocol protocol, uint16_t port);

/* "run", "runtime", "persistent"; "alive", "unheld", "stale", "making". */
const char *kind_name(enum reservation_kind kind);
const char *health_name(enum reservation_health health);

#endif
