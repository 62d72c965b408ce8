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

/* info: cookie (36 of 40), port (16), flags (8). 0: nothing known. */
static uint64_t info_make(const struct fd_entry *entry)
{
	return (entry->cookie & COOKIE_MASK) << 24 | (uint64_t)entry->port << 8 | entry->flags;
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

bool fdtable_set(int fd, struct fd_entry entry)
{
	struct fd_entry interim = {.cookie = entry.cookie, .flags = entry.flags & FD_ACQUIRER};
	struct chunk *chunk;
	unsigned int number;

	if (!fdtable_is_ours())
		return false;
	chunk = chunk_make(fd);
	if (!chunk)
		return false;
	number = atomic_load_explicit(&highest, memory_order_relaxed);
	while (number < (unsigned int)fd &&
	       !atomic_compare_exchange_weak(&highest, &number, (unsigned int)fd))
		;
	/* What needs no token is never missing: lifetime_sweep would think its socket closed. */
	atomic_store(&chunk->entries[fd % CHUNK].info, interim.flags ? info_make(&interim) : 0);
	atomic_store(&chunk->entries[fd % CHUNK].token, entry.token);
	atomic_store(&chunk->entries[fd % CHUNK].info, info_make(&entry));
	hook_state_add(STATE_TABLE);
	return true;
}

void fdtable_clear(int fd)
{
	struct chunk *chunk = chunk_of(fd);

	if (chunk && atomic_load_explicit(&chunk->entries[fd % CHUNK].info, memory_order_relaxed))
		atomic_store(&chunk->entries[fd % CHUNK].info, 0);
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
