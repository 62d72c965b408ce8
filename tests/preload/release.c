/* SPDX-License-Identifier: MIT */
/*
 * RELEASE: by whom, through which socket, what becomes of sockets that are still
 * bound, and that it ends the reservation although others hold copies of it.
 */
#include "process.h"

/* answers: release-any-socket */
static int through(void *argument)
{
	const int *types = argument; /* of the block, of the socket */
	struct block block = reserve(types[0], 5);
	int fd = socket_open(types[1], ipv6_works() ? "::" : "0.0.0.0", 0);
	int good = taken_ports(block.type, block.start, 5) == 5;

	good = good && !release(fd, block.token) && !taken_ports(block.type, block.start, 5);
	close(fd);
	close(block.fd);
	return good;
}

/* answers: release-own */
static int through_itself(void *unused)
{
	struct block block = reserve(TCP, 5);
	int good = !release(block.fd, block.token) && !taken_ports(TCP, block.start, 5);

	(void)unused;
	/* it is a plain socket again */
	good = good && !socket_bind(block.fd, "127.0.0.1", 0, 0) && !listen(block.fd, 1);
	close(block.fd);
	return good;
}

/* What only part of a socket's blocks: the others stay. */
/* answers: release-others-stay */
static int one_of_several(void *unused)
{
	struct block block = reserve(UDP, 3);
	instance more;
	int good = !acquire(block.fd, 0, 4, &more) && !release(block.fd, block.token);

	(void)unused;
	good = good && !taken_ports(UDP, block.start, 3) &&
	       taken_ports(UDP, ntohs(more.StartPort), 4) == 4;
	close(block.fd);
	return good && !taken_ports(UDP, ntohs(more.StartPort), 4);
}

/* The child holds a copy of everything; 0: the parent releases, 1: the child. */
/* answers: release-child */
static int over_fork(void *by_child)
{
	struct block block = reserve(TCP, 5);
	struct peer child = peer_start();
	int good;

	if (!child.pid) {
		if (*(int *)by_child)
			tell(&child, !release(block.fd, block.token));
		hear(&child);
		_exit(0);
	}
	good = *(int *)by_child ? hear(&child) == 1 : !release(block.fd, block.token);
	good = good && !taken_ports(TCP, block.start, 5);
	tell(&child, 0);
	peer_end(&child);
	close(block.fd);
	return good;
}

/* answers: release-stranger release-own release-again release-unknown */
static void refused(int type)
{
	struct peer other = peer_start();
	struct block block;
	int fd, error;

	if (!other.pid) {
		fd = socket_open(type, "0.0.0.0", 0);
		errno = 0;
		tell(&other, release(fd, hear(&other)) ? (uint64_t)errno : 0);
		hear(&other);
		_exit(0);
	}
	block = reserve(type, 4);
	tell(&other, block.token);
	error = (int)hear(&other);
	ok(error == EACCES, "%s: an unrelated process: EACCES", type_name(type));
	if (error != EACCES)
		diag("errno %s", strerrorname_np(error));
	ok(taken_ports(type, block.start, 4) == 4, "%s: and the reservation is whole",
	   type_name(type));
	tell(&other, 0);
	peer_end(&other);
	fd = socket_open(type, "127.0.0.1", 0);
	fails_with(release(fd, 0), EINVAL, "token 0");
	fails_with(release(fd, block.token ^ 1ULL << 61), EINVAL, "a token that never was");
	ok(!release(fd, block.token), "%s: the acquirer: 0", type_name(type));
	fails_with(release(fd, block.token), EINVAL, "a second release");
	close(block.fd);
	fails_with(release(fd, block.token), EINVAL, "a release after close");
	block = reserve(type, 4);
	close(block.fd);
	fails_with(release(fd, block.token), EINVAL, "a token whose acquiring socket has closed");
	close(fd);
}

