/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "core/through.h"
#include "real/real.h"

static int open_way(int fd, bool own_share)
{
	return own_share ? 0 : real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static void close_way(int fd, bool own_share)
{
	if (!own_share)
		real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0);
}

int through_bind(int fd, const struct sockaddr_storage *address, socklen_t length, bool own_share)
{
	int error = open_way(fd, own_share);

	if (error)
		return error;
	if (real_bind(fd, (const struct sockaddr *)address, length))
		error = -errno;
	close_way(fd, own_share);
	return error;
}

int through_listen(int fd, int backlog, bool own_share)
{
	int error = open_way(fd, own_share);

	if (error)
		return error;
	if (real_listen(fd, backlog))
		error = -errno;
	close_way(fd, own_share);
	return error;
}
