/* SPDX-License-Identifier: MIT */
/* setsockopt, getsockopt, fcntl, ioctl */
#include "sequence.h"
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/un.h>

int __fcntl(int fd, int command, ...);

struct option {
	int level, name;
};

static const struct option options[] = {
	{SOL_SOCKET, SO_REUSEADDR},
	{SOL_SOCKET, SO_REUSEADDR},
	{SOL_SOCKET, SO_REUSEPORT},
	{SOL_SOCKET, SO_REUSEPORT},
	{IPPROTO_IPV6, IPV6_V6ONLY},
	{IPPROTO_IPV6, IPV6_V6ONLY},
	{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
	{IPPROTO_IP, IP_FREEBIND},
	{IPPROTO_TCP, TCP_NODELAY},
	{SOL_SOCKET, SO_KEEPALIVE},
};
static const struct option odd_options[] = {
	{SOL_SOCKET, 999}, {77, 1}, {-1, -1}, {IPPROTO_TCP, 999}, {IPPROTO_IPV6, 999}, {0x7fff, 1},
};

static void set_device(int fd)
{
	static const char *const names[] = {"lo", "lo", "", "nodevice", "a-name-that-is-too-long"};
	const char *name = PICK(names), *where;
	const void *from = input_place(name, strlen(name) + 1, &where);

	begin("setsockopt(%d, SO_BINDTODEVICE, '%s'%s)", fd, name, where);
	result(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, from, (socklen_t)strlen(name)));
}

static void set_linger(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	begin("setsockopt(%d, SO_LINGER, now)", fd);
	result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

void call_setsockopt(void)
{
	static const socklen_t sizes[] = {0, 1, 3, 5, 8, (socklen_t)-1, INT_MAX};
	int fd = pick_fd(chance(70) ? UNCONNECTED : A_SOCKET), value;
	struct option option = odd(8) ? PICK(odd_options) : PICK(options);
	socklen_t size = odd(8) ? PICK(sizes) : sizeof value;
	const char *where;
	const void *from;

	if (chance(7)) {
		set_device(fd);
		return;
	}
	if (chance(7)) {
		set_linger(fd);
		return;
	}
	value = odd(5) ? -7 : chance(75);
	if (option.name == SO_REUSEPORT && option.level == SOL_SOCKET && !shared->sharing)
		value = 0;
	from = input_place(&value, sizeof value, &where);
	begin("setsockopt(%d, %d, %d, %d%s, %d)", fd, option.level, option.name, value, where,
	      (int)size);
	result(setsockopt(fd, option.level, option.name, from, size));
}

static void get_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;

	begin("getsockopt(%d, SO_COOKIE)", fd);
	if (!result_open(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size)))
		say(" %s", cookie_symbol(cookie));
	say("\n");
}

void call_getsockopt(void)
{
	static const struct option more[] = {
		{SOL_SOCKET, SO_ERROR},	 {SOL_SOCKET, SO_TYPE},	      {SOL_SOCKET, SO_PROTOCOL},
		{SOL_SOCKET, SO_DOMAIN}, {SOL_SOCKET, SO_ACCEPTCONN}, {SOL_SOCKET, SO_BINDTODEVICE},
	};
	static const socklen_t sizes[] = {0, 1, 3, 5, 8, (socklen_t)-1};
	int fd = pick_fd(A_SOCKET);
	struct option option = chance(50) ? PICK(options) : PICK(more);
	socklen_t size = odd(10) ? PICK(sizes) : 16, given = size, i;
	const char *where;
	unsigned char *room;

	if (chance(10)) {
		get_cookie(fd);
		return;
	}
	if (odd(8))
		option = PICK(odd_options);
	room = output_place(16, &where);
	begin("getsockopt(%d, %d, %d,%s %d)", fd, option.level, option.name, where, (int)size);
	if (!result_open(getsockopt(fd, option.level, option.name, room, &size)) &&
	    output_readable(room))
		for (i = 0; i < size && i < 16; i++)
			say(" %02x", room[i]);
	say(" (%d of %d)\n", (int)size, (int)given);
}

