/* SPDX-License-Identifier: MIT */
/* What is open now, asked behind every library's back, and choices among it. */
#include "sequence.h"

static struct thing things[NUMBERS];
static unsigned int count;

static int option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	return syscall(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &size) ? -1 : value;
}

struct thing thing_of(int fd)
{
	struct thing thing = {.fd = fd, .type = option(fd, SO_TYPE)};
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof name;

	thing.socket = thing.type >= 0;
	if (!thing.socket)
		return thing;
	thing.domain = option(fd, SO_DOMAIN);
	thing.protocol = option(fd, SO_PROTOCOL);
	thing.listening = option(fd, SO_ACCEPTCONN) == 1;
	if (thing.domain == AF_INET || thing.domain == AF_INET6) {
		if (!syscall(SYS_getsockname, fd, &name, &size))
			thing.port = ntohs(((struct sockaddr_in *)&name)->sin_port);
	}
	size = sizeof name;
	thing.connected = !syscall(SYS_getpeername, fd, &name, &size);
	return thing;
}

bool is_tcp(const struct thing *thing)
{
	return thing->type == SOCK_STREAM && thing->protocol;
}

bool is_mptcp(const struct thing *thing)
{
	return thing->protocol == IPPROTO_MPTCP;
}

bool is_raw(const struct thing *thing)
{
	return thing->type == SOCK_RAW;
}

void world_look(void)
{
	int fd;

	count = 0;
	for (fd = 0; fd < NUMBERS; fd++)
		if (syscall(SYS_fcntl, fd, F_GETFD, 0) >= 0)
			things[count++] = thing_of(fd);
}

unsigned int world_sockets(void)
{
	unsigned int i, sockets = 0;

	for (i = 0; i < count; i++)
		sockets += things[i].socket;
	return sockets;
}

static bool fits(const struct thing *thing, enum wanted wanted)
{
	bool talks =
		thing->domain == AF_INET || thing->domain == AF_INET6 || thing->domain == AF_UNIX;

	switch (wanted) {
	case ANYTHING:
		return true;
	case A_SOCKET:
		return thing->socket;
	case AN_IP_SOCKET:
		return thing->socket && talks;
	case A_LISTENER:
		return thing->listening;
	case CONNECTED:
		return thing->connected;
	case A_SENDER:
		return thing->connected || (talks && thing->type == SOCK_DGRAM);
	default:
		return thing->socket && talks && !thing->connected && !thing->listening;
	}
}

static int bad_fd(void)
{
	static const int never[] = {-1, -2, INT_MIN, INT_MAX, LIMIT, 5000};

	return chance(50) ? PICK(never) : (int)pick(NUMBERS);
}

int pick_fd(enum wanted wanted)
{
	unsigned int found = 0, i, nth;

	if (odd(8) || !count)
		return bad_fd();
	for (i = 0; i < count; i++)
		found += fits(&things[i], wanted);
	if (!found || odd(6)) {
		wanted = ANYTHING;
		found = count;
	}
	nth = pick(found);
	/* A dialogue goes on with the newest. */
	if (place.tame)
		nth = found - 1;
	for (i = 0; i < count; i++)
		if (fits(&things[i], wanted) && !nth--)
			break;
	return things[i].fd;
}

int pick_number(void)
{
	static const int anchors[] = {ANCHOR_HIGHEST, LIMIT - 1, ANCHOR_HIGHEST - 1};

	if (odd(8))
		return PICK(anchors);
	return pick_fd(chance(75) ? A_SOCKET : ANYTHING);
}

int pick_target(void)
{
	/* Above all where the library has a descriptor of its own, which has to make way. */
	static const int rare[] = {
		-1,	 INT_MIN,	 INT_MAX,	 LIMIT,		 LIMIT - 1,
		1 << 20, ANCHOR_HIGHEST, ANCHOR_HIGHEST, ANCHOR_HIGHEST, ANCHOR_HIGHEST - 1,
	};

	if (odd(15))
		return PICK(rare);
	return chance(50) ? (int)pick(NUMBERS) : pick_fd(ANYTHING);
}

void keep_going(int fd)
{
	static const int on = 1;
	long flags = syscall(SYS_fcntl, fd, F_GETFL, 0);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		syscall(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
	/* Two small pieces shall not wait for a timer. */
	syscall(SYS_setsockopt, fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
}
