/* SPDX-License-Identifier: MIT */
/*
 * lifetime.h - a reservation ends with the last descriptor of its acquiring socket
 *
 * Each process that holds such a descriptor holds a copy of the anchor, too, and lets
 * it go with its last one; the kernel does the rest. Where the table of descriptors is
 * not the caller's (fdtable_is_ours) only its own copy of the anchor goes.
 */
#ifndef PRELOAD_LIFETIME_H
#define PRELOAD_LIFETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/tie.h"

/* Looks for the descriptors of an acquiring socket and notes them. False if there may be
 * more (open_visit_all). */
bool lifetime_find(uint64_t cookie);

/* A reservation has come to live with a socket: with copies from before, too, as an exec
 * or a message brings them. */
void lifetime_tied(const struct tie *tie);

/* An acquiring socket has lost a descriptor here. */
void lifetime_closed(uint64_t cookie);

/* Finds those that were closed unseen, looking at some of them or at all. Whether there
 * were any. */
bool lifetime_sweep(bool all);

/* Anchors survive an exec if a descriptor of their socket does: for one socket, for all. */
void lifetime_exec(uint64_t cookie);
void lifetime_exec_all(void);

/* The same where the table cannot tell: they survive. */
void lifetime_keep_on_exec(uint64_t cookie);

/* A call for each anchor that lives with this socket. */
void lifetime_anchors(uint64_t cookie, void (*visit)(int anchor, void *context), void *context);

#endif
