/* SPDX-License-Identifier: MIT */
/*
 * bind() on an associated socket: port 0, a port of the block, one outside, an
 * exhausted block; then the socket works as any other. Sharing a port is in
 * bind-shared.c, odd addresses and pointers are in bind-args.c.
 */
#include "preload.h"

static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2",
					"::",	   "::1",	"::ffff:127.0.0.1"};

/* answers: bind-any bind-any-address bind-inside bind-inside-taken bind-outside */
static void on_address(const struct block *block, const char *text, int flags)
{
	const char *only = flags & V6ONLY ? " v6only" : "";
	const char *type = type_name(block->type);
	int inside = block->start + block->count - 1;
	int fd;

	if (family_of(text) == AF_INET6 && !ipv6_works()) {
		skip(text, "no IPv6");
		return;
	}
	fd = drawn(block, text, 0, flags);
	ok(fd >= 0 && in_block(block, port_of(fd)), "%s %s%s, port 0: a port of the block", type,
	   text, only);
	ok(has_address(fd, text), "%s %s%s, port 0: the program's address is kept", type, text,
	   only);
	ok(stranger(block->type, text, port_of(fd), flags) == EADDRINUSE,
	   "%s %s%s: strangers cannot have that port", type, text, only);
	close(fd);
	fd = drawn(block, text, inside, flags);
	ok(fd >= 0 && port_of(fd) == inside && has_address(fd, text),
	   "%s %s%s, a port inside: that port", type, text, only);
	fails_with(drawn(block, text, inside, flags), EADDRINUSE, "the same port again");
	close(fd);
	fd = drawn(block, text, inside, flags);
	ok(fd >= 0 && port_of(fd) == inside, "%s %s%s, after close: the port again", type, text,
	   only);
	close(fd);
	fails_with(drawn(block, text, block->start - 1, flags), EADDRNOTAVAIL,
		   "the port before the block");
	fails_with(drawn(block, text, block->start + block->count, flags), EADDRNOTAVAIL,
		   "the port behind the block");
	fails_with(drawn(block, text, 80, flags), EADDRNOTAVAIL, "port 80");
}

/* answers: exhausted-bind bind-failed-stays */
static void exhausted(int type)
{
	struct block block = reserve(type, 6);
	int fds[6], seen = 0, waiting, same;

	for (int i = 0; i < 6; i++) {
		fds[i] = drawn(&block, "127.0.0.1", 0, 0);
		if (fds[i] >= 0)
			seen |= 1 << (port_of(fds[i]) - block.start);
	}
	ok(seen == 63, "%s: six binds to port 0 take each of six ports once", type_name(type));
	waiting = tied(&block, "127.0.0.1", 0);
	fails_with(socket_bind(waiting, "127.0.0.1", 0, 0), EADDRINUSE, "the seventh");
	fails_with(drawn(&block, "0.0.0.0", 0, 0), EADDRINUSE, "an eighth, on 0.0.0.0");
	same = port_of(fds[3]);
	close(fds[3]);
	ok(!socket_bind(waiting, "127.0.0.1", 0, 0) && port_of(waiting) == same,
	   "after a close the seventh's association is still there: the port that came back");
	close(waiting);
	for (int i = 0; i < 6; i++)
		if (i != 3)
			close(fds[i]);
	close(block.fd);
}

/* What the kernel refuses for reasons of its own costs no port and no association. */
/* answers: bind-failed-stays */
static void refused_by_the_kernel(int type)
{
	struct block block = reserve(type, 2);
	int fd, other, refused = 0;

	for (int i = 0; i < 20; i++)
		refused += drawn(&block, "192.0.2.1", 0, 0) == -1 && errno == EADDRNOTAVAIL;
	ok(refused == 20, "%s: an address that is not ours: EADDRNOTAVAIL", type_name(type));
	fd = tied(&block, "0.0.0.0", 0);
	fails_with(socket_bind(fd, "192.0.2.1", block.start, 0), EADDRNOTAVAIL,
		   "the same with a port inside");
	fails_with(socket_bind(fd, "0.0.0.0", block.start - 1, 0), EADDRNOTAVAIL,
		   "then with a port outside");
	ok(!socket_bind(fd, "0.0.0.0", 0, 0) && in_block(&block, port_of(fd)),
	   "then port 0: the association stayed");
	fails_with(socket_bind(fd, "0.0.0.0", 0, 0), EINVAL, "a second bind of a bound socket");
	other = drawn(&block, "0.0.0.0", 0, 0);
	ok(other >= 0 && in_block(&block, port_of(other)) && port_of(other) != port_of(fd),
	   "no port was lost over it");
	close(other);
	close(fd);
	close(block.fd);
}

