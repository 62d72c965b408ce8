/* SPDX-License-Identifier: MIT */
/*
 * fdtable.h - what we know of a descriptor
 *
 * A cache: a close that we did not see leaves a stale entry, so whoever acts on an
 * association compares the socket's SO_COOKIE first. Two levels, grown by use. An
 * entry is two words; who changes it takes what depends on the second out of the
 * first in between, and who reads it reads the first word again: a mixture of two
 * entries is never believed.
 */
#ifndef PRELOAD_FDTABLE_H
#define PRELOAD_FDTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/slot.h"

enum fd_flag {
	FD_ASSOCIATED = 1, /* with token */
	FD_BOUND = 2,	   /* to a port of token's block */
	FD_UDP = 4,
	FD_ACQUIRER = 8, /* reservations live with it (tie.h) */
	FD_ANCHOR = 16,	 /* ours: the program does not know it */
	FD_PASSED = 32,	 /* bound elsewhere: nothing more to do at connect or send */
};

struct fd_entry {
	uint64_t token;
	uint64_t cookie; /* of the socket, its low bits (COOKIE_MASK) */
	uint16_t port;	 /* if bound */
	uint8_t flags;	 /* 0: nothing is known */
};

/* What is known of fd; flags 0 if nothing. */
struct fd_entry fdtable_get(int fd);

/*
 * Whether the table speaks of the caller's descriptors, and may be changed. Not in a
 * vfork child: its descriptors are copies, and the memory is its parent's. Nor in a
 * thread that unshared its descriptors; those of the first thread count.
 */
bool fdtable_is_ours(void);

/* False where there is no memory for it, or the table is not the caller's. */
bool fdtable_set(int fd, struct fd_entry entry);

/* The same if the number is as it was known; false also where it is not. */
bool fdtable_replace(int fd, const struct fd_entry *known, struct fd_entry entry);

void fdtable_clear(int fd);

/* An entry of this socket (0: none) with these flags; flags 0 if there is none. */
struct fd_entry fdtable_find(uint64_t cookie, unsigned int flags);

/* How many are associated and not bound. */
unsigned int fdtable_pending(void);

/* No descriptor above it is known. */
unsigned int fdtable_highest(void);

/* A call for each known descriptor from first to last; it may clear it. */
void fdtable_visit(unsigned int first, unsigned int last,
		   void (*visit)(int fd, struct fd_entry entry, void *context), void *context);

static inline enum protocol fd_protocol(const struct fd_entry *entry)
{
	return entry->flags & FD_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
}

#endif
