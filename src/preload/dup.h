/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_DUP_H
#define PRELOAD_DUP_H

/* A descriptor has a copy now; both are the same socket. Keeps errno. */
void dup_track(int from, int to);

#endif
