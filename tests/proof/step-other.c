/* SPDX-License-Identifier: MIT */
/* The process that must get on while a worker stands still. */
#include "step.h"
#include <sys/ptrace.h>
#include <sys/resource.h>

/* Far from the block of the case. */
#define ELSEWHERE 100

static void other_fails(struct scene *scene, const char *what)
{
	snprintf(scene->why, sizeof scene->why, "the other: %s: %s", what, strerrorname_np(errno));
	trace_stop();
	_exit(1);
}

/* All operations, on a reservation of its own. */
static void go_elsewhere(struct scene *scene)
{
	struct block block = try_reserve(scene->type, scene->start + ELSEWHERE, COUNT);
	int drawn_fd, numbered, port;

	if (block.fd < 0)
		other_fails(scene, "acquire elsewhere");
	drawn_fd = drawn(&block, "0.0.0.0", 0, 0);
	if (drawn_fd < 0)
		other_fails(scene, "bind to port 0 elsewhere");
	port = port_of(drawn_fd);
	numbered = drawn(&block, "0.0.0.0", port == block.start ? port + 1 : block.start, 0);
	if (numbered < 0)
		other_fails(scene, "bind by number elsewhere");
	close(drawn_fd);
	drawn_fd = drawn(&block, "0.0.0.0", port, 0);
	if (drawn_fd < 0)
		other_fails(scene, "bind by number elsewhere, once more");
	close(drawn_fd);
	close(numbered);
	if (release(block.fd, block.token))
		other_fails(scene, "release elsewhere");
	close(block.fd);
}

/* A socket of the reservation that was passed along, bound to one of its ports, or port 0. */
static int take_port(struct scene *scene, int port)
{
	int fd = socket_open(scene->type, "0.0.0.0", 0);

	if (associate(fd, scene->block.token)) {
		if (errno != EINVAL && errno != EACCES)
			other_fails(scene, "associate");
		scene->ended = 1;
	} else if (!socket_bind(fd, "0.0.0.0", port, 0)) {
		return fd;
	} else if (errno == EADDRNOTAVAIL) {
		scene->ended = 1;
	} else if (errno != EADDRINUSE) {
		other_fails(scene, "bind");
	}
	close(fd);
	return -1;
}

static void take_by_number(struct scene *scene, int offset)
{
	int fd = take_port(scene, scene->start + offset);

	if (fd < 0)
		return;
	scene->bound |= 1U << offset;
	close(fd);
}

/* As many as there are. They stay bound. */
static void draw_all(struct scene *scene)
{
	int fd, offset;

	for (int i = 0; i <= COUNT && (fd = take_port(scene, 0)) >= 0; i++) {
		offset = port_of(fd) - scene->start;
		errno = EPROTO;
		if (offset < 0 || offset >= COUNT || scene->drawn >> offset & 1)
			other_fails(scene, "a port that it has, or none of the block");
		scene->drawn |= 1U << offset;
	}
}

static void other(const struct operation *operation, struct scene *scene)
{
	struct rlimit limit = {SECONDS, SECONDS};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CPU, &limit);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(97);
	trace_stop();
	go_elsewhere(scene);
	trace_stop();
	if (operation->flags & PASSED) {
		for (int i = 0; i < COUNT; i++) {
			take_by_number(scene, i);
			trace_stop();
		}
		draw_all(scene);
		trace_stop();
	}
	for (;;)
		pause();
}

pid_t other_start(const struct operation *operation, struct scene *scene)
{
	pid_t pid;

	scene->why[0] = '\0';
	scene->drawn = scene->bound = 0;
	scene->ended = 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (!pid)
		other(operation, scene);
	if (!trace_adopt(pid))
		bail_out("a child that cannot be traced");
	return pid;
}
