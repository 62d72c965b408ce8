/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "core/here.h"
#include "core/persistent.h"
#include "persist/folder.h"
#include "persist/persistent.h"
#include "persist/store.h"
#include "real/real.h"

#define HOLDER_PAUSE_NS 2000000
#define HOLDER_PAUSES	1000

static int block_check(const struct block *block)
{
	if (!block->first || !block->count || (uint32_t)block->first + block->count > POOL_PORTS)
		return -EINVAL;
	return 0;
}

/* Those of one protocol. */
static struct block part_of(const struct block *block, int protocol)
{
	struct block part = *block;

	part.protocols &= PROTOCOL_BIT(protocol);
	return part;
}

/* Whether nobody has any of it: it is had for a moment. */
static int block_try(struct pool *pool, const struct block *block)
{
	struct acquire_request request = {.first = block->first,
					  .count = block->count,
					  .protocols = block->protocols,
					  .kind = KIND_RUNTIME};
	struct reservation reservation;
	int anchor, error = reservation_acquire(pool, &request, &reservation, &anchor);

	/* Not to be mistaken for a list that is not ours. */
	if (error == -EACCES)
		return -EPERM;
	if (error)
		return error;
	reservation_release(&reservation, anchor);
	real_close(anchor);
	return 0;
}

/* A holder sees the list change and acts on it; whoever is told that it is done relies on
 * it. Others may write meanwhile: what they leave has our change in it, too. */
static void holder_wait(struct store *store, uint64_t netns)
{
	struct timespec pause = {.tv_nsec = HOLDER_PAUSE_NS};
	char name[HOLDER_NAME_SIZE];
	int pauses;

	store_unlock(store);
	state_holder_name(name, netns);
	for (pauses = 0; pauses < HOLDER_PAUSES && state_locked(store->folder, name); pauses++) {
		struct store_identity identity = store_identity_now(store);

		if (holder_noted(store->folder, name, &identity, sizeof identity))
			return;
		nanosleep(&pause, NULL);
	}
}

/* What a change begins with; whoever had it closes both. */
static int change_begin(const struct block *block, struct pool **pool, struct store *store)
{
	int error = block_check(block);

	if (!error)
		error = pool_here(pool, true);
	if (error)
		return error;
	error = store_open(store, STORE_WRITE);
	if (error)
		pool_close(*pool);
	return error;
}

int persistent_add(const struct block *block)
{
	struct store_change change = {.block = block};
	struct store store;
	struct pool *pool;
	int error = change_begin(block, &pool, &store);

	if (error)
		return error;
	error = store_overlap(&store, block) ? -EADDRINUSE : block_try(pool, block);
	if (!error)
		error = store_change(&store, &change);
	if (!error)
		holder_wait(&store, pool->netns);
	store_close(&store);
	pool_close(pool);
	return error;
}

static bool is_part(const struct store_entry *entry, const void *context)
{
	const struct block *block = context;

	return !entry->name && entry->block.first == block->first &&
	       entry->block.count == block->count && entry->block.protocols & block->protocols;
}

int persistent_delete(const struct block *block)
{
	struct store_change change = {.gone = is_part, .context = block};
	struct reservation reservation;
	struct store store;
	struct pool *pool;
	int error = change_begin(block, &pool, &store), protocol;
	bool any = false;

	if (error)
		return error;
	for (size_t i = 0; i < store.count; i++)
		any |= is_part(&store.entries[i], block);
	error = any ? store_change(&store, &change) : -ENOENT;
	for (protocol = 0; !error && protocol < PROTOCOLS; protocol++) {
		struct block part = part_of(block, protocol);

		if (part.protocols && persistent_find(pool, &part, &reservation))
			persistent_end(&reservation);
	}
	if (!error)
		holder_wait(&store, pool->netns);
	store_close(&store);
	pool_close(pool);
	return error;
}

int persistent_get(struct pool *pool, const struct block *block, struct reservation *reservation)
{
	int lock, error;

	if (persistent_find(pool, block, reservation))
		return 0;
	/* A block gets one token. Who cannot have the lock goes on: two are better than none. */
	lock = pool_lock(pool_folder(), pool->netns);
	error = persistent_make(pool, block, reservation);
	if (lock >= 0)
		close(lock);
	return error;
}

int persistent_lookup(const struct block *block, struct reservation *reservation)
{
	struct store store;
	struct pool *pool;
	int error = block_check(block);

	if (!error)
		error = store_open(&store, STORE_READ);
	if (error)
		return error;
	if (!store_find(&store, block))
		error = -ENOENT;
	store_close(&store);
	if (!error)
		error = pool_here(&pool, true);
	if (error)
		return error;
	error = persistent_get(pool, block, reservation);
	pool_close(pool);
	reservation->pool = NULL;
	return error;
}
