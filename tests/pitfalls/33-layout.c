/* SPDX-License-Identifier: MIT */
/* Prints where everything lies in the pool and in the public structures, a line each. */
#include <portres.h>
#include <stdio.h>

#include "pool/pool.h"

#define FIELD(type, field)                                                                         \
	printf(#type "." #field " %zu+%zu\n", offsetof(type, field), sizeof(((type *)0)->field))
#define SIZE(type) printf(#type " %zu\n", sizeof(type))

int main(void)
{
	SIZE(struct pool_slot);
	FIELD(struct pool_slot, token);
	FIELD(struct pool_slot, block);
	FIELD(struct pool_slot, anchor);
	FIELD(struct pool_slot, cursor);
	FIELD(struct pool_slot, preferred);
	FIELD(struct pool_slot, exhausted);
	FIELD(struct pool_slot, parked);
	FIELD(struct pool_slot, holder);
	FIELD(struct pool_slot, since);
	FIELD(struct pool_slot, command);
	FIELD(struct pool_slot, ended);
	FIELD(struct pool_slot, socket);
	SIZE(struct pool);
	FIELD(struct pool, magic);
	FIELD(struct pool, version);
	FIELD(struct pool, size);
	FIELD(struct pool, signature);
	FIELD(struct pool, netns);
	FIELD(struct pool, namespace);
	FIELD(struct pool, claim_index);
	FIELD(struct pool, slot_cursor);
	FIELD(struct pool, search_cursor);
	FIELD(struct pool, range_cursor);
	FIELD(struct pool, slots);
	FIELD(struct pool, words);
	SIZE(INET_PORT_RANGE);
	SIZE(INET_PORT_RESERVATION_TOKEN);
	SIZE(INET_PORT_RESERVATION_INSTANCE);
	FIELD(INET_PORT_RESERVATION_INSTANCE, Reservation);
	FIELD(INET_PORT_RESERVATION_INSTANCE, StartPort);
	FIELD(INET_PORT_RESERVATION_INSTANCE, NumberOfPorts);
	FIELD(INET_PORT_RESERVATION_INSTANCE, Token);
	return 0;
}
