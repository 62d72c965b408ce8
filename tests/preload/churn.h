/* SPDX-License-Identifier: MIT */
/*
 * The books of churn.c: which sockets there are, how many copies each has, which port
 * is whose. Many threads keep them at once; where they are wrong, or what a call says
 * is in no manual, the test fails. And what is looked at when all is over.
 */
#ifndef TESTS_PRELOAD_CHURN_H
#define TESTS_PRELOAD_CHURN_H

#include "process.h"
#include <stdatomic.h>

enum { THREADS = 16, PLACES = 96, PORTS = 65536, BLOCK_MOST = 6 };

/* A socket and its copies: the port is its own until the last of them closes. */
struct thing {
	_Atomic int copies;
	_Atomic uint64_t cookie;
	_Atomic int type, port;
};

/* A place has a descriptor; who takes that out is the only one to close it. */
enum { EMPTY = -1, TAKEN = -2 };

static struct place {
	_Atomic int fd;
	_Atomic(struct thing *) thing;
} places[PLACES];

static struct thing things[2 * PLACES];
static _Atomic int owners[2][PORTS]; /* of each port: one socket at most */
static _Atomic unsigned char seen[2][PORTS];
static _Atomic uint64_t tokens[2][16];
static _Atomic int starts[2][16]; /* of their blocks, or of the next one's there */
static _Atomic long made[8];
static _Atomic int wrong;
static unsigned base_seed;

enum { ACQUIRED, BOUND, REFUSED, CLOSED, COPIED, FORKED, RELEASED, HANDLED };

struct random {
	uint64_t state;
};

static unsigned roll(struct random *random, unsigned sides)
{
	random->state = random->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random->state >> 33) % sides;
}

/* Says what no manual knows, the first few times. */
__attribute__((format(printf, 2, 3))) static void complain(int error, const char *format, ...)
{
	char text[200];
	va_list arguments;

	if (atomic_fetch_add(&wrong, 1) >= 10)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	diag("%s: %s", text, error ? strerrorname_np(error) : "");
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);
	return cookie;
}

/* Nobody but us may have closed it and put something else there. */
static void check_own(int fd, const struct thing *thing, const char *when)
{
	uint64_t cookie = cookie_of(fd);

	if (cookie != thing->cookie)
		complain(0, "descriptor %d is another one %s (cookie %llu, was %llu)", fd, when,
			 (unsigned long long)cookie, (unsigned long long)thing->cookie);
}

static struct thing *thing_new(int fd, int type)
{
	for (unsigned i = 0; i < 2 * PLACES; i++) {
		int none = 0;

		if (!atomic_compare_exchange_strong(&things[i].copies, &none, 1))
			continue;
		things[i].cookie = cookie_of(fd);
		things[i].type = type;
		things[i].port = 0;
		return &things[i];
	}
	return NULL;
}

/* One copy less; before the descriptor is closed. */
static void thing_drop(struct thing *thing)
{
	int udp = thing->type == UDP, port = thing->port;

	if (atomic_fetch_sub(&thing->copies, 1) == 1 && port)
		atomic_fetch_sub(&owners[udp][port], 1);
}

static void thing_owns(struct thing *thing, int fd)
{
	int port = port_of(fd), udp = thing->type == UDP;

	if (atomic_fetch_add(&owners[udp][port], 1))
		complain(0, "two sockets on %s port %d", type_name(thing->type), port);
	thing->port = port;
}

static void close_somehow(struct random *random, int fd)
{
	FILE *file;

	switch (roll(random, 6)) {
	case 0:
		close_range((unsigned)fd, (unsigned)fd, 0);
		break;
	case 1: /* by its stream */
		file = fdopen(fd, "r+");
		if (file && !fclose(file))
			break;
		complain(errno, "fclose");
		break;
	case 2: /* unseen */
		syscall(SYS_close, fd);
		break;
	case 3: /* something else comes onto its number */
		if (dup2(STDIN_FILENO, fd) != fd)
			complain(errno, "dup2 onto an own descriptor");
		close(fd);
		break;
	default:
		if (close(fd))
			complain(errno, "close of an own descriptor");
	}
	atomic_fetch_add(&made[CLOSED], 1);
}

/* Puts a descriptor into a place; what was there is closed. */
static void place_put(struct random *random, struct place *place, int fd, struct thing *thing)
{
	struct thing *before;
	int old = atomic_exchange(&place->fd, TAKEN); /* nobody else may come in between */

	while (old == TAKEN) {
		sched_yield();
		old = atomic_exchange(&place->fd, TAKEN);
	}
	before = atomic_exchange(&place->thing, thing);
	atomic_store(&place->fd, fd);
	if (old < 0)
		return;
	check_own(old, before, "when it is closed");
	thing_drop(before);
	close_somehow(random, old);
}

/* Takes one out of its place, for this thread alone, which puts TAKEN right again. */
static int place_take(struct place *place, struct thing **thing)
{
	int fd = atomic_exchange(&place->fd, TAKEN);

	if (fd == TAKEN)
		return EMPTY; /* another is at it */
	*thing = place->thing;
	if (fd == EMPTY)
		atomic_store(&place->fd, EMPTY);
	return fd;
}

static struct place *any_place(struct random *random)
{
	return &places[roll(random, PLACES)];
}

/* kB of memory of our own, and how many mappings. */
static long memory_used(int *mappings)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long used = -1;

	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "RssAnon: %ld", &used) == 1)
			break;
	if (file)
		fclose(file);
	*mappings = 0;
	file = fopen("/proc/self/maps", "re");
	while (file && fgets(line, sizeof line, file))
		(*mappings)++;
	if (file)
		fclose(file);
	return used;
}

/* Which of the first 2,000 descriptors are open, asked without the library. */
static int open_descriptors(unsigned char *open, int size)
{
	int count = 0;

	for (int fd = 0; fd < size; fd++)
		count += open[fd] = syscall(SYS_fcntl, fd, F_GETFD) >= 0;
	return count;
}

/* Ports of all blocks there were that a stranger cannot have now; those that he could
 * have once are not asked for again. */
static int ports_left(void)
{
	int left = 0;

	for (int i = 0; i < 2 * PORTS; i++) {
		_Atomic unsigned char *of_a_block = &seen[i / PORTS][i % PORTS];

		if (*of_a_block && stranger(i / PORTS ? UDP : TCP, everywhere(), i % PORTS, 0))
			left++;
		else
			*of_a_block = 0;
	}
	return left;
}

static int nothing_left(void)
{
	int left;

	/* a holder notices the end of its reservation some milliseconds later */
	if (!comes_true(!(left = ports_left())))
		diag("%d ports are left", left);
	return !left;
}

/* As many reservations as a process can have here, up to what the pool has room for. */
static int room_for(int wanted)
{
	int fd = socket_open(TCP, "127.0.0.1", 0), count = 0;
	instance result;

	while (count < wanted && !acquire(fd, 0, 1, &result))
		count++;
	if (count < wanted)
		diag("number %d: %s", count, strerrorname_np(errno));
	close(fd);
	return count;
}

/* What is left behind, as another process sees it; not only this one's memory. */
static int judge(int wanted)
{
	struct peer child = peer_start();

	if (!child.pid) {
		alarm(100);
		_exit(nothing_left() && room_for(wanted) == wanted ? 0 : 1);
	}
	return peer_end(&child) == 0;
}

#endif
