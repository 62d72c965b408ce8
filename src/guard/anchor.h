/* SPDX-License-Identifier: MIT */
/*
 * anchor.h - the one descriptor in which a reservation's guards are kept
 *
 * fork and exec carry it on; when its last copy closes, the kernel lets the guards
 * go, in the same call, whatever became of the processes. Two kinds, one interface:
 *
 *	parked  an AF_UNIX datagram socket with the guards in flight in its own
 *	        receive queue: no process
 *	held    the other end of a socket to a holder process (portres-hold), which
 *	        keeps the guards and ends when this end is closed
 *
 * Descriptors in flight count for the whole user against every sender's soft
 * RLIMIT_NOFILE; the caller decides, by that, which kind it may use.
 */
#ifndef GUARD_ANCHOR_H
#define GUARD_ANCHOR_H

#include "guard/guard.h"

enum anchor_kind { ANCHOR_PARKED, ANCHOR_HELD };

/* An anchor that is being made. */
struct anchor {
	enum anchor_kind kind;
	int fd;
};

/* Begins an anchor without guards. 0 or -errno. */
int anchor_open(struct anchor *anchor, enum anchor_kind kind);

/*
 * Puts the guards of a block behind it (guard_place_block), or none. 0; -EADDRINUSE and the
 * like with the port that could not be had in *failed: the anchor may be asked for another block.
 * -ETOOMANYREFS, -EAGAIN: too much is in flight to park these.
 */
int anchor_fill(struct anchor *anchor, const struct block *block, enum guard_choice choice,
		uint16_t *failed);

/* Gives it up. */
void anchor_discard(struct anchor *anchor);

/*
 * Moves the anchor to where programs do not look: min(soft limit, 1000) - 1 or the
 * next free number below (higher numbers make every fork slower). keep: it stays
 * open across exec. Returns the number; the anchor is the caller's then.
 */
int anchor_settle(struct anchor *anchor, bool keep);

/* Where the search for a place begins: just below this or the soft limit. */
#define ANCHOR_HIGHEST 1000
int anchor_top(void);

/* A copy for when the program wants the anchor's number. Its number or -errno. */
int anchor_copy(int fd, bool keep);

/* Lets the guards go although others hold copies of the anchor. Leaves it open. */
void anchor_release(int fd);

#endif
