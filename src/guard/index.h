/* SPDX-License-Identifier: MIT */
/* Pieces that guards and claims share: sockets on interface indexes that do not exist. */
#ifndef GUARD_INDEX_H
#define GUARD_INDEX_H

#include "pool/pool.h"

/*
 * Guards are on even indexes, claims on odd ones (the pool's header says which). Those of
 * persistent blocks tell by their index whose they are: sixteen for each first port.
 */
#define GUARD_INDEX	 0x7ffffff0
#define GUARD_INDEX_LAST 0x7fff0000
#define GUARD_INDEX_STEP 16
#define PERSISTENT_INDEX 0x7ff00000 /* the lowest of all */

static inline bool index_is_guard(uint32_t index)
{
	return index >= PERSISTENT_INDEX && index % 2 == 0;
}

static inline bool index_is_claim(uint32_t index)
{
	return index >= PERSISTENT_INDEX && index % 2 != 0;
}

/* A socket of this protocol, closed on exec. fd or -errno. */
int protocol_socket(int family, enum protocol protocol);

/* A wildcard socket for both families, AF_INET where there is no IPv6. fd or -errno. */
int wildcard_socket(enum protocol protocol, bool *ipv6);
int wildcard_bind(int fd, bool ipv6, uint16_t port);

/* Whether an interface has this index, which then is not for us. fd: any socket. */
bool interface_exists(int fd, uint32_t index);

/* The index of ordinary guards is to be chosen anew. */
void guard_index_forget(void);

/* A guard on a certain index; 0: that of ordinary ones. Otherwise as guard_place. */
int guard_place_on(uint32_t index, enum protocol protocol, uint16_t port, bool over_time_wait);

/* Puts a socket on an interface index. 0 or -errno, -EOPNOTSUPP: the kernel cannot. */
int index_bind(int fd, uint32_t index);

#endif
