/* SPDX-License-Identifier: MIT */
/*
 * listen, connect and the send calls bind an unbound socket by themselves: an
 * associated one gets a port of its block, for the address family concerned, and
 * when the block is exhausted the error that Linux gives when it has no port left.
 */
#include "preload.h"

/* answers: listen-unbound */
static void by_listen(const char *text)
{
	struct block block = reserve(TCP, 3);
	int fd = tied(&block, text, 0), client;

	ok(!listen(fd, 4) && in_block(&block, port_of(fd)), "listen, %s: a port of the block",
	   text);
	ok(has_address(fd, everywhere()) || has_address(fd, "0.0.0.0"),
	   "listen, %s: on every address", text);
	client = socket_open(TCP, text, RAW);
	ok(!socket_connect(client, text, port_of(fd), RAW), "listen, %s: a stranger connects",
	   text);
	socket_reset_at_close(client, RAW);
	socket_close(client, RAW);
	close(fd);
	close(block.fd);
}

/* How a client of the family gets a port: the peer must see one of the block. */
/* answers: connect-unbound */
static void by_connect(const char *text, const char *server_text, int fast_open)
{
	struct block block = reserve(TCP, 3);
	int server = listening(server_text, 0, RAW), fd = tied(&block, text, 0), accepted;
	const char *what = fast_open ? "sendto with MSG_FASTOPEN" : "connect";
	union address address;
	socklen_t length = address_make(&address, text, port_of(server));

	if (fast_open)
		ok(sendto(fd, "x", 1, MSG_FASTOPEN, &address.any, length) == 1, "%s, %s: sent",
		   what, text);
	else
		ok(!connect(fd, &address.any, length), "%s, %s: connected", what, text);
	ok(in_block(&block, port_of(fd)), "%s, %s: a port of the block", what, text);
	accepted = accept(server, NULL, NULL);
	ok(peer_port_of(accepted) == port_of(fd), "%s, %s: the peer sees it", what, text);
	socket_reset_at_close(fd, 0);
	close(fd);
	close(accepted);
	socket_close(server, RAW);
	close(block.fd);
}

enum { SENDTO, SENDMSG, SENDMMSG, CONNECT, SENDERS };

static const char *const senders[] = {"sendto", "sendmsg", "sendmmsg", "UDP connect and send"};

/* Returns how many datagrams went, or -1 and errno. */
static int send_by(int how, int fd, const char *text, int port)
{
	union address address;
	socklen_t length = address_make(&address, text, port);
	struct iovec piece = {.iov_base = (char[]){"hello"}, .iov_len = 5};
	struct mmsghdr two[2];

	memset(two, 0, sizeof two);
	for (int i = 0; i < 2; i++) {
		two[i].msg_hdr.msg_name = &address;
		two[i].msg_hdr.msg_namelen = length;
		two[i].msg_hdr.msg_iov = &piece;
		two[i].msg_hdr.msg_iovlen = 1;
	}
	switch (how) {
	case SENDTO:
		return sendto(fd, "hello", 5, 0, &address.any, length) == 5 ? 1 : -1;
	case SENDMSG:
		return sendmsg(fd, &two[0].msg_hdr, 0) == 5 ? 1 : -1;
	case SENDMMSG:
		return sendmmsg(fd, two, 2, 0);
	default:
		return connect(fd, &address.any, length) ? -1 : send(fd, "hello", 5, 0) == 5;
	}
}

/* answers: send-unbound */
static void by_sending(int how, const char *text, const char *server_text)
{
	struct block block = reserve(UDP, 3);
	int server = bound(UDP, server_text, 0, RAW), fd = tied(&block, text, 0), first;
	union address from;
	socklen_t length = sizeof from;
	struct timeval bound_of_wait = {.tv_sec = 30};
	char room[8];

	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &bound_of_wait, sizeof bound_of_wait);
	ok(send_by(how, fd, text, port_of(server)) == (how == SENDMMSG ? 2 : 1), "%s, %s: sent",
	   senders[how], text);
	first = port_of(fd);
	ok(in_block(&block, first), "%s, %s: a port of the block", senders[how], text);
	memset(&from, 0, sizeof from);
	ok(recvfrom(server, room, sizeof room, 0, &from.any, &length) == 5 &&
		   port_of_address(&from) == first,
	   "%s, %s: the datagram arrives from it", senders[how], text);
	send_by(how, fd, text, port_of(server));
	ok(port_of(fd) == first, "%s, %s: a second time the port stays", senders[how], text);
	close(fd);
	socket_close(server, RAW);
	close(block.fd);
}

