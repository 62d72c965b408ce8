/* SPDX-License-Identifier: MIT */
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "made.h"

struct made made;

void made_begin(void)
{
	memset(&made, 0, sizeof made);
	made.reservations.list = made.entries;
	made.reservations.sockets = (struct inet_sockets){made.sockets, 0, true};
	made.reservations.owners.list = made.owners;
	made.settings.ephemeral = (struct port_range){32768, 60999};
	made.settings.unprivileged = 1024;
}

static int by_port(const void *one, const void *other)
{
	const struct inet_socket *a = one, *b = other;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return (int)a->protocol - (int)b->protocol;
}

void made_fill(void)
{
	qsort(made.sockets, made.reservations.sockets.count, sizeof made.sockets[0], by_port);
	ports_fill(&made.ports, &made.reservations, &made.settings, MADE_ME);
}

struct inet_socket *made_socket(enum protocol protocol, uint16_t port, enum socket_role role)
{
	struct inet_socket *socket = &made.sockets[made.reservations.sockets.count++];

	*socket = (struct inet_socket){.protocol = protocol,
				       .port = port,
				       .role = role,
				       .uid = MADE_ME,
				       .inode = (uint32_t)made.reservations.sockets.count,
				       .state = role == ROLE_PROGRAM ? TCP_LISTEN : STATE_BOUND};
	return socket;
}

struct reserved *made_reservation(uint16_t first, uint16_t count, uint8_t protocols)
{
	struct reserved *entry = &made.entries[made.reservations.count++];

	entry->block = (struct block){first, count, protocols};
	entry->kind = KIND_RUN;
	entry->health = HEALTH_ALIVE;
	return entry;
}

void made_guards(enum protocol protocol, uint16_t first, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		made_socket(protocol, (uint16_t)(first + i), ROLE_GUARD);
}

int made_kind(enum protocol protocol, uint16_t port)
{
	return made.ports.kind[protocol][port];
}

void made_owner(uint32_t inode, pid_t pid)
{
	made.owners[made.reservations.owners.count++] = (struct owner){inode, pid, 3};
}
