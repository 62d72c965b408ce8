/* SPDX-License-Identifier: MIT */
/* reach.h - whether a process draws its ports from a reservation, and why not */
#ifndef INSPECT_REACH_H
#define INSPECT_REACH_H

#include "core/run.h"
#include "inspect/reservations.h"

enum reach_how {
	REACH_UNKNOWN, /* it may not be looked into */
	REACH_NONE,    /* it runs in no reservation */
	REACH_RUNTIME, /* it holds one, for the sockets that it associates */
	REACH_SERVED,  /* it draws from it, and the port is of its block */
	REACH_OUTSIDE, /* it could draw from it, and the port is not of its block */
	/* It runs in one, whose library it does not have: */
	REACH_STATIC,	  /* nothing is loaded into a static program */
	REACH_SECURE,	  /* nor by the user's wish into one that is setuid or has capabilities */
	REACH_CLEARED,	  /* our variables were taken out of its environment */
	REACH_NOT_LOADED, /* LD_PRELOAD names it in vain: another word size or libc */
	/* The library cannot reach it: */
	REACH_LOST,	 /* the anchor is not open in the process */
	REACH_ENDED,	 /* the reservation has ended */
	REACH_FAILED,	 /* it could not be had (PORTRES_RESERVE) */
	REACH_NAMESPACE, /* it is that of another network namespace */
	REACH_POOL,	 /* or of another pool, which we do not see */
};

struct reach {
	enum reach_how how;
	/* The one that it runs in, if it is known here; else NULL. */
	const struct reserved *reservation;
	struct run run; /* what it was told of it; token 0: by nothing but the anchor */
	int anchor;	/* the descriptor of the anchor in it; -1: none is known */
};

/* The pool that the reservations were read from, as a process's environment says. */
struct reach_pool {
	uint64_t netns;
	const char *folder; /* PORTRES_DIR; NULL: none */
};

/* Of a process that has a socket of this protocol on this port. Where it runs in several
 * reservations, that of the port is the one. -ENOMEM or 0. */
int reach_find(struct reach *reach, const struct reservations *reservations,
	       const struct reach_pool *pool, pid_t pid, enum protocol protocol, uint16_t port);

#endif
