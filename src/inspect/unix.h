/* SPDX-License-Identifier: MIT */
/* unix.h - which AF_UNIX sockets there are: anchors are of those (sock_diag(7)) */
#ifndef INSPECT_UNIX_H
#define INSPECT_UNIX_H

#include <stddef.h>
#include <stdint.h>

struct unix_socket {
	uint64_t cookie;      /* SO_COOKIE */
	uint32_t inode, peer; /* peer 0: none */
};

/* All of this network namespace, by the low bits of the cookie (COOKIE_MASK). */
struct unix_sockets {
	struct unix_socket *list;
	size_t count;
};

/* 0; -ENOMEM; -ENOENT and the like where the kernel does not tell. Allocates. */
int unix_sockets_read(struct unix_sockets *sockets);
void unix_sockets_free(struct unix_sockets *sockets);

/* The one with these low bits of its cookie; NULL: none. */
const struct unix_socket *unix_sockets_find(const struct unix_sockets *sockets, uint64_t cookie);

#endif
