/* SPDX-License-Identifier: MIT */
/*
 * A port is in use as long as anybody has its socket: when the parent has closed
 * it and a child still serves it, nobody is handed that port; when the child ends,
 * it is handed out again.
 */
#include "process.h"

enum { COUNT = 4 };

/* How the child comes to the socket. */
enum { BY_FORK, BY_EXEC, BY_BARE_EXEC };

static const char *const ways[] = {"a forked child", "a preloaded program",
				   "a program without the library"};

/* Serves the socket until it is told to stop: one connection or datagram a time. */
static void serve(int type, int fd, const struct peer *peer)
{
	tell(peer, 1);
	while (hear(peer)) {
		char byte = 0;
		int client = type == TCP ? accept(fd, NULL, NULL) : fd;

		if (receive(client, &byte, 1) != 1)
			byte = '-';
		if (type == TCP)
			close(client);
		tell(peer, (uint64_t)byte);
	}
}

static int image(char **argv)
{
	struct peer peer = {.in = atoi(argv[2]), .out = atoi(argv[3])};

	serve(!strcmp(argv[1], "tcp") ? TCP : UDP, atoi(argv[4]), &peer);
	return 0;
}

static struct peer server_start(int type, int fd, int way)
{
	struct peer child = peer_start();
	char in[16], out[16], number[16];

	if (child.pid) {
		hear(&child);
		return child;
	}
	snprintf(in, sizeof in, "%d", child.in);
	snprintf(out, sizeof out, "%d", child.out);
	snprintf(number, sizeof number, "%d", fd);
	if (way == BY_BARE_EXEC)
		unsetenv("LD_PRELOAD");
	if (way != BY_FORK)
		exec_self((const char *[]){type == TCP ? "tcp" : "udp", in, out, number, NULL});
	serve(type, fd, &child);
	_exit(0);
}

/* A stranger's byte reaches whoever serves the port. */
static int reaches(int type, int port, const struct peer *server)
{
	int fd = socket_open(type, "127.0.0.1", RAW), good;

	tell(server, 1);
	good = !socket_connect(fd, "127.0.0.1", port, RAW) && write(fd, "!", 1) == 1;
	good = hear(server) == '!' && good;
	socket_reset_at_close(fd, RAW);
	socket_close(fd, RAW);
	return good;
}

static void kept_by_a_child(int type, int way)
{
	struct block block = reserve(type, COUNT);
	int fd = drawn(&block, "127.0.0.1", 0, 0), port = port_of(fd);
	int fds[COUNT - 1], avoided = 1;
	struct peer child;
	char who[80];

	snprintf(who, sizeof who, "%s, %s", type_name(type), ways[way]);
	if (type == TCP && listen(fd, 4))
		bail_out("listen");
	child = server_start(type, fd, way);
	close(fd);
	ok(reaches(type, port, &child), "%s serves the port that the parent closed", who);
	for (int i = 0; i < COUNT - 1; i++) {
		fds[i] = drawn(&block, "127.0.0.1", 0, 0);
		avoided &= fds[i] >= 0 && port_of(fds[i]) != port;
	}
	ok(avoided, "%s: the rest of the block is handed out", who);
	for (int i = 0; i < 20; i++)
		avoided &= drawn(&block, "127.0.0.1", 0, i & 1 ? REUSEADDR : 0) == -1 &&
			   errno == EADDRINUSE;
	ok(avoided, "%s: its port is not: EADDRINUSE", who);
	fails_with(drawn(&block, "127.0.0.1", port, 0), EADDRINUSE, "nor by its number");
	ok(reaches(type, port, &child), "%s still serves it", who);
	tell(&child, 0);
	peer_end(&child);
	fd = drawn(&block, "127.0.0.1", 0, 0);
	ok(fd >= 0 && port_of(fd) == port, "%s has ended: the port is handed out again", who);
	close(fd);
	for (int i = 0; i < COUNT - 1; i++)
		close(fds[i]);
	close(block.fd);
}

/* The same when the child is killed, and when the child made the socket. */
static void killed_child(int type)
{
	struct block block = reserve(type, COUNT);
	struct peer child = peer_start();
	int fds[COUNT - 1], port, fd;

	if (!child.pid) {
		fd = drawn(&block, "0.0.0.0", 0, 0);
		tell(&child, (uint64_t)port_of(fd));
		hear(&child);
		_exit(1);
	}
	port = (int)hear(&child);
	for (int i = 0; i < COUNT - 1; i++)
		fds[i] = drawn(&block, "0.0.0.0", 0, 0);
	fails_with(drawn(&block, "0.0.0.0", 0, 0), EADDRINUSE, "while a child holds the last port");
	peer_kill(&child);
	fd = drawn(&block, "0.0.0.0", 0, 0);
	ok(in_block(&block, port) && fd >= 0 && port_of(fd) == port,
	   "%s: the port of a killed child is handed out again", type_name(type));
	close(fd);
	for (int i = 0; i < COUNT - 1; i++)
		close(fds[i]);
	close(block.fd);
}

int main(int argc, char **argv)
{
	if (argc == 5)
		return image(argv);
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		for (int way = BY_FORK; way <= BY_BARE_EXEC; way++)
			kept_by_a_child(type, way);
		killed_child(type);
	}
	return done_testing();
}
