/* SPDX-License-Identifier: MIT */
/*
 * anchor.h - anchors among the program's descriptors
 *
 * The program did not open them and must not lose them: to it their numbers are not open.
 */
#ifndef PRELOAD_ANCHOR_H
#define PRELOAD_ANCHOR_H

#include "core/reservation.h"

/* Whether fd is an anchor. */
bool anchor_is(int fd);

/* The program is about to put something of its own on fd: an anchor there moves away. */
void anchor_make_way(int fd);

/* Closes a number of ours where the program calls for something else: no point at which its
 * thread may be cancelled. Keeps errno. */
void anchor_close(int fd);

/* The same as anchor_make_way, and the number is free then; false where there is no other place for
 * it. */
bool anchor_vacate(int fd);

/* This process's descriptor of a reservation's anchor; false where it holds none. */
bool anchor_of(const struct reservation *reservation, int *anchor);

/* The close-on-exec flag of fd has changed; its reservations follow. */
void anchor_exec_changed(int fd);

/* The lowest anchor from first to last; false where there is none. */
bool anchor_next(unsigned int first, unsigned int last, unsigned int *anchor);

#endif
