/* SPDX-License-Identifier: MIT */
/* child.h - trying something in a child, which may end in any way */
#ifndef INSPECT_CHILD_H
#define INSPECT_CHILD_H

#include <stddef.h>

/*
 * Runs act in a child, whose standard output and error are collected, as far as there is
 * room. What act does not end or exec ends with status 0. Its exit status; -ETIMEDOUT: it was
 * killed after 20 seconds; -EINTR: a signal ended it; or another -errno.
 */
int child_run(void (*act)(void *context), void *context, char *said, size_t size);

#endif
