/* SPDX-License-Identifier: MIT */
/*
 * ASSOCIATE: when, by whom, with which token, for which socket. What bind() makes
 * of it is in bind.c.
 */
#include "process.h"

static int draws_from(int fd, const char *text, const struct block *block)
{
	return !socket_bind(fd, text, 0, 0) && in_block(block, port_of(fd));
}

/* answers: associate-own associate-many associate-acquirer associate-other-family */
static void by_the_acquirer(int type)
{
	struct block block = reserve(type, 8);
	int many[5], good = 1, fd;

	for (int i = 0; i < 5; i++) {
		many[i] = socket_open(type, "0.0.0.0", 0);
		good &= !associate(many[i], block.token);
	}
	ok(good, "many %s sockets on one token: 0", type_name(type));
	for (int i = 0; i < 5; i++)
		good &= draws_from(many[i], "0.0.0.0", &block);
	ok(good, "many %s sockets on one token: each draws from the block", type_name(type));
	ok(!associate(block.fd, block.token), "the acquiring %s socket on its own: 0",
	   type_name(type));
	ok(draws_from(block.fd, "0.0.0.0", &block), "the acquiring socket draws from its block");
	if (ipv6_works()) {
		fd = socket_open(type, "::1", 0);
		ok(!associate(fd, block.token) && draws_from(fd, "::1", &block),
		   "an IPv6 socket on the token that an IPv4 socket acquired");
		close(fd);
	}
	for (int i = 0; i < 5; i++)
		close(many[i]);
	close(block.fd);
}

/* A copy of the descriptor is the same socket. */
static void copies(void)
{
	struct block block = reserve(TCP, 4);
	int fd = tied(&block, "127.0.0.1", 0), other = dup(fd);
	struct peer child;

	ok(draws_from(other, "127.0.0.1", &block), "bind through a dup draws from the block");
	ok(port_of(fd) == port_of(other), "and the first descriptor shows the port");
	close(fd);
	close(other);
	fd = tied(&block, "127.0.0.1", 0);
	child = peer_start();
	if (!child.pid)
		_exit(draws_from(fd, "127.0.0.1", &block));
	ok(peer_end(&child) == 1, "bind in a forked child draws from the block");
	ok(in_block(&block, port_of(fd)), "and the parent's descriptor shows the port");
	close(fd);
	close(block.fd);
}

/* after: the child is forked behind ACQUIRE, grand: its child tries. */
/* answers: associate-child */
static void descendants(void)
{
	struct block block = reserve(UDP, 4);
	struct peer child = peer_start(), grandchild;
	int fd;

	if (!child.pid) {
		fd = socket_open(UDP, "127.0.0.1", 0);
		if (associate(fd, block.token) || !draws_from(fd, "127.0.0.1", &block))
			_exit(0);
		grandchild = peer_start();
		if (!grandchild.pid) {
			fd = socket_open(UDP, "127.0.0.1", 0);
			_exit(!associate(fd, block.token) && draws_from(fd, "127.0.0.1", &block));
		}
		_exit(peer_end(&grandchild) == 1 ? 3 : 1);
	}
	fd = peer_end(&child);
	ok(fd & 1, "a child forked after ACQUIRE may");
	ok(fd & 2, "a grandchild may");
	close(block.fd);
}

/* The next program image inherits the acquiring socket and with it the right. */
static int next_image(const char *start, const char *token)
{
	struct block block = {.type = TCP, .start = atoi(start), .count = 4};
	int fd = socket_open(TCP, "127.0.0.1", 0);

	return !associate(fd, strtoull(token, NULL, 16)) && draws_from(fd, "127.0.0.1", &block);
}

/* answers: associate-child */
static void after_exec(void)
{
	struct peer child = peer_start();
	char start[16], token[24];

	if (!child.pid) {
		struct block block = reserve(TCP, 4);

		snprintf(start, sizeof start, "%d", block.start);
		snprintf(token, sizeof token, "%llx", (unsigned long long)block.token);
		exec_self((const char *[]){"next", start, token, NULL});
	}
	ok(peer_end(&child) == 1, "the acquirer's next program image may");
}

/* Same user, same pool, but forked before ACQUIRE. */
/* answers: associate-stranger */
static void unrelated(int type)
{
	struct peer other = peer_start();
	struct block block;
	int fd;

	if (!other.pid) {
		ULONG64 token = hear(&other);

		fd = socket_open(type, "127.0.0.1", 0);
		errno = 0;
		tell(&other, associate(fd, token) == -1 ? (uint64_t)errno : 0);
		hear(&other);
		/* the failed call left the socket as it was */
		_exit(!socket_bind(fd, "127.0.0.1", 0, 0));
	}
	block = reserve(type, 4);
	tell(&other, block.token);
	fd = (int)hear(&other);
	ok(fd == EACCES, "an unrelated process: EACCES");
	if (fd != EACCES)
		diag("errno %s", strerrorname_np(fd));
	tell(&other, 0);
	ok(peer_end(&other) == 1, "and its socket binds as any other");
	close(block.fd);
}

