/* SPDX-License-Identifier: MIT */
/*
 * portres.h - port reservations with the three ioctls of Windows
 *
 * A program reserves a block of consecutive TCP or UDP ports, ties sockets to
 * it and binds them; nobody else on the host can take a port of the block. The
 * calls are answered by libportres.so; in a program that runs without it the
 * kernel answers each of them with ENOTTY.
 *
 *	ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, INET_PORT_RESERVATION_INSTANCE *)
 *	ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, ULONG64 *token)
 *	ioctl(fd, SIO_RELEASE_PORT_RESERVATION, ULONG64 *token)
 *
 * The shapes and numbers are those of Microsoft's pages "SIO_ACQUIRE_PORT_-
 * RESERVATION", "SIO_ASSOCIATE_PORT_RESERVATION", "SIO_RELEASE_PORT_RESERVATION",
 * "INET_PORT_RANGE", "INET_PORT_RESERVATION_TOKEN" and "INET_PORT_RESERVATION_-
 * INSTANCE" (mstcpip.h, ws2ipdef.h).
 *
 * All three may be called from any thread. They are not meant for signal
 * handlers.
 */
#ifndef PORTRES_H
#define PORTRES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reserves a block. fd is a TCP or UDP socket over IPv4 or IPv6: it chooses the
 * protocol (IPv4 and IPv6 are one), and the reservation lives until its last
 * descriptor is closed. dup, fork, exec and posix_spawn carry it on; a message to
 * another process (SCM_RIGHTS) does not.
 *
 * The argument points to 16 bytes. Read: the first 4, StartPort (network byte
 * order; 0: any block) and NumberOfPorts (host byte order, at least 1). Written
 * on success: all 16, the block that was reserved and its token. For an explicit
 * block whose last owner kept its ports in a holder process it waits up to 100 ms.
 *
 * Returns 0, or -1 and errno, with nothing written:
 *   EADDRINUSE  a port of the block is in use or reserved, or no block is free
 *   EINVAL      NumberOfPorts is 0, the block passes 65535, or PORTRES_RANGE, if
 *               any block will do, is malformed
 *   EACCES      below net.ipv4.ip_unprivileged_port_start without the capability; or
 *               the pool's folder or file is not the user's alone
 *   EBADF, ENOTSOCK, EOPNOTSUPP  not open, not a socket, not TCP or UDP over IP
 *   EFAULT      the argument cannot be read or written
 *   EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EAGAIN  a limit is reached
 *   EOPNOTSUPP  also: the kernel lacks the means (before Linux 5.7), portres-hold is
 *               missing, or the socket is of another network namespace than the thread
 *   EBADMSG     the pool file is damaged (see PORTRES_DIR)
 *   ENOENT, ENOTDIR, EROFS  the pool's folder cannot be made or found
 */
#define SIO_ACQUIRE_PORT_RESERVATION 0x98000064U

/*
 * Ends a reservation. fd is any TCP or UDP socket of a process that holds the
 * reservation's anchor. The argument points to the token, 8 bytes, only read.
 * Sockets that are still bound keep their port until they close; a socket of the
 * same user with SO_REUSEPORT can then join it there.
 *
 * Returns 0, or -1 and errno: EINVAL (unknown or ended token), EACCES (held by
 * another process, or the anchor was closed), EBADF, ENOTSOCK, EOPNOTSUPP, EFAULT,
 * and what opening the pool met: EACCES, EBADMSG, EMFILE, ENFILE, ENOMEM.
 */
#define SIO_RELEASE_PORT_RESERVATION 0x98000065U

/*
 * Ties socket fd, which is not bound yet, to a reservation of this process or of
 * an ancestor: its bind() to port 0, and the binding that listen(), connect() and
 * the send calls do by themselves, then take a port of the block. The argument
 * points to the token, 8 bytes, only read. A second call before bind() replaces
 * the first.
 *
 * Returns 0, or -1 and errno: EINVAL (bound already; unknown or ended token; the
 * other protocol), EACCES (held by another process), EBADF, ENOTSOCK,
 * EOPNOTSUPP, EFAULT, ENOMEM, and what opening the pool met (see RELEASE).
 *
 * On such a socket bind() fails with EADDRNOTAVAIL for a port outside the block, or
 * where the reservation has ended, and with EADDRINUSE where the port is taken or
 * the block exhausted. In an exhausted block listen() fails with EADDRINUSE, TCP
 * connect() and sends with MSG_FASTOPEN with EADDRNOTAVAIL, UDP connect() and the other
 * send calls with EAGAIN.
 */
#define SIO_ASSOCIATE_PORT_RESERVATION 0x98000066U

/* A token: opaque, never 0, never used again. */
typedef uint64_t ULONG64;

/* A block: 4 bytes. */
typedef struct {
	uint16_t StartPort;     /* network byte order */
	uint16_t NumberOfPorts; /* host byte order */
} INET_PORT_RANGE, *PINET_PORT_RANGE, INET_PORT_RESERVATION, *PINET_PORT_RESERVATION;

/* A token in a structure of its own: 8 bytes. */
typedef struct _INET_PORT_RESERVATION_TOKEN {
	ULONG64 Token;
#ifdef __cplusplus
	/* For inst.Token where a number is wanted, beside the SDK's inst.Token.Token. */
	operator ULONG64() const
	{
		return Token;
	}
	_INET_PORT_RESERVATION_TOKEN &operator=(ULONG64 token)
	{
		Token = token;
		return *this;
	}
#endif
} INET_PORT_RESERVATION_TOKEN, *PINET_PORT_RESERVATION_TOKEN;

/*
 * What ACQUIRE reads and writes: 16 bytes, Reservation at 0 and Token at 8, also
 * where a 64-bit integer would be aligned to 4.
 */
typedef struct {
#ifdef __cplusplus
	INET_PORT_RESERVATION Reservation;
	alignas(8) INET_PORT_RESERVATION_TOKEN Token;
#else
	/* C sees, as in the SDK, inst.StartPort and inst.Token, and inst.Reservation, too. */
	union {
		INET_PORT_RESERVATION Reservation;
		struct {
			uint16_t StartPort;
			uint16_t NumberOfPorts;
		};
	};
	_Alignas(8) ULONG64 Token;
#endif
} INET_PORT_RESERVATION_INSTANCE, *PINET_PORT_RESERVATION_INSTANCE;

#ifdef __cplusplus
}
static_assert(sizeof(INET_PORT_RESERVATION_INSTANCE) == 16, "as on Windows");
#else
_Static_assert(sizeof(INET_PORT_RESERVATION_INSTANCE) == 16, "as on Windows");
#endif

#endif
