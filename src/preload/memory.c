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

/* Addresses are numbers here: to count from a pointer that is none is not defined. */

/* ENOPROTOOPT: it can be read; EFAULT: it cannot; or what is wrong with the socket. */
static int ask_by_option(int fd, uintptr_t at)
{
	/* Four bytes are read before it is looked at which option it is. */
	return real_setsockopt(fd, SOL_SOCKET, NO_SUCH_OPTION, (const void *)at, 4) ? errno
										    : ENOPROTOOPT;
}

/* Between the two nothing is missing, as long as they are on neighbouring pages. */
static int ask_by_copy(uintptr_t first, uintptr_t last)
{
	char bytes[2];
	struct iovec local = {bytes, sizeof bytes};
	struct iovec remote[] = {{(void *)first, 1}, {(void *)last, 1}};
	ssize_t got = process_vm_readv(getpid(), &local, 1, remote, 2, 0);

	return got < 0 ? -errno : got == sizeof bytes;
}

static int ask_by_pipe(uintptr_t first, size_t size)
{
	int pair[2], readable;

	if (real_pipe2(pair, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	readable = real_write(pair[1], (const void *)first, size) == (ssize_t)size;
	real_close(pair[0]);
	real_close(pair[1]);
	return readable;
}

/*
 * For MPTCP sockets, which look at the option first, and where a sandbox answers. If it
 * forbids all of these the pointer is believed: a port from elsewhere would be worse.
 */
static bool ask_otherwise(uintptr_t first, uintptr_t last)
{
	int readable = ask_by_copy(first, last);

	if (readable < 0 && readable != -EFAULT)
		readable = ask_by_pipe(first, last - first + 1);
	return readable && readable != -EFAULT;
}

static uintptr_t page_of(uintptr_t at)
{
	return at / PAGE;
}

bool memory_readable(int fd, const void *pointer, size_t size)
{
	uintptr_t first = (uintptr_t)pointer, last = first + size - 1;
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

static int write_part(uintptr_t to, const void *from, size_t size)
{
	struct iovec local = {(void *)(uintptr_t)from, size}, remote = {(void *)to, size};
	ssize_t written = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);

	if (written == (ssize_t)size)
		return 0;
	if (written < 0 && errno != EFAULT)
		return write_by_pipe((void *)to, from, size);
	return -EFAULT;
}

int memory_write(void *to, const void *from, size_t size)
{
	uintptr_t first = (uintptr_t)to;
	size_t head = PAGE - first % PAGE;
	int error;

	if (head >= size)
		return write_part(first, from, size);
	/* All or nothing, also where only one of two pages can be written: a byte of the first
	 * one stays what it is, then comes the second one. */
	if (!ask_otherwise(first, first))
		return -EFAULT;
	error = write_part(first, &(char){*(const char *)to}, 1);
	if (!error)
		error = write_part(first + head, (const char *)from + head, size - head);
	return error ? error : write_part(first, from, head);
}
