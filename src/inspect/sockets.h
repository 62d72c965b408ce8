/* SPDX-License-Identifier: MIT */
/* sockets.h - which TCP and UDP sockets there are, as the kernel says (sock_diag(7)) */
#ifndef INSPECT_SOCKETS_H
#define INSPECT_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/pool.h"

/* What a socket is to us; by the interface that it is on. */
enum socket_role { ROLE_PROGRAM, ROLE_GUARD, ROLE_CLAIM };

/* Bound, and neither listening nor connected: the kernel says TCP_CLOSE of it. */
#define STATE_BOUND 7

struct inet_socket {
	enum protocol protocol;
	sa_family_t family; /* AF_INET, AF_INET6 */
	bool v6only;
	uint8_t state;		     /* TCP_LISTEN and so on; UDP: TCP_ESTABLISHED or TCP_CLOSE */
	uint16_t port, peer_port;    /* host byte order; peer_port 0: none */
	struct in6_addr local, peer; /* of AF_INET: in the first four bytes */
	uint32_t interface;	     /* 0: any */
	uint32_t uid;
	uint32_t inode;	  /* 0: nobody has it open (TIME_WAIT, say) */
	uint32_t expires; /* TIME_WAIT: milliseconds until it ends */
	enum socket_role role;
};

/* All that have a local port from first to last, by port. */
struct inet_sockets {
	struct inet_socket *list;
	size_t count;
	/* Before Linux 6.8 TCP sockets that are only bound, guards are of those, are not
	 * shown; false where that is so. */
	bool bound_shown;
};

/*
 * Reads them, of this thread's network namespace. 0; -ENOMEM; -EACCES, -EPROTONOSUPPORT and
 * the like where a sandbox or the kernel has no sock_diag. Allocates.
 */
int sockets_read(struct inet_sockets *sockets, uint16_t first, uint16_t last);
void sockets_free(struct inet_sockets *sockets);

/* The first of a port, or where it would be: they are in order of port, then protocol. */
const struct inet_socket *sockets_at(const struct inet_sockets *sockets, uint16_t port);

#endif
