/* SPDX-License-Identifier: MIT */
/* Reservations, and sockets on their ports. */
#ifndef TESTS_UNIT_RESERVE_H
#define TESTS_UNIT_RESERVE_H

#include "core/address.h"
#include "core/reservation.h"
#include "pool/word.h"
#include "unit.h"

enum { COUNT = 8, BOTH = 3 };

/* Of the test that runs. */
static struct pool *pool;

/* Where any block may lie: anywhere, unless others use the same network. */
HELPER struct port_range anywhere(void)
{
	if (unit_alone)
		return (struct port_range){0, 0};
	return (struct port_range){unit_lowest, unit_highest};
}

/* first 0: any block. The anchor's descriptor. */
HELPER int acquired(uint16_t first, uint16_t count, uint8_t protocols,
		    struct reservation *reservation)
{
	struct acquire_request request = {
		.first = first, .count = count, .protocols = protocols, .range = anywhere()};
	int anchor = -1;

	IS_FATAL(reservation_acquire(pool, &request, reservation, &anchor), 0);
	OK_FATAL(anchor >= 0);
	return anchor;
}

/* What acquiring a block answers; one that is had is given up again. */
HELPER int acquires(uint16_t first, uint16_t count, uint8_t protocols)
{
	struct acquire_request request = {
		.first = first, .count = count, .protocols = protocols, .range = anywhere()};
	struct reservation reservation;
	int anchor = -1, error = reservation_acquire(pool, &request, &reservation, &anchor);

	if (!error) {
		reservation_release(&reservation, anchor);
		close(anchor);
	}
	return error;
}

/* As the hook of bind() does it. wanted 0: the next free port. */
HELPER int bind_in(const struct reservation *reservation, int fd, enum protocol protocol,
		   const char *text, uint16_t wanted, int anchor, uint16_t *port)
{
	struct socket_call call = {.fd = fd, .protocol = protocol, .anchor = anchor};
	union address address;
	socklen_t length = address_make(&address, text, wanted);

	return reservation_bind(reservation, &call, &address.room, length, port);
}

/* A new socket on a port of the block, or -errno. */
HELPER int bound_in(const struct reservation *reservation, int anchor, int type, const char *text,
		    uint16_t wanted, int flags)
{
	int fd = socket_open(type, text, flags);
	uint16_t port = 0;
	int error = bind_in(reservation, fd, type == TCP ? PROTOCOL_TCP : PROTOCOL_UDP, text,
			    wanted, anchor, &port);

	if (error) {
		close(fd);
		return error;
	}
	IS(port_of(fd), port);
	/* What the way past the guard needed is off again. */
	IS(option_get(fd, SOL_SOCKET, SO_REUSEPORT), !!(flags & REUSEPORT));
	IS(option_get(fd, SOL_SOCKET, SO_REUSEADDR), !!(flags & REUSEADDR));
	return fd;
}

/* As the hook of close() does it. */
HELPER void close_in(const struct reservation *reservation, int type, int fd)
{
	uint16_t port = (uint16_t)port_of(fd);

	close(fd);
	reservation_unbind(reservation, type == TCP ? PROTOCOL_TCP : PROTOCOL_UDP, port);
}

#endif
