/* SPDX-License-Identifier: MIT */
/*
 * The kernel's sockets, as far as ports go: who may bind where, as in Linux 6.x
 * (inet_csk_get_port, inet_csk_update_fastreuse, sk_reuseport_match, udp_lib_lport_inuse), in
 * one network namespace and for one user. No connections, and so no TIME_WAIT.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "explore.h"
#include "guard/index.h"

#define FAST_ANY    1
#define FAST_STRICT 2

struct socket *socket_of(int fd)
{
	struct process *process = &world.processes[current];

	if (fd < 0 || fd >= DESCRIPTORS || !process->descriptors[fd]) {
		errno = EBADF;
		return NULL;
	}
	return &world.kernel.sockets[process->descriptors[fd] - 1];
}

int descriptor_add(int number, int lowest)
{
	struct process *process = &world.processes[current];
	int fd;

	for (fd = lowest; fd < DESCRIPTORS; fd++) {
		if (!process->descriptors[fd]) {
			process->descriptors[fd] = (int8_t)(number + 1);
			return fd;
		}
	}
	errno = EMFILE;
	return -1;
}

/* Each process has numbers of its own, so that what it makes is the same whoever came first. */
int kernel_socket(enum socket_kind kind, int family, enum protocol protocol)
{
	int first = current * SOCKETS_EACH, number;

	for (number = first; number < first + SOCKETS_EACH; number++) {
		struct socket *socket = &world.kernel.sockets[number];

		if (socket->kind)
			continue;
		*socket = (struct socket){
			.kind = (uint8_t)kind,
			.family = (uint8_t)family,
			.protocol = (uint8_t)protocol,
			.references = 1,
			.cookie =
				(uint32_t)(current + 1) << 16 | ++world.processes[current].cookies,
		};
		return number;
	}
	violation("the model has no more sockets");
}

void kernel_pair(int pair[2])
{
	pair[0] = kernel_socket(SOCKET_UNIX, AF_UNIX, PROTOCOL_UDP);
	pair[1] = kernel_socket(SOCKET_UNIX, AF_UNIX, PROTOCOL_UDP);
	world.kernel.sockets[pair[0]].peer = (uint8_t)(pair[1] + 1);
}

static bool addresses_meet(const struct socket *one, const struct socket *other)
{
	if (one->address == ADDRESS_ANY6 && other->address == ADDRESS_ANY6)
		return true;
	if (one->address == ADDRESS_ANY6)
		return !one->v6only;
	if (other->address == ADDRESS_ANY6)
		return !other->v6only;
	return one->address == other->address || one->address == ADDRESS_ANY4 ||
	       other->address == ADDRESS_ANY4;
}

static bool devices_meet(const struct socket *one, const struct socket *other)
{
	return !one->index || !other->index || one->index == other->index;
}

static bool same_port(const struct socket *socket, const struct socket *other)
{
	return socket != other && other->kind == SOCKET_INET && other->port == socket->port &&
	       other->protocol == socket->protocol;
}

static bool tcp_conflict(const struct socket *socket)
{
	int i;

	for (i = 0; i < SOCKETS; i++) {
		const struct socket *other = &world.kernel.sockets[i];

		if (!same_port(socket, other) || !devices_meet(socket, other) ||
		    !addresses_meet(socket, other))
			continue;
		if (socket->reuse_address && other->reuse_address && !other->listens)
			continue;
		if (!socket->reuse_port || !other->reuse_port)
			return true;
	}
	return false;
}

static bool fast_match(const struct bucket *bucket, const struct socket *socket)
{
	struct socket fast = {.address = bucket->address, .v6only = bucket->v6only};

	if (!bucket->fast_reuse_port || !socket->reuse_port)
		return false;
	if (bucket->fast_reuse_port == FAST_ANY)
		return true;
	return bucket->address == ADDRESS_LOOPBACK4 ? socket->address == ADDRESS_LOOPBACK4
						    : addresses_meet(&fast, socket);
}

