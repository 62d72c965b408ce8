/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tool/message.h"
#include "tool/name.h"
#include "tool/request.h"

/* How often a block is asked for again: at first soon, then in peace. */
#define RETRY_FIRST_MS 10
#define RETRY_LAST_MS  250

__attribute__((noreturn)) static void fail_to_reserve(const struct acquire_request *request,
						      int error)
{
	char block[64];

	if (request->first)
		snprintf(block, sizeof block, "ports %u-%u", request->first,
			 request->first + request->count - 1U);
	else
		snprintf(block, sizeof block, "a block of %u ports", request->count);
	switch (error) {
	case -EADDRINUSE:
		if (request->first)
			fail("%s cannot be reserved: one of them is in use or reserved; end what "
			     "uses it (see portres explain), choose others, or wait with --wait",
			     block);
		fail("%s cannot be reserved: none is free; ask for fewer, set PORTRES_RANGE, or "
		     "wait with --wait",
		     block);
	case -EACCES:
		fail("%s cannot be reserved: ports below net.ipv4.ip_unprivileged_port_start need "
		     "CAP_NET_BIND_SERVICE; choose higher ones",
		     block);
	case -EOPNOTSUPP:
		fail("%s cannot be reserved: the kernel lacks the means (SO_BINDTOIFINDEX for "
		     "everybody, Linux 5.7) or portres-hold is missing; use a newer kernel, or "
		     "install again",
		     block);
	case -EMFILE:
		fail("%s cannot be reserved: out of descriptors; raise ulimit -n or ask for fewer",
		     block);
	default:
		fail("%s cannot be reserved: %s; ask for fewer or try again", block,
		     strerror(-error));
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct reservation request_reserve(struct request *request, struct pool *pool, int *anchor)
{
	struct reservation reservation;
	double end = now() + request->wait;
	long pause = RETRY_FIRST_MS;
	int error;

	for (;;) {
		error = reservation_acquire(pool, &request->acquire, &reservation, anchor);
		if (!error)
			break;
		if ((error == -EADDRINUSE || error == -EACCES) && name_give_way(request, pool))
			continue;
		if (error != -EADDRINUSE || now() >= end)
			fail_to_reserve(&request->acquire, error);
		nanosleep(&(struct timespec){.tv_nsec = pause * 1000000}, NULL);
		pause = pause * 2 < RETRY_LAST_MS ? pause * 2 : RETRY_LAST_MS;
	}
	name_remember(request, &reservation.block);
	return reservation;
}
