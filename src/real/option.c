/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "real/real.h"

int real_option_get(int fd, int level, int option, int *value)
{
	socklen_t size = sizeof *value;

	*value = 0;
	return real_getsockopt(fd, level, option, value, &size) ? -errno : 0;
}

int real_option_set(int fd, int level, int option, int value)
{
	return real_setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

bool real_survives_exec(int fd)
{
	int flags = real_fcntl(fd, F_GETFD, NULL);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

uint64_t real_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;

	return fd >= 0 && !real_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) ? cookie : 0;
}
