/* SPDX-License-Identifier: MIT */
/* runs.h - ports that follow each other and are the same thing to people */
#ifndef INSPECT_RUNS_H
#define INSPECT_RUNS_H

#include "inspect/ports.h"

/* Who has a port. */
struct port_user {
	pid_t pid;	  /* 0: none is known */
	size_t processes; /* that have the socket open; pid is the lowest */
	uid_t uid;	  /* of the socket; what TIME_WAIT leaves has none: 0 */
	bool time_wait;	  /* that is all there is */
	bool closing;	  /* no process has it open, the kernel is not done with it */
};

bool port_user_equals(const struct port_user *one, const struct port_user *other);

struct port_run {
	uint16_t first, last;
	enum port_kind kind;
	const struct reserved *reservation; /* as in struct ports */
	struct port_user user;		    /* PORT_USED, PORT_USED_OTHER; PORT_HELD_OTHER: uid */
};

/* The run that begins with a port and ends at a limit, if not before. */
void run_find(const struct ports *ports, const struct reservations *reservations,
	      enum protocol protocol, struct port_range range, struct port_run *run);

#endif
