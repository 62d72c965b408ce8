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
#define PAGE	       4096 /* the smallest there is: a larger one costs a second question */

/* ENOPROTOOPT: it can be read; EFAULT: it cannot; or what is wrong with the socket. */
static int ask_by_option(int fd, const void *pointer)
{
	/* Four bytes are read before it is looked at which option it is. */
	return real_setsockopt(fd, SOL_SOCKET, NO_SUCH_OPTION, pointer, 4) ? errno : ENOPROTOOPT;
}

/* For MPTCP sockets, which look at the option first, and where a sandbox answers. */
static bool ask_by_pipe(const void *pointer, size_t size)
{
	int pair[2];
	bool readable;

	if (real_pipe2(pair, O_CLOEXEC | O_NONBLOCK))
		return false;
	readable = real_write(pair[1], pointer, size) == (ssize_t)size;
	real_close(pair[0]);
	real_close(pair[1]);
	return readable;
}

static uintptr_t page_of(const char *pointer)
{
	return (uintptr_t)pointer / PAGE;
}

bool memory_readable(int fd, const void *pointer, size_t size)
{
	const char *first = pointer, *last = first + size - 1;
	int saved = errno, answer = ask_by_option(fd, first);
	bool readable;

	if (answer == ENOPROTOOPT && page_of(first) != page_of(last))
		answer = ask_by_option(fd, last - 3);
	if (answer == ENOPROTOOPT)
		readable = true;
	else if (answer == EBADF || answer == ENOTSOCK || (answer == EFAULT && size >= 4))
		readable = false;
	else
		readable = ask_by_pipe(pointer, size);
	errno = saved;
	return readable;
}

/* Where process_vm_writev is forbidden (seccomp), any descriptor that can be read will do. */
static int write_by_pipe(void *to, const void *from, size_t size)
{
	int pair[2], error = 0;

	if (real_pipe2(pair, O_CLOEXEC))
		return -errno;
	if (real_write(pair[1], from, size) != (ssize_t)size ||
	    real_read(pair[0], to, size) != (ssize_t)size)
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
