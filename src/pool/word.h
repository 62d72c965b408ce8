/* SPDX-License-Identifier: MIT */
/*
 * word.h - the port words: which reservation has a port, and what it does with it
 *
 *	        guard placed        bind(0): CAS           bound            closed
 *	(free) ─────────────▶ HELD ─────────────▶ BINDING ───────▶ USED ────────▶ MAYBE
 *	   ▲                    ▲                   │                ▲  through a   │
 *	   └─── anchor gone ────┴─── not bound ─────┘                └─── claim ────┘
 *
 * HELD     nobody of the reservation has ever bound it; the CAS to BINDING locks it
 * BINDING  somebody is about to bind it; the word names the process
 * USED     was bound and not seen to be closed
 * MAYBE    was seen to be closed; a child may still have it: only a claim can tell
 *
 * From bit 0: state (3), DRAWN, ALONE (2), CLIENT, slot (12), parity, then the token's tag
 * (44). In a BINDING word the tag shrinks to its upper 12 bits, and below it stand
 * the pid (22) and the low bits of its start time (10).
 *
 * The parity makes the number of ones even: a word of which one bit was changed by damage
 * is nobody's, and no port in use looks unused, or as if it were shared.
 */
#ifndef POOL_WORD_H
#define POOL_WORD_H

#include "pool/slot.h"

enum word_state { WORD_FREE, WORD_HELD, WORD_BINDING, WORD_USED, WORD_MAYBE };

#define WORD_STATE_MASK UINT64_C(7)
/* The last bind was to port 0: whoever closed it may have promised the port to another. */
#define WORD_DRAWN UINT64_C(8)
/* Somebody is bound there who did not ask for SO_REUSEPORT, for IPv4 and for IPv6. */
#define WORD_ALONE4 UINT64_C(16)
#define WORD_ALONE6 UINT64_C(32)
#define WORD_ALONE  (WORD_ALONE4 | WORD_ALONE6)
/* Outgoing connections are on it: others may join them. */
#define WORD_CLIENT UINT64_C(64)
#define WORD_FLAGS  (WORD_DRAWN | WORD_ALONE | WORD_CLIENT)

#define WORD_SLOT_SHIFT	  7
#define WORD_PARITY_SHIFT 19
#define WORD_TAG_SHIFT	  20
#define WORD_START_SHIFT  42
#define WORD_START_BITS	  10
#define BINDING_TAG_SHIFT 52

static inline enum word_state word_state(uint64_t word)
{
	return (enum word_state)(word & WORD_STATE_MASK);
}

static inline unsigned int word_slot(uint64_t word)
{
	return word >> WORD_SLOT_SHIFT & (POOL_SLOTS - 1);
}

static inline uint64_t word_seal(uint64_t word)
{
	return word | (uint64_t)__builtin_parityll(word) << WORD_PARITY_SHIFT;
}

/* A word of this token's reservation, in any state but BINDING. */
static inline uint64_t word_make(uint64_t token, enum word_state state, uint64_t flags)
{
	return word_seal(token >> WORD_TAG_SHIFT << WORD_TAG_SHIFT |
			 (uint64_t)TOKEN_SLOT(token) << WORD_SLOT_SHIFT | flags | (uint64_t)state);
}

static inline bool word_is_whole(uint64_t word)
{
	return !__builtin_parityll(word);
}

static inline bool word_belongs(uint64_t word, uint64_t token)
{
	unsigned int shift = word_state(word) == WORD_BINDING ? BINDING_TAG_SHIFT : WORD_TAG_SHIFT;

	return word_state(word) != WORD_FREE && word_slot(word) == TOKEN_SLOT(token) &&
	       word >> shift == token >> shift && word_is_whole(word);
}

static inline _Atomic uint64_t *word_of(struct pool *pool, enum protocol protocol, uint16_t port)
{
	return &pool->words[protocol][port];
}

/*
 * The BINDING word of this process. 0 where nobody could tell that it had died
 * (another pid namespace than the pool's, no /proc): the caller then takes its
 * ports through claims, which the kernel ends.
 */
uint64_t word_binding(const struct pool *pool, uint64_t token);

/*
 * Whether the process of a BINDING word is proven dead. The one decision that
 * rests on a pid: false wherever there is doubt. So a process that leaves its own
 * bind in the midst of it and lives on (another thread execs, a signal handler jumps
 * out) loses the port until it ends.
 */
bool word_binder_is_dead(const struct pool *pool, uint64_t word);

/* The token of the reservation that has the port by its word; 0: none. A hint. */
uint64_t word_token(const struct pool *pool, enum protocol protocol, uint16_t port);

/*
 * Makes a port, whose guard has just been placed, HELD by this reservation, whatever its
 * word says, and says in *was what that is. False where a process of the last owner is about
 * to bind it (rule 3 of pool.h).
 */
bool word_take(struct pool *pool, uint64_t token, enum protocol protocol, uint16_t port,
	       enum word_state *was);

/*
 * Whether the port looks taken: some reservation has it, and none of its holders has gone.
 */
bool word_looks_taken(const struct pool *pool, enum protocol protocol, uint16_t port);

#endif
