/* SPDX-License-Identifier: MIT */
/*
 * Servers bind as root and serve as somebody else. The kernel lets sockets share a port
 * only if their owners are one user, and a pool belongs to one user, so that a library
 * can lose such a server on the way from bind to listen or to accept. With ours the
 * socket remembers who made it, and the guard was made by the same.
 */
#include "modes.h"

enum { COUNT = 3 };

/* A server that gives up root when it has bound, before or behind listen. */
static int serves_as_somebody(void *listens_before)
{
	struct block block = mode_block(TCP, COUNT);
	int fd = member_bound(&block), client, server, good = fd >= 0;

	if (*(int *)listens_before)
		good &= !listen(fd, 2);
	become_user(SOMEBODY);
	if (!*(int *)listens_before)
		good &= !listen(fd, 2);
	client = socket_open(TCP, "127.0.0.1", RAW);
	good &= !socket_connect(client, "127.0.0.1", port_of(fd), RAW);
	server = accept(fd, NULL, NULL);
	good &= server >= 0 && write(server, "x", 1) == 1 && port_of(server) == port_of(fd);
	socket_reset_at_close(client, RAW);
	close(client);
	close(server);
	/* another one may not take the port, whoever it is now */
	good &= stranger(TCP, "127.0.0.1", port_of(fd), REUSEADDR) == EADDRINUSE;
	return good && (mode == BARE || block_taken(&block));
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	for (int before = 0; before < 2; before++) {
		const char *name = before ? "a server listens, and is somebody else then"
					  : "a server binds, is somebody else, and listens";

		if (geteuid())
			skip(name, "not root");
		else
			ok(in_child(serves_as_somebody, &before), "%s", name);
	}
	return modes_end(argv);
}
