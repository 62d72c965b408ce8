/* SPDX-License-Identifier: MIT */
/*
 * Every way in which a client comes to a source port without a bind() that asks for
 * one: connect() in its variants, TCP fast open, and sending.
 */
#ifndef TESTS_PRELOAD_CLIENTS_H
#define TESTS_PRELOAD_CLIENTS_H

#include "preload.h"
#include <netinet/tcp.h>
#include <poll.h>

enum client_way {
	CONNECT,
	CONNECT_NONBLOCKING,
	CONNECT_NO_PORT, /* IP_BIND_ADDRESS_NO_PORT and a bind to port 0 before it */
	FASTOPEN_SENDTO,
	FASTOPEN_SENDMSG,
	FASTOPEN_SENDMMSG,
	FASTOPEN_CONNECT, /* connect does nothing yet, the first send does */
	TCP_WAYS,
	UDP_CONNECT = TCP_WAYS,
	UDP_CONNECT_NO_PORT,
	UDP_CONNECT_AGAIN, /* dissolved in between */
	SENDTO,
	SENDMSG,
	SENDMMSG,
	CLIENT_WAYS
};

static const char *const client_names[] = {
	"connect",
	"non-blocking connect",
	"IP_BIND_ADDRESS_NO_PORT, bind, connect",
	"sendto with MSG_FASTOPEN",
	"sendmsg with MSG_FASTOPEN",
	"sendmmsg with MSG_FASTOPEN",
	"TCP_FASTOPEN_CONNECT, connect, send",
	"connect and send",
	"IP_BIND_ADDRESS_NO_PORT, bind, connect, send",
	"connect, disconnect, connect, send",
	"sendto",
	"sendmsg",
	"sendmmsg",
};

HELPER int client_type(int way)
{
	return way < TCP_WAYS ? TCP : UDP;
}

/* One byte, by the call that the way names. */
static int client_send(int way, int fd, union address *address, socklen_t length, int flags)
{
	struct iovec piece = {.iov_base = (char[]){"x"}, .iov_len = 1};
	struct mmsghdr message = {.msg_hdr = {.msg_name = address,
					      .msg_namelen = length,
					      .msg_iov = &piece,
					      .msg_iovlen = 1}};

	switch (way) {
	case FASTOPEN_SENDMSG:
	case SENDMSG:
		return sendmsg(fd, &message.msg_hdr, flags) == 1 ? 0 : -1;
	case FASTOPEN_SENDMMSG:
	case SENDMMSG:
		return sendmmsg(fd, &message, 1, flags) == 1 ? 0 : -1;
	default:
		return sendto(fd, "x", 1, flags, &address->any, length) == 1 ? 0 : -1;
	}
}

static int connect_nonblocking(int fd, union address *address, socklen_t length)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};
	int flags = fcntl(fd, F_GETFL), error = 0;

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (connect(fd, &address->any, length))
		error = errno;
	if (error == EINPROGRESS) {
		if (poll(&writable, 1, 30000) != 1)
			bail_out("a connection to the loopback takes long");
		error = option_get(fd, SOL_SOCKET, SO_ERROR);
	}
	fcntl(fd, F_SETFL, flags);
	errno = error;
	return error ? -1 : 0;
}

/* Lets a new socket reach the peer and sends it a byte. 0, or -1 and errno. */
HELPER int client_reach(int way, int fd, const char *text, int port)
{
	union address address, source;
	socklen_t length = address_make(&address, text, port), size;

	switch (way) {
	case FASTOPEN_SENDTO:
	case FASTOPEN_SENDMSG:
	case FASTOPEN_SENDMMSG:
		return client_send(way, fd, &address, length, MSG_FASTOPEN);
	case SENDTO:
	case SENDMSG:
	case SENDMMSG:
		return client_send(way, fd, &address, length, 0);
	case CONNECT_NO_PORT:
	case UDP_CONNECT_NO_PORT:
		option_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 0);
		size = address_make(&source, text, 0);
		if (bind(fd, &source.any, size) || port_of(fd))
			return -1;
		break;
	case FASTOPEN_CONNECT:
		option_set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1, 0);
		break;
	case UDP_CONNECT_AGAIN:
		source = (union address){.any = {.sa_family = AF_UNSPEC}};
		if (connect(fd, &address.any, length) ||
		    connect(fd, &source.any, sizeof source.any))
			return -1;
		break;
	case CONNECT_NONBLOCKING:
		if (connect_nonblocking(fd, &address, length))
			return -1;
		return send(fd, "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
	}
	if (connect(fd, &address.any, length))
		return -1;
	return send(fd, "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* A stranger's server for them. */
HELPER int client_server(int way, const char *text)
{
	int fd = bound(client_type(way), text, 0, RAW);

	if (fd < 0 || (client_type(way) == TCP && socket_listen(fd, RAW)))
		bail_out("a server of the test");
	return fd;
}

/* The port that the server sees behind the next byte, -1: none came. */
HELPER int client_seen(int way, int server)
{
	struct timeval bound_of_wait = {.tv_sec = 30};
	union address from;
	socklen_t length = sizeof from;
	int fd = server, port = -1;

	memset(&from, 0, sizeof from);
	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &bound_of_wait, sizeof bound_of_wait);
	if (client_type(way) == UDP) {
		if (recvfrom(server, &(char){0}, 1, 0, &from.any, &length) == 1)
			port = port_of_address(&from);
		return port;
	}
	fd = accept(server, &from.any, &length);
	if (fd >= 0 && receive(fd, &(char){0}, 1) == 1)
		port = port_of_address(&from);
	socket_close(fd, RAW);
	return port;
}

#endif
