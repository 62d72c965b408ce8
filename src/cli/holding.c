/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/holding.h"
#include "core/persistent.h"
#include "guard/guard.h"
#include "persist/lines.h"
#include "persist/persistent.h"
#include "tool/message.h"

struct held_block {
	struct block block; /* of one protocol */
	enum protocol protocol;
	int *guards;	/* one for each port, -1: missing */
	int complained; /* errno of what was said about it last */
};

static void block_say(struct held_block *held, int error)
{
	const struct block *block = &held->block;
	unsigned int last = block->first + block->count - 1U;

	if (held->complained == error)
		return;
	held->complained = error;
	if (error == -EMFILE || error == -ENFILE)
		complain("%s %u-%u: out of descriptors; raise the hard limit of open files "
			 "(LimitNOFILE=, ulimit -Hn), each port needs one",
			 protocols_name(block->protocols), block->first, last);
	else if (error == -EACCES)
		complain("%s %u-%u: the ports below net.ipv4.ip_unprivileged_port_start need "
			 "CAP_NET_BIND_SERVICE",
			 protocols_name(block->protocols), block->first, last);
	else if (error == -EADDRINUSE)
		complain("%s %u-%u: others use some of its ports; they are kept when they come "
			 "free",
			 protocols_name(block->protocols), block->first, last);
	else if (error)
		complain("%s %u-%u: %s", protocols_name(block->protocols), block->first, last,
			 strerror(-error));
}

static void block_close(struct held_block *held)
{
	uint32_t i;

	for (i = 0; i < held->block.count; i++)
		if (held->guards[i] >= 0)
			close(held->guards[i]);
	free(held->guards);
}

/* The pool's words first, then the guards (rule 3 of pool.h). */
static void block_give_up(struct pool *pool, struct held_block *held)
{
	struct reservation reservation;

	if (persistent_find(pool, &held->block, &reservation))
		persistent_end(&reservation);
	block_close(held);
}

static void block_add(struct holding *holding, const struct block *block)
{
	struct held_block held = {.block = *block}, *grown;
	uint32_t i;

	held.protocol = block->protocols & PROTOCOL_BIT(PROTOCOL_TCP) ? PROTOCOL_TCP : PROTOCOL_UDP;
	held.guards = malloc(block->count * sizeof *held.guards);
	grown = realloc(holding->blocks, (holding->count + 1) * sizeof *grown);
	if (grown)
		holding->blocks = grown;
	if (!held.guards || !grown) {
		free(held.guards);
		block_say(&held, -ENOMEM);
		return;
	}
	for (i = 0; i < block->count; i++)
		held.guards[i] = -1;
	holding->blocks[holding->count++] = held;
}

bool holding_would_lose(const struct holding *holding, const struct store *store)
{
	size_t i;

	for (i = 0; i < holding->count; i++)
		if (!store_find(store, &holding->blocks[i].block))
			return true;
	return false;
}

void holding_update(struct holding *holding, struct pool *pool, const struct store *store)
{
	size_t i, j, kept = 0;

	holding->pool = pool;
	for (i = 0; i < holding->count; i++) {
		if (store_find(store, &holding->blocks[i].block))
			holding->blocks[kept++] = holding->blocks[i];
		else
			block_give_up(pool, &holding->blocks[i]);
	}
	holding->count = kept;
	for (i = 0; i < store->count; i++) {
		const struct store_entry *entry = &store->entries[i];

		for (j = 0; j < kept; j++)
			if (block_equals(&holding->blocks[j].block, &entry->block))
				break;
		if (j == kept && !entry->name)
			block_add(holding, &entry->block);
	}
}

/* Which number no guard's descriptor may reach. */
static int descriptors_end(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)limit.rlim_cur - HOLDING_SPARE;
}

/* A guard, but none of the last descriptors. */
static int place_one(const struct held_block *held, uint32_t nth, uint32_t index, int end)
{
	int fd = guard_place_missing(held->protocol, (uint16_t)(held->block.first + nth), index);

	if (fd < end)
		return fd;
	close(fd);
	return -EMFILE;
}

/* Of so many blocks the pool's words say whose the ports are, before anybody looks the token
 * up: preloaded programs of this user are told by them, too. The other slots are left to
 * reservations that cannot do without. */
#define TOKENS_MOST (POOL_SLOTS / 4)

static void block_enter(struct pool *pool, const struct block *block, bool make)
{
	struct reservation reservation;

	if (make ? !persistent_get(pool, block, &reservation)
		 : persistent_find(pool, block, &reservation))
		persistent_guarded(&reservation);
}

/* How many are still missing. */
static unsigned int block_place(struct pool *pool, struct held_block *held, bool make)
{
	const struct block *block = &held->block;
	unsigned int missing = 0, placed = 0;
	int end = descriptors_end(), error = 0;
	uint32_t index = 0, i;

	for (i = 0; i < block->count; i++) {
		int fd = held->guards[i];

		if (fd >= 0)
			continue;
		if (!index)
			index = guard_index_of_block(block);
		/* Where they have run out, they have for all. */
		fd = error == -EMFILE ? error : place_one(held, i, index, end);
		held->guards[i] = fd >= 0 ? fd : -1;
		if (fd >= 0) {
			placed++;
		} else {
			missing++;
			error = fd;
		}
	}
	if (placed)
		block_enter(pool, block, make);
	if (error || placed)
		block_say(held, error);
	return missing;
}

void holding_place(struct holding *holding)
{
	size_t i;

	holding->ports = holding->missing = 0;
	for (i = 0; i < holding->count; i++) {
		holding->ports += holding->blocks[i].block.count;
		holding->missing +=
			block_place(holding->pool, &holding->blocks[i], i < TOKENS_MOST);
	}
}

void holding_end(struct holding *holding)
{
	size_t i;

	for (i = 0; i < holding->count; i++)
		block_close(&holding->blocks[i]);
	free(holding->blocks);
}
