/* SPDX-License-Identifier: MIT */
/*
 * pool.h - the shared memory file: who holds which block, which port is in use
 *
 * One file per user and network namespace, mapped by every process that uses a
 * reservation. It holds
 *
 *	slots       one per reservation: its token, its block, its anchor
 *	port words  one per port and protocol: which reservation has the port, and
 *	            whether it is HELD, BINDING, USED or MAYBE in use
 *
 * The pool is the map, not the truth: a port is reserved if and only if the
 * kernel has a guard for it, and in use if and only if the kernel says so. Any
 * word or slot may be stale, because its writer may die at any instruction. The
 * rules that make a stale entry harmless:
 *
 *  1. Everything that decides is one 64-bit word, changed by compare-and-swap of
 *     the whole value that was seen. Each carries the token's random bits, so a
 *     value never comes back (no ABA), and a word whose token bits are not those
 *     of the slot it names belongs to nobody.
 *  2. A slot is claimed by putting a token into it. Its other words are changed
 *     from what they were before the claim, so that a slow claimer whose slot was
 *     taken over as dead cannot damage the new one. Who takes it over changes the
 *     first of them, too, before the slot is free: so a claimer that has completed
 *     its reservation keeps it.
 *  3. RELEASE takes the reservation out of the port words first and lets the
 *     guards go afterwards. Whoever begins one places the guards first and writes
 *     the port words afterwards, and backs off from a BINDING word. Where the word
 *     says that the port was bound, that may be by a late binder who passed the
 *     guard: a claim tells. A binder with a claim looks after it has taken that
 *     whether the word is still its own and the anchor still open: then its guards
 *     were there at that time, and the guards of a new owner, which come later, meet
 *     the claim.
 *
 * Lock-free: no operation waits for another process, but for the bounded patience
 * of an explicit bind with a BINDING port.
 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_MAGIC   UINT64_C(0x3173657274726f70) /* "portres1" */
#define POOL_VERSION 1
#ifndef POOL_SLOTS /* tests/proof/explore has a small pool */
#define POOL_SLOTS 4096
#define POOL_PORTS 65536
#endif

enum protocol { PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOLS };
#define PROTOCOL_BIT(protocol) (1U << (protocol))

/* A run of consecutive ports (host byte order), of one protocol or both. */
struct block {
	uint16_t first, count;
	uint8_t protocols; /* PROTOCOL_BIT()s */
};

enum reservation_kind { KIND_RUNTIME, KIND_RUN, KIND_PERSISTENT };

/* Fixed widths and explicit offsets: 32-bit and 64-bit processes share the file. */
struct pool_slot {
	_Atomic uint64_t token;		    /* 0: free; the low bits are the slot's number */
	_Atomic uint64_t block;		    /* where, of what kind, with this token's tag */
	_Atomic uint64_t anchor;	    /* the anchor's cookie, with this token's tag */
	_Atomic uint32_t cursor[PROTOCOLS]; /* where bind(0) looks first */
	/* Ports that bind(0) prefers (never used, or given back by an explicit bind):
	 * how often one came up, and the count at which none was left. Hints. */
	_Atomic uint32_t preferred[PROTOCOLS], exhausted[PROTOCOLS];
	_Atomic uint32_t parked; /* descriptors in flight */
	/* For people, never for decisions. */
	_Atomic uint32_t holder; /* pid */
	_Atomic uint64_t since;	 /* when it was claimed, seconds since 1970 */
	_Atomic uint64_t command[2];
	_Atomic uint64_t ended;	 /* this token, once a holder has closed its anchor: a hint */
	_Atomic uint64_t socket; /* the acquiring socket's, likewise: for who inherits it */
};

struct pool {
	uint64_t magic;
	uint32_t version;
	uint32_t size;	      /* of the file, bytes */
	uint64_t signature;   /* of the layout */
	uint64_t netns;	      /* the network namespace, as pool_open was told */
	uint64_t namespace;   /* in which the pids of BINDING words count (process.h) */
	uint32_t claim_index; /* the interface index that claims are bound to */
	_Atomic uint32_t slot_cursor;
	_Atomic uint32_t search_cursor, range_cursor; /* anywhere; where PORTRES_RANGE says */
	uint8_t reserved[4096 - 56];
	struct pool_slot slots[POOL_SLOTS];
	_Atomic uint64_t words[PROTOCOLS][POOL_PORTS];
};

_Static_assert(sizeof(_Atomic uint64_t) == 8, "one machine word, no lock");
_Static_assert(sizeof(struct pool_slot) == 96, "the same for every word size");
_Static_assert(offsetof(struct pool_slot, since) == 56, "the same for every word size");
_Static_assert(offsetof(struct pool, netns) == 24, "the same for every word size");
_Static_assert(offsetof(struct pool, slots) == 4096, "the same for every word size");
_Static_assert(offsetof(struct pool, words) == 4096 + 96 * POOL_SLOTS, "no padding");
_Static_assert(sizeof(struct pool) <= 1500000, "small enough for a 64 MB /dev/shm");

/*
 * Finds the pool of a network namespace in folder (NULL: the user's folder in
 * /dev/shm), makes it where create is set, checks and maps it. The mapping stays
 * until the process ends or pool_close. Async-signal-safe.
 *
 * 0 or -errno: -ENOENT (none there, create not set), -EACCES (folder or file is
 * somebody else's, or open to others), -EBADMSG (damaged, not ours), -ENOSPC,
 * -ENOMEM, -EMFILE, -ENFILE.
 */
int pool_open(struct pool **pool, const char *folder, uint64_t netns, bool create);
void pool_close(struct pool *pool);

/*
 * Keeps other processes that call it out until the descriptor is closed: for what is
 * not done by the pool's words, and never in a hook. -EBUSY: somebody has it for long.
 */
int pool_lock(const char *folder, uint64_t netns);

/* The folder, and what the name of a file there says: for who looks at more than one pool.
 * A descriptor or -errno; false: it is no pool's. */
int pool_folder_open(const char *folder);
bool pool_name_parse(const char *name, uint64_t *netns, unsigned int *version);

/* What the name of a file that is being made begins with, until it is complete. */
#define POOL_TEMPORARY ".new-"

/*
 * Where it is: the user's folder in /dev/shm is the first of these that is the user's alone,
 * since strangers may have made one of the name before; and the file in the folder.
 */
#define POOL_FOLDERS   16
#define POOL_PATH_SIZE 64
void pool_folder_path(char path[POOL_PATH_SIZE], unsigned int suffix);
void pool_file_name(char name[POOL_PATH_SIZE], uint64_t netns);

/* The signature of this layout, as the header holds it. */
uint64_t pool_signature(void);

#endif
