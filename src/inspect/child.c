/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inspect/child.h"

#define PATIENCE_MS 20000
/* How often it is asked whether it lives, should somebody else keep its output open. */
#define PAUSE_MS 50

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct hearing {
	int fd;
	char *said;
	size_t size, length;
};

/* Takes what there is; false: that was the end. */
static bool hear(struct hearing *hearing)
{
	char rest[256];
	bool room = hearing->length < hearing->size - 1;
	ssize_t got = read(hearing->fd, room ? hearing->said + hearing->length : rest,
			   room ? hearing->size - 1 - hearing->length : sizeof rest);

	if (got > 0 && room)
		hearing->length += (size_t)got;
	return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Until it ends; its status as waitpid has it, or -ETIMEDOUT. */
static int attend(pid_t child, struct hearing *hearing)
{
	int64_t end = milliseconds() + PATIENCE_MS;
	bool ended = false, open = true;
	int status = 0;

	while (!ended && milliseconds() < end) {
		struct pollfd ready = {.fd = open ? hearing->fd : -1, .events = POLLIN};

		if (poll(&ready, 1, PAUSE_MS) > 0)
			open = hear(hearing);
		ended = waitpid(child, &status, WNOHANG) == child;
	}
	if (!ended) {
		kill(child, SIGKILL);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		return -ETIMEDOUT;
	}
	/* What it said last may still be on the way. */
	while (open && poll(&(struct pollfd){.fd = hearing->fd, .events = POLLIN}, 1, 0) > 0)
		open = hear(hearing);
	return status;
}

int child_run(void (*act)(void *context), void *context, char *said, size_t size)
{
	struct hearing hearing = {.said = said, .size = size};
	int ends[2], status;
	pid_t child;

	*said = '\0';
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	child = fork();
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		fcntl(STDOUT_FILENO, F_SETFL, 0);
		act(context);
		_exit(0);
	}
	status = child < 0 ? -errno : 0;
	close(ends[1]);
	hearing.fd = ends[0];
	if (!status)
		status = attend(child, &hearing);
	close(ends[0]);
	said[hearing.length] = '\0';
	if (status < 0)
		return status;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}
