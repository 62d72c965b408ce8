/* SPDX-License-Identifier: MIT */
/* diag.h - asking the kernel (sock_diag(7)) what holds a TCP port: slow, for doubtful cases only */
#ifndef GUARD_DIAG_H
#define GUARD_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Whether the TCP ports from first to last are held by connections in TIME_WAIT at
 * the most, guards aside and our own claim, which has this SO_COOKIE (0: none). 0;
 * -EADDRINUSE and in *busy a port that something else holds; or another -errno.
 *
 * Before Linux 6.8 the kernel does not show sockets that are bound and neither
 * listen nor are connected: there one with SO_REUSEADDR goes unnoticed.
 */
int diag_only_time_wait(uint16_t first, uint16_t last, uint64_t claim, uint16_t *busy);

/*
 * Whether a TCP connection from this local address to that peer would meet one
 * that exists. Both of one family, ports in them in network byte order.
 */
bool diag_connection_exists(const struct sockaddr_storage *local,
			    const struct sockaddr_storage *peer);

#endif
