/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/map-svg.h"
#include "persist/replace.h"
#include "tool/message.h"

__attribute__((noreturn)) static void write_fail(const char *file, int error)
{
	const char *remedy = "see that it can be written, or give another file";

	if (error == -ENOSPC || error == -EDQUOT || error == -EFBIG)
		remedy = "make room there (quotas and ulimit -f count, too); nothing was changed";
	else if (error == -ENOENT)
		remedy = "make the folder, or give another file";
	fail("%s cannot be written: %s; %s", file, strerror(-error), remedy);
}

/* A device, a pipe: there is nothing to put in its place. */
static int stream_write(const char *file, const char *text, size_t length)
{
	FILE *stream = fopen(file, "we");
	int error = 0;

	if (!stream)
		return -errno;
	if (fwrite(text, 1, length, stream) != length)
		error = -errno;
	if (fclose(stream) && !error)
		error = -errno;
	return error;
}

static mode_t mode_new(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static int file_write(const char *path, const char *text, size_t length, mode_t mode)
{
	struct replacement replacement = {.mode = mode, .text = text, .length = length};
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".", temporary[40];
	uint64_t random;
	int fd, error;

	if (slash == path)
		strcpy(folder, "/");
	else if (slash && snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path) >=
				  (int)sizeof folder)
		return -ENAMETOOLONG;
	replacement.name = slash ? slash + 1 : path;
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return -errno;
	snprintf(temporary, sizeof temporary, ".portres-%016llx", (unsigned long long)random);
	replacement.temporary = temporary;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = file_replace(fd, &replacement);
	close(fd);
	return error;
}

void svg_write(const char *file, const char *text, size_t length)
{
	char path[PATH_MAX];
	struct stat stat_of;
	int error;

	if (!strcmp(file, "-")) {
		fwrite(text, 1, length, stdout);
		return; /* output_check sees what became of it */
	}
	if (stat(file, &stat_of))
		error = errno == ENOENT ? file_write(file, text, length, mode_new()) : -errno;
	else if (!S_ISREG(stat_of.st_mode))
		error = stream_write(file, text, length);
	else if (!realpath(file, path)) /* what a symbolic link leads to is replaced */
		error = -errno;
	else
		error = file_write(path, text, length, stat_of.st_mode & 0777);
	if (error)
		write_fail(file, error);
}