static int connect_new(const struct block *block, int port)
{
	int fd = tied(block, "127.0.0.1", 0), error;

	if (!socket_connect(fd, "127.0.0.1", port, 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Only the pair of both ends must differ, as on Linux. */
/* answers: connect-shared */
static void shared_by_connections(void)
{
	struct block block = reserve(TCP, 1);
	int one = listening("127.0.0.1", 0, RAW), two = listening("127.0.0.1", 0, RAW);
	int a = connect_new(&block, port_of(one)), b = connect_new(&block, port_of(two));

	ok(a >= 0 && port_of(a) == block.start, "a connection takes the block's only port");
	ok(b >= 0 && port_of(b) == block.start, "a connection to another peer shares it");
	ok(option_get(a, SOL_SOCKET, SO_REUSEADDR) == 1 &&
		   option_get(b, SOL_SOCKET, SO_REUSEPORT) == 1,
	   "SO_REUSEADDR and SO_REUSEPORT stay on");
	fails_with(connect_new(&block, port_of(one)), EADDRNOTAVAIL,
		   "another connection to the same peer");
	fails_with(drawn(&block, "127.0.0.1", 0, 0), EADDRINUSE,
		   "bind to port 0 beside the two connections");
	socket_reset_at_close(a, 0);
	close(a);
	a = connect_new(&block, port_of(one));
	ok(a >= 0 && port_of(a) == block.start, "after its close the same peer can be had again");
	socket_reset_at_close(a, 0);
	socket_reset_at_close(b, 0);
	close(a);
	close(b);
	socket_close(one, RAW);
	socket_close(two, RAW);
	close(block.fd);
}

/* 200 short connections through four ports to one peer: TIME_WAIT is no end. */
static void many_connections(void)
{
	struct block block = reserve(TCP, 4);
	int server = listening("127.0.0.1", 0, RAW), good = 0;

	for (int i = 0; i < 200; i++) {
		int fd = connect_new(&block, port_of(server)), accepted;

		if (fd < 0)
			break;
		accepted = accept(server, NULL, NULL);
		good += in_block(&block, port_of(fd));
		/* the peer closes first: TIME_WAIT is on its side, as with most servers */
		close(accepted);
		receive(fd, &(char){0}, 1);
		close(fd);
	}
	ok(good == 200, "200 short connections one after another through a block of four");
	socket_close(server, RAW);
	close(block.fd);
}

/* What Linux answers a socket that is confined to one port which somebody has. */
static int when_linux_has_none(int type, int (*call)(int))
{
	int holder = bound(type, "127.0.0.1", 0, RAW), fd = socket_open(type, "127.0.0.1", RAW);
	int answer = -1;

	if (!socket_confine(fd, port_of(holder), port_of(holder), RAW))
		answer = call(fd) ? errno : 0;
	socket_close(fd, RAW);
	socket_close(holder, RAW);
	return answer;
}

static int call_bind(int fd)
{
	return socket_bind(fd, "127.0.0.1", 0, 0);
}

static int call_listen(int fd)
{
	return listen(fd, 1);
}

static int call_connect(int fd)
{
	return socket_connect(fd, "127.0.0.1", 9, 0);
}

static int call_sendto(int fd)
{
	return send_by(SENDTO, fd, "127.0.0.1", 9) < 0 ? -1 : 0;
}

static int call_sendmsg(int fd)
{
	return send_by(SENDMSG, fd, "127.0.0.1", 9) < 0 ? -1 : 0;
}

static int call_sendmmsg(int fd)
{
	return send_by(SENDMMSG, fd, "127.0.0.1", 9) < 0 ? -1 : 0;
}

/* answers: exhausted-bind exhausted-listen exhausted-connect exhausted-connect-udp exhausted-send
 */
static void exhausted(int type, int (*call)(int), const char *what, int code)
{
	struct block block = reserve(type, 1);
	int holder = drawn(&block, "127.0.0.1", 0, 0), fd = tied(&block, "127.0.0.1", 0);
	int linux_says = when_linux_has_none(type, call);
	char text[80];

	snprintf(text, sizeof text, "%s %s from an exhausted block", type_name(type), what);
	fails_with(call(fd), code, text);
	if (linux_says >= 0)
		ok(linux_says == code, "%s: as Linux without a port", text);
	close(holder);
	ok(!socket_bind(fd, "127.0.0.1", 0, 0) && port_of(fd) == block.start,
	   "%s: the association stays", text);
	close(fd);
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	by_listen("127.0.0.1");
	by_connect("127.0.0.1", "127.0.0.1", 0);
	by_connect("127.0.0.1", "127.0.0.1", 1);
	for (int how = 0; how < SENDERS; how++)
		by_sending(how, "127.0.0.1", "127.0.0.1");
	if (ipv6_works()) {
		by_listen("::1");
		by_connect("::1", "::1", 0);
		by_connect("::1", "::1", 1);
		by_connect("::ffff:127.0.0.1", "127.0.0.1", 0);
		for (int how = 0; how < SENDERS; how++) {
			by_sending(how, "::1", "::1");
			by_sending(how, "::ffff:127.0.0.1", "127.0.0.1");
		}
	}
	shared_by_connections();
	many_connections();
	exhausted(TCP, call_bind, "bind", EADDRINUSE);
	exhausted(TCP, call_listen, "listen", EADDRINUSE);
	exhausted(TCP, call_connect, "connect", EADDRNOTAVAIL);
	exhausted(UDP, call_bind, "bind", EADDRINUSE);
	exhausted(UDP, call_sendto, "sendto", EAGAIN);
	exhausted(UDP, call_sendmsg, "sendmsg", EAGAIN);
	exhausted(UDP, call_sendmmsg, "sendmmsg", EAGAIN);
	/* a datagram socket's connect is a plain bind to Linux, and answers as its send */
	exhausted(UDP, call_connect, "connect", EAGAIN);
	return done_testing();
}
