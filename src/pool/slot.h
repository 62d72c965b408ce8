/* SPDX-License-Identifier: MIT */
/*
 * slot.h - the reservations of a pool
 *
 * A token is 64 random bits whose low ones are replaced by the slot's number: to
 * find its slot needs no search, and 52 bits remain that nobody can guess. It is
 * never used again.
 */
#ifndef POOL_SLOT_H
#define POOL_SLOT_H

#include "pool/pool.h"

#define TOKEN_SLOT(token) ((unsigned int)((token) % POOL_SLOTS))
/* What a slot's other words keep of their token, so as to be known as its own. */
#define TOKEN_TAG_SHIFT	 36
#define TOKEN_TAG(token) ((token) >> TOKEN_TAG_SHIFT << TOKEN_TAG_SHIFT)
#define COOKIE_MASK	 ((UINT64_C(1) << TOKEN_TAG_SHIFT) - 1)

/* A reservation as its slot describes it. */
struct slot_view {
	struct block block;
	enum reservation_kind kind;
	uint64_t anchor; /* SO_COOKIE of its anchor, its low 36 bits; 0: none yet */
};

/* What the other words of a slot were before it was claimed (rule 2 of pool.h). */
struct slot_claim {
	uint64_t token, block, anchor;
};

/*
 * Takes a free slot and gives it a new token. 0; -ENOSPC where none is free.
 * slot_describe and slot_anchor fill it in: false where the slot was taken over
 * meanwhile (the claimer was thought dead) and the claimer must begin again.
 */
int slot_claim(struct pool *pool, struct slot_claim *claim);
bool slot_describe(struct pool *pool, struct slot_claim *claim, struct block block,
		   enum reservation_kind kind);
bool slot_anchor(struct pool *pool, struct slot_claim *claim, uint64_t cookie);

/*
 * The socket that a runtime reservation lives with, and the token that an anchor
 * belongs to (0: none here), by SO_COOKIE: a program that was exec'ed finds by these
 * what it has inherited.
 */
void slot_socket_set(struct pool *pool, uint64_t token, uint64_t cookie);
uint64_t slot_socket(const struct pool *pool, uint64_t token);
uint64_t slot_by_anchor(const struct pool *pool, uint64_t cookie);

/* Gives the slot of a token back; false where somebody else did already. */
bool slot_free(struct pool *pool, uint64_t token);

/* The same for one that is being made, whose maker then begins again if it lives; false where
 * it is complete by now. */
bool slot_abandon(struct pool *pool, uint64_t token);

/* The same for a reservation whose guards have gone. A persistent one stays: it may get
 * others. */
void slot_bury(struct pool *pool, uint64_t token);

/* Says of a reservation that one of its holders has gone: the next who wants its ports
 * asks the kernel. */
void slot_doubt(struct pool *pool, uint64_t token);

/* Takes that back: its ports have guards again. */
void slot_trust(struct pool *pool, uint64_t token);

/* The reservation of a token; false where there is none, or its content is damaged. */
bool slot_find(const struct pool *pool, uint64_t token, struct slot_view *view);

/* The token in a slot, 0: none, or one that is not this slot's and so nobody's. */
uint64_t slot_token(const struct pool *pool, unsigned int slot);

#endif
