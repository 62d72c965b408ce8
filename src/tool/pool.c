/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/here.h"
#include "tool/message.h"
#include "tool/pool.h"

typedef void speak(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Why there is none. */
static void pool_say(speak *say, int error)
{
	const char *folder = pool_folder();

	if (error == -ENETDOWN)
		say("the network cannot be used: no unix socket can be made (a sandbox may forbid "
		    "AF_UNIX), or the kernel does not say in which namespace it is; Linux 5.7 "
		    "with IPv4 or IPv6 is needed");
	else if (error == -EACCES)
		say("the pool in %s is not yours alone: the folder must belong to you and be "
		    "writable for nobody else, and so must the file; or set PORTRES_DIR to "
		    "another",
		    folder ? folder : "/dev/shm");
	else if (error == -EBADMSG)
		say("the pool file in %s is damaged: remove it (netns-*) while no reservation is "
		    "in use",
		    folder ? folder : "/dev/shm/portres-UID");
	else if (error == -EMFILE || error == -ENFILE)
		say("the pool in %s cannot be opened: out of descriptors; raise ulimit -n",
		    folder ? folder : "/dev/shm");
	else
		say("the pool in %s cannot be opened: %s; %s, or set PORTRES_DIR to another "
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
		pool_say(fail, error);
	return pool;
}

struct pool *pool_to_look_at(void)
{
	struct pool *pool;
	int error = pool_here(&pool, false);

	if (error == -ENOENT)
		return NULL;
	if (error)
		pool_say(fail, error);
	return pool;
}

struct pool *pool_if_readable(void)
{
	struct pool *pool;
	int error = pool_here(&pool, false);

	if (!error)
		return pool;
	if (error != -ENOENT)
		pool_say(complain, error);
	return NULL;
}
