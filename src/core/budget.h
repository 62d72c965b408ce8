/* SPDX-License-Identifier: MIT */
/* budget.h - how many guards may be parked in flight */
#ifndef CORE_BUDGET_H
#define CORE_BUDGET_H

#include "guard/anchor.h"

/* Whether the kernel does not count this process's descriptors in flight. */
bool budget_unlimited(void);

/* The guards that are parked stay under this share of the soft RLIMIT_NOFILE. */
#define BUDGET_SHARE 4

/*
 * How to keep a new reservation's guards, whose slot it has already. Descriptors in
 * flight count against every program of the user: parked only while this user's
 * parked guards stay under a quarter of the soft RLIMIT_NOFILE, or without bound
 * where the kernel does not count them. Parked ones are entered into the slot.
 */
enum anchor_kind budget_choose(struct pool *pool, unsigned int slot, uint32_t guards);

/* Takes the guards of a slot out of the sum: they went to a holder after all. */
void budget_return(struct pool *pool, unsigned int slot);

/* anchor_fill for this slot; guards that cannot be parked go to a holder. */
int budget_fill(struct pool *pool, unsigned int slot, struct anchor *anchor,
		const struct block *block, enum guard_choice choice, uint16_t *failed);

#endif
