/* SPDX-License-Identifier: MIT */
/* A machine that is made up: sockets, settings and reservations for ports_fill to look at. */
#ifndef TESTS_UNIT_MADE_H
#define TESTS_UNIT_MADE_H

#include "inspect/ports.h"

#define MADE_ME	     1000
#define MADE_OTHER   1001
#define MADE_SOCKETS 64

struct made {
	struct inet_socket sockets[MADE_SOCKETS];
	struct reserved entries[8];
	struct owner owners[8];
	struct reservations reservations;
	struct port_settings settings;
	struct ports ports;
};
extern struct made made;

/* Nothing on it, and the settings with which Linux begins. */
void made_begin(void);

struct inet_socket *made_socket(enum protocol protocol, uint16_t port, enum socket_role role);
void made_guards(enum protocol protocol, uint16_t first, uint16_t count);
/* A run reservation that is alive; its guards are another matter. */
struct reserved *made_reservation(uint16_t first, uint16_t count, uint8_t protocols);
void made_owner(uint32_t inode, pid_t pid);

/* What each port is. */
void made_fill(void);
int made_kind(enum protocol protocol, uint16_t port);

#endif