/* The port freed last is handed out last: nobody gets the port that you just looked up. */
static void order(int type)
{
	struct block block = reserve(type, 8);
	int last = -1, kept = 1;

	for (int i = 0; i < 40; i++) {
		int fd = drawn(&block, "127.0.0.1", 0, 0);

		kept &= fd >= 0 && port_of(fd) != last;
		last = port_of(fd);
		close(fd);
	}
	ok(kept, "%s: a port that was just closed is not the next to be handed out",
	   type_name(type));
	close(block.fd);
}

static void talk_tcp(const char *text)
{
	struct block block = reserve(TCP, 4);
	int server = drawn(&block, text, 0, 0), client, accepted;
	char room[8] = "";

	ok(!listen(server, 4), "TCP %s: listen on a drawn port", text);
	client = socket_open(TCP, text, RAW);
	ok(!socket_connect(client, text, port_of(server), RAW), "TCP %s: a stranger connects",
	   text);
	accepted = accept(server, NULL, NULL);
	ok(port_of(accepted) == port_of(server), "TCP %s: the accepted socket shows the port",
	   text);
	if (write(client, "there", 5) != 5 || receive(accepted, room, sizeof room) != 5 ||
	    write(accepted, "back", 4) != 4)
		room[0] = 0;
	ok(!memcmp(room, "there", 5) && receive(client, room, sizeof room) == 4 &&
		   !memcmp(room, "back", 4),
	   "TCP %s: data goes both ways", text);
	ok(option_get(accepted, SOL_SOCKET, SO_REUSEPORT) == 0,
	   "TCP %s: the accepted socket has no SO_REUSEPORT", text);
	socket_reset_at_close(client, RAW);
	socket_close(client, RAW);
	close(accepted);
	close(server);
	client = drawn(&block, text, 0, 0);
	server = listening(text, 0, RAW);
	ok(!socket_connect(client, text, port_of(server), 0) && in_block(&block, port_of(client)),
	   "TCP %s: a bound associated socket connects", text);
	accepted = accept(server, NULL, NULL);
	ok(peer_port_of(accepted) == port_of(client), "TCP %s: the peer sees its port", text);
	socket_reset_at_close(client, 0);
	close(client);
	close(accepted);
	socket_close(server, RAW);
	close(block.fd);
}

static void talk_udp(const char *text)
{
	struct block block = reserve(UDP, 4);
	int fd = drawn(&block, text, 0, 0), other = bound(UDP, text, 0, RAW);
	union address address;
	socklen_t length = address_make(&address, text, port_of(fd));
	int arrived = 0, good;
	char room[8] = "";

	for (int i = 0; i < 200; i++) {
		sendto(other, "there", 5, 0, &address.any, length);
		arrived += receive(fd, room, sizeof room) == 5;
	}
	ok(arrived == 200, "UDP %s: all of 200 datagrams of a stranger arrive", text);
	length = address_make(&address, text, port_of(other));
	good = sendto(fd, "back", 4, 0, &address.any, length) == 4;
	memset(&address, 0, sizeof address);
	ok(good && recvfrom(other, room, sizeof room, 0, &address.any, &length) == 4 &&
		   port_of_address(&address) == port_of(fd),
	   "UDP %s: the answer comes from the drawn port", text);
	close(fd);
	socket_close(other, RAW);
	close(block.fd);
}

/* answers: bind-no-port-yet */
static void no_port_yet(int type)
{
	struct block block = reserve(type, 4);
	int server = bound(type, "127.0.0.1", 0, RAW), fd = tied(&block, "127.0.0.1", 0);

	option_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 0);
	ok(!socket_bind(fd, "127.0.0.1", 0, 0) && port_of(fd) == 0,
	   "%s with IP_BIND_ADDRESS_NO_PORT: no port yet", type_name(type));
	if (type == TCP)
		socket_listen(server, RAW);
	ok(!socket_connect(fd, "127.0.0.1", port_of(server), 0) && in_block(&block, port_of(fd)),
	   "%s with IP_BIND_ADDRESS_NO_PORT: connect takes a port of the block", type_name(type));
	ok(has_address(fd, "127.0.0.1"), "and keeps the address");
	socket_reset_at_close(fd, 0);
	close(fd);
	fd = tied(&block, "127.0.0.1", 0);
	option_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 0);
	ok(!socket_bind(fd, "127.0.0.1", block.start + 2, 0) && port_of(fd) == block.start + 2,
	   "%s with IP_BIND_ADDRESS_NO_PORT, a port inside: that port", type_name(type));
	close(fd);
	socket_close(server, RAW);
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		struct block block = reserve(type, 20);

		for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
			on_address(&block, addresses[i], 0);
		on_address(&block, "::", V6ONLY);
		close(block.fd);
		exhausted(type);
		refused_by_the_kernel(type);
		order(type);
		no_port_yet(type);
	}
	talk_tcp("127.0.0.1");
	talk_udp("127.0.0.1");
	if (ipv6_works()) {
		talk_tcp("::1");
		talk_udp("::1");
	}
	return done_testing();
}
