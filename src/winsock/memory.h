/* SPDX-License-Identifier: MIT */
/* memory.h - a bad pointer is WSAEFAULT and no crash */
#ifndef WINSOCK_MEMORY_H
#define WINSOCK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

bool memory_readable(const void *pointer, size_t size);

/* What is there stays as it is; nobody else may change it meanwhile. */
bool memory_writable(void *pointer, size_t size);

#endif
