/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "preload/memory.h"
#include "real/real.h"

#define NO_SUCH_OPTION 0x7fffffff
#define PAGE           4096 /* the smallest there is: a larger one costs a second question */

/*
 * SOL_SOCKET options read four bytes before they look at which option it is, but
 * for those of MPTCP; rt_sigprocmask reads eight before it looks at what to do.
 */
static bool word_readable(int fd, const void *pointer)
{
	if (!syscall(SYS_setsockopt, fd, SOL_SOCKET, NO_SUCH_OPTION, pointer, 4) ||
	    errno == ENOPROTOOPT)
		return true;
	if (errno != EOPNOTSUPP)
		return false;
	return pointer && syscall(SYS_rt_sigprocmask, -1, pointer, NULL, 8) && errno != EFAULT;
}

bool memory_readable(int fd, const void *pointer, size_t size)
{
	const char *first = pointer, *last = first + size - 4;
	int saved = errno;
	bool readable = word_readable(fd, first);

	if (readable && ((uintptr_t)first & ~(uintptr_t)(PAGE - 1)) !=
				(((uintptr_t)last + 3) & ~(uintptr_t)(PAGE - 1)))
		readable = word_readable(fd, last);
	errno = saved;
	return readable;
}

static int copy(void *to, const void *from, size_t size)
{
	int pair[2], error = 0;

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	if (write(pair[1], from, size) != (ssize_t)size || read(pair[0], to, size) != (ssize_t)size)
		error = -EFAULT;
	real_close(pair[0]);
	real_close(pair[1]);
	return error;
}

int memory_read(void *to, const void *from, size_t size)
{
	return copy(to, from, size);
}

int memory_write(void *to, const void *from, size_t size)
{
	return copy(to, from, size);
}
