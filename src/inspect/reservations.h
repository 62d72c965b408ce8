/* SPDX-License-Identifier: MIT */
/* reservations.h - the reservations of this user in this network namespace, for people */
#ifndef INSPECT_RESERVATIONS_H
#define INSPECT_RESERVATIONS_H

#include "core/reservation.h"
#include "inspect/owners.h"
#include "inspect/process.h"
#include "inspect/sockets.h"
#include "persist/store.h"

enum reservation_health {
	HEALTH_ALIVE,  /* the kernel keeps strangers out */
	HEALTH_UNHELD, /* persistent, and nobody keeps strangers out of all of it now */
	HEALTH_STALE,  /* what is left of one that has ended; who needs the place takes it */
	HEALTH_MAKING, /* somebody is at it, or was killed at it */
};

/* An entry of the pool or of the list of persistent reservations. */
struct reserved {
	uint64_t token;	    /* 0: listed, and not in the pool */
	struct block block; /* count 0: not known yet (HEALTH_MAKING) */
	enum reservation_kind kind;
	enum reservation_health health;
	const char *name; /* portres-run --name; NULL: none */
	/* Who made it and when; pid 0: nobody in particular. maker_lives: it is still that
	 * process, and the command is what it runs now. */
	struct process_about maker;
	bool maker_lives;
	/* The processes that keep it alive, by pid: those that have the anchor open, or, of
	 * persistent ones, guards. */
	pid_t *keepers;
	size_t keeper_count;
	pid_t holder;	 /* the portres-hold that has the guards for them; 0: none, or not seen */
	uint32_t anchor; /* its inode; 0: none, or the kernel does not tell */
	/* Ports that have a guard, and ports that programs are bound to. */
	unsigned int guarded[PROTOCOLS], used[PROTOCOLS];
};

struct reservations {
	struct reserved *list; /* by first port, stale ones last */
	size_t count;
	struct inet_sockets sockets; /* of all ports, at that time */
	struct owners owners;
	bool keepers_known; /* the kernel told of anchors, and /proc could be read */
	/* The list of persistent reservations and names; store_error: why it could not be
	 * read, 0 or -errno; it counts as empty then. */
	struct store store;
	int store_error;
};

/*
 * Reads the pool (NULL: there is none), the list, the kernel's sockets and /proc. 0 or
 * -errno as sockets_read says. Allocates.
 */
int reservations_read(struct reservations *reservations, struct pool *pool);
void reservations_free(struct reservations *reservations);

/* The one that the port belongs to, alive or unheld; NULL: none. */
const struct reserved *reservations_find(const struct reservations *reservations,
					 enum protocol protocol, uint16_t port);

/* "run", "runtime", "persistent"; "alive", "unheld", "stale", "making". */
const char *kind_name(enum reservation_kind kind);
const char *health_name(enum reservation_health health);

#endif
