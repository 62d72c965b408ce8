/* SPDX-License-Identifier: MIT */
/* run.h - the run reservations that this process is part of */
#ifndef PRELOAD_RUN_H
#define PRELOAD_RUN_H

#include "core/run.h"

/*
 * Reads PORTRES_RESERVATION, or makes the reservations of PORTRES_RESERVE where this
 * is the first program that sees it. For hook_start.
 */
void run_start(void);

/* How many there are, and the nth. */
unsigned int run_count(void);
const struct run *run_get(unsigned int nth);

/*
 * The reservation of a run, for a socket of this network namespace. 0; -ENOENT: it
 * is not for sockets of this namespace; -EADDRNOTAVAIL: it has ended, or is out of
 * this process's reach: its anchor was closed, its pool is another user's, or lies
 * behind another root.
 */
int run_find(unsigned int nth, uint64_t netns, struct reservation *reservation, int *anchor);

/* The same by the token; -ENOENT also where none of the runs has it. */
int run_find_token(uint64_t token, uint64_t netns, struct reservation *reservation, int *anchor);

/* The nth one's anchor, -1: none. */
int run_anchor_number(unsigned int nth);

/* Whether fd is an anchor that the tree inherits. */
bool run_is_anchor(int fd);

/* Whether this socket is the anchor of one. */
bool run_has_anchor(uint64_t cookie);

/* fd is the anchor of this reservation, wherever it was thought to be. False if it is none
 * of the tree's. */
bool run_anchor_found(uint64_t token, int fd);

/* The program wants this number for itself: the anchor moves. */
void run_move_anchor(int fd);

#endif
