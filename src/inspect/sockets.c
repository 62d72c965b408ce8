/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "guard/diag.h"
#include "guard/index.h"
#include "inspect/sockets.h"
#include "real/real.h"

/* What a timer of this number runs for (inet_diag's idiag_timer). */
#define TIMER_TIME_WAIT 3

struct reading {
	struct inet_sockets *sockets;
	size_t room;
	enum protocol protocol;
};

static enum socket_role role_of(uint32_t interface)
{
	if (index_is_guard(interface))
		return ROLE_GUARD;
	return index_is_claim(interface) ? ROLE_CLAIM : ROLE_PROGRAM;
}

static bool v6only_of(const struct nlmsghdr *message)
{
	const struct nlattr *attribute = (const struct nlattr *)((const char *)NLMSG_DATA(message) +
								 sizeof(struct inet_diag_msg));
	size_t left = NLMSG_PAYLOAD(message, sizeof(struct inet_diag_msg)), length;

	while (left >= sizeof *attribute && attribute->nla_len >= sizeof *attribute &&
	       attribute->nla_len <= left) {
		if (attribute->nla_type == INET_DIAG_SKV6ONLY)
			return *(const uint8_t *)(attribute + 1);
		length = NLA_ALIGN(attribute->nla_len);
		if (length >= left)
			break;
		left -= length;
		attribute = (const struct nlattr *)((const char *)attribute + length);
	}
	return false;
}

static bool room_make(struct reading *reading)
{
	struct inet_sockets *sockets = reading->sockets;
	struct inet_socket *list;

	if (sockets->count < reading->room)
		return true;
	reading->room = reading->room ? reading->room * 2 : 256;
	list = reallocarray(sockets->list, reading->room, sizeof *list);
	if (!list)
		return false;
	sockets->list = list;
	return true;
}

static int visit(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *seen = NLMSG_DATA(message);
	struct reading *reading = context;
	struct inet_socket *socket;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *seen))
		return -EPROTO;
	if (!room_make(reading))
		return -ENOMEM;
	socket = &reading->sockets->list[reading->sockets->count++];
	*socket = (struct inet_socket){
		.protocol = reading->protocol,
		.family = seen->idiag_family,
		.v6only = v6only_of(message),
		.state = seen->idiag_state,
		.port = ntohs(seen->id.idiag_sport),
		.peer_port = ntohs(seen->id.idiag_dport),
		.interface = seen->id.idiag_if,
		.uid = seen->idiag_uid,
		.inode = seen->idiag_inode,
		.expires = seen->idiag_timer == TIMER_TIME_WAIT ? seen->idiag_expires : 0,
		.role = role_of(seen->id.idiag_if),
	};
	memcpy(&socket->local, seen->id.idiag_src, sizeof socket->local);
	memcpy(&socket->peer, seen->id.idiag_dst, sizeof socket->peer);
	return 0;
}

static int compare(const void *one, const void *other)
{
	const struct inet_socket *a = one, *b = other;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	/* Listening ones before those of their connections. */
	if ((a->state == TCP_LISTEN) != (b->state == TCP_LISTEN))
		return a->state == TCP_LISTEN ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return memcmp(a, b, sizeof *a);
}

/* Whether the kernel shows a TCP socket that is only bound: one of our own. */
static bool bound_shown_find(const struct diag *diag)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	struct inet_sockets seen = {.list = NULL};
	struct reading reading = {.sockets = &seen, .protocol = PROTOCOL_TCP};
	bool ipv6, shown = false;
	int fd = wildcard_socket(PROTOCOL_TCP, &ipv6);
	size_t i;

	if (fd < 0)
		return false;
	if (!wildcard_bind(fd, ipv6, 0) &&
	    !real_getsockname(fd, (struct sockaddr *)&address, &length)) {
		/* The port is at the same place in both families. */
		uint16_t port = ntohs(((struct sockaddr_in *)&address)->sin_port);
		struct diag_range range = {port, port};

		diag_ports(diag, ipv6 ? AF_INET6 : AF_INET, PROTOCOL_TCP, range, visit, &reading);
		for (i = 0; i < seen.count; i++)
			shown |= seen.list[i].state == STATE_BOUND;
	}
	real_close(fd);
	free(seen.list);
	return shown;
}

int sockets_read(struct inet_sockets *sockets, uint16_t first, uint16_t last)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct reading reading = {.sockets = sockets};
	struct diag_range range = {first, last};
	struct diag diag;
	int protocol, error;
	size_t i;

	*sockets = (struct inet_sockets){.list = NULL};
	error = diag_open(&diag);
	if (error)
		return error;
	/* Where there is no socket there is a list: pointers into it are counted with. */
	if (!room_make(&reading))
		error = -ENOMEM;
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		reading.protocol = (enum protocol)protocol;
		for (i = 0; !error && i < sizeof families / sizeof families[0]; i++) {
			error = diag_ports(&diag, families[i], reading.protocol, range, visit,
					   &reading);
			/* A kernel without IPv6 has no sockets of it. */
			if (error == -ENOENT && families[i] == AF_INET6)
				error = 0;
		}
	}
	sockets->bound_shown = !error && bound_shown_find(&diag);
	diag_close(&diag);
	if (error)
		sockets_free(sockets);
	else
		qsort(sockets->list, sockets->count, sizeof *sockets->list, compare);
	return error;
}

void sockets_free(struct inet_sockets *sockets)
{
	free(sockets->list);
	*sockets = (struct inet_sockets){.list = NULL};
}

const struct inet_socket *sockets_at(const struct inet_sockets *sockets, uint16_t port)
{
	size_t low = 0, high = sockets->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sockets->list[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return sockets->list + low;
}
