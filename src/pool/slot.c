/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "pool/slot.h"

#define BLOCK_COUNT_SHIFT     16
#define BLOCK_PROTOCOLS_SHIFT 32
#define BLOCK_KIND_SHIFT      34

static int token_draw(unsigned int slot, uint64_t *token)
{
	do {
		ssize_t got = getrandom(token, sizeof *token, 0);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got != (ssize_t)sizeof *token)
			*token = 0;
		*token = *token / POOL_SLOTS * POOL_SLOTS;
	} while (!*token);
	*token += slot;
	return 0;
}

int slot_claim(struct pool *pool, struct slot_claim *claim)
{
	unsigned int start = atomic_load_explicit(&pool->slot_cursor, memory_order_relaxed), i;

	for (i = 0; i < POOL_SLOTS; i++) {
		unsigned int number = (start + i) % POOL_SLOTS;
		struct pool_slot *slot = &pool->slots[number];
		uint64_t free = atomic_load_explicit(&slot->token, memory_order_relaxed);
		int error;

		/* One of another slot is damage: nobody would ever give it back. */
		if (free && TOKEN_SLOT(free) == number)
			continue;
		claim->block = atomic_load(&slot->block);
		claim->anchor = atomic_load(&slot->anchor);
		error = token_draw(number, &claim->token);
		if (error)
			return error;
		if (!atomic_compare_exchange_strong(&slot->token, &free, claim->token))
			continue;
		atomic_store_explicit(&slot->since, (uint64_t)time(NULL), memory_order_relaxed);
		atomic_store_explicit(&pool->slot_cursor, number + 1, memory_order_relaxed);
		return 0;
	}
	return -ENOSPC;
}

bool slot_describe(struct pool *pool, struct slot_claim *claim, struct block block,
		   enum reservation_kind kind)
{
	struct pool_slot *slot = &pool->slots[TOKEN_SLOT(claim->token)];
	uint64_t word = TOKEN_TAG(claim->token) | block.first |
			(uint64_t)block.count << BLOCK_COUNT_SHIFT |
			(uint64_t)block.protocols << BLOCK_PROTOCOLS_SHIFT |
			(uint64_t)kind << BLOCK_KIND_SHIFT;
	uint64_t command[2] = {0};
	int protocol;

	/* For people; whoever reads it does not mind a mixture of two. */
	memcpy(command, program_invocation_short_name,
	       strnlen(program_invocation_short_name, sizeof command));
	atomic_store_explicit(&slot->holder, (uint32_t)getpid(), memory_order_relaxed);
	atomic_store_explicit(&slot->command[0], command[0], memory_order_relaxed);
	atomic_store_explicit(&slot->command[1], command[1], memory_order_relaxed);
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		atomic_store_explicit(&slot->cursor[protocol], 0, memory_order_relaxed);
		atomic_store_explicit(&slot->preferred[protocol], 1, memory_order_relaxed);
		atomic_store_explicit(&slot->exhausted[protocol], 0, memory_order_relaxed);
	}
	if (!atomic_compare_exchange_strong(&slot->block, &claim->block, word))
		return false;
	claim->block = word;
	return slot_token(pool, TOKEN_SLOT(claim->token)) == claim->token;
}

bool slot_anchor(struct pool *pool, struct slot_claim *claim, uint64_t cookie)
{
	struct pool_slot *slot = &pool->slots[TOKEN_SLOT(claim->token)];
	uint64_t word = TOKEN_TAG(claim->token) | (cookie & COOKIE_MASK);

	return atomic_compare_exchange_strong(&slot->anchor, &claim->anchor, word) &&
	       slot_token(pool, TOKEN_SLOT(claim->token)) == claim->token;
}

void slot_socket_set(struct pool *pool, uint64_t token, uint64_t cookie)
{
	atomic_store(&pool->slots[TOKEN_SLOT(token)].socket,
		     TOKEN_TAG(token) | (cookie & COOKIE_MASK));
}

