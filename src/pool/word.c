/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pool/word.h"
#include "real/process.h"

#define PID_BITS 22 /* Linux knows no larger pid: PID_MAX_LIMIT */

static uint64_t start_bits(uint64_t start)
{
	return start & ((1U << WORD_START_BITS) - 1);
}

uint64_t word_binding(const struct pool *pool, uint64_t token)
{
	struct process_identity self = process_identity();

	if (!self.start || !self.namespace || self.namespace != pool->namespace ||
	    (uint64_t)self.pid >> PID_BITS)
		return 0;
	return word_seal(token >> BINDING_TAG_SHIFT << BINDING_TAG_SHIFT |
			 start_bits(self.start) << WORD_START_SHIFT |
			 (uint64_t)self.pid << WORD_TAG_SHIFT |
			 (uint64_t)TOKEN_SLOT(token) << WORD_SLOT_SHIFT | WORD_BINDING);
}

bool word_binder_is_dead(const struct pool *pool, uint64_t word)
{
	struct process_identity self = process_identity();
	pid_t pid = (pid_t)(word >> WORD_TAG_SHIFT & ((1U << PID_BITS) - 1));
	struct process_state state;
	int error;

	if (!self.namespace || self.namespace != pool->namespace)
		return false;
	if (pid <= 0)
		return true; /* nobody wrote this: the word is damaged */
	error = process_stat(pid, &state);
	if (error == -ESRCH)
		return true;
	if (error || !process_sees_its_own())
		return false;
	return state.ended || start_bits(state.start) !=
				      (word >> WORD_START_SHIFT & ((1U << WORD_START_BITS) - 1));
}

uint64_t word_token(const struct pool *pool, enum protocol protocol, uint16_t port)
{
	uint64_t word = atomic_load(&pool->words[protocol][port]);
	uint64_t token = slot_token(pool, word_slot(word));

	return token && word_belongs(word, token) ? token : 0;
}

bool word_take(struct pool *pool, uint64_t token, enum protocol protocol, uint16_t port,
	       enum word_state *was)
{
	_Atomic uint64_t *word = word_of(pool, protocol, port);
	uint64_t seen = atomic_load(word), other;

	do {
		if (word_state(seen) == WORD_BINDING && !word_binder_is_dead(pool, seen))
			return false;
	} while (!atomic_compare_exchange_weak(word, &seen, word_make(token, WORD_HELD, 0)));
	*was = word_state(seen);
	/* The guard is the proof that the reservation which had the port is dead. */
	other = slot_token(pool, word_slot(seen));
	if (other && other != token && word_belongs(seen, other))
		slot_bury(pool, other);
	return true;
}

bool word_looks_taken(const struct pool *pool, enum protocol protocol, uint16_t port)
{
	uint64_t token = word_token(pool, protocol, port);
	struct slot_view view;

	/* Where it was not completed the guards say whether anybody is still at it. */
	return token && slot_find(pool, token, &view) &&
	       atomic_load_explicit(&pool->slots[TOKEN_SLOT(token)].ended, memory_order_relaxed) !=
		       token;
}
