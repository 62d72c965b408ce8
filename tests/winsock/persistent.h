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

/* The holder, as a child that dies with us. */
HELPER struct peer holder_start(void)
{
	struct peer child = peer_start();
	const char *tool = getenv("PORTRES");

	if (!child.pid) {
		dup2(child.out, STDOUT_FILENO);
		execl(tool ? tool : "", "portres", "persist", "hold", NULL);
		_exit(127);
	}
	return child;
}

/* Its first line is there once it holds what is listed. */
HELPER void holder_ready(struct peer *holder)
{
	char byte = 0;

	while (byte != '\n')
		if (read(holder->in, &byte, 1) != 1)
			bail_out("the holder");
}

#endif
