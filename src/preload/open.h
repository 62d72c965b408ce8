/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_OPEN_H
#define PRELOAD_OPEN_H

#include <stdbool.h>

/* A call for each descriptor from first to last that is open, by the kernel. */
void open_visit(int first, int last, void (*visit)(int fd, void *context), void *context);

/* The same among some numbers, at most OPEN_AT_ONCE: one question to the kernel. */
#define OPEN_AT_ONCE 64
void open_among(const int *numbers, int count, void (*visit)(int fd, void *context), void *context);

/*
 * The same for all of this thread's, by /proc where it is there: at least the first hundred
 * or so, and those below OPEN_SEARCHED. False if there may be more.
 */
#define OPEN_SEARCHED 4096
bool open_visit_all(void (*visit)(int fd, void *context), void *context);

#endif
