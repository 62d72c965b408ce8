/* SPDX-License-Identifier: MIT */
/* served.h - whether a process draws its ports from a reservation, and why not */
#ifndef INSPECT_SERVED_H
#define INSPECT_SERVED_H

#include "core/run.h"
#include "inspect/reservations.h"

enum served_how {
	SERVED_UNKNOWN, /* it may not be looked into */
	SERVED_NONE,	/* it runs in no reservation */
	SERVED_RUNTIME, /* it holds one, for the sockets that it associates */
	SERVED_YES,	/* it draws from it, and the port is of its block */
	SERVED_OUTSIDE, /* it could draw from it, and the port is not of its block */
	/* It runs in one, whose library it does not have: */
	SERVED_STATIC,	   /* nothing is loaded into a static program */
	SERVED_GO,	   /* a Go program makes its system calls itself, loaded or not */
	SERVED_SECURE,	   /* nor by the user's wish into one that is setuid or has capabilities */
	SERVED_CLEARED,	   /* our variables were taken out of its environment */
	SERVED_NOT_LOADED, /* LD_PRELOAD names it in vain: another word size or libc */
	/* The library cannot reach it: */
	SERVED_LOST,	  /* the anchor is not open in the process */
	SERVED_ENDED,	  /* the reservation has ended */
	SERVED_FAILED,	  /* it could not be had (PORTRES_RESERVE) */
	SERVED_NAMESPACE, /* it is that of another network namespace */
	SERVED_POOL,	  /* or of another pool, which we do not see */
};

struct served {
	enum served_how how;
	/* The one that it runs in, if it is known here; else NULL. */
	const struct reserved *reservation;
	struct run run; /* what it was told of it; token 0: by nothing but the anchor */
	int anchor;	/* the descriptor of the anchor in it; -1: none is known */
	bool library;	/* ours is mapped in it */
};

/* The pool that the reservations were read from, as a process's environment says. */
struct served_pool {
	uint64_t netns;
	const char *folder; /* PORTRES_DIR; NULL: none */
};

/* Of a process that has, or would have, a socket of this protocol on this port. Where it runs
 * in several reservations, that of the port is the one. 0 or -ENOMEM. */
int served_find(struct served *served, const struct reservations *reservations,
		const struct served_pool *pool, pid_t pid, enum protocol protocol, uint16_t port);

/* "yes", "static", "outside"... */
const char *served_name(enum served_how how);

#endif
