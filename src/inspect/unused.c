/* SPDX-License-Identifier: MIT */
/*
 * The kernel grants a write lease (fcntl(2)) on a file only where nobody else has it open,
 * and a mapping counts. Nobody can open it while the lease is held: there is no moment
 * between the question and the answer's use.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/unused.h"

#define LENGTH 1 /* of the mapping: any */

static int file_open(int folder, const char *name)
{
	struct stat stat;
	int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		/* Another one who tidies up has the lease. */
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!fstat(fd, &stat) && S_ISREG(stat.st_mode) && stat.st_uid == geteuid())
		return fd;
	close(fd);
	return -EPERM;
}

static int lease_take(int fd)
{
	if (!fcntl(fd, F_SETLEASE, F_WRLCK))
		return 0;
	return errno == EAGAIN ? -EBUSY : -EOPNOTSUPP;
}

/* Not every file system sees a mapping whose descriptor was closed: overlayfs does not. */
static int mapping_try(int folder, const char *name)
{
	int fd = file_open(folder, name), error;
	void *mapping;

	if (fd < 0)
		return fd;
	mapping = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mapping == MAP_FAILED)
		return -errno;
	fd = file_open(folder, name);
	error = fd < 0 ? fd : lease_take(fd);
	if (fd >= 0)
		close(fd);
	munmap(mapping, LENGTH);
	if (error == -EBUSY)
		return 0;
	return error ? error : -EOPNOTSUPP;
}

static bool same_file(int folder, const char *name, int fd)
{
	struct stat one, other;

	return !fstat(fd, &one) && !fstatat(folder, name, &other, AT_SYMLINK_NOFOLLOW) &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

int unused_take(int folder, const char *name)
{
	int error = mapping_try(folder, name), fd;

	if (error)
		return error;
	fd = file_open(folder, name);
	if (fd < 0)
		return fd;
	/* What tells us that somebody waits for the file would end us. */
	signal(SIGIO, SIG_IGN);
	error = lease_take(fd);
	if (!error && same_file(folder, name, fd))
		return fd;
	close(fd);
	return error ? error : -EBUSY;
}

int unused_remove(int folder, const char *name, int fd)
{
	int error = 0;

	/* The lease is broken as soon as somebody waits for the file. */
	if (fcntl(fd, F_GETLEASE) != F_WRLCK)
		error = -EBUSY;
	if (!error && unlinkat(folder, name, 0))
		error = -errno;
	close(fd);
	return error;
}
