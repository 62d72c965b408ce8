/* SPDX-License-Identifier: MIT */
/* calls-script.h - what a script of fuzz-calls.c does with its sockets */
#ifndef TESTS_FUZZ_CALLS_SCRIPT_H
#define TESTS_FUZZ_CALLS_SCRIPT_H

#include "fuzz.h"
#include "portres.h"

enum { SOCKETS = 6, BLOCKS = 4, STEPS = 24, MOST_PORTS = 16 };

struct script_socket {
	int fd, domain, type; /* fd -1: none */
	int block;	      /* associated with; -1: none, -2: one that is gone */
};

struct reserved {
	INET_PORT_RESERVATION_INSTANCE instance; /* Token 0: none */
	int type, socket;			 /* which acquired it */
};

extern struct script_socket sockets[SOCKETS];
extern struct reserved blocks[BLOCKS];
/* Never released, so that the hooks have something to do. */
extern struct reserved resident;

/* By the system call alone, behind the hooks' back. */
extern bool bare;

/* What a call said, and the socket's port then. */
struct answer {
	long result;
	int error;
	uint16_t port;
};

/* Another socket, in the place of one; and one call on one of them. */
void step_socket(struct bytes *bytes);
struct answer step_call(struct bytes *bytes);

void sockets_close(void);

/* 0: none. */
uint16_t port_of(int fd);

bool contains(const struct reserved *block, uint16_t port);

#endif
