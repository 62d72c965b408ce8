/* SPDX-License-Identifier: MIT */
/*
 * run.h - the run reservations of a process tree, as they travel in its environment
 *
 * PORTRES_RESERVATION is a list, separated by commas, of TOKEN@FD~NETNS/OPTIONS, or
 * !ERRNO/PROTOCOLS where a reservation that was asked for could not be had.
 */
#ifndef CORE_RUN_H
#define CORE_RUN_H

#include "core/reservation.h"
#include "real/text.h"

#define RUNS_MAX 8

enum run_outside { OUTSIDE_PASS, OUTSIDE_DENY, OUTSIDE_MAP };

struct run {
	uint64_t token; /* 0: it could not be had */
	int anchor;
	uint64_t netns; /* real/netns.h: sockets of others are none of its business; 0: any */
	enum run_outside outside; /* explicit binds outside the block */
	bool full_pass;		  /* block exhausted: the kernel chooses a port */
	bool connect;		  /* outgoing connections too */
	uint8_t protocols;	  /* PROTOCOL_BIT()s */
	int error;		  /* errno, where it could not be had */
};

void run_format(struct text *text, const struct run *runs, unsigned int count);

/* How many there are; 0 where the text is not of this form. */
unsigned int run_parse(const char *text, struct run runs[RUNS_MAX]);

/*
 * What a user asks for: PORTRES_RESERVE's "tcp:20,udp:5000-5019" (protocol, then a
 * count or a block). How many, or -EINVAL.
 */
int run_requests_parse(const char *text, struct acquire_request requests[RUNS_MAX]);

/* "5000-5019", or "5000" for one port. -EINVAL where it is none, or not below 65536. */
int run_range_parse(const char *text, struct port_range *range);

#endif
