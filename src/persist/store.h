/* SPDX-License-Identifier: MIT */
/*
 * store.h - the list of reserved blocks, a text file that a person can read and edit
 *
 * Each line reserves a block of one or both protocols:
 *
 *	tcp 5000-5019               persistently: without a name, of one protocol
 *	tcp+udp 21000-21015 mine    portres-run --name mine had it last
 *
 * Empty lines and those that begin with # are comments. A line that is neither is
 * damaged: it counts for nothing, is left where it is, and the others are not harmed.
 *
 * A change is written to another file, which then takes the place of the list: whatever
 * ends a writer in its midst, the old list or the new one is there whole. Writers take
 * turns by a lock; readers need none.
 *
 * All functions return 0 or -errno and may be called from several threads, with a store
 * each. Not async-signal-safe: they allocate.
 */
#ifndef PERSIST_STORE_H
#define PERSIST_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "pool/pool.h"

/* The file's name in the folder of folder.h. */
#define STORE_NAME "reservations"
/* What a writer leaves there who is killed in its midst. */
#define STORE_TEMPORARY	   STORE_NAME ".new"
#define STORE_NAME_LONGEST 255 /* bytes of a block's name */

struct store_entry {
	struct block block;
	char *name; /* NULL: a persistent reservation */
	unsigned int line;
	size_t start, end; /* of the line in the text, its end included */
};

struct store_fault {
	unsigned int line;
	const char *what;
};

/* Which list it is: another one after each change. All 0: there is none. */
struct store_identity {
	uint64_t inode, seconds, nanoseconds, size;
};

struct store {
	struct store_entry *entries;
	size_t count;
	struct store_fault *faults; /* damaged lines */
	size_t fault_count;
	struct store_identity identity;
	/* for store.c: */
	int folder, lock;
	char *text;
	size_t length;
};

enum store_access { STORE_READ, STORE_WRITE };

/*
 * Reads the list. STORE_WRITE makes the folder and keeps other writers out until
 * store_close. A list that is not there is empty. -EACCES: the folder or the file is not
 * the user's alone; -EBUSY: another writer takes too long; -EBADMSG: it is no text file;
 * -EROFS, -ENOSPC and so on.
 */
int store_open(struct store *store, enum store_access access);
void store_close(struct store *store);

/*
 * Removes the file of a writer who was killed, if there is one (only looks for it, if `dry`).
 * 0; -ENOENT: there is none; -EBUSY: a writer is at it; another -errno.
 */
int store_tidy(int folder, bool dry);

/* Lets other writers in; the store is only to be read and closed from now on. */
void store_unlock(struct store *store);

/* Which list is there now. */
struct store_identity store_identity_now(const struct store *store);

/* The persistent entry of exactly this block, or the one of a name; NULL: none. */
const struct store_entry *store_find(const struct store *store, const struct block *block);
const struct store_entry *store_find_name(const struct store *store, const char *name);

/* A persistent entry that has a port of this block, for one of its protocols; NULL: none. */
const struct store_entry *store_overlap(const struct store *store, const struct block *block);

/* Whether it may be a name: 1 to 255 bytes of UTF-8, no control characters, no space at its
 * ends. */
bool store_name_valid(const char *name);

/*
 * Changes the list: without the entries of which `gone` says true (NULL: none goes), and
 * with a new one at its end (block NULL: none; name NULL: persistent, one for each of its
 * protocols). On disk when it returns 0; the entries in `store` are those from before.
 */
struct store_change {
	bool (*gone)(const struct store_entry *entry, const void *context);
	const void *context;
	const struct block *block;
	const char *name;
};
int store_change(struct store *store, const struct store_change *change);

#endif
