/* SPDX-License-Identifier: MIT */
/* Checks whether this process is in a reservation, and is served. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/here.h"
#include "core/run.h"
#include "guard/guard.h"
#include "inspect/checks.h"
#include "portres.h"

/*
 * All calls here are libc's and may meet the hooks, as those of every program do. An
 * acquiring of no ports is refused in two ways.
 */
static bool library_here(void)
{
	INET_PORT_RESERVATION_INSTANCE none = {.NumberOfPorts = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool here;

	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	here = fd >= 0 && ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &none) && errno == EINVAL;
	if (fd >= 0)
		close(fd);
	return here;
}

/* The port that a bind to port 0 gets, or -errno. */
static int port_draw(enum protocol protocol)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6};
	socklen_t length = sizeof any;
	int type = protocol == PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), port;
	struct sockaddr *address = (struct sockaddr *)&any;

	if (fd < 0 && errno == EAFNOSUPPORT) {
		fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
		address = (struct sockaddr *)&any6;
		length = sizeof any6;
	}
	if (fd < 0)
		return -errno;
	if (bind(fd, address, length) || getsockname(fd, address, &length))
		port = -errno;
	else
		port = ntohs(address->sa_family == AF_INET ? any.sin_port : any6.sin6_port);
	close(fd);
	return port;
}

#define AGAIN "start this process's tree anew under portres-run"

static struct finding serving_check(const struct run *run, const struct block *block)
{
	static const char *const names[] = {[PROTOCOL_TCP] = "TCP", [PROTOCOL_UDP] = "UDP"};
	const unsigned int last = block->first + block->count - 1U;
	int protocol, port;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		if (!(run->protocols & PROTOCOL_BIT(protocol)))
			continue;
		port = port_draw((enum protocol)protocol);
		if (port > 0 && block_contains(block, (uint16_t)port))
			continue;
		if (port == -EADDRINUSE || (port > 0 && run->full_pass))
			return remedied(found_bad(VERDICT_WARNING,
						  "inside %u-%u, and all its %s ports are in use",
						  block->first, last, names[protocol]),
					"reserve more (portres-run -n)");
		if (port > 0)
			return remedied(
				found_bad(VERDICT_FAILS,
					  "inside %u-%u, and a %s bind got port %d from elsewhere",
					  block->first, last, names[protocol], port),
				AGAIN);
		return remedied(found_bad(VERDICT_FAILS, "inside %u-%u, and a %s bind failed: %s",
					  block->first, last, names[protocol], strerror(-port)),
				"PORTRES_DEBUG=1 says why");
	}
	return found_ok("inside %u-%u, the anchor is open, and bind got ports of it", block->first,
			last);
}

/* error: why there is no pool. */
static struct finding run_check(const struct run *run, struct pool *pool, int error)
{
	struct reservation reservation;

	if (!run->token)
		return remedied(found_bad(VERDICT_FAILS,
					  "the one that was asked for could not be had: %s; binds "
					  "fail with that",
					  strerror(run->error)),
				"start it again, with PORTRES_DEBUG=1 to see why");
	if (run->netns && run->netns != guard_netns())
		return found_ok(
			"inside one of another network namespace, which leaves binds here alone");
	if (error)
		return remedied(found_bad(VERDICT_FAILS,
					  "inside one whose pool cannot be opened: %s",
					  strerror(-error)),
				"give the tree the same user and PORTRES_DIR throughout");
	if (!reservation_find(pool, run->token, &reservation))
		return remedied(
			found_bad(VERDICT_FAILS, "inside one that has ended, or that this pool "
						 "does not know: binds to port 0 fail"),
			"give the tree the same user and PORTRES_DIR throughout, or " AGAIN);
	if (!reservation_anchored(&reservation, run->anchor))
		return remedied(
			found_bad(VERDICT_FAILS,
				  "inside %u-%u, and the anchor, descriptor %d, is not open "
				  "any more: binds to port 0 fail",
				  reservation.block.first,
				  reservation.block.first + reservation.block.count - 1U,
				  run->anchor),
			"see which program of the tree closes all descriptors by raw system "
			"calls");
	return serving_check(run, &reservation.block);
}

struct finding reservation_check(void)
{
	const char *value = secure_getenv("PORTRES_RESERVATION");
	struct run runs[RUNS_MAX];
	unsigned int count, i;
	struct finding finding, worst = {.verdict = VERDICT_OK};
	struct pool *pool = NULL;
	int error;

	if (!value || !*value)
		return found_ok("this process is inside none");
	count = run_parse(value, runs);
	if (!count)
		return remedied(
			found_bad(VERDICT_FAILS, "PORTRES_RESERVATION is damaged: binds fail"),
			"unset it, or " AGAIN);
	if (!library_here())
		return remedied(found_bad(VERDICT_FAILS,
					  "PORTRES_RESERVATION is set, and the library is "
					  "not in this process: binds get ports from "
					  "elsewhere"),
				"see what took it out of LD_PRELOAD, or " AGAIN);
	error = pool_here(&pool, false);
	for (i = 0; i < count; i++) {
		finding = run_check(&runs[i], pool, error);
		if (!i || finding.verdict > worst.verdict)
			worst = finding;
	}
	if (!error)
		pool_close(pool);
	return worst;
}

/* The library takes it out of the environment when it acts on it. */
struct finding reserve_check(void)
{
	const char *value = secure_getenv("PORTRES_RESERVE");
	struct acquire_request requests[RUNS_MAX];

	if (!value || !*value)
		return found_ok("PORTRES_RESERVE is not set");
	if (run_requests_parse(value, requests) < 0)
		return remedied(
			found_bad(VERDICT_FAILS,
				  "PORTRES_RESERVE is %s, which makes no sense: under the library "
				  "binds fail",
				  value),
			"give tcp:COUNT, udp:COUNT or tcp:FIRST-LAST, up to eight with commas");
	return remedied(found_bad(VERDICT_WARNING,
				  "PORTRES_RESERVE is set, and the library is not in this process: "
				  "nothing is reserved"),
			"set LD_PRELOAD, too, or use portres-run");
}
