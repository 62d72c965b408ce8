/* SPDX-License-Identifier: MIT */
/* What sockets on persistent blocks get, and what the three calls say to their tokens. */
#include "persistent.h"

enum { COUNT = 4 };

/* answers: persistent-bind persistent-outside persistent-release persistent-delete-bound */
static void sockets(const struct functions *of)
{
	struct block block = persistent(of, COUNT);
	int one = drawn(&block, "127.0.0.1", 0, 0), second, port = port_of(one);
	ULONG64 token = block.token;

	ok(in_block(&block, port) && has_address(one, "127.0.0.1"), "%s: port 0: one of the block",
	   type_name(of->type));
	ok(option_get(one, SOL_SOCKET, SO_REUSEPORT) == 0, "no option of ours stays");
	second = tied(&block, "127.0.0.1", 0);
	fails_with(socket_bind(second, "127.0.0.1", port, 0), EADDRINUSE, "the same once more");
	fails_with(socket_bind(second, "127.0.0.1", block.start + COUNT, 0), EADDRNOTAVAIL,
		   "outside");
	ok(!socket_bind(second, "127.0.0.1", port == block.start ? port + 1 : block.start, 0),
	   "the association stays, and another one is free");
	fails_with(release(second, token), EACCES, "RELEASE");
	ok(associate(second, token) == -1 && errno == EINVAL,
	   "ASSOCIATE of a bound socket: EINVAL");
	close(second);
	second = socket_open(of->type == TCP ? UDP : TCP, "127.0.0.1", 0);
	fails_with(associate(second, token), EINVAL, "ASSOCIATE on the other protocol");
	close(second);
	if (of->type == TCP) {
		second = tied(&block, "127.0.0.1", 0);
		ok(!socket_listen(second, 0) && in_block(&block, port_of(second)),
		   "listen without bind: a port of the block");
		close(second);
	}
	forget(of, &block);
	ok(stranger(of->type, "127.0.0.1", port, 0) == EADDRINUSE,
	   "deleted: a bound socket keeps its port");
	second = socket_open(of->type, "127.0.0.1", 0);
	fails_with(associate(second, token), EINVAL, "ASSOCIATE of what is deleted");
	close(second);
	close(one);
}

/* answers: persistent-connect */
static void clients(void)
{
	struct block block = persistent(functions, COUNT);
	int server = listening("127.0.0.1", 0, 0), fd = tied(&block, "127.0.0.1", 0), udp;
	char byte = 1;

	ok(!socket_connect(fd, "127.0.0.1", port_of(server), 0) && in_block(&block, port_of(fd)),
	   "TCP: connect without bind: from a port of the block");
	socket_reset_at_close(fd, 0);
	close(fd);
	forget(functions, &block);
	block = persistent(&functions[1], COUNT);
	udp = bound(UDP, "127.0.0.1", 0, 0);
	fd = tied(&block, "127.0.0.1", 0);
	ok(!socket_connect(fd, "127.0.0.1", port_of(udp), 0) && send(fd, &byte, 1, 0) == 1 &&
		   in_block(&block, port_of(fd)),
	   "UDP: connect and send: from a port of the block");
	close(fd);
	close(udp);
	close(server);
	forget(&functions[1], &block);
}

/* answers: persistent-shared-port */
static void many_on_one(void)
{
	struct block block = persistent(&functions[1], 1);
	int sockets[8], good = 0;

	for (int i = 0; i < 8; i++) {
		sockets[i] = drawn(&block, "127.0.0.1", block.start, REUSEPORT);
		good += sockets[i] >= 0 && port_of(sockets[i]) == block.start;
	}
	ok(good == 8, "UDP: eight sockets with SO_REUSEPORT on the one port of a block");
	for (int i = 0; i < 8; i++)
		close(sockets[i]);
	forget(&functions[1], &block);
}

/* A connection's first closer leaves TIME_WAIT behind. */
static void time_wait_leave(struct block *block)
{
	int server = drawn(block, "127.0.0.1", block->start, REUSEADDR), client, accepted;

	if (server < 0 || socket_listen(server, 0))
		bail_out("a listener");
	client = bound(TCP, "127.0.0.1", 0, 0);
	if (socket_connect(client, "127.0.0.1", block->start, 0))
		bail_out("connect");
	accepted = accept(server, NULL, NULL);
	close(accepted);
	close(server);
	close(client);
}

/* answers: persistent-restart */
static void restart(void)
{
	struct block block = persistent(functions, 2);
	struct peer child = peer_start(), holder;
	int fd;

	if (!child.pid) {
		time_wait_leave(&block);
		_exit(0);
	}
	peer_end(&child);
	fd = drawn(&block, "127.0.0.1", block.start, REUSEADDR);
	ok(fd >= 0 && !socket_listen(fd, 0), "TCP: a service restarts on its port over TIME_WAIT");
	close(fd);
	holder = holder_start();
	holder_ready(&holder);
	ok(comes_true(taken_ports(TCP, block.start, 2) == 2), "a holder takes it, too");
	peer_kill(&holder);
	forget(functions, &block);
}

