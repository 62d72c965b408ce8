/* SPDX-License-Identifier: MIT */
/*
 * persistent.h - persistent reservations: what the list on disk and the pool are together
 *
 * A block has one entry for each protocol, and so one token for each. The functions work
 * in this thread's network namespace, with the store of folder.h and the pool of here.h.
 * They return 0 or -errno, may be called from several threads, and not from signal
 * handlers.
 */
#ifndef PERSIST_PERSISTENT_H
#define PERSIST_PERSISTENT_H

#include "core/reservation.h"

/*
 * Enters a block for its protocols, all or none. -EINVAL: no ports, or past 65535;
 * -EADDRINUSE: a port is in use or reserved, or the block overlaps one that is listed;
 * -EPERM: below ip_unprivileged_port_start; -EACCES: the store is not the user's to write;
 * what the store and the pool meet. Where a holder runs, it has the guards when this returns,
 * or takes longer than two seconds.
 */
int persistent_add(const struct block *block);

/* Takes it out of the list, for those of its protocols that have exactly this block.
 * -ENOENT: none. Where a holder runs, it has let the guards go, as above. */
int persistent_delete(const struct block *block);

/* The reservation of a listed block of one protocol. -ENOENT: it is not listed. */
int persistent_lookup(const struct block *block, struct reservation *reservation);

/* The reservation of a block that is known to be listed. */
int persistent_get(struct pool *pool, const struct block *block, struct reservation *reservation);

#endif
