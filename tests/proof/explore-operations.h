/* SPDX-License-Identifier: MIT */
/* explore-operations.h - what scripts are made of: operations that the history knows */
#ifndef EXPLORE_OPERATIONS_H
#define EXPLORE_OPERATIONS_H

#include "explore.h"

#define TCP PROTOCOL_BIT(PROTOCOL_TCP)
#define UDP PROTOCOL_BIT(PROTOCOL_UDP)

/* Of a program's socket, and of what is done with it. Each process has two: number 0 and 1. */
struct program {
	int number, reservation;
	int family; /* 0: AF_INET6 */
	enum protocol protocol;
	bool reuse_address, reuse_port;
	bool unknown; /* to the history: who shares ports does not make one */
};

/* Makes it number's. false: it was refused. first 0: any block of the ports 1 and 2. */
bool acquire(int number, uint16_t first, uint16_t count, uint8_t protocols);
void release(int reservation);
void leave(int reservation); /* closes this process's copy of the anchor */

/* The descriptor of a new socket that is bound, or -errno. */
int draw(const struct program *program, uint16_t *port);
int bind_port(const struct program *program, uint16_t port);
int bind_stranger(uint16_t port);
/* The same in a persistent block: places the guards that are missing. */
int bind_persistent(const struct program *program, uint16_t port);
void listen_on(const struct program *program, int fd);

/* As the hook of close() does it. */
void close_program(const struct program *program, int fd, uint16_t port);

/* For the inspector: what must be so. */
void expect(bool good, const char *what);
/* The processes that begin inherit a reservation that it has acquired. */
void inherit(int reservation);

#endif
