/* SPDX-License-Identifier: MIT */
/* elsewhere.h - in which other pool of this user a port is */
#ifndef INSPECT_ELSEWHERE_H
#define INSPECT_ELSEWHERE_H

#include "inspect/owners.h"
#include "pool/pool.h"

/*
 * The folder of a pool that has a reservation with this port: of those that processes of this
 * user were told of (PORTRES_DIR), and the usual one, which is "" then. For free(); NULL: in
 * none, or no memory.
 */
char *elsewhere_find(const struct owners *owners, uint64_t netns, enum protocol protocol,
		     uint16_t port);

/* The folder of the list of a persistent block, as who has its guard open was told: likewise. */
char *elsewhere_list_find(const struct owners *owners, uint32_t inode);

#endif
