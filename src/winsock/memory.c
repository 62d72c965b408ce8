/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#include "winsock/memory.h"

#define LARGEST 64

/* A kernel that refuses the call as such (seccomp) has no opinion: then it is believed. */
static bool copied(ssize_t bytes, size_t size)
{
	return bytes == (ssize_t)size || (bytes < 0 && errno != EFAULT);
}

bool memory_readable(const void *pointer, size_t size)
{
	char copy[LARGEST];
	struct iovec local = {copy, size}, remote = {(void *)(uintptr_t)pointer, size};

	return pointer && size <= sizeof copy &&
	       copied(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), size);
}

bool memory_writable(void *pointer, size_t size)
{
	struct iovec itself = {pointer, size};

	return pointer && copied(process_vm_writev(getpid(), &itself, 1, &itself, 1, 0), size);
}
