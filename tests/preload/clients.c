/* SPDX-License-Identifier: MIT */
/*
 * Clients that ask for no port: an associated one gets a port of its block whatever
 * way it connects or sends, in both families, and may try again where the peer
 * refuses. When the block is exhausted each way fails with the error that Linux has
 * for it. The plain calls are in implicit.c.
 */
#include "clients.h"

/* answers: connect-unbound send-unbound */
static void reaches(int way, const char *text, const char *server_text)
{
	struct block block = reserve(client_type(way), 3);
	int server = client_server(way, server_text), fd = tied(&block, text, 0);
	int good = !client_reach(way, fd, text, port_of(server)), error = errno, seen = 0;

	if (good)
		seen = client_seen(way, server);
	ok(good && in_block(&block, port_of(fd)) && seen == port_of(fd),
	   "%s %s, %s: from a port of the block, and the peer sees it", type_name(client_type(way)),
	   text, client_names[way]);
	if (!good)
		diag("%s", strerrorname_np(error));
	else if (seen != port_of(fd))
		diag("port %d, the peer sees %d, the block begins at %d", port_of(fd), seen,
		     block.start);
	socket_reset_at_close(fd, 0);
	close(fd);
	socket_close(server, RAW);
	close(block.fd);
}

/* answers: exhausted-connect exhausted-connect-udp exhausted-send */
static void exhausted(int way)
{
	int type = client_type(way), code = type == TCP ? EADDRNOTAVAIL : EAGAIN;
	struct block block = reserve(type, 1);
	int holder = drawn(&block, "127.0.0.1", 0, 0), fd = tied(&block, "127.0.0.1", 0);
	int server = client_server(way, "127.0.0.1"), bare = socket_open(type, "127.0.0.1", 0);
	char text[120];

	snprintf(text, sizeof text, "%s, %s from an exhausted block", type_name(type),
		 client_names[way]);
	fails_with(client_reach(way, fd, "127.0.0.1", port_of(server)), code, text);
	/* a socket of nobody's block, confined to the port that another has */
	if (!socket_confine(bare, port_of(server), port_of(server), 0))
		fails_with(client_reach(way, bare, "127.0.0.1", port_of(server)), code,
			   "as Linux without a port");
	close(holder);
	close(fd);
	fd = tied(&block, "127.0.0.1", 0);
	ok(!client_reach(way, fd, "127.0.0.1", port_of(server)) && port_of(fd) == block.start,
	   "%s: with the port free it works", text);
	socket_reset_at_close(fd, 0);
	close(fd);
	close(bare);
	socket_close(server, RAW);
	close(block.fd);
}

/* A server that is not there yet: the client tries again on the same socket. */
static void tries_again(int way)
{
	struct block block = reserve(TCP, 3);
	int server = bound(TCP, "127.0.0.1", 0, RAW), fd = tied(&block, "127.0.0.1", 0), first;

	fails_with(client_reach(way, fd, "127.0.0.1", port_of(server)), ECONNREFUSED,
		   client_names[way]);
	first = port_of(fd);
	socket_listen(server, RAW);
	/* Linux tells of a refused non-blocking connect once more, in its own way */
	if (way == CONNECT_NONBLOCKING)
		fails_with(client_reach(CONNECT, fd, "127.0.0.1", port_of(server)), ECONNABORTED,
			   "the connect behind it");
	ok(!client_reach(CONNECT, fd, "127.0.0.1", port_of(server)) &&
		   in_block(&block, port_of(fd)),
	   "TCP, %s, refused: the next one succeeds, from a port of the block", client_names[way]);
	ok(first == 0 || in_block(&block, first), "TCP: and no other port came between");
	socket_reset_at_close(fd, 0);
	close(fd);
	socket_close(server, RAW);
	close(block.fd);
}

/* Connections in the making, to a server that accepts none any more, take their ports. */
static void pending(void)
{
	struct block block = reserve(TCP, 2);
	int server = bound(TCP, "127.0.0.1", 0, RAW), fds[3], last = 0;

	syscall(SYS_listen, server, 0);
	for (int i = 0; i < 3; i++) {
		fds[i] = tied(&block, "127.0.0.1", 0);
		socket_reset_at_close(fds[i], 0);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		last = socket_connect(fds[i], "127.0.0.1", port_of(server), 0) ? errno : 0;
	}
	ok(in_block(&block, port_of(fds[0])) && in_block(&block, port_of(fds[1])) &&
		   port_of(fds[0]) != port_of(fds[1]),
	   "two non-blocking connects to one peer: the block's two ports");
	ok(last == EADDRNOTAVAIL, "a third: EADDRNOTAVAIL at once");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	for (int i = 0; i < 2; i++)
		fds[i] = drawn(&block, "127.0.0.1", 0, 0);
	ok(fds[0] >= 0 && fds[1] >= 0, "closed in the making: both ports can be drawn");
	close(fds[0]);
	close(fds[1]);
	socket_close(server, RAW);
	close(block.fd);
}

/* What cannot listen is not bound for it, and hears so also when there is no port. */
static void cannot_listen(void)
{
	struct block block = reserve(UDP, 1);
	int fd = tied(&block, "127.0.0.1", 0), holder;

	fails_with(listen(fd, 1), EOPNOTSUPP, "listen on a UDP socket");
	ok(port_of(fd) == 0, "and it has no port");
	close(fd);
	fd = tied(&block, "127.0.0.1", 0);
	holder = drawn(&block, "127.0.0.1", block.start, 0);
	fails_with(listen(fd, 1), EOPNOTSUPP, "listen on a UDP socket of an exhausted block");
	close(holder);
	close(fd);
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (int way = 0; way < CLIENT_WAYS; way++) {
		reaches(way, "127.0.0.1", "127.0.0.1");
		if (!ipv6_works())
			continue;
		reaches(way, "::1", "::1");
		reaches(way, "::ffff:127.0.0.1", "127.0.0.1");
	}
	for (int way = 0; way < CLIENT_WAYS; way++)
		exhausted(way);
	tries_again(CONNECT);
	tries_again(CONNECT_NONBLOCKING);
	tries_again(FASTOPEN_SENDTO);
	pending();
	cannot_listen();
	return done_testing();
}
