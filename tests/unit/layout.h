/* SPDX-License-Identifier: MIT */
/*
 * The layout of the pool file in numbers: programs of two word sizes, and of two
 * versions of this library, share it. Who changes a number here changes POOL_VERSION.
 */
#ifndef TESTS_UNIT_LAYOUT_H
#define TESTS_UNIT_LAYOUT_H

#include "pool/pool.h"

#define AT(type, field, place)                                                                     \
	_Static_assert(offsetof(struct type, field) == (place), #type "." #field " at " #place)

_Static_assert(POOL_VERSION == 1, "the numbers below are those of version 1");
_Static_assert(POOL_SLOTS == 4096 && POOL_PORTS == 65536 && PROTOCOLS == 2, "how many");
_Static_assert(PROTOCOL_TCP == 0 && PROTOCOL_UDP == 1, "which is which");

AT(pool_slot, token, 0);
AT(pool_slot, block, 8);
AT(pool_slot, anchor, 16);
AT(pool_slot, cursor, 24);
AT(pool_slot, preferred, 32);
AT(pool_slot, exhausted, 40);
AT(pool_slot, parked, 48);
AT(pool_slot, holder, 52);
AT(pool_slot, since, 56);
AT(pool_slot, command, 64);
AT(pool_slot, ended, 80);
AT(pool_slot, socket, 88);
_Static_assert(sizeof(struct pool_slot) == 96, "bytes of a slot");

AT(pool, magic, 0);
AT(pool, version, 8);
AT(pool, size, 12);
AT(pool, signature, 16);
AT(pool, netns, 24);
AT(pool, namespace, 32);
AT(pool, claim_index, 40);
AT(pool, slot_cursor, 44);
AT(pool, search_cursor, 48);
AT(pool, range_cursor, 52);
AT(pool, slots, 4096);
AT(pool, words, 397312);
_Static_assert(sizeof(struct pool) == 1445888, "bytes of the file");

#endif
