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

/* Between the two nothing is missing, as long as they are on neighbouring pages. */
static int ask_by_copy(const char *first, const char *last)
{
	char bytes[2];
	struct iovec local = {bytes, sizeof bytes};
	struct iovec remote[] = {{(void *)(uintptr_t)first, 1}, {(void *)(uintptr_t)last, 1}};
	ssize_t got = process_vm_readv(getpid(), &local, 1, remote, 2, 0);

	return got < 0 ? -errno : got == sizeof bytes;
}

static int ask_by_pipe(const void *pointer, size_t size)
{
	int pair[2], readable;

	if (real_pipe2(pair, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	readable = real_write(pair[1], pointer, size) == (ssize_t)size;
	real_close(pair[0]);
	real_close(pair[1]);
	return readable;
}

/*
 * For MPTCP sockets, which look at the option first, and where a sandbox answers. If it
 * forbids all of these the pointer is believed: a port from elsewhere would be worse.
 */
static bool ask_otherwise(const char *first, const char *last)
{
	int readable = ask_by_copy(first, last);

	if (readable < 0 && readable != -EFAULT)
		readable = ask_by_pipe(first, (size_t)(last - first) + 1);
	return readable && readable != -EFAULT;
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
		readable = ask_otherwise(first, last);
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
