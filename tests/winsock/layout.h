/* SPDX-License-Identifier: MIT */
/* The structures as they are on Windows, for every word size, in C and in C++. */
#include <portres.h>
#include <stddef.h>

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif

HOLDS(sizeof(ULONG64) == 8);
/* answers: struct-range */
HOLDS(sizeof(INET_PORT_RANGE) == 4);
HOLDS(offsetof(INET_PORT_RANGE, StartPort) == 0);
HOLDS(offsetof(INET_PORT_RANGE, NumberOfPorts) == 2);
HOLDS(sizeof(INET_PORT_RESERVATION) == 4);
/* answers: struct-token */
HOLDS(sizeof(INET_PORT_RESERVATION_TOKEN) == 8);
HOLDS(offsetof(INET_PORT_RESERVATION_TOKEN, Token) == 0);
/* answers: struct-instance */
HOLDS(sizeof(INET_PORT_RESERVATION_INSTANCE) == 16);
HOLDS(offsetof(INET_PORT_RESERVATION_INSTANCE, Reservation) == 0);
HOLDS(offsetof(INET_PORT_RESERVATION_INSTANCE, Token) == 8);
/* answers: struct-members */
#ifndef __cplusplus
HOLDS(offsetof(INET_PORT_RESERVATION_INSTANCE, StartPort) == 0);
HOLDS(offsetof(INET_PORT_RESERVATION_INSTANCE, NumberOfPorts) == 2);
#endif
/* answers: number-acquire number-release number-associate */
HOLDS(SIO_ACQUIRE_PORT_RESERVATION == 0x98000064);
HOLDS(SIO_RELEASE_PORT_RESERVATION == 0x98000065);
HOLDS(SIO_ASSOCIATE_PORT_RESERVATION == 0x98000066);

#ifdef WINDOWS_HEADERS
#include <mstcpip.h>

HOLDS(sizeof(DWORD) == 4 && sizeof(LONG) == 4 && sizeof(ULONG) == 4 && sizeof(BOOL) == 4);
HOLDS(sizeof(WORD) == 2 && sizeof(USHORT) == 2 && sizeof(BYTE) == 1 && sizeof(BOOLEAN) == 1);
HOLDS(sizeof(ULONG_PTR) == sizeof(void *) && sizeof(DWORD_PTR) == sizeof(void *));
HOLDS((DWORD)-1 > 0 && (LONG)-1 < 0);
HOLDS(MAKEWORD(2, 1) == 0x102 && LOBYTE(0x102) == 2 && HIBYTE(0x102) == 1);
HOLDS(offsetof(WSAOVERLAPPED, InternalHigh) == sizeof(void *));
HOLDS(offsetof(WSAOVERLAPPED, Offset) == 2 * sizeof(void *));
HOLDS(offsetof(WSAOVERLAPPED, hEvent) == 2 * sizeof(void *) + 8);
HOLDS(sizeof(WSAOVERLAPPED) == 3 * sizeof(void *) + 8);
/* answers: code-10004 code-10013 code-10014 code-10022 code-10038 code-10045 */
/* answers: code-10048 code-10049 code-10050 code-10055 code-defined-only */
HOLDS(WSAEINTR == 10004 && WSAEACCES == 10013 && WSAEFAULT == 10014 && WSAEINVAL == 10022);
HOLDS(WSAEINPROGRESS == 10036 && WSAENOTSOCK == 10038 && WSAEOPNOTSUPP == 10045);
HOLDS(WSAEADDRINUSE == 10048 && WSAEADDRNOTAVAIL == 10049 && WSAENETDOWN == 10050);
HOLDS(WSAENOBUFS == 10055 && WSA_IO_PENDING == 997 && WSA_OPERATION_ABORTED == 995);
HOLDS(INVALID_SOCKET == (SOCKET)(~0) && SOCKET_ERROR == -1);
#endif
