/* SPDX-License-Identifier: MIT */
/* diag.h - asking the kernel (sock_diag(7)) what holds a TCP port: slow, for doubtful cases only */
#ifndef GUARD_DIAG_H
#define GUARD_DIAG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "pool/pool.h"

/* A conversation with the kernel about sockets. */
struct diag {
	int fd;
	char *buffer;
};

/* 0; -ENOMEM, -EMFILE and so on; -EACCES and the like where a sandbox forbids AF_NETLINK. */
int diag_open(struct diag *diag);
void diag_close(struct diag *diag);

/* Sees a message of an answer. 0: go on; or a -errno, with which all ends. */
typedef int diag_visit(const struct nlmsghdr *message, void *context);

/* Sends a request for a dump and shows all that comes. 0 or -errno: -ENOENT where the kernel
 * knows nothing of such sockets. */
int diag_dump(const struct diag *diag, const void *request, size_t size, diag_visit *visit,
	      void *context);

/* Shows the sockets of a family (struct inet_diag_msg) whose local port lies in a range. */
struct diag_range {
	uint16_t first, last;
};
int diag_ports(const struct diag *diag, int family, enum protocol protocol, struct diag_range range,
	       diag_visit *visit, void *context);

/* Sockets of ours. */
struct diag_own {
	uint32_t guards; /* on this index; 0: on any, GUARD_INDEX: all but persistent blocks' */
	uint64_t claim;	 /* with this SO_COOKIE; 0: none */
};

/*
 * Whether the TCP ports from first to last are held by connections in TIME_WAIT at
 * the most, our own sockets aside. 0; -EADDRINUSE and in *busy a port that something else holds; or
 * another -errno.
 *
 * Before Linux 6.8 the kernel does not show sockets that are bound and neither
 * listen nor are connected: there one with SO_REUSEADDR goes unnoticed.
 */
int diag_only_time_wait(uint16_t first, uint16_t last, struct diag_own own, uint16_t *busy);

/*
 * Whether a TCP connection from this local address to that peer would meet one
 * that exists. Both of one family, ports in them in network byte order.
 */
bool diag_connection_exists(const struct sockaddr_storage *local,
			    const struct sockaddr_storage *peer);

#endif
