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

/* Closes the anchor here; not if it was closed unseen, and the number is the program's now. */
void tie_close_anchor(const struct tie *tie);

/* Another number for an anchor that the program wants to use. */
void tie_move_anchor(int fd);

/* A call for each tie; it may end it. */
typedef void tie_visitor(const struct tie *tie, void *context);
void ties_visit(tie_visitor *visit, void *context);

/* The same for at most `most` of them, beginning at *from, which moves on. */
void ties_visit_some(unsigned int *from, unsigned int most, tie_visitor *visit, void *context);

#endif
