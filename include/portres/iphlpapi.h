/* SPDX-License-Identifier: MIT */
/*
 * iphlpapi.h - persistent port reservations: blocks that stay reserved whether or not a
 * program runs, and over a reboot
 *
 * Each function returns its result, NO_ERROR or one of the codes below, and leaves errno
 * and WSAGetLastError() alone. start is in network byte order, count in host order; a port
 * is reserved for TCP or for UDP, over IPv4 and IPv6. There is no wildcard. The list of
 * blocks belongs to the user and stands on disk (PORTRES_STATE, and portres(1), FILES).
 *
 * A token may be given to SIO_ASSOCIATE_PORT_RESERVATION in any process of the user, on a
 * socket of the same network namespace. It is good until the reservation is deleted or the
 * machine restarts: each start may bring another one, so look it up. It cannot be
 * released (WSAEACCES).
 *
 * The kernel keeps strangers out of the block while `portres persist hold` runs or a
 * process that has bound a port of it without that (it then has the guards of what was
 * free, until it ends or execs). At other times another program can take a port.
 *
 * All may be called from any thread, none from a signal handler; they write files and may
 * wait for other writers, and up to two seconds for the holder.
 *
 *   ERROR_ACCESS_DENIED      the list, or its folder, or the pool's, is not the user's
 *                            alone, or cannot be written; ports that need
 *                            CAP_NET_BIND_SERVICE
 *   ERROR_SHARING_VIOLATION  Create: a port of the block is in use or reserved, or the
 *                            block overlaps one that is listed
 *   ERROR_INVALID_PARAMETER  start or count is 0, the block passes 65535, or token cannot
 *                            be written
 *   ERROR_NOT_FOUND          Delete, Lookup: exactly this block is not listed
 *   ERROR_DISK_FULL, ERROR_NOT_ENOUGH_MEMORY, ERROR_TOO_MANY_OPEN_FILES, ERROR_BUSY
 *                            a limit is reached; another writer holds the list for long
 *   ERROR_NOT_SUPPORTED      the kernel lacks the means (before Linux 5.7)
 *   ERROR_GEN_FAILURE        anything else that the disk or the pool met
 *
 * Whatever fails, the list is as it was, but where the disk fails in the last step, after the
 * new list has taken its place.
 *
 * Source: Microsoft's pages "CreatePersistentTcpPortReservation function (iphlpapi.h)" and
 * its five relatives. The last five codes are ours.
 */
#ifndef PORTRES_IPHLPAPI_H
#define PORTRES_IPHLPAPI_H

#include "windows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reserves a block and writes its token. */
ULONG CreatePersistentTcpPortReservation(USHORT start, USHORT count, PULONG64 token);
ULONG CreatePersistentUdpPortReservation(USHORT start, USHORT count, PULONG64 token);

/* Gives it up. Sockets that are bound keep their port. */
ULONG DeletePersistentTcpPortReservation(USHORT start, USHORT count);
ULONG DeletePersistentUdpPortReservation(USHORT start, USHORT count);

/* Writes its token. */
ULONG LookupPersistentTcpPortReservation(USHORT start, USHORT count, PULONG64 token);
ULONG LookupPersistentUdpPortReservation(USHORT start, USHORT count, PULONG64 token);

#ifdef __cplusplus
}
#endif

#endif
