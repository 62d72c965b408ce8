/* SPDX-License-Identifier: MIT */
/* associate.h - the reservation that a call on a socket concerns */
#ifndef PRELOAD_ASSOCIATE_H
#define PRELOAD_ASSOCIATE_H

#include "core/reservation.h"
#include "core/run.h"
#include "preload/fdtable.h"

/* A socket, a reservation for it, and how strict that is. */
struct association {
	struct reservation reservation;
	struct socket_call call;
	struct fd_entry known;	  /* what the table said of the number when it was looked up */
	struct fd_entry entry;	  /* the same, if that is about this socket and a reservation */
	enum run_outside outside; /* explicit ports outside the block */
	bool full_pass;		  /* block exhausted: the kernel's choice */
	bool connect;		  /* binds that connect and send do count, too */
	int error;		  /* -errno: the reservation cannot be had any more */
};

/*
 * The associations of a socket: the one that ASSOCIATE made, else those of the run
 * reservations of its protocol. How many, 0 for a socket that is none of ours; or
 * -errno, what the call shall fail with, where a reservation was asked for and is
 * not there.
 */
int association_find(int fd, struct association list[RUNS_MAX]);

/*
 * What to do about a socket of which socket_protocol did not tell what it is: 0, it is
 * none of ours; -EADDRNOTAVAIL where a sandbox does not let us ask and it may be.
 */
int association_unasked(int fd, int error);

/* Whether connect or a send on it may have something of ours to do. */
bool association_pending(int fd);

/* What to bind to: an address, or what connecting to a peer wants, or (neither) any port. */
struct association_target {
	const struct sockaddr_storage *address, *peer;
	socklen_t length; /* of the one that is given */
};

/* Binds the socket to a port of its block. 0 and the port; or -errno. */
int association_bind(const struct association *association, const struct association_target *target,
		     uint16_t *port);

/* The socket is bound to a port of a block now. */
void association_bound(const struct association *association, uint16_t port);

/*
 * Binds a socket that is not bound yet as listen, connect or a send would: peer is
 * what a TCP socket connects to, NULL otherwise. 0, also where nothing is ours to
 * do; or -errno.
 */
int association_bind_implicit(int fd, bool always, const struct sockaddr_storage *peer,
			      socklen_t length);

/* What the kernel answers to connect and the sends where it finds no port: EADDRNOTAVAIL
 * for TCP, EAGAIN for UDP. Other errors stay as they are. */
int association_exhausted(int fd, int error);

/* A peer address of the program's, copied. False where it is none that would be used. */
bool association_peer(int fd, const struct sockaddr *address, socklen_t length,
		      struct sockaddr_storage *peer);

#endif