/* answers: persistent-strangers-there */
static void strangers_there(const struct functions *of)
{
	struct block block = persistent(of, COUNT);
	int first = bound(of->type, "127.0.0.1", block.start, RAW), fds[COUNT], good = 0;
	struct block theirs = try_reserve(of->type, block.start + 1, 1);
	int fd;

	if (theirs.fd < 0)
		bail_out("a reservation in a block that nobody holds");
	for (int i = 0; i < COUNT - 2; i++) {
		fds[i] = drawn(&block, "127.0.0.1", 0, 0);
		good += fds[i] >= 0 && port_of(fds[i]) >= block.start + 2;
	}
	ok(good == COUNT - 2, "%s: port 0 passes over what others have", type_name(of->type));
	fails_with(drawn(&block, "127.0.0.1", 0, 0), EADDRINUSE, "then the block is exhausted");
	fails_with(drawn(&block, "127.0.0.1", block.start, 0), EADDRINUSE,
		   "a stranger's, by number");
	fails_with(drawn(&block, "127.0.0.1", block.start + 1, 0), EADDRINUSE,
		   "a port of another reservation, by number");
	fails_with(drawn(&block, "127.0.0.1", block.start + 1, REUSEPORT), EADDRINUSE,
		   "also with SO_REUSEPORT");
	fd = drawn(&theirs, "127.0.0.1", 0, 0);
	ok(fd >= 0 && port_of(fd) == block.start + 1, "which draws as ever");
	close(fd);
	socket_close(first, RAW);
	close(theirs.fd);
	fd = drawn(&block, "127.0.0.1", block.start + 1, 0);
	ok(fd >= 0, "they have gone: theirs is the block's again");
	close(fd);
	fd = drawn(&block, "127.0.0.1", 0, 0);
	ok(fd >= 0, "also to be drawn");
	close(fd);
	for (int i = 0; i < COUNT - 2; i++)
		close(fds[i]);
	forget(of, &block);
}

/* Strangers go one after the other, and each time a guard more can be placed. */
static void one_by_one(const struct functions *of)
{
	enum { MANY = 14 };
	struct block block = persistent(of, MANY);
	int strangers[MANY], fds[MANY], good = 0;

	for (int i = 0; i < MANY; i++)
		strangers[i] = bound(of->type, "127.0.0.1", block.start + i, RAW);
	fails_with(drawn(&block, "127.0.0.1", 0, 0), EADDRINUSE, "all are strangers'");
	for (int i = 0; i < MANY; i++) {
		socket_close(strangers[i], RAW);
		fds[i] = drawn(&block, "127.0.0.1", block.start + i, 0);
		good += fds[i] >= 0;
	}
	ok(good == MANY, "%s: %d ports that come free one after the other are bound",
	   type_name(of->type), MANY);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	forget(of, &block);
}

/* The pool of another user, and a pool of one's own. */
__attribute__((noreturn)) static void reach_main(char **argv)
{
	ULONG64 token = strtoull(argv[2], NULL, 10);
	int fd = socket_open(atoi(argv[3]), "127.0.0.1", 0);

	_exit(associate(fd, token) ? errno : 0);
}

static int reaches(const struct block *block, int own_pool)
{
	struct peer child = peer_start();
	char token[32], type[8];

	if (!child.pid) {
		snprintf(token, sizeof token, "%llu", (unsigned long long)block->token);
		snprintf(type, sizeof type, "%d", block->type);
		if (own_pool)
			pool_new(SOMEBODY);
		become_user(SOMEBODY);
		exec_self((const char *[]){"reach", token, type, NULL});
	}
	return peer_end(&child);
}

/* answers: persistent-out-of-reach */
static void out_of_reach(const struct functions *of)
{
	struct block block = persistent(of, COUNT);

	if (geteuid()) {
		skip("another user", "needs root");
	} else {
		ok(reaches(&block, 0) == EACCES, "%s: another user's pool: EACCES",
		   type_name(of->type));
		ok(reaches(&block, 1) == EINVAL, "a pool of one's own: EINVAL");
	}
	forget(of, &block);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		reach_main(argv);
	linked(argv);
	if (quiet_network())
		diag("in the machine's own network, beside others");
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		sockets(&functions[i]);
		strangers_there(&functions[i]);
		one_by_one(&functions[i]);
		out_of_reach(&functions[i]);
	}
	clients();
	many_on_one();
	restart();
	return done_testing();
}
