/* SPDX-License-Identifier: MIT */
/*
 * The kernel looks at the port last: a bind to a port in use that is wrong in another way
 * gets the other error. A library that looks at the port first answers EADDRINUSE, and
 * one that switches options on around its attempt may leave them on.
 */
#include "modes.h"

enum { COUNT = 4 };

static struct block block;
static int port; /* in use */

/* text: the address; own: that of the socket's family. */
struct refusal {
	const char *what, *own, *text;
	int flags, error;
};

static const struct refusal refusals[] = {
	{"a port in use", "0.0.0.0", "127.0.0.1", 0, EADDRINUSE},
	{"an address that is not ours", "0.0.0.0", "192.0.2.1", 0, EADDRNOTAVAIL},
	{"an IPv6 address that is not ours", "::", "2001:db8::1", 0, EADDRNOTAVAIL},
	{"an IPv6 address on an IPv4 socket", "0.0.0.0", "::1", 0, EAFNOSUPPORT},
	{"an IPv4 address on an IPv6 socket", "::", "127.0.0.1", 0, EINVAL},
	{"a mapped address with IPV6_V6ONLY", "::", "::ffff:127.0.0.1", V6ONLY, EINVAL},
};

static int tied_member(const struct refusal *refusal, int options)
{
	int fd = socket_open(block.type, refusal->own, refusal->flags | options);

	if (mode == PRELOADED && associate(fd, block.token))
		bail_out("ASSOCIATE");
	return fd;
}

/* How many of the combinations of SO_REUSEADDR and SO_REUSEPORT are off afterwards. */
static int options_changed(int fd, int options)
{
	return option_get(fd, SOL_SOCKET, SO_REUSEADDR) != !!(options & REUSEADDR) ||
	       option_get(fd, SOL_SOCKET, SO_REUSEPORT) != !!(options & REUSEPORT);
}

static void refused(const struct refusal *refusal)
{
	int good = 0, kept = 0, options, error, fd;

	for (options = 0; options <= (REUSEADDR | REUSEPORT); options++) {
		fd = tied_member(refusal, options);
		error = socket_bind(fd, refusal->text, port, 0) ? errno : 0;
		good += error == refusal->error && port_of(fd) == 0;
		if (error != refusal->error)
			diag("options %d: %s", options, strerrorname_np(error));
		kept += !options_changed(fd, options);
		close(fd);
	}
	ok(good == 4, "%s, %s: %s", type_name(block.type), refusal->what,
	   strerrorname_np(refusal->error));
	ok(kept == 4, "%s, %s: the options stay", type_name(block.type), refusal->what);
}

static void bound_already(void)
{
	const struct refusal *plain = &refusals[0];
	int good = 0, kept = 0, options, fd;

	for (options = 0; options <= (REUSEADDR | REUSEPORT); options++) {
		fd = tied_member(plain, options);
		if (socket_bind(fd, "127.0.0.1", 0, 0))
			bail_out("bind");
		good += socket_bind(fd, "127.0.0.1", port, 0) == -1 && errno == EINVAL;
		kept += !options_changed(fd, options) && belongs(&block, port_of(fd));
		close(fd);
	}
	ok(good == 4, "%s, a socket that is bound: EINVAL", type_name(block.type));
	ok(kept == 4, "%s, a socket that is bound: it stays what it was", type_name(block.type));
}

static int any_address_is_ours(void)
{
	int fd = bound(UDP, "192.0.2.1", 0, RAW);

	socket_close(fd, RAW);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	for (int type = TCP; type <= UDP; type++) {
		int user;

		block = mode_block(type, COUNT);
		user = member(&block);
		if (socket_bind(user, "0.0.0.0", 0, 0) || !belongs(&block, port_of(user)))
			bail_out("bind to port 0");
		/* nothing but SO_REUSEADDR on both would let UDP sockets share it */
		port = port_of(user);
		for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
			if (refusals[i].error == EADDRNOTAVAIL && any_address_is_ours())
				skip(refusals[i].what, "every address may be bound here");
			else if (family_of(refusals[i].own) == AF_INET6 && !ipv6_works())
				skip(refusals[i].what, "no IPv6");
			else
				refused(&refusals[i]);
		}
		bound_already();
		close(user);
		close(block.fd);
	}
	return modes_end(argv);
}
