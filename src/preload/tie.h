/* SPDX-License-Identifier: MIT */
/*
 * tie.h - which reservations this process has acquired, and with which socket each
 * of them lives and dies
 */
#ifndef PRELOAD_TIE_H
#define PRELOAD_TIE_H

#include "core/reservation.h"

struct tie {
	uint64_t token;
	uint64_t cookie; /* of the acquiring socket (COOKIE_MASK); 0: not known */
	struct pool *pool;
	int anchor;
};

/* Remembers a reservation. False where there is no room for it. */
bool tie_add(const struct tie *tie);

/* The tie of a token; false where this process has none. */
bool tie_find(uint64_t token, struct tie *tie);

/* Forgets it and closes the anchor; the caller has ended it, or its socket has gone. */
void tie_end(uint64_t token);

/* The acquiring socket has lost a descriptor: if it was the last one, its reservations end. */
void tie_socket_closed(uint64_t cookie);

/* Ends those whose socket was closed unseen, looking at some of them or at all. Whether
 * there were any. */
bool tie_sweep(bool all);

/* Anchors of acquiring sockets survive an exec if one of their descriptors does. */
void tie_update_exec(uint64_t cookie);
void tie_update_exec_all(void);

/* The same where the table cannot be asked: they survive. */
void tie_keep_on_exec(uint64_t cookie);

/* Another number for an anchor that the program wants to use. */
void tie_move_anchor(int fd);

#endif
