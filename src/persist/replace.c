/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "persist/replace.h"

static int text_write(int fd, const char *text, size_t length)
{
	struct rlimit limit;

	/* Past it a write is not an error but a signal that kills. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < length)
		return -ENOSPC;
	while (length) {
		ssize_t put = write(fd, text, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		text += put;
		length -= (size_t)put;
	}
	return 0;
}

/* In this order, each on disk before the next begins. */
int file_replace(int folder, const struct replacement *replacement)
{
	const char *temporary = replacement->temporary;
	int fd, error;

	/* That of a writer who was killed. */
	if (unlinkat(folder, temporary, 0) && errno != ENOENT)
		return -errno;
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = text_write(fd, replacement->text, replacement->length);
	if (!error && fchmod(fd, replacement->mode))
		error = -errno;
	if (!error && fsync(fd))
		error = -errno;
	if (close(fd) && !error && errno != EINTR)
		error = -errno; /* some file systems say only now that they are full */
	if (!error && renameat(folder, temporary, folder, replacement->name))
		error = -errno;
	if (error)
		unlinkat(folder, temporary, 0);
	else if (fsync(folder) && errno != EINVAL) /* which some file systems say of folders */
		error = -errno;
	return error;
}
