/* SPDX-License-Identifier: MIT */
/*
 * leftovers.h - what reservations, processes and namespaces that are gone have left behind
 *
 * All of it is harmless: whoever needs its place takes it. Each step is one that is safe
 * while others use the pool and the list.
 */
#ifndef INSPECT_LEFTOVERS_H
#define INSPECT_LEFTOVERS_H

#include "inspect/namespaces.h"
#include "pool/pool.h"

struct leftover {
	bool cleared; /* or left where it is */
	const char *kind;
	/* What and where it is: the block (count 0: none), or the path (NULL: none). */
	struct block block;
	char *path;
	char *why;
};

struct leftovers {
	struct leftover *list;
	size_t count;
	bool dry;    /* nothing is touched; what would be cleared counts as cleared */
	bool failed; /* out of memory: some are missing */
};

/* What is in the pool of this thread's namespace: "reservation" that has ended, "making" of
 * one whose maker was killed, "binder" that was, "words" of none. 0 or -errno as
 * reservations_read says. */
int leftovers_in_pool(struct leftovers *leftovers, struct pool *pool);

/*
 * "pool" files of other namespaces, and "temporary" ones, in the folder of the pool (pool.h).
 * netns: our own namespace; namespaces: the others in which there are processes, NULL: not
 * known. 0 or -errno.
 */
int leftovers_in_folder(struct leftovers *leftovers, const char *folder, uint64_t netns,
			const struct namespaces *namespaces);

/* "lock" files of other namespaces' holders, and the "list" of a writer who was killed,
 * beside the list of persistent reservations. Likewise. */
int leftovers_in_state(struct leftovers *leftovers, uint64_t netns,
		       const struct namespaces *namespaces);

/* For the above: enters one; why is a printf format. */
__attribute__((format(printf, 5, 6))) void leftover_add(struct leftovers *leftovers, bool cleared,
							const char *kind,
							const struct leftover *where,
							const char *why, ...);

void leftovers_free(struct leftovers *leftovers);

#endif