static void fast_set(struct bucket *bucket, const struct socket *socket, uint8_t value)
{
	bucket->fast_reuse_port = value;
	bucket->address = socket->address;
	bucket->v6only = socket->v6only;
}

static bool bucket_empty(const struct socket *socket)
{
	int i;

	for (i = 0; i < SOCKETS; i++)
		if (same_port(socket, &world.kernel.sockets[i]))
			return false;
	return true;
}

/* Of a socket that is on the port, too, when it is to listen. */
static int tcp_get_port(struct socket *socket, bool on_it)
{
	struct bucket *bucket = &world.kernel.buckets[socket->port];
	bool empty = !on_it && bucket_empty(socket);
	bool reuse = socket->reuse_address && !socket->listens;

	if (!empty && !(bucket->fast_reuse && reuse) && !fast_match(bucket, socket) &&
	    tcp_conflict(socket))
		return -EADDRINUSE;
	if (empty) {
		*bucket = (struct bucket){.fast_reuse = reuse};
		if (socket->reuse_port)
			fast_set(bucket, socket, FAST_ANY);
		return 0;
	}
	if (!reuse)
		bucket->fast_reuse = 0;
	if (!socket->reuse_port)
		*bucket = (struct bucket){.fast_reuse = bucket->fast_reuse};
	else if (!fast_match(bucket, socket))
		fast_set(bucket, socket, FAST_STRICT);
	return 0;
}

static int udp_get_port(struct socket *socket)
{
	int rank, i;

	/* In the order of the list: who meets a socket that shares looks no further. */
	for (rank = 1; rank <= SOCKETS; rank++) {
		for (i = 0; i < SOCKETS; i++) {
			const struct socket *other = &world.kernel.sockets[i];

			if (!same_port(socket, other) || other->rank != rank ||
			    (socket->reuse_address && other->reuse_address) ||
			    !devices_meet(socket, other) || !addresses_meet(socket, other))
				continue;
			return socket->reuse_port && other->reuse_port ? 0 : -EADDRINUSE;
		}
	}
	return 0;
}

/* At the head, or at the end: IPv6 sockets that share. */
static void list_add(struct socket *socket)
{
	bool last = socket->reuse_port && socket->family == AF_INET6;
	uint8_t count = 0;
	int i;

	for (i = 0; i < SOCKETS; i++) {
		struct socket *other = &world.kernel.sockets[i];

		if (!same_port(socket, other))
			continue;
		count++;
		if (!last)
			other->rank++;
	}
	socket->rank = last ? (uint8_t)(count + 1) : 1;
}

static void list_remove(const struct socket *socket)
{
	int i;

	for (i = 0; i < SOCKETS; i++) {
		struct socket *other = &world.kernel.sockets[i];

		if (same_port(socket, other) && other->rank > socket->rank)
			other->rank--;
	}
}

int kernel_bind(struct socket *socket, uint8_t address, uint8_t port)
{
	int error;

	if (socket->port)
		return -EINVAL;
	socket->address = address;
	socket->port = port;
	error = socket->protocol == PROTOCOL_TCP ? tcp_get_port(socket, false)
						 : udp_get_port(socket);
	changed |= !error;
	if (error)
		socket->port = 0;
	else if (socket->protocol == PROTOCOL_UDP)
		list_add(socket);
	return error;
}

int kernel_listen(struct socket *socket)
{
	if (socket->protocol != PROTOCOL_TCP)
		return -EOPNOTSUPP;
	socket->listens = true;
	if (!tcp_get_port(socket, true)) {
		changed = true;
		return 0;
	}
	socket->listens = false;
	return -EADDRINUSE;
}

