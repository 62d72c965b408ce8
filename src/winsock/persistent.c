/* SPDX-License-Identifier: MIT */
/* Persistent reservations: the six functions of iphlpapi.h. */
#include <errno.h>
#include <stdbool.h>
#include <netinet/in.h>

#include "persist/persistent.h"
#include "portres/iphlpapi.h"
#include "winsock/memory.h"

static const struct {
	int number;
	ULONG code;
} codes[] = {
	{0, NO_ERROR},
	{EACCES, ERROR_ACCESS_DENIED},
	{EPERM, ERROR_ACCESS_DENIED},
	{EROFS, ERROR_ACCESS_DENIED},
	{EADDRINUSE, ERROR_SHARING_VIOLATION},
	{EINVAL, ERROR_INVALID_PARAMETER},
	{ENOENT, ERROR_NOT_FOUND},
	{ENOSPC, ERROR_DISK_FULL},
	{EDQUOT, ERROR_DISK_FULL},
	{ENOMEM, ERROR_NOT_ENOUGH_MEMORY},
	{ENOBUFS, ERROR_NOT_ENOUGH_MEMORY},
	{EMFILE, ERROR_TOO_MANY_OPEN_FILES},
	{ENFILE, ERROR_TOO_MANY_OPEN_FILES},
	{EOPNOTSUPP, ERROR_NOT_SUPPORTED},
	{EBUSY, ERROR_BUSY},
};

/* Windows' code of a -errno. */
static ULONG code_of(int error)
{
	size_t i;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].number == -error)
			return codes[i].code;
	return ERROR_GEN_FAILURE;
}

static struct block block_of(enum protocol protocol, USHORT start, USHORT count)
{
	return (struct block){
		.first = ntohs(start), .count = count, .protocols = PROTOCOL_BIT(protocol)};
}

static ULONG lookup(const struct block *block, PULONG64 token)
{
	struct reservation reservation;
	int error = persistent_lookup(block, &reservation);

	if (!error)
		*token = reservation.token;
	return code_of(error);
}

static ULONG create(enum protocol protocol, USHORT start, USHORT count, PULONG64 token)
{
	struct block block = block_of(protocol, start, count);
	int saved = errno;
	ULONG code = ERROR_INVALID_PARAMETER;

	/* Nothing is reserved whose token could not be told. */
	if (memory_writable(token, sizeof *token))
		code = code_of(persistent_add(&block));
	if (code == NO_ERROR)
		code = lookup(&block, token);
	errno = saved;
	return code;
}

static ULONG delete (enum protocol protocol, USHORT start, USHORT count)
{
	struct block block = block_of(protocol, start, count);
	int saved = errno;
	ULONG code = code_of(persistent_delete(&block));

	errno = saved;
	return code;
}

static ULONG find(enum protocol protocol, USHORT start, USHORT count, PULONG64 token)
{
	struct block block = block_of(protocol, start, count);
	int saved = errno;
	ULONG code = ERROR_INVALID_PARAMETER;

	if (memory_writable(token, sizeof *token))
		code = lookup(&block, token);
	errno = saved;
	return code;
}

ULONG CreatePersistentTcpPortReservation(USHORT start, USHORT count, PULONG64 token)
{
	return create(PROTOCOL_TCP, start, count, token);
}

ULONG CreatePersistentUdpPortReservation(USHORT start, USHORT count, PULONG64 token)
{
	return create(PROTOCOL_UDP, start, count, token);
}

ULONG DeletePersistentTcpPortReservation(USHORT start, USHORT count)
{
	return delete (PROTOCOL_TCP, start, count);
}

ULONG DeletePersistentUdpPortReservation(USHORT start, USHORT count)
{
	return delete (PROTOCOL_UDP, start, count);
}

ULONG LookupPersistentTcpPortReservation(USHORT start, USHORT count, PULONG64 token)
{
	return find(PROTOCOL_TCP, start, count, token);
}

ULONG LookupPersistentUdpPortReservation(USHORT start, USHORT count, PULONG64 token)
{
	return find(PROTOCOL_UDP, start, count, token);
}
