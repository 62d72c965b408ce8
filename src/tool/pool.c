/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/here.h"
#include "tool/message.h"
#include "tool/pool.h"

__attribute__((noreturn)) static void pool_fail(int error)
{
	const char *folder = pool_folder();

	if (error == -ENETDOWN)
		fail("the network cannot be used: no unix socket can be made (a sandbox may forbid "
		     "AF_UNIX), or the kernel does not say in which namespace it is; Linux 5.7 "
		     "with IPv4 or IPv6 is needed");
	if (error == -EACCES)
		fail("the pool in %s is not yours alone: the folder must belong to you and be "
		     "writable for nobody else, and so must the file; or set PORTRES_DIR to "
		     "another",
		     folder ? folder : "/dev/shm");
	if (error == -EBADMSG)
		fail("the pool file in %s is damaged: remove it while no reservation is in use",
		     folder ? folder : "/dev/shm/portres-UID");
	fail("the pool in %s cannot be opened: %s; %s, or set PORTRES_DIR to another "
	     "folder",
	     folder ? folder : "/dev/shm", strerror(-error),
	     error == -ENOSPC ? "make room there (quotas and ulimit -f count, too)"
			      : "see that it is there and can be written");
}

struct pool *pool_or_fail(void)
{
	struct pool *pool;
	int error = pool_here(&pool, true);

	if (error)
		pool_fail(error);
	return pool;
}

struct pool *pool_to_look_at(void)
{
	struct pool *pool;
	int error = pool_here(&pool, false);

	if (error == -ENOENT)
		return NULL;
	if (error)
		pool_fail(error);
	return pool;
}
