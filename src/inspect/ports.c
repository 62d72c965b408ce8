/* SPDX-License-Identifier: MIT */
#include <netinet/tcp.h>
#include <string.h>

#include "inspect/ports.h"

/* How much an entry of this health says about who has a port; 0: nothing. */
static unsigned int weight(const struct reserved *entry)
{
	switch (entry->health) {
	case HEALTH_ALIVE:
		return 3;
	case HEALTH_MAKING:
		return 2;
	case HEALTH_UNHELD:
		return 1;
	default:
		return 0;
	}
}

/* Whose block each port is in; whether the port is held is another question. */
static void blocks_enter(struct ports *ports, const struct reservations *reservations)
{
	size_t i;
	int protocol;
	uint32_t port;

	for (i = 0; i < reservations->count; i++) {
		const struct reserved *entry = &reservations->list[i];
		const struct block *block = &entry->block;

		for (protocol = 0; weight(entry) && protocol < PROTOCOLS; protocol++) {
			const struct reserved **of = ports->reservation[protocol];

			if (!(block->protocols & PROTOCOL_BIT(protocol)))
				continue;
			for (port = block->first; port < (uint32_t)block->first + block->count;
			     port++)
				if (!of[port] || weight(of[port]) < weight(entry))
					of[port] = entry;
		}
	}
}

/* What the kernel has on one port of one protocol. */
struct found {
	const struct inet_socket *program, *guard;
};

static unsigned int telling(const struct inet_socket *socket)
{
	if (!socket || socket->state == TCP_TIME_WAIT)
		return 0;
	/* One that nobody has open any more is still being closed by the kernel. */
	return 1U + (socket->inode != 0) + (socket->state == TCP_LISTEN);
}

static void found_add(struct found *found, const struct inet_socket *socket)
{
	if (socket->role == ROLE_GUARD)
		found->guard = socket;
	else if (socket->role == ROLE_PROGRAM &&
		 (!found->program || telling(socket) > telling(found->program)))
		found->program = socket;
}

static enum port_kind kind_free(const struct port_settings *settings, uint16_t port)
{
	if (settings_reserves(settings, port))
		return PORT_RESERVED;
	if (port >= settings->ephemeral.first && port <= settings->ephemeral.last)
		return PORT_EPHEMERAL;
	return port < settings->unprivileged ? PORT_PRIVILEGED : PORT_FREE;
}

struct judge {
	struct ports *ports;
	const struct port_settings *settings;
	bool bound_shown;
	uid_t user;
};

/* Whether the guards of this entry keep others out of a port. */
static bool holds(const struct judge *judge, const struct reserved *entry, enum protocol protocol,
		  const struct inet_socket *guard)
{
	if (!entry)
		return false;
	/* UDP has no state in which the kernel would hide a socket. */
	if (protocol == PROTOCOL_TCP && !judge->bound_shown)
		return entry->health == HEALTH_ALIVE;
	if (!guard)
		return false;
	/* What keeps it from being held may be somebody else's guard. */
	return entry->health != HEALTH_UNHELD || guard->uid == judge->user;
}

static void port_judge(const struct judge *judge, enum protocol protocol, uint16_t port,
		       const struct found *found)
{
	struct ports *ports = judge->ports;
	const struct reserved **of = &ports->reservation[protocol][port];
	bool held = holds(judge, *of, protocol, found->guard);
	const struct inet_socket *socket = NULL;
	enum port_kind kind;

	/* To those in the reservation TIME_WAIT is no obstacle. */
	if (found->program && !(held && found->program->state == TCP_TIME_WAIT)) {
		kind = held ? PORT_USED : PORT_USED_OTHER;
		socket = found->program;
	} else if (held) {
		kind = PORT_HELD;
	} else if (found->guard) {
		kind = PORT_HELD_OTHER;
		socket = found->guard;
	} else {
		kind = kind_free(judge->settings, port);
	}
	ports->kind[protocol][port] = (uint8_t)kind;
	ports->socket[protocol][port] = socket;
	if (!held)
		*of = NULL;
}

void ports_fill(struct ports *ports, const struct reservations *reservations,
		const struct port_settings *settings, uid_t user)
{
	const struct inet_sockets *sockets = &reservations->sockets;
	const struct inet_socket *at = sockets->list, *end = at + sockets->count;
	struct judge judge = {ports, settings, sockets->bound_shown, user};
	uint32_t port;
	int protocol;

	memset(ports, 0, sizeof *ports);
	blocks_enter(ports, reservations);
	for (port = 0; port < POOL_PORTS; port++) {
		struct found found[PROTOCOLS] = {{NULL, NULL}, {NULL, NULL}};

		for (; at < end && at->port == port; at++)
			found_add(&found[at->protocol], at);
		for (protocol = 0; protocol < PROTOCOLS; protocol++)
			port_judge(&judge, (enum protocol)protocol, (uint16_t)port,
				   &found[protocol]);
	}
}

uint16_t ports_same_until(const struct ports *ports, enum protocol protocol, uint16_t first,
			  uint16_t limit)
{
	const uint8_t *kind = ports->kind[protocol];
	uint16_t last = first;

	while (last < limit && kind[last + 1] == kind[first])
		last++;
	return last;
}

enum port_kind ports_telling(const struct ports *ports, enum protocol protocol,
			     struct port_range range)
{
	uint8_t most = PORT_FREE;
	uint32_t port;

	for (port = range.first; port <= range.last; port++)
		if (ports->kind[protocol][port] > most)
			most = ports->kind[protocol][port];
	return (enum port_kind)most;
}

void ports_count(const struct ports *ports, enum protocol protocol, struct port_range range,
		 unsigned int counts[PORT_KINDS])
{
	uint32_t port;

	memset(counts, 0, PORT_KINDS * sizeof *counts);
	for (port = range.first; port <= range.last; port++)
		counts[ports->kind[protocol][port]]++;
}

const char *port_kind_name(enum port_kind kind)
{
	static const char *const names[] = {
		[PORT_FREE] = "free",		[PORT_PRIVILEGED] = "privileged",
		[PORT_EPHEMERAL] = "ephemeral", [PORT_RESERVED] = "reserved",
		[PORT_HELD] = "held",		[PORT_HELD_OTHER] = "held-other",
		[PORT_USED] = "used",		[PORT_USED_OTHER] = "used-other",
	};

	return names[kind];
}
