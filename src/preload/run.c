/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard/anchor.h"
#include "preload/debug.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/pools.h"
#include "preload/run.h"
#include "preload/settings.h"
#include "real/netns.h"

#define VARIABLE "PORTRES_RESERVATION="

/* A program that has all numbers below the top may have left some above. */
#define ABOVE 64

static struct run runs[RUNS_MAX];
/* Where the anchors are now: a program may have wanted their numbers. */
static _Atomic int anchors[RUNS_MAX];
/* Their SO_COOKIEs, once they were asked for. */
static _Atomic uint64_t cookies[RUNS_MAX];
/* Which of them were checked: 1 is there, -1 lost. */
static _Atomic int checked[RUNS_MAX];
static unsigned int count;

static void run_note(void)
{
	unsigned int i, states = STATE_RUN;

	for (i = 0; i < count; i++) {
		atomic_store(&anchors[i], runs[i].anchor);
		if (runs[i].connect)
			states |= STATE_CONNECT;
	}
	if (count)
		hook_state_add(states);
}

static void reserve_one(const struct acquire_request *request, struct run *run)
{
	struct reservation reservation;
	struct pool *pool = NULL;
	int fd, error = -EINVAL;

	*run = (struct run){.anchor = -1, .protocols = request->protocols};
	fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		error = -errno;
	} else {
		if (request->first || !settings.range_bad)
			error = pools_get(netns_of(fd), true, &pool);
		real_close(fd);
	}
	if (!error)
		error = reservation_acquire(pool, request, &reservation, &run->anchor);
	if (error)
		run->error = -error;
	else
		*run = (struct run){.token = reservation.token,
				    .anchor = run->anchor,
				    .netns = pool->netns,
				    .protocols = request->protocols};
	if (!error)
		debug_ports("PORTRES_RESERVE: reserved", reservation.block.first,
			    reservation.block.count);
	debug_error("PORTRES_RESERVE", error);
}

/*
 * The children see what this program has, not what it was asked: our variable takes
 * the place of PORTRES_RESERVE. No setenv: it allocates, and that may be before
 * the program's allocator is ready.
 */
static void environment_replace(void)
{
	static char buffer[1024] = VARIABLE;
	struct text text = {.buffer = buffer, .size = sizeof buffer, .length = strlen(VARIABLE)};
	char **variable;

	run_format(&text, runs, count);
	for (variable = environ; variable && *variable; variable++)
		if (!strncmp(*variable, "PORTRES_RESERVE=", strlen("PORTRES_RESERVE=")))
			*variable = buffer;
}

/* Nobody knows which ports were meant: no bind is let through. */
static void refuse_all(void)
{
	runs[0] = (struct run){.anchor = -1, .protocols = 3, .error = EINVAL};
	count = 1;
}

static void reserve(const char *wanted)
{
	struct acquire_request requests[RUNS_MAX];
	int parsed = run_requests_parse(wanted, requests), i;

	if (parsed < 0) {
		debug_say("PORTRES_RESERVE is not PROTOCOL:COUNT or PROTOCOL:FIRST-LAST, as in "
			  "tcp:20,udp:5000-5019: ",
			  wanted, NULL);
		refuse_all();
	} else {
		for (i = 0; i < parsed; i++) {
			requests[i].range = settings.range;
			reserve_one(&requests[i], &runs[i]);
		}
		count = (unsigned int)parsed;
	}
	environment_replace();
}

void run_start(void)
{
	const char *inherited = secure_getenv("PORTRES_RESERVATION");
	const char *wanted = secure_getenv("PORTRES_RESERVE");

	if (inherited && *inherited) {
		count = run_parse(inherited, runs);
		if (!count) {
			debug_say("PORTRES_RESERVATION is damaged: ", inherited, NULL);
			refuse_all();
		}
	} else if (wanted && *wanted) {
		reserve(wanted);
	} else {
		return; /* most programs: not even a page of ours is read */
	}
	run_note();
}

unsigned int run_count(void)
{
	return count;
}

const struct run *run_get(unsigned int nth)
{
	return &runs[nth];
}

/* Where its number says, or where a parent without our memory moved it. */
static bool anchor_find(unsigned int nth, const struct reservation *reservation)
{
	int fd = atomic_load(&anchors[nth]);

	if (reservation_anchored(reservation, fd))
		return true;
	for (fd = anchor_top() + ABOVE; fd > STDERR_FILENO; fd--) {
		if (reservation_anchored(reservation, fd)) {
			atomic_store(&anchors[nth], fd);
			return true;
		}
	}
	return false;
}

/* Once a process: whether we hold its anchor, and so are part of it. */
static bool anchor_checked(unsigned int nth, const struct reservation *reservation)
{
	int state = atomic_load_explicit(&checked[nth], memory_order_relaxed);

	if (!state) {
		state = anchor_find(nth, reservation) ? 1 : -1;
		if (fdtable_is_ours())
			atomic_store(&checked[nth], state);
		if (state < 0)
			debug_say("the run reservation's anchor was closed in this process", NULL);
	}
	return state > 0;
}

int run_find(unsigned int nth, uint64_t netns, struct reservation *reservation, int *anchor)
{
	struct pool *pool;
	int error;

	if (runs[nth].netns && runs[nth].netns != netns)
		return -ENOENT;
	error = pools_get(netns, false, &pool);
	if (error) {
		debug_error("the run reservation's pool cannot be seen from here", error);
		return -EADDRNOTAVAIL;
	}
	if (!reservation_find(pool, runs[nth].token, reservation) ||
	    !anchor_checked(nth, reservation))
		return -EADDRNOTAVAIL;
	*anchor = atomic_load(&anchors[nth]);
	return 0;
}

int run_find_token(uint64_t token, uint64_t netns, struct reservation *reservation, int *anchor)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (runs[i].token == token)
			return run_find(i, netns, reservation, anchor);
	return -ENOENT;
}

int run_anchor_number(unsigned int nth)
{
	return atomic_load_explicit(&anchors[nth], memory_order_relaxed);
}

/* Whether it is still the anchor that has this number. */
static bool anchor_known(unsigned int nth, int fd)
{
	uint64_t known = atomic_load_explicit(&cookies[nth], memory_order_relaxed);
	struct reservation reservation;
	struct pool *pool;

	if (known)
		return known == real_cookie(fd);
	if (pools_get(netns_of(fd), false, &pool) ||
	    !reservation_find(pool, runs[nth].token, &reservation) ||
	    !reservation_anchored(&reservation, fd))
		return false;
	/* Also in a vfork child: it is the same for its parent. */
	atomic_store_explicit(&cookies[nth], real_cookie(fd), memory_order_relaxed);
	return true;
}

bool run_is_anchor(int fd)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (fd == run_anchor_number(i))
			return fd >= 0 && anchor_known(i, fd);
	return false;
}

bool run_has_anchor(uint64_t cookie)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (atomic_load_explicit(&cookies[i], memory_order_relaxed) == cookie)
			return true;
	return false;
}

bool run_anchor_found(uint64_t token, int fd)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (runs[i].token == token) {
			atomic_store(&anchors[i], fd);
			return true;
		}
	}
	return false;
}

void run_move_anchor(int fd)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		int copy;

		if (fd != atomic_load(&anchors[i]))
			continue;
		copy = anchor_copy(fd, true);
		if (copy >= 0 && fdtable_is_ours())
			atomic_store(&anchors[i], copy);
		else if (copy >= 0)
			hook_state_add(STATE_MOVED);
	}
}
