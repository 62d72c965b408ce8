/* SPDX-License-Identifier: MIT */
/*
 * Addresses and sockets for the black-box tests.
 *
 * A flag RAW makes a helper enter the kernel by syscall(), which no preload
 * library sees: that socket is a stranger's, and its answer is the kernel's own.
 */
#ifndef TESTS_PRELOAD_SOCKETS_H
#define TESTS_PRELOAD_SOCKETS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "../lib/tap.h"
#include "../lib/wait.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define HELPER __attribute__((unused)) static

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { TCP = SOCK_STREAM, UDP = SOCK_DGRAM };
enum { REUSEADDR = 1, REUSEPORT = 2, V6ONLY = 4, RAW = 8 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

HELPER const char *type_name(int type)
{
	return type == TCP ? "TCP" : "UDP";
}

HELPER int family_of(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

/* Returns the length that bind and connect want. port: host byte order. */
HELPER socklen_t address_make(union address *address, const char *text, int port)
{
	memset(address, 0, sizeof *address);
	address->any.sa_family = (sa_family_t)family_of(text);
	if (family_of(text) == AF_INET6) {
		address->v6.sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, text, &address->v6.sin6_addr);
		return sizeof address->v6;
	}
	address->v4.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, text, &address->v4.sin_addr);
	return sizeof address->v4;
}

HELPER int option_get(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	return getsockopt(fd, level, name, &value, &size) ? -1 : value;
}

HELPER int option_set(int fd, int level, int name, int value, int flags)
{
	if (flags & RAW)
		return (int)syscall(SYS_setsockopt, fd, level, name, &value, sizeof value);
	return setsockopt(fd, level, name, &value, sizeof value);
}

/* An unbound socket of the family that the address is written in. */
HELPER int socket_open(int type, const char *text, int flags)
{
	int family = family_of(text);
	int fd;

	if (flags & RAW)
		fd = (int)syscall(SYS_socket, family, type, 0);
	else
		fd = socket(family, type, 0);
	if (fd < 0)
		bail_out("socket");
	if (family == AF_INET6)
		option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !!(flags & V6ONLY), flags);
	if (flags & REUSEADDR)
		option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, flags);
	if (flags & REUSEPORT)
		option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, flags);
	return fd;
}

HELPER int socket_bind(int fd, const char *text, int port, int flags)
{
	union address address;
	socklen_t length = address_make(&address, text, port);

	if (flags & RAW)
		return (int)syscall(SYS_bind, fd, &address, length);
	return bind(fd, &address.any, length);
}

HELPER int socket_listen(int fd, int flags)
{
	return flags & RAW ? (int)syscall(SYS_listen, fd, 64) : listen(fd, 64);
}

HELPER int socket_connect(int fd, const char *text, int port, int flags)
{
	union address address;
	socklen_t length = address_make(&address, text, port);

	if (flags & RAW)
		return (int)syscall(SYS_connect, fd, &address, length);
	return connect(fd, &address.any, length);
}

HELPER int socket_close(int fd, int flags)
{
	return flags & RAW ? (int)syscall(SYS_close, fd) : close(fd);
}

/* The next close resets the connection: no TIME_WAIT is left behind. */
HELPER void socket_reset_at_close(int fd, int flags)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (flags & RAW)
		syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	else
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Confines what the kernel chooses for this socket; -1 before Linux 6.3. */
HELPER int socket_confine(int fd, int first, int last, int flags)
{
	return option_set(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE,
			  (int)((uint32_t)last << 16 | (uint32_t)first), flags);
}

static int port_of_address(const union address *address)
{
	/* sin_port and sin6_port lie at the same place */
	return ntohs(address->v4.sin_port);
}

HELPER int port_of(int fd)
{
	union address address;
	socklen_t length = sizeof address;

	memset(&address, 0, sizeof address);
	return getsockname(fd, &address.any, &length) ? -1 : port_of_address(&address);
}

HELPER int peer_port_of(int fd)
{
	union address address;
	socklen_t length = sizeof address;

	memset(&address, 0, sizeof address);
	return getpeername(fd, &address.any, &length) ? -1 : port_of_address(&address);
}

/* Is the socket bound to this very address, whatever its port? */
HELPER int has_address(int fd, const char *text)
{
	union address address, wanted;
	socklen_t length = sizeof address;

	memset(&address, 0, sizeof address);
	if (getsockname(fd, &address.any, &length))
		return 0;
	if (length != address_make(&wanted, text, 0) ||
	    address.any.sa_family != wanted.any.sa_family)
		return 0;
	if (wanted.any.sa_family == AF_INET6)
		return !memcmp(&address.v6.sin6_addr, &wanted.v6.sin6_addr, 16);
	return address.v4.sin_addr.s_addr == wanted.v4.sin_addr.s_addr;
}

/* A new socket bound to the address, or -1 and bind's errno. */
HELPER int bound(int type, const char *text, int port, int flags)
{
	int fd = socket_open(type, text, flags);
	int error;

	if (!socket_bind(fd, text, port, flags))
		return fd;
	error = errno;
	socket_close(fd, flags);
	errno = error;
	return -1;
}

HELPER int listening(const char *text, int port, int flags)
{
	int fd = bound(TCP, text, port, flags);

	if (fd < 0 || socket_listen(fd, flags))
		bail_out("a listener of the test");
	return fd;
}

/* What the kernel tells a stranger who binds the port: 0 or errno. Binds nothing for long. */
HELPER int stranger(int type, const char *text, int port, int flags)
{
	int fd = bound(type, text, port, flags | RAW);

	if (fd < 0)
		return errno;
	socket_close(fd, RAW);
	return 0;
}

HELPER int ipv6_works(void)
{
	static int answer = -1;
	int fd;

	if (answer >= 0)
		return answer;
	answer = 0;
	fd = (int)syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
	if (fd >= 0) {
		answer = !socket_bind(fd, "::1", 0, RAW);
		socket_close(fd, RAW);
	}
	return answer;
}

/* How a stranger asks for a port on every address at once. */
HELPER const char *everywhere(void)
{
	return ipv6_works() ? "::" : "0.0.0.0";
}

/* How many ports of the block a stranger cannot have. */
HELPER int taken_ports(int type, int start, int count)
{
	int taken = 0;

	for (int port = start; port < start + count; port++)
		taken += stranger(type, everywhere(), port, 0) != 0;
	return taken;
}

/* What can be read at once, or soon, on fd; -1 when nothing comes. */
HELPER ssize_t receive(int fd, void *room, size_t size)
{
	struct timeval bound_of_wait = {.tv_sec = 30};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound_of_wait, sizeof bound_of_wait);
	return recv(fd, room, size, 0);
}

#endif
