/* SPDX-License-Identifier: MIT */
/* Checks that guards do what they are for, and that the holder keeps them. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "guard/guard.h"
#include "guard/held.h"
#include "guard/index.h"
#include "inspect/checks.h"
#include "inspect/library.h"
#include "real/real.h"

/* The kernel names a free port, and others may take it before we do. */
#define TRIES 20

static const char *const protocol_names[] = {[PROTOCOL_TCP] = "TCP", [PROTOCOL_UDP] = "UDP"};

/* A port that is free now, or -errno. */
static int port_find(enum protocol protocol)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	bool ipv6;
	int fd = wildcard_socket(protocol, &ipv6), error;

	if (fd < 0)
		return fd;
	error = wildcard_bind(fd, ipv6, 0);
	if (!error && real_getsockname(fd, (struct sockaddr *)&address, &length))
		error = -errno;
	close(fd);
	/* It is at the same place in both families. */
	return error ? error : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* A guard on any port, which goes to *port; its descriptor or -errno. */
static int guard_anywhere(enum protocol protocol, int *port)
{
	int fd = -EADDRINUSE, tries;

	for (tries = 0; tries < TRIES && fd == -EADDRINUSE; tries++) {
		*port = port_find(protocol);
		fd = *port < 0 ? *port : guard_place(protocol, (uint16_t)*port, false);
	}
	return fd;
}

/* What a bind to this port says to a program that has nothing to do with us: 0 or -errno. */
static int stranger_bind(int family, enum protocol protocol, int port, bool reuse)
{
	int fd = protocol_socket(family, protocol), error;

	if (fd < 0)
		return fd;
	real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	if (family == AF_INET6)
		real_option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	error = wildcard_bind(fd, family == AF_INET6, (uint16_t)port);
	close(fd);
	return error;
}

/* Whether strangers are kept out: 0; -EADDRINUSE: one got the port; or another -errno. */
static int strangers_try(enum protocol protocol, int port)
{
	static const int families[] = {AF_INET, AF_INET6};
	int reuse, error;
	size_t i;

	for (i = 0; i < sizeof families / sizeof families[0]; i++) {
		for (reuse = 0; reuse <= 1; reuse++) {
			error = stranger_bind(families[i], protocol, port, reuse);
			if (error != -EADDRINUSE && error != -EAFNOSUPPORT)
				return error ? error : -EADDRINUSE;
		}
	}
	return 0;
}

static struct finding protocol_check(enum protocol protocol)
{
	const char *name = protocol_names[protocol];
	int port, fd = guard_anywhere(protocol, &port), error;

	if (fd < 0)
		return remedied(found_bad(VERDICT_FAILS, "no guard can be placed on a %s port: %s",
					  name, strerror(-fd)),
				"%s",
				remedy_of(-fd,
					  "see what else is not ok; without guards nothing can be "
					  "reserved"));
	error = strangers_try(protocol, port);
	close(fd);
	if (error == -EADDRINUSE)
		return remedied(found_bad(VERDICT_FAILS,
					  "a guard on %s port %d did not keep a bind out", name,
					  port),
				"this kernel or sandbox does not do what Linux does; use Linux");
	if (error)
		return remedied(found_bad(VERDICT_FAILS,
					  "no bind to a guarded %s port can be tried: %s", name,
					  strerror(-error)),
				"%s", remedy_of(-error, "see what else is not ok"));
	return found_ok("placed on a TCP and a UDP port, each kept binds out");
}

struct finding guard_check(void)
{
	struct finding finding = protocol_check(PROTOCOL_TCP);

	return finding.verdict == VERDICT_OK ? protocol_check(PROTOCOL_UDP) : finding;
}

/* The holder takes a guard into its care. 0 or -errno. */
static int holder_try(void)
{
	struct block block = {.count = 1, .protocols = PROTOCOL_BIT(PROTOCOL_TCP)};
	uint16_t failed;
	int fd = held_open(), error = -EADDRINUSE, tries, port;

	if (fd < 0)
		return fd;
	for (tries = 0; tries < TRIES && error == -EADDRINUSE; tries++) {
		port = port_find(PROTOCOL_TCP);
		block.first = (uint16_t)port;
		error = port < 0 ? port : held_fill(fd, &block, GUARD_ALL, &failed);
	}
	if (!error && !guard_present(PROTOCOL_TCP, block.first))
		error = -ENOENT;
	if (!error)
		held_release(fd);
	close(fd);
	return error;
}

struct finding holder_check(void)
{
	struct installation installation;
	int error;

	installation_find(&installation);
	if (access(installation.holder, X_OK))
		return remedied(
			found_bad(VERDICT_FAILS,
				  "%s: %s; blocks of more ports than may be parked cannot be "
				  "had",
				  installation.holder, strerror(errno)),
			"build or install libportres again");
	error = holder_try();
	if (error)
		return remedied(found_bad(VERDICT_FAILS, "%s does not keep a guard: %s",
					  installation.holder, strerror(-error)),
				"%s",
				remedy_of(-error, "see what else is not ok, or install libportres "
						  "again"));
	return found_ok("%s kept a guard", installation.holder);
}
