/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_OPEN_H
#define PRELOAD_OPEN_H

/* A call for each descriptor from first to last that is open, by the kernel. */
void open_visit(int first, int last, void (*visit)(int fd, void *context), void *context);

#endif
