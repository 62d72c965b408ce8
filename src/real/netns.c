/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>

#include "real/netns.h"
#include "real/real.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

uint64_t netns_of(int fd)
{
	uint64_t cookie;
	socklen_t size = sizeof cookie;
	struct stat namespace;

	if (!real_getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		return cookie;
	if (errno == ENOTSOCK || errno == EBADF)
		return 0;
	return stat("/proc/self/ns/net", &namespace) ? 0 : namespace.st_ino;
}
