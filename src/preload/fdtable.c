/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <sys/mman.h>

#include "preload/fdtable.h"
#include "preload/hook.h"
#include "real/process.h"

#define CHUNK	   256
#define READ_TRIES 1000
#define CHUNKS	   4096 /* descriptors up to 1,048,575, Linux' default nr_open */

struct chunk {
	struct {
		_Atomic uint64_t info, token;
	} entries[CHUNK];
};

/* Pages of it that are never used cost nothing. */
static _Atomic(struct chunk *) chunks[CHUNKS];

/* No entry was ever above it. */
static _Atomic unsigned int highest;

static _Atomic unsigned int pending;

/*
 * Which cookies were ever associated, by their low bits, so that a socket that was not is
 * told from its copies without reading the table.
 */
#define FILTER 4096
static _Atomic uint64_t associated_cookies[FILTER / 64];

static void filter_add(uint64_t cookie)
{
	atomic_fetch_or_explicit(&associated_cookies[cookie % FILTER / 64],
				 UINT64_C(1) << cookie % 64, memory_order_relaxed);
}

static bool filter_has(uint64_t cookie)
{
	return atomic_load_explicit(&associated_cookies[cookie % FILTER / 64],
				    memory_order_relaxed) >>
		       cookie % 64 &
	       1;
}

/* info: cookie (36 of 40), port (16), flags (8). 0: nothing known. */
static uint64_t info_make(const struct fd_entry *entry)
{
	return (entry->cookie & COOKIE_MASK) << 24 | (uint64_t)entry->port << 8 | entry->flags;
}

static unsigned int is_pending(uint64_t info)
{
	return (info & (FD_ASSOCIATED | FD_BOUND)) == FD_ASSOCIATED;
}

/* The count is right whoever else changes the entry: each takes out what it puts in. */
static void info_changed(uint64_t before, uint64_t value)
{
	if (is_pending(value) != is_pending(before))
		atomic_fetch_add(&pending, is_pending(value) - is_pending(before));
}

static void info_put(_Atomic uint64_t *info, uint64_t value)
{
	info_changed(atomic_exchange(info, value), value);
}

static bool info_replace(_Atomic uint64_t *info, uint64_t before, uint64_t value)
{
	if (!atomic_compare_exchange_strong(info, &before, value))
		return false;
	info_changed(before, value);
	return true;
}

static struct chunk *chunk_of(int fd)
{
	if (fd < 0 || fd >= CHUNK * CHUNKS)
		return NULL;
	return atomic_load_explicit(&chunks[fd / CHUNK], memory_order_acquire);
}

static struct chunk *chunk_make(int fd)
{
	struct chunk *chunk = chunk_of(fd), *other = NULL;

	if (chunk || fd < 0 || fd >= CHUNK * CHUNKS)
		return chunk;
	chunk = mmap(NULL, sizeof *chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (chunk == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&chunks[fd / CHUNK], &other, chunk))
		return chunk;
	munmap(chunk, sizeof *chunk);
	return other;
}

struct fd_entry fdtable_get(int fd)
{
	struct chunk *chunk = chunk_of(fd);
	struct fd_entry entry = {0};
	uint64_t info, again;
	int tries;

	if (!chunk)
		return entry;
	info = atomic_load(&chunk->entries[fd % CHUNK].info);
	if (!info)
		return entry;
	for (tries = 0; tries < READ_TRIES; tries++, info = again) {
		entry.token = atomic_load(&chunk->entries[fd % CHUNK].token);
		again = atomic_load(&chunk->entries[fd % CHUNK].info);
		if (again == info)
			break;
	}
	if (tries == READ_TRIES || !info) {
		/* Threads are changing it all the time: nothing is known for sure. */
		entry.token = 0;
		return entry;
	}
	entry.cookie = info >> 24;
	entry.port = (uint16_t)(info >> 8);
	entry.flags = (uint8_t)info;
	return entry;
}

bool fdtable_is_ours(void)
{
	return process_owns_memory() &&
	       !(hook_state_has(STATE_UNSHARED) && process_thread_unshared());
}

/* NULL where there is no memory for it, or the table is not the caller's. */
static struct chunk *chunk_for(int fd)
{
	unsigned int number = atomic_load_explicit(&highest, memory_order_relaxed);
	struct chunk *chunk = fdtable_is_ours() ? chunk_make(fd) : NULL;

	while (chunk && number < (unsigned int)fd &&
	       !atomic_compare_exchange_weak(&highest, &number, (unsigned int)fd))
		;
	return chunk;
}

/* What needs no token is never missing: lifetime_sweep would think its socket closed. */
static uint64_t interim(const struct fd_entry *entry)
{
	struct fd_entry some = {.cookie = entry->cookie, .flags = entry->flags & FD_ACQUIRER};

	return some.flags ? info_make(&some) : 0;
}

static void entry_finish(struct chunk *chunk, int fd, const struct fd_entry *entry)
{
	atomic_store(&chunk->entries[fd % CHUNK].token, entry->token);
	if (entry->flags & FD_ASSOCIATED)
		filter_add(entry->cookie & COOKIE_MASK);
	info_put(&chunk->entries[fd % CHUNK].info, info_make(entry));
	hook_state_add(STATE_TABLE);
}

bool fdtable_set(int fd, struct fd_entry entry)
{
	struct chunk *chunk = chunk_for(fd);

	if (!chunk)
		return false;
	info_put(&chunk->entries[fd % CHUNK].info, interim(&entry));
	entry_finish(chunk, fd, &entry);
	return true;
}

bool fdtable_replace(int fd, const struct fd_entry *known, struct fd_entry entry)
{
	struct chunk *chunk = chunk_for(fd);
	uint64_t before = known->flags ? info_make(known) : 0;

	if (!chunk || !info_replace(&chunk->entries[fd % CHUNK].info, before, interim(&entry)))
		return false;
	entry_finish(chunk, fd, &entry);
	return true;
}

void fdtable_clear(int fd)
{
	struct chunk *chunk = chunk_of(fd);

	if (chunk && atomic_load_explicit(&chunk->entries[fd % CHUNK].info, memory_order_relaxed))
		info_put(&chunk->entries[fd % CHUNK].info, 0);
}

unsigned int fdtable_highest(void)
{
	return atomic_load_explicit(&highest, memory_order_relaxed);
}

void fdtable_visit(unsigned int first, unsigned int last,
		   void (*visit)(int fd, struct fd_entry entry, void *context), void *context)
{
	unsigned int number, end = fdtable_highest();

	if (last > end)
		last = end;
	for (number = first; number <= last; number++) {
		struct fd_entry entry;

		if (!chunk_of((int)number)) {
			number |= CHUNK - 1;
			continue;
		}
		entry = fdtable_get((int)number);
		if (entry.flags)
			visit((int)number, entry, context);
	}
}

unsigned int fdtable_pending(void)
{
	return atomic_load_explicit(&pending, memory_order_relaxed);
}

struct search {
	uint64_t cookie;
	unsigned int flags;
	struct fd_entry found;
};

static void search_one(int fd, struct fd_entry entry, void *context)
{
	struct search *search = context;

	(void)fd;
	if (entry.cookie == search->cookie && (entry.flags & search->flags) == search->flags)
		search->found = entry;
}

struct fd_entry fdtable_find(uint64_t cookie, unsigned int flags)
{
	struct search search = {cookie, flags, {.flags = 0}};

	if (cookie && (!(flags & FD_ASSOCIATED) || filter_has(cookie)))
		fdtable_visit(0, ~0U, search_one, &search);
	return search.found;
}
