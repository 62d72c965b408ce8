/* SPDX-License-Identifier: MIT */
/* trial.h - what a bind to a port gets, by the kernel's word: one that is undone at once */
#ifndef INSPECT_TRIAL_H
#define INSPECT_TRIAL_H

#include "pool/pool.h"

enum trial_family { TRIAL_IPV4, TRIAL_IPV6, TRIAL_FAMILIES };

/* Each answer is 0, or -errno as bind(2) has it; -EAFNOSUPPORT: there is no such family. The
 * last two are asked where the first is -EADDRINUSE, and are the same as it otherwise. */
struct trial {
	int any;      /* to every address of the family; [::] without IPv4 (IPV6_V6ONLY) */
	int reuse;    /* the same with SO_REUSEADDR: TCP only, for UDP it is as any */
	int loopback; /* to 127.0.0.1 or [::1] */
};

/*
 * Binds sockets one after the other, with the caller's own rights, and closes each at once.
 *
 * None of them listens. A listening one could take a client's connection, and would say
 * nothing new: what refuses a listen(), a socket that listens on a common address, refuses
 * the bind() before. Nor is a UDP port asked for with SO_REUSEADDR: the socket would get
 * datagrams that are meant for the one that is there.
 *
 * For these microseconds the port is taken: who binds or reserves it in this very moment, or
 * asks for it as we do, may be refused. The kernel's own choice passes on to the next port.
 */
void trial_make(enum protocol protocol, uint16_t port, struct trial trials[TRIAL_FAMILIES]);

/* What a bind gets to a port of a reservation from a program that has part in it, by
 * claims (guard/claim.h); loopback is the same as any. */
void trial_make_inside(const struct pool *pool, enum protocol protocol, uint16_t port,
		       struct trial trials[TRIAL_FAMILIES]);

#endif
