/* SPDX-License-Identifier: MIT */
/*
 * every-basics.h - sockets and blocks for the programs that are built in many ways
 *
 * C and C++, glibc and musl, 32 and 64 bits, sanitizers: so nothing else of the tests is used.
 */
#ifndef TESTS_PITFALLS_EVERY_BASICS_H
#define TESTS_PITFALLS_EVERY_BASICS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <portres.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVERY __attribute__((unused)) static

/* closefrom, close_range and the one of posix_spawn came with glibc 2.34. */
#if defined __GLIBC__ && __GLIBC__ * 100 + __GLIBC_MINOR__ >= 234
#define EVERY_CLOSEFROM 1
#endif

#define EVERY_HIGH 100 /* descriptors from here on are free in all our programs */

/* Errors of calls are counted here; each part of the line starts with none. */
static int every_failed;

EVERY int every_expect(int good, const char *file, int line, const char *what)
{
	if (!good) {
		fprintf(stderr, "%s:%d: %s: errno %d\n", file, line, what, errno);
		every_failed++;
	}
	return good;
}

#define EXPECT(condition)	   every_expect(!!(condition), __FILE__, __LINE__, #condition)
#define EXPECT_ERRNO(call, number) EXPECT((call) == -1 && errno == (number))

EVERY int every_socket(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	return fd;
}

EVERY struct sockaddr_in every_address(int port)
{
	struct sockaddr_in address;

	memset(&address, 0, sizeof address);
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

EVERY int every_bind(int fd, int port)
{
	struct sockaddr_in address = every_address(port);

	return bind(fd, (struct sockaddr *)&address, sizeof address);
}

EVERY int every_connect(int fd, int port)
{
	struct sockaddr_in address = every_address(port);

	return connect(fd, (struct sockaddr *)&address, sizeof address);
}

EVERY int every_port(int fd)
{
	struct sockaddr_in address = every_address(0);
	socklen_t length = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &length))
		return -1;
	return ntohs(address.sin_port);
}

/* One datagram by sendto (0), sendmsg (1) or sendmmsg (2); 1 if it was sent. */
EVERY int every_send(int how, int fd, int port)
{
	struct sockaddr_in address = every_address(port);
	char text[] = "datagram";
	struct iovec part;
	struct mmsghdr message;

	part.iov_base = text;
	part.iov_len = sizeof text;
	memset(&message, 0, sizeof message);
	message.msg_hdr.msg_name = &address;
	message.msg_hdr.msg_namelen = sizeof address;
	message.msg_hdr.msg_iov = &part;
	message.msg_hdr.msg_iovlen = 1;
	if (how == 0)
		return sendto(fd, text, sizeof text, 0, (struct sockaddr *)&address,
			      sizeof address) == sizeof text;
	if (how == 1)
		return sendmsg(fd, &message.msg_hdr, 0) == sizeof text;
	return sendmmsg(fd, &message, 1, 0) == 1 && message.msg_len == sizeof text;
}

EVERY int every_acquire(int fd, int start, int count, INET_PORT_RESERVATION_INSTANCE *block)
{
	memset(block, 0, sizeof *block);
	block->Reservation.StartPort = htons((uint16_t)start);
	block->Reservation.NumberOfPorts = (uint16_t)count;
	return ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, block);
}

EVERY int every_associate(int fd, const INET_PORT_RESERVATION_INSTANCE *block)
{
	ULONG64 token = block->Token;

	return ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, &token);
}

EVERY int every_inside(int fd, int first, int last)
{
	int port = every_port(fd);

	return port >= first && port <= last;
}

/* What the kernel says to a bind that no library sees: 0 or errno. */
EVERY int every_stranger(int type, int port)
{
	struct sockaddr_in address = every_address(port);
	int fd = every_socket(type), error;

	error = syscall(SYS_bind, fd, &address, sizeof address) ? errno : 0;
	close(fd);
	return error;
}

#endif
