/* SPDX-License-Identifier: MIT */
/*
 * persistent.h - reservations that outlive every process
 *
 * What is reserved stands in a list on disk (src/persist); here is what a pool knows of
 * it: a slot with a token, and port words. Nobody has to hold its guards for the token to
 * be good. Who binds asks the kernel whether the port has a guard of the block (by its
 * index, guard.h), and where not places what is missing.
 */
#ifndef CORE_PERSISTENT_H
#define CORE_PERSISTENT_H

#include "core/reservation.h"

/*
 * The reservation of a block in this pool, made if there is none; to be called under
 * pool_lock, so that a block has one token. -ENOSPC and what making a slot meets.
 */
int persistent_make(struct pool *pool, const struct block *block, struct reservation *reservation);

/* The same without making one; false where there is none. */
bool persistent_find(struct pool *pool, const struct block *block, struct reservation *reservation);

/* Takes it out of the pool. Guards stay with who has them. */
void persistent_end(const struct reservation *reservation);

/*
 * Places the guards that the block lacks behind a new anchor, which is the caller's and
 * closed on exec. 0; -EADDRINUSE where it lacks none that could be had; or another -errno.
 */
int persistent_guard(const struct reservation *reservation, int *anchor);

/*
 * Makes a port the block's in its word if it has a guard of the block, whatever the word
 * says. 0; -EAGAIN: others ask about it, too; -EADDRNOTAVAIL: it has none.
 */
int persistent_adopt(const struct reservation *reservation, enum protocol protocol, uint16_t port,
		     uint32_t index);

/* Guards of it were placed: enters its ports into their words, as far as they are there. */
void persistent_guarded(const struct reservation *reservation);

#endif
