/* SPDX-License-Identifier: MIT */
/* What a program does with a reservation that it shares with others: it is stopped in it. */
#ifndef TESTS_PITFALLS_WORK_H
#define TESTS_PITFALLS_WORK_H

#include "step.h"

struct scene {
	struct block block; /* shared by fork */
	int server;	    /* a stranger's listener */
	int other;	    /* the first port of a block of two that may be acquired */
};

static void work_draw(void *context)
{
	const struct scene *scene = context;

	close(drawn(&scene->block, "127.0.0.1", 0, 0));
}

static void work_explicit(void *context)
{
	const struct scene *scene = context;
	int fd = drawn(&scene->block, "127.0.0.1", scene->block.start + 1, REUSEADDR);

	listen(fd, 1);
	close(fd);
}

static void work_listen(void *context)
{
	const struct scene *scene = context;
	int fd = tied(&scene->block, "0.0.0.0", 0);

	listen(fd, 1);
	close(fd);
}

/* TCP connects, UDP sends. No connection outlives the process, or waits for an accept(). */
static void work_connect(void *context)
{
	const struct scene *scene = context;
	int fd = tied(&scene->block, "127.0.0.1", 0);
	union address address;
	socklen_t length = address_make(&address, "127.0.0.1", port_of(scene->server));

	socket_reset_at_close(fd, 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (scene->block.type == UDP)
		sendto(fd, "x", 1, 0, &address.any, length);
	else
		connect(fd, &address.any, length);
	close(fd);
}

/* Any block; then a certain one, which is released before its socket closes. */
static void work_acquire(void *context)
{
	const struct scene *scene = context;
	struct block block = try_reserve(scene->block.type, 0, 2);

	close(block.fd);
	block = try_reserve(scene->block.type, scene->other, 2);
	if (block.fd >= 0)
		release(block.fd, block.token);
	close(block.fd);
}

struct work {
	const char *name;
	void (*run)(void *);
};

static const struct work works[] = {
	{"bind to port 0", work_draw},	       {"bind to a port of the block", work_explicit},
	{"listen without bind", work_listen},  {"connect or send", work_connect},
	{"acquire and release", work_acquire},
};

enum { WORKS = sizeof works / sizeof *works };

/* How many points a work has at most: entries and exits of system calls. */
HELPER int work_points(const struct work *work, struct scene *scene)
{
	pid_t pid = step_start(work_draw, work->run, scene);
	int points = (int)step_count_calls(pid) * 2;

	step_kill(pid);
	return points;
}

/* The process stands in the middle of the work, or has done it. */
HELPER pid_t work_stop(const struct work *work, struct scene *scene, int point)
{
	pid_t pid = step_start(work_draw, work->run, scene);

	step_to(pid, point);
	return pid;
}

/* Draws all there is; how many different ports of the block it were, -1: something is odd. */
HELPER int draw_all(const struct block *block)
{
	int fds[64], count = 0, odd = 0;
	uint64_t seen = 0;

	while (count < 64 && (fds[count] = drawn(block, "127.0.0.1", 0, 0)) >= 0) {
		int port = port_of(fds[count++]) - block->start;

		odd |= port < 0 || port >= block->count || (seen >> port & 1);
		seen |= UINT64_C(1) << (port & 63);
	}
	odd |= count < 64 && errno != EADDRINUSE;
	for (int i = 0; i < count; i++)
		close(fds[i]);
	return odd ? -1 : count;
}

/* used: all ports have been used before, which are other ways through the library. */
HELPER struct scene scene_make(int type, int count, int used)
{
	struct scene scene = {.block = reserve(type, count)};
	struct block other = reserve(type, 2);

	scene.other = other.start;
	close(other.fd);
	scene.server =
		type == TCP ? listening("127.0.0.1", 0, RAW) : bound(UDP, "127.0.0.1", 0, RAW);
	if (used && draw_all(&scene.block) != count)
		bail_out("drawing all ports of a new block");
	return scene;
}

HELPER void scene_end(struct scene *scene)
{
	socket_close(scene->server, RAW);
	close(scene->block.fd);
}

#endif
