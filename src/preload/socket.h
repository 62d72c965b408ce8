/* SPDX-License-Identifier: MIT */
/* socket.h - questions about the program's sockets */
#ifndef PRELOAD_SOCKET_H
#define PRELOAD_SOCKET_H

#include <sys/socket.h>

#include "pool/pool.h"

/* TCP (MPTCP, too) or UDP over IPv4 or IPv6. 0; -EBADF, -ENOTSOCK, -EOPNOTSUPP. */
int socket_protocol(int fd, enum protocol *protocol);

/* Its SO_COOKIE as the table keeps it (COOKIE_MASK), 0 for no socket. */
uint64_t socket_cookie(int fd);

/* The port it is bound to; 0: none. */
uint16_t socket_port(int fd);

#endif
