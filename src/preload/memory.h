/* SPDX-License-Identifier: MIT */
/*
 * memory.h - pointers of the program, which may be bad
 *
 * A bad pointer is EFAULT, not a crash of ours: nothing is read before the kernel
 * has said that it can be.
 */
#ifndef PRELOAD_MEMORY_H
#define PRELOAD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether fd is a socket and `size` bytes (4 to 4096) can be read. Cheap. */
bool memory_readable(int fd, const void *pointer, size_t size);

/* Copies to the program's memory through the kernel (at most 4096 bytes), all or nothing.
 * 0, -EFAULT or another -errno. */
int memory_write(void *to, const void *from, size_t size);

#endif
