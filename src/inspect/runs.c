/* SPDX-License-Identifier: MIT */
#include <netinet/tcp.h>

#include "inspect/runs.h"

static struct port_user user_of(const struct ports *ports, const struct reservations *reservations,
				enum protocol protocol, uint16_t port)
{
	const struct inet_socket *socket = ports->socket[protocol][port];
	struct port_user user = {.pid = 0};
	const struct owner *owner;

	if (!socket)
		return user;
	user.uid = socket->uid;
	if (socket->role == ROLE_GUARD)
		return user;
	user.time_wait = socket->state == TCP_TIME_WAIT;
	user.closing = !user.time_wait && !socket->inode;
	if (!socket->inode)
		return user;
	owner = owners_of(&reservations->owners, socket->inode, &user.processes);
	if (user.processes)
		user.pid = owner->pid;
	return user;
}

bool port_user_equals(const struct port_user *one, const struct port_user *other)
{
	return one->pid == other->pid && one->processes == other->processes &&
	       one->uid == other->uid && one->time_wait == other->time_wait &&
	       one->closing == other->closing;
}

void run_find(const struct ports *ports, const struct reservations *reservations,
	      enum protocol protocol, struct port_range range, struct port_run *run)
{
	uint16_t first = range.first;
	uint32_t port;

	*run = (struct port_run){
		.first = first,
		.last = first,
		.kind = (enum port_kind)ports->kind[protocol][first],
		.reservation = ports->reservation[protocol][first],
		.user = user_of(ports, reservations, protocol, first),
	};
	for (port = first + 1U; port <= range.last; port++) {
		struct port_user user;

		if (ports->kind[protocol][port] != run->kind ||
		    ports->reservation[protocol][port] != run->reservation)
			break;
		user = user_of(ports, reservations, protocol, (uint16_t)port);
		if (!port_user_equals(&user, &run->user))
			break;
		run->last = (uint16_t)port;
	}
}