static void socket_free(struct socket *socket)
{
	memory_meet_port(socket->port);
	if (socket->port && socket->protocol == PROTOCOL_UDP)
		list_remove(socket);
	if (socket->port && socket->protocol == PROTOCOL_TCP && bucket_empty(socket))
		world.kernel.buckets[socket->port] = (struct bucket){0};
	*socket = (struct socket){0};
}

bool kernel_visible(const struct socket *socket)
{
	int i;

	if (socket->port)
		return true;
	if (socket->kind != SOCKET_UNIX)
		return false;
	if (socket->references > 1)
		return true;
	for (i = 0; i < SOCKETS; i++)
		if (world.kernel.sockets[i].queue == socket - world.kernel.sockets + 1)
			return true;
	return false;
}

bool kernel_let_go(int number)
{
	struct socket *socket = &world.kernel.sockets[number];
	int i;

	changed |= kernel_visible(socket);
	if (socket->references > 1) {
		socket->references--;
		return true;
	}
	for (i = 0; i < SOCKETS; i++) {
		struct socket *parked = &world.kernel.sockets[i];

		if (parked->queue == number + 1) {
			trace("the guard of port %d goes", parked->port);
			socket_free(parked);
			return false;
		}
	}
	socket_free(socket);
	return true;
}

void socket_describe(const struct socket *socket, char *text, size_t size)
{
	const char *kind = "socket";

	if (socket->kind == SOCKET_UNIX)
		kind = "anchor";
	else if (index_is_guard(socket->index))
		kind = "guard";
	else if (index_is_claim(socket->index))
		kind = "claim";
	else if (socket->program)
		kind = "program's socket";
	snprintf(text, size, "%s%s%s%s %d", kind, socket->protocol == PROTOCOL_UDP ? ", UDP" : "",
		 socket->reuse_port ? ", shares" : "", socket->reuse_address ? ", reuses" : "",
		 (int)(socket - world.kernel.sockets));
}

static bool is_programs(const struct socket *socket)
{
	return socket->kind == SOCKET_INET && socket->program && socket->port;
}

/* Whose guards keep others out: one of each port, and of nobody else. */
static void check_guards(int reservation)
{
	const struct block *block = &world.reservations[reservation].block;
	uint32_t port, end = (uint32_t)block->first + block->count;
	int protocol, guards, i;

	for (port = block->first; port < end; port++) {
		for (protocol = 0; protocol < PROTOCOLS; protocol++) {
			if (!(block->protocols & PROTOCOL_BIT(protocol)))
				continue;
			guards = 0;
			for (i = 0; i < SOCKETS; i++) {
				const struct socket *socket = &world.kernel.sockets[i];

				if (socket->kind != SOCKET_INET || socket->port != port ||
				    socket->protocol != protocol)
					continue;
				if (is_programs(socket) && socket->owner != reservation + 1)
					violation("reservation %d stands, and on its port %d is a "
						  "socket of another",
						  reservation, (int)port);
				guards += socket->queue && index_is_guard(socket->index);
			}
			if (guards != 1)
				violation("reservation %d stands, and its port %d has %d guards",
					  reservation, (int)port, guards);
		}
	}
}

void kernel_check(void)
{
	int i, j;

	for (i = 0; i < SOCKETS; i++) {
		const struct socket *one = &world.kernel.sockets[i];

		if (!is_programs(one))
			continue;
		for (j = i + 1; j < SOCKETS; j++) {
			const struct socket *other = &world.kernel.sockets[j];

			if (!is_programs(other) || !same_port(one, other) ||
			    !addresses_meet(one, other) ||
			    (one->wished_reuse_port && other->wished_reuse_port))
				continue;
			if (one->wished_reuse_address && other->wished_reuse_address &&
			    !(one->listens && other->listens))
				continue;
			violation("two sockets %s port %d",
				  one->listens && other->listens ? "listen on" : "are bound to",
				  one->port);
		}
	}
	for (i = 0; i < RESERVATIONS; i++)
		if (world.history.blocks[i].stands)
			check_guards(i);
}
