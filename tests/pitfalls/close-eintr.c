/* SPDX-License-Identifier: MIT */
/*
 * A libc, for 14-untrack-first, whose close says EINTR where PORTRES_TEST_EINTR is set,
 * as it does over some network filesystems: the descriptor is closed all the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int close(int fd)
{
	if (syscall(SYS_close, fd))
		return -1;
	if (!getenv("PORTRES_TEST_EINTR"))
		return 0;
	errno = EINTR;
	return -1;
}
