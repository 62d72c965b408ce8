/* SPDX-License-Identifier: MIT */
/* Persistent reservations for the tests: the functions of both protocols, and blocks. */
#ifndef TESTS_WINSOCK_PERSISTENT_H
#define TESTS_WINSOCK_PERSISTENT_H

#include "linked.h"
#include "../pitfalls/network.h"
#include "portres/iphlpapi.h"

static const struct functions {
	int type;
	ULONG (*create)(USHORT start, USHORT count, PULONG64 token);
	ULONG (*delete)(USHORT start, USHORT count);
	ULONG (*lookup)(USHORT start, USHORT count, PULONG64 token);
} functions[] = {
	{TCP, CreatePersistentTcpPortReservation, DeletePersistentTcpPortReservation,
	 LookupPersistentTcpPortReservation},
	{UDP, CreatePersistentUdpPortReservation, DeletePersistentUdpPortReservation,
	 LookupPersistentUdpPortReservation},
};

/* A persistent block; fd is -1. */
HELPER struct block persistent(const struct functions *of, int count)
{
	struct block block = {.fd = -1, .type = of->type, .count = count};

	block.start = free_block(count);
	if (of->create(htons((uint16_t)block.start), (uint16_t)count, &block.token))
		bail_out("a persistent block");
	return block;
}

HELPER void forget(const struct functions *of, const struct block *block)
{
	if (of->delete (htons((uint16_t)block->start), (uint16_t)block->count))
		bail_out("a persistent block that cannot be deleted");
}

#endif