/* answers: associate-unknown associate-dead associate-other-protocol */
static void tokens_that_will_not_do(void)
{
	struct block tcp = reserve(TCP, 2), udp = reserve(UDP, 2);
	int fd = socket_open(TCP, "127.0.0.1", 0), datagrams = socket_open(UDP, "127.0.0.1", 0);
	ULONG64 unknown = tcp.token ^ (1ULL << 60), dead = tcp.token;

	fails_with(associate(fd, 0), EINVAL, "token 0");
	fails_with(associate(fd, unknown), EINVAL, "a token that never was");
	fails_with(associate(fd, ~0ULL), EINVAL, "a token of ones");
	fails_with(associate(fd, 1), EINVAL, "token 1");
	fails_with(associate(fd, udp.token), EINVAL, "a TCP socket on a UDP token");
	fails_with(associate(datagrams, tcp.token), EINVAL, "a UDP socket on a TCP token");
	close(tcp.fd);
	fails_with(associate(fd, dead), EINVAL, "a token whose acquiring socket has closed");
	tcp = reserve(TCP, 2);
	fails_with(associate(fd, dead), EINVAL, "a dead token after another ACQUIRE");
	dead = tcp.token;
	if (release(fd, tcp.token))
		bail_out("RELEASE");
	fails_with(associate(fd, dead), EINVAL, "a token that was released");
	close(fd);
	close(datagrams);
	close(tcp.fd);
	close(udp.fd);
}

/* answers: associate-after-bind */
static void bound_already(void)
{
	struct block block = reserve(TCP, 4), udp = reserve(UDP, 4);
	int server = listening("127.0.0.1", 0, 0), fd, accepted;
	union address address;
	socklen_t length;

	fails_with(associate(server, block.token), EINVAL, "a listening socket");
	fd = socket_open(TCP, "127.0.0.1", 0);
	if (socket_connect(fd, "127.0.0.1", port_of(server), 0))
		bail_out("connect");
	fails_with(associate(fd, block.token), EINVAL, "a connected socket");
	accepted = accept(server, NULL, NULL);
	fails_with(associate(accepted, block.token), EINVAL, "an accepted socket");
	socket_reset_at_close(fd, 0);
	close(fd);
	close(accepted);
	close(server);
	fd = bound(TCP, "127.0.0.1", 0, 0);
	fails_with(associate(fd, block.token), EINVAL, "a socket after bind to port 0");
	close(fd);
	fd = drawn(&block, "0.0.0.0", block.start + 1, 0);
	fails_with(associate(fd, block.token), EINVAL, "a socket after bind in the block");
	close(fd);
	fd = socket_open(UDP, "127.0.0.1", 0);
	length = address_make(&address, "127.0.0.1", 9);
	sendto(fd, "x", 1, 0, &address.any, length);
	fails_with(associate(fd, udp.token), EINVAL, "a UDP socket after sendto");
	close(fd);
	close(block.fd);
	close(udp.fd);
}

/* answers: associate-again */
static void again(void)
{
	struct block first = reserve(TCP, 3), second = reserve(TCP, 3);
	int fd = tied(&first, "127.0.0.1", 0);

	ok(!associate(fd, second.token), "again before bind: 0");
	ok(draws_from(fd, "127.0.0.1", &second), "again before bind: the last one counts");
	close(fd);
	fd = tied(&first, "127.0.0.1", 0);
	ok(!associate(fd, second.token) && !associate(fd, first.token) &&
		   draws_from(fd, "127.0.0.1", &first),
	   "again before bind: and back");
	close(fd);
	fd = tied(&first, "127.0.0.1", 0);
	fails_with(socket_bind(fd, "127.0.0.1", second.start, 0), EADDRNOTAVAIL,
		   "bind to the other block's port");
	close(fd);
	/* the number of a closed socket means nothing to the next one */
	fd = tied(&first, "127.0.0.1", 0);
	close(fd);
	ok(socket_open(TCP, "127.0.0.1", 0) == fd && !socket_bind(fd, "127.0.0.1", 0, 0) &&
		   !in_block(&first, port_of(fd)),
	   "a new socket with the number of a closed one is not associated");
	close(fd);
	close(first.fd);
	close(second.fd);
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return next_image(argv[2], argv[3]);
	private_pool(argv);
	unrelated(TCP);
	unrelated(UDP);
	by_the_acquirer(TCP);
	by_the_acquirer(UDP);
	copies();
	descendants();
	after_exec();
	tokens_that_will_not_do();
	bound_already();
	again();
	return done_testing();
}
