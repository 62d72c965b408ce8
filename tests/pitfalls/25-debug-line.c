/* SPDX-License-Identifier: MIT */
/*
 * A daemon closes standard error, and the next file that it opens has the number 2: a
 * library that goes on writing there writes into a file of data. With PORTRES_DEBUG=1
 * ours writes to what was standard error at its start, and to what a program puts there
 * for people to read: a log that is appended to, a pipe, a terminal.
 */
#include "../preload/process.h"

static char *path;
static int flags;

/* Bytes that a refused call has left in a file which is opened with these flags. */
/* answers: env-debug */
static long long left_in_file(void)
{
	struct peer child = peer_start();
	struct stat status;
	instance result;
	int fd, end;

	if (!child.pid) {
		fd = socket_open(TCP, "127.0.0.1", 0);
		close(STDERR_FILENO);
		if (open(path, O_WRONLY | O_CREAT | O_TRUNC | flags, 0600) != STDERR_FILENO)
			_exit(1);
		/* no ports */
		_exit(acquire(fd, 0, 0, &result) == -1 && errno == EINVAL ? 0 : 1);
	}
	end = peer_end(&child);
	if (end || stat(path, &status) || unlink(path))
		bail_out("a child that is refused a reservation");
	return (long long)status.st_size;
}

int main(int argc, char **argv)
{
	(void)argc;
	setenv("PORTRES_DEBUG", "1", 1);
	private_pool(argv);
	if (asprintf(&path, "%s/data", folder) < 0)
		bail_out("asprintf");
	ok(left_in_file() == 0, "no line goes into a file of data");
	flags = O_APPEND;
	ok(left_in_file() > 0, "but into a log");
	return done_testing();
}
