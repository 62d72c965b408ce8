/* SPDX-License-Identifier: MIT */
/* ports.h - what each port is, from what the kernel and the pool say */
#ifndef INSPECT_PORTS_H
#define INSPECT_PORTS_H

#include "inspect/reservations.h"
#include "inspect/settings.h"

/* In this order: of several ports together the last kind tells the most. */
enum port_kind {
	PORT_FREE,
	PORT_PRIVILEGED, /* free, and below ip_unprivileged_port_start */
	PORT_EPHEMERAL,	 /* free, and in ip_local_port_range: the kernel may choose it */
	PORT_RESERVED,	 /* free, and in ip_local_reserved_ports: the kernel does not choose it */
	PORT_HELD,	 /* has a guard of a reservation that we see */
	PORT_HELD_OTHER, /* has a guard of another user's or another pool */
	PORT_USED,	 /* a program has it inside a reservation that we see */
	PORT_USED_OTHER, /* a socket has it outside those, or TIME_WAIT is left of one */
};
#define PORT_KINDS (PORT_USED_OTHER + 1)

#define PORT_FIRST 1 /* nobody can have port 0 */
#define PORT_LAST  (POOL_PORTS - 1)

struct ports {
	uint8_t kind[PROTOCOLS][POOL_PORTS]; /* enum port_kind */
	/* PORT_HELD, PORT_USED: in which; otherwise NULL. */
	const struct reserved *reservation[PROTOCOLS][POOL_PORTS];
	/* PORT_HELD_OTHER: the guard. PORT_USED, PORT_USED_OTHER: the socket that tells most
	 * of who has it. Otherwise NULL. */
	const struct inet_socket *socket[PROTOCOLS][POOL_PORTS];
};

/* Fills all of it; it points into the reservations. user: whose guards are ours, on
 * persistent blocks that are not held as a whole. */
void ports_fill(struct ports *ports, const struct reservations *reservations,
		const struct port_settings *settings, uid_t user);

/* The last port, up to a limit, before which the kind does not change. */
uint16_t ports_same_until(const struct ports *ports, enum protocol protocol, uint16_t first,
			  uint16_t limit);

/* The kind that tells most, of ports from first to last. */
enum port_kind ports_telling(const struct ports *ports, enum protocol protocol,
			     struct port_range range);

/* How many there are of each kind. */
void ports_count(const struct ports *ports, enum protocol protocol, struct port_range range,
		 unsigned int counts[PORT_KINDS]);

/* "free", "held-other" and so on: one word, for programs. */
const char *port_kind_name(enum port_kind kind);

#endif