static void fcntl_any(int fd, int command, long argument, const char *name)
{
	unsigned int which = pick(10);

	if (which < 6) {
		begin("fcntl(%d, %s, %ld)", fd, name, argument);
		result(fcntl(fd, command, argument));
	} else if (which < 9) {
		begin("fcntl64(%d, %s, %ld)", fd, name, argument);
		result(fcntl64(fd, command, argument));
	} else {
		begin("__fcntl(%d, %s, %ld)", fd, name, argument);
		result(__fcntl(fd, command, argument));
	}
}

void call_fcntl(void)
{
	static const long lowest[] = {-1, LIMIT, LIMIT - 1, INT_MAX, 100};
	static const int odd_commands[] = {-1, 99, 1024 + 99, F_GETPIPE_SZ, F_NOTIFY};
	static const long flags[] = {0, O_NONBLOCK, O_NONBLOCK, O_APPEND, -1};
	int fd = pick_number(), command;
	char name[40];

	switch (odd(10) ? 99 : pick(9)) {
	case 0:
		fcntl_any(fd, F_DUPFD, odd(15) ? PICK(lowest) : pick(NUMBERS - 10), "F_DUPFD");
		break;
	case 1:
		fcntl_any(fd, F_DUPFD_CLOEXEC, odd(15) ? PICK(lowest) : pick(NUMBERS - 10),
			  "F_DUPFD_CLOEXEC");
		break;
	case 2:
	case 3:
		fcntl_any(fd, F_GETFD, 0, "F_GETFD");
		break;
	case 4:
	case 5:
		fcntl_any(fd, F_SETFD, odd(10) ? 0x1ff : chance(60), "F_SETFD");
		break;
	case 6:
		fcntl_any(fd, F_GETFL, 0, "F_GETFL");
		break;
	case 7:
		fcntl_any(fd, F_SETFL, PICK(flags) & ~(O_ASYNC | O_DIRECT), "F_SETFL");
		break;
	default:
		command = PICK(odd_commands);
		snprintf(name, sizeof name, "odd command %d", command);
		fcntl_any(fd, command, odd(50) ? 1 : 0, name);
	}
}

void call_ioctl(void)
{
	/* The last four are neighbours and look-alikes of the library's own requests. */
	static const unsigned long odd_codes[] = {
		0, 0x1234, 0xffffffff, 0x98000063, 0x98000067, 0xd8000064, 0x18000065,
	};
	int fd = pick_number(), value = odd(20) ? -1 : chance(70);
	struct thing thing = thing_of(fd);
	unsigned long code;
	const char *where;
	int *room;

	switch (odd(15) ? 99 : pick(5)) {
	case 0:
		if (is_raw(&thing) || thing.domain == AF_PACKET)
			return;
		room = output_place(sizeof *room, &where);
		begin("ioctl(%d, FIONREAD%s)", fd, where);
		if (!result_open(ioctl(fd, FIONREAD, room)) && output_readable(room))
			say(" %d", *room);
		say("\n");
		break;
	case 1:
		begin("ioctl(%d, FIONBIO, %d)", fd, value);
		result(ioctl(fd, FIONBIO, odd(10) ? NULL : &value));
		break;
	case 2:
	case 3:
		begin("ioctl(%d, FIOCLEX)", fd);
		result(ioctl(fd, FIOCLEX, odd(50) ? (void *)1 : NULL));
		break;
	case 4:
		begin("ioctl(%d, FIONCLEX)", fd);
		result(ioctl(fd, FIONCLEX));
		break;
	default:
		code = PICK(odd_codes);
		begin("ioctl(%d, odd code %#lx)", fd, code);
		result(ioctl(fd, code, odd(50) ? (void *)1 : NULL));
	}
}
