/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "core/here.h"
#include "real/netns.h"
#include "real/real.h"

const char *pool_folder(void)
{
	const char *folder = secure_getenv("PORTRES_DIR");

	return folder && *folder ? folder : NULL;
}

int pool_here(struct pool **pool, bool create)
{
	int fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t netns;

	/* A sandbox may forbid this family (RestrictAddressFamilies=). */
	if (fd < 0)
		return errno == EAFNOSUPPORT || errno == EACCES || errno == EPERM ? -ENETDOWN
										  : -errno;
	netns = netns_of(fd);
	real_close(fd);
	return netns ? pool_open(pool, pool_folder(), netns, create) : -ENETDOWN;
}
