/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

/* Where process_vm_writev is forbidden (seccomp), any descriptor that can be read will do. */
static int write_by_pipe(void *to, const void *from, size_t size)
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

int memory_write(void *to, const void *from, size_t size)
{
	struct iovec local = {(void *)(uintptr_t)from, size}, remote = {to, size};
	ssize_t written = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);

	if (written == (ssize_t)size)
		return 0;
	if (written < 0 && errno != EFAULT)
		return write_by_pipe(to, from, size);
	return -EFAULT;
}
