/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "preload/debug.h"
#include "preload/hook.h"
#include "preload/settings.h"
#include "real/text.h"

/* What standard error was when the program started. */
static dev_t device;
static ino_t inode;

void debug_start(void)
{
	struct stat status;

	if (real_fstat(STDERR_FILENO, &status))
		return;
	device = status.st_dev;
	inode = status.st_ino;
}

/* Not what the program has put on the number since: a connection, a file of data. But a
 * terminal, a pipe or a log is meant for people, whoever opened it. */
static bool is_standard_error(void)
{
	struct stat status;

	return inode && !real_fstat(STDERR_FILENO, &status) &&
	       (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode) ||
		(S_ISREG(status.st_mode) && real_fcntl(STDERR_FILENO, F_GETFL, NULL) & O_APPEND) ||
		(status.st_dev == device && status.st_ino == inode));
}

/* A reader that has gone must not end the program. */
static void write_quietly(const char *line, size_t length)
{
	const struct timespec now = {0};
	sigset_t pipe, before, pending;
	bool was_pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	if (real_write(STDERR_FILENO, line, length) < 0 && errno == EPIPE && !was_pending)
		while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void debug_say(const char *first, ...)
{
	char line[512];
	struct text text = TEXT(line);
	const char *part;
	int saved = errno;
	va_list parts;
	int cancel;

	if (!settings.debug || !is_standard_error())
		return;
	text_add(&text, "libportres: ");
	va_start(parts, first);
	for (part = first; part; part = va_arg(parts, const char *))
		text_add(&text, part);
	va_end(parts);
	text_add(&text, "\n");
	/* In one piece, so that lines of several processes do not mix. */
	cancel = hook_enter();
	write_quietly(line, text.length);
	hook_leave(cancel);
	errno = saved;
}

static const char *error_name(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "a port is in use, or no block is free";
	case EADDRNOTAVAIL:
		return "outside the block, or the reservation has ended";
	case EACCES:
		return "not allowed";
	case EMFILE:
	case ENFILE:
		return "out of descriptors";
	case ENOSPC:
		return "the pool is full";
	case EBADMSG:
		return "the pool file is damaged";
	case EOPNOTSUPP:
		return "the kernel or the socket lacks the means";
	case EINVAL:
		return "invalid";
	default:
		return "failed";
	}
}

void debug_error(const char *what, int error)
{
	char digits[24];
	struct text text = TEXT(digits);

	if (!settings.debug || error >= 0)
		return;
	text_add_number(&text, (uint64_t)-error, 10);
	debug_say(what, ": ", error_name(-error), " (errno ", digits, ")", NULL);
}

void debug_ports(const char *what, uint16_t first, uint16_t count)
{
	char ports[24];
	struct text text = TEXT(ports);

	if (!settings.debug)
		return;
	text_add_number(&text, first, 10);
	if (count > 1) {
		text_add(&text, "-");
		text_add_number(&text, (uint64_t)first + count - 1, 10);
	}
	debug_say(what, " ", ports, NULL);
}
