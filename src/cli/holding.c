/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

static bool is_same(const struct block *one, const struct block *other)
{
	return one->first == other->first && one->count == other->count &&
	       one->protocols == other->protocols;
}

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
	struct reservation reservation;
	int error = persistent_get(holding->pool, block, &reservation);
	uint32_t i;

	held.protocol = block->protocols & PROTOCOL_BIT(PROTOCOL_TCP) ? PROTOCOL_TCP : PROTOCOL_UDP;
	held.guards = malloc(block->count * sizeof *held.guards);
	grown = realloc(holding->blocks, (holding->count + 1) * sizeof *grown);
	if (grown)
		holding->blocks = grown;
	if (!held.guards || !grown) {
		free(held.guards);
		error = -ENOMEM;
		block_say(&held, error);
		return;
	}
	for (i = 0; i < block->count; i++)
		held.guards[i] = -1;
	/* Guards keep strangers out all the same: they need no token. */
	block_say(&held, error);
	holding->blocks[holding->count++] = held;
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
			if (is_same(&holding->blocks[j].block, &entry->block))
				break;
		if (j == kept && !entry->name)
			block_add(holding, &entry->block);
	}
}

/* How many are still missing. */
static unsigned int block_place(struct pool *pool, struct held_block *held)
{
	const struct block *block = &held->block;
	unsigned int missing = 0, placed = 0;
	struct reservation reservation;
	uint32_t index = 0, i;
	int error = 0;

	for (i = 0; i < block->count; i++) {
		int fd = held->guards[i];

		if (fd >= 0)
			continue;
		if (!index)
			index = guard_index_of_block(block);
		fd = guard_place_missing(held->protocol, (uint16_t)(block->first + i), index);
		held->guards[i] = fd >= 0 ? fd : -1;
		if (fd >= 0) {
			placed++;
		} else {
			missing++;
			error = fd;
		}
	}
	if (placed && persistent_find(pool, block, &reservation))
		persistent_guarded(&reservation);
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
		holding->missing += block_place(holding->pool, &holding->blocks[i]);
	}
}

void holding_end(struct holding *holding)
{
	size_t i;

	for (i = 0; i < holding->count; i++)
		block_close(&holding->blocks[i]);
	free(holding->blocks);
}
