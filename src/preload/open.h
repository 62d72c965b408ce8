/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_OPEN_H
#define PRELOAD_OPEN_H

/* A call for each descriptor from first to last that is open, by the kernel. */
void open_visit(int first, int last, void (*visit)(int fd, void *context), void *context);

/* The same among some numbers, at most OPEN_AT_ONCE: one question to the kernel. */
#define OPEN_AT_ONCE 64
void open_among(const int *numbers, int count, void (*visit)(int fd, void *context), void *context);

#endif
