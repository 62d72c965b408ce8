/* SPDX-License-Identifier: MIT */
/* Anchors of both kinds with a block behind them. */
#ifndef TESTS_UNIT_ANCHOR_KINDS_H
#define TESTS_UNIT_ANCHOR_KINDS_H

#include "guard/anchor.h"
#include "guard/held.h"
#include "unit.h"

enum { COUNT = 8, BOTH = 3 };

/* The same test for each kind of anchor. */
#define BOTH_KINDS(name)                                                                           \
	static void parked_##name(void)                                                            \
	{                                                                                          \
		test_##name(ANCHOR_PARKED);                                                        \
	}                                                                                          \
	static void held_kind_##name(void)                                                         \
	{                                                                                          \
		test_##name(ANCHOR_HELD);                                                          \
	}

HELPER struct block block_new(void)
{
	return (struct block){unit_block(COUNT), COUNT, BOTH};
}

HELPER struct anchor filled(enum anchor_kind kind, const struct block *block)
{
	struct anchor anchor;
	uint16_t failed = 0;

	IS_FATAL(anchor_open(&anchor, kind), 0);
	IS_FATAL(anchor_fill(&anchor, block, false, &failed), 0);
	OK_FATAL(anchor.fd >= 0);
	return anchor;
}

/* How many ports of the block strangers cannot have, TCP and UDP. */
HELPER int guarded(const struct block *block)
{
	return taken_ports(TCP, block->first, block->count) +
	       taken_ports(UDP, block->first, block->count);
}

HELPER bool is_free(void *block)
{
	return !guarded(block);
}

/* Parked guards go with the last close, held ones when the holder has noticed it. */
HELPER bool frees(enum anchor_kind kind, struct block *block)
{
	return kind == ANCHOR_PARKED ? is_free(block) : unit_eventually(is_free, block);
}

#endif
