/* SPDX-License-Identifier: MIT */
/*
 * A port may have more than one socket: accepted connections are on their listener's,
 * and with SO_REUSEPORT a whole group shares one. A library that counts a port as free
 * when one of them closes hands it out while the others serve on it. Ours asks the kernel
 * before a used port is given again, so what counts is the last socket.
 */
#include "modes.h"

enum { COUNT = 2, CLIENTS = 5 };

static struct block block;

/* Nobody gets the port: not by its number, and not by drawing all that there is. */
static int kept(int port)
{
	int fd = member(&block), good, drawn_ports[RUN_PORTS], count;

	good = socket_bind(fd, "127.0.0.1", port, 0) == -1 && errno == EADDRINUSE;
	good &= socket_bind(fd, "0.0.0.0", port, 0) == -1 && errno == EADDRINUSE;
	close(fd);
	if (mode == BARE)
		return good;
	for (count = 0; count < RUN_PORTS; count++) {
		drawn_ports[count] = member_bound(&block);
		if (drawn_ports[count] < 0)
			break;
		good &= port_of(drawn_ports[count]) != port;
	}
	good &= count == block.count - 1 && errno == EADDRINUSE;
	while (count--)
		close(drawn_ports[count]);
	return good;
}

static int given_again(int port)
{
	int fd = member(&block), good;

	/* in bare life a free port can be anybody's */
	good = mode == BARE || !socket_bind(fd, "127.0.0.1", port, 0);
	close(fd);
	return good;
}

static int connection(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (socket_connect(fd, "127.0.0.1", port, RAW))
		bail_out("connect");
	return fd;
}

static void accepted(void)
{
	int listener, port, clients[CLIENTS], servers[CLIENTS], copy;

	block = mode_block(TCP, COUNT);
	listener = member_bound(&block);
	port = port_of(listener);
	if (listen(listener, CLIENTS))
		bail_out("listen");
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = connection(port);
		servers[i] = i % 2 ? accept(listener, NULL, NULL)
				   : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ok(port_of(servers[i]) == port, "an accepted socket is on the listener's port");
	}
	copy = dup(servers[0]);
	close(copy);
	close(servers[0]);
	ok(kept(port), "an accepted socket closes: the port is in use");
	/* these clients go first: no TIME_WAIT on the server's side */
	for (int i = 1; i < CLIENTS; i++) {
		socket_reset_at_close(clients[i], 0);
		close(clients[i]);
		close(servers[i]);
	}
	ok(kept(port), "all of them have closed, and the listener is there");
	servers[1] = socket_open(TCP, "127.0.0.1", 0);
	close(servers[1]);
	ok(kept(port), "their numbers are used by others");
	socket_reset_at_close(clients[0], 0);
	close(clients[0]);

	clients[0] = connection(port);
	servers[0] = accept(listener, NULL, NULL);
	close(listener);
	ok(kept(port), "the listener has closed, and a connection is there");
	socket_reset_at_close(clients[0], 0);
	close(clients[0]);
	close(servers[0]);
	ok(given_again(port), "the last has closed: the port can be had");
	close(block.fd);
}

/* A group on one port: each has asked to share. */
static void group(int type)
{
	int fds[3], port, stranger_fd;

	block = mode_block(type, COUNT);
	fds[0] = member(&block);
	option_set(fds[0], SOL_SOCKET, SO_REUSEPORT, 1, 0);
	if (socket_bind(fds[0], "127.0.0.1", 0, 0))
		bail_out("bind");
	port = port_of(fds[0]);
	for (int i = 1; i < 3; i++) {
		fds[i] = member(&block);
		option_set(fds[i], SOL_SOCKET, SO_REUSEPORT, 1, 0);
		ok(!socket_bind(fds[i], "127.0.0.1", port, 0), "%s: socket %d of a group",
		   type_name(type), i + 1);
	}
	for (int i = 0; i < 3; i++)
		ok(option_get(fds[i], SOL_SOCKET, SO_REUSEPORT) == 1 &&
			   (type == UDP || !listen(fds[i], 1)),
		   "%s: it has the option still, and serves", type_name(type));
	ok(kept(port), "%s: who does not share does not get the port", type_name(type));
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		ok(kept(port), "%s: %d of three have closed", type_name(type), i + 1);
	}
	stranger_fd = bound(type, "127.0.0.1", port, RAW);
	ok(stranger_fd < 0 && errno == EADDRINUSE, "%s: a stranger, neither", type_name(type));
	close(fds[2]);
	ok(given_again(port), "%s: the last of them has closed", type_name(type));
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	accepted();
	group(TCP);
	group(UDP);
	return modes_end(argv);
}