uint64_t slot_socket(const struct pool *pool, uint64_t token)
{
	uint64_t word = atomic_load(&pool->slots[TOKEN_SLOT(token)].socket);

	return TOKEN_TAG(word) == TOKEN_TAG(token) ? word & COOKIE_MASK : 0;
}

uint64_t slot_by_anchor(const struct pool *pool, uint64_t cookie)
{
	unsigned int i;

	for (i = 0; cookie && i < POOL_SLOTS; i++) {
		uint64_t word = atomic_load_explicit(&pool->slots[i].anchor, memory_order_relaxed);
		uint64_t token = slot_token(pool, i);

		if ((word & COOKIE_MASK) == (cookie & COOKIE_MASK) && token &&
		    TOKEN_TAG(word) == TOKEN_TAG(token))
			return token;
	}
	return 0;
}

bool slot_free(struct pool *pool, uint64_t token)
{
	return atomic_compare_exchange_strong(&pool->slots[TOKEN_SLOT(token)].token, &token, 0);
}

bool slot_abandon(struct pool *pool, uint64_t token)
{
	struct pool_slot *slot = &pool->slots[TOKEN_SLOT(token)];
	uint64_t block = atomic_load(&slot->block);
	struct slot_view view;

	/* Read before the token: so it is not that of who has the slot next. */
	if (slot_token(pool, TOKEN_SLOT(token)) != token)
		return false;
	/* Its maker can no longer describe it, or has done that. */
	if (TOKEN_TAG(block) != TOKEN_TAG(token) &&
	    !atomic_compare_exchange_strong(&slot->block, &block, TOKEN_TAG(token)))
		return false;
	return !slot_find(pool, token, &view) && slot_free(pool, token);
}

void slot_bury(struct pool *pool, uint64_t token)
{
	struct slot_view view;

	if (slot_find(pool, token, &view) && view.kind == KIND_PERSISTENT) {
		atomic_store_explicit(&pool->slots[TOKEN_SLOT(token)].parked, 0,
				      memory_order_relaxed);
		slot_doubt(pool, token);
	} else {
		slot_free(pool, token);
	}
}

void slot_doubt(struct pool *pool, uint64_t token)
{
	struct pool_slot *slot = &pool->slots[TOKEN_SLOT(token)];

	if (atomic_load(&slot->token) == token)
		atomic_store_explicit(&slot->ended, token, memory_order_relaxed);
}

void slot_trust(struct pool *pool, uint64_t token)
{
	atomic_compare_exchange_strong(&pool->slots[TOKEN_SLOT(token)].ended, &token, 0);
}

bool slot_find(const struct pool *pool, uint64_t token, struct slot_view *view)
{
	const struct pool_slot *slot = &pool->slots[TOKEN_SLOT(token)];
	uint64_t block, anchor;

	if (!token || atomic_load(&slot->token) != token)
		return false;
	block = atomic_load(&slot->block);
	if (TOKEN_TAG(block) != TOKEN_TAG(token))
		return false;
	view->block.first = (uint16_t)block;
	view->block.count = (uint16_t)(block >> BLOCK_COUNT_SHIFT);
	view->block.protocols = block >> BLOCK_PROTOCOLS_SHIFT & 3;
	view->kind = block >> BLOCK_KIND_SHIFT & 3;
	if (!view->block.first || !view->block.count || !view->block.protocols ||
	    view->kind > KIND_PERSISTENT || view->block.first + view->block.count > POOL_PORTS)
		return false;
	anchor = atomic_load(&slot->anchor);
	view->anchor = TOKEN_TAG(anchor) == TOKEN_TAG(token) ? anchor & COOKIE_MASK : 0;
	return true;
}

uint64_t slot_token(const struct pool *pool, unsigned int slot)
{
	uint64_t token = atomic_load(&pool->slots[slot].token);

	return TOKEN_SLOT(token) == slot ? token : 0;
}
