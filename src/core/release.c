/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "core/reservation.h"
#include "guard/anchor.h"
#include "pool/word.h"

/* A word in BINDING stays: its process finishes it, and until then nobody takes it. */
static void word_free(struct pool *pool, uint64_t token, enum protocol protocol, uint16_t port)
{
	_Atomic uint64_t *word = word_of(pool, protocol, port);
	uint64_t seen = atomic_load(word);

	while (word_state(seen) != WORD_BINDING && word_belongs(seen, token))
		if (atomic_compare_exchange_weak(word, &seen, 0))
			break;
}

int reservation_release(const struct reservation *reservation, int anchor)
{
	const struct block *block = &reservation->block;
	uint32_t port, end = (uint32_t)block->first + block->count;

	if (!slot_free(reservation->pool, reservation->token))
		return -EINVAL;
	/* First out of the words, then the guards: rule 3 of pool.h. */
	for (port = block->first; port < end; port++) {
		word_free(reservation->pool, reservation->token, PROTOCOL_TCP, (uint16_t)port);
		word_free(reservation->pool, reservation->token, PROTOCOL_UDP, (uint16_t)port);
	}
	anchor_release(anchor);
	return 0;
}