/* A bound socket's port is nobody else's; the rest of the block is free at once. */
/* answers: release-still-bound release-still-bound-alone */
static int still_bound(void *argument)
{
	int type = *(int *)argument;
	struct block block = reserve(type, 5);
	int port = block.start + 2, fd = drawn(&block, "0.0.0.0", port, 0);
	int good = fd >= 0 && !release(block.fd, block.token);
	struct block whole, again;

	good = good && port_of(fd) == port;
	good = good && stranger(type, "0.0.0.0", port, 0) == EADDRINUSE &&
	       stranger(type, "127.0.0.1", port, REUSEADDR) == EADDRINUSE;
	good = good && !taken_ports(type, block.start, 2) && !taken_ports(type, port + 1, 2);
	whole = try_reserve(type, block.start, 5);
	good = good && whole.fd < 0 && errno == EADDRINUSE;
	close(whole.fd);
	close(fd);
	again = try_reserve(type, block.start, 5);
	good = good && again.fd >= 0;
	close(again.fd);
	close(block.fd);
	return good;
}

/* SO_REUSEPORT does not help another user. */
/* answers: release-still-bound-alone */
static void still_bound_to_others(int type)
{
	struct peer other = peer_start();
	struct block block;
	int fd, refused;

	if (!other.pid) {
		become_user(SOMEBODY);
		tell(&other, (uint64_t)stranger(type, "0.0.0.0", (int)hear(&other), REUSEPORT));
		_exit(0);
	}
	block = reserve(type, 1);
	fd = drawn(&block, "0.0.0.0", 0, 0);
	if (fd < 0 || release(block.fd, block.token))
		bail_out("RELEASE");
	tell(&other, (uint64_t)block.start);
	refused = (int)hear(&other);
	if (!ok(refused == EADDRINUSE,
		"a bound %s socket keeps its port from another user's SO_REUSEPORT",
		type_name(type)))
		diag("%s", refused ? strerrorname_np(refused) : "bound");
	peer_end(&other);
	close(fd);
	close(block.fd);
}

/* answers: release-still-bound */
static int still_listening(void *unused)
{
	struct block block = reserve(TCP, 5);
	int fd = drawn(&block, "127.0.0.1", 0, 0), client, accepted;
	int good = fd >= 0 && !listen(fd, 4) && !release(block.fd, block.token);

	(void)unused;
	client = socket_open(TCP, "127.0.0.1", RAW);
	good = good && !socket_connect(client, "127.0.0.1", port_of(fd), RAW);
	accepted = good ? accept(fd, NULL, NULL) : -1;
	good = good && accepted >= 0;
	socket_reset_at_close(client, RAW);
	socket_close(client, RAW);
	close(accepted);
	close(fd);
	close(block.fd);
	return good;
}

/* The close of a socket whose block was released takes nothing else with it. */
static int close_afterwards(void *unused)
{
	struct block block = reserve(TCP, 5), next;
	int good = !release(block.fd, block.token);

	(void)unused;
	next = reserve(TCP, 5);
	close(block.fd);
	good = good && taken_ports(TCP, next.start, 5) == 5;
	close(next.fd);
	return good && !taken_ports(TCP, next.start, 5);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	refused(TCP);
	refused(UDP);
	ok(settled(through_itself, NULL),
	   "through the acquiring socket: strangers can have the ports at once");
	ok(settled(through, (int[]){TCP, TCP}), "a TCP block through another TCP socket");
	ok(settled(through, (int[]){TCP, UDP}), "a TCP block through a UDP socket");
	ok(settled(through, (int[]){UDP, TCP}), "a UDP block through a TCP socket");
	ok(settled(one_of_several, NULL), "one of two blocks of a socket: the other stays");
	ok(settled(over_fork, &(int){0}), "by the parent, although a child holds a copy");
	ok(settled(over_fork, &(int){1}), "by a child, although the parent holds a copy");
	ok(settled(still_bound, &(int){TCP}), "a bound TCP socket keeps its port, alone");
	ok(settled(still_bound, &(int){UDP}), "a bound UDP socket keeps its port, alone");
	for (int type = TCP; type <= UDP; type++) {
		if (geteuid())
			skip("a bound socket's port and another user", "not root");
		else
			still_bound_to_others(type);
	}
	ok(settled(still_listening, NULL), "a listening socket goes on serving");
	ok(settled(close_afterwards, NULL), "the later close of the socket ends nothing else");
	return done_testing();
}
