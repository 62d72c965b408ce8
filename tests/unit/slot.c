/* SPDX-License-Identifier: MIT */
/* The slots of a pool and their tokens. */
#include <stdlib.h>

#include "layout.h"
#include "pool/slot.h"
#include "unit.h"

#define BOTH 3

static struct pool *pool;
static const struct block block = {.first = 20000, .count = 16, .protocols = BOTH};

static struct slot_claim claimed(void)
{
	struct slot_claim claim;

	IS_FATAL(slot_claim(pool, &claim), 0);
	return claim;
}

/* A reservation as acquire leaves it. */
static struct slot_claim described(uint64_t cookie)
{
	struct slot_claim claim = claimed();

	OK(slot_describe(pool, &claim, block, KIND_RUN));
	OK(slot_anchor(pool, &claim, cookie));
	return claim;
}

/* The next claim gets this slot. */
static struct slot_claim claimed_again(uint64_t token)
{
	struct slot_claim claim;

	atomic_store(&pool->slot_cursor, TOKEN_SLOT(token));
	claim = claimed();
	IS(TOKEN_SLOT(claim.token), TOKEN_SLOT(token));
	return claim;
}

static void test_round_trip(void)
{
	static const struct block blocks[] = {
		{1, 1, 1}, {65535, 1, 2}, {1, 65535, BOTH}, {1024, 64512, 1}, {20000, 20, 2}};
	struct slot_view view;

	pool = unit_pool();
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
		for (enum reservation_kind kind = KIND_RUNTIME; kind <= KIND_RUN; kind++) {
			struct slot_claim claim = claimed();

			OK(!slot_find(pool, claim.token, &view));
			OK(slot_describe(pool, &claim, blocks[i], kind));
			OK(slot_find(pool, claim.token, &view));
			IS(view.anchor, 0);
			OK(slot_anchor(pool, &claim, 4711 + i));
			OK(slot_find(pool, claim.token, &view));
			IS(view.block.first, blocks[i].first);
			IS(view.block.count, blocks[i].count);
			IS(view.block.protocols, blocks[i].protocols);
			IS(view.kind, kind);
			IS(view.anchor, 4711 + i);
			IS(slot_token(pool, TOKEN_SLOT(claim.token)), claim.token);
		}
	}
}

static int compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

static void test_tokens(void)
{
	enum { DRAWS = 100000 };
	static uint64_t tokens[DRAWS];
	uint64_t any = 0, all = UINT64_MAX;
	size_t zero = 0, elsewhere = 0, steady = 0, same = 0;
	struct slot_claim claim;

	pool = unit_pool();
	atomic_store(&pool->slot_cursor, 0);
	for (size_t i = 0; i < DRAWS; i++) {
		if (slot_claim(pool, &claim) || !slot_free(pool, claim.token))
			break;
		tokens[i] = claim.token;
		zero += !claim.token;
		elsewhere += TOKEN_SLOT(claim.token) != i % POOL_SLOTS;
		any |= claim.token;
		all &= claim.token;
		if (i > 1)
			steady += tokens[i] - tokens[i - 1] == tokens[i - 1] - tokens[i - 2];
	}
	IS(zero, 0);
	IS(elsewhere, 0);
	IS(steady, 0);
	OK(any == UINT64_MAX);
	IS(all, 0);
	qsort(tokens, DRAWS, sizeof tokens[0], compare);
	for (size_t i = 1; i < DRAWS; i++)
		same += tokens[i] == tokens[i - 1];
	IS(same, 0);
}

static void test_freed(void)
{
	struct slot_claim claim;
	struct slot_view view;

	pool = unit_pool();
	claim = described(4711);
	OK(slot_free(pool, claim.token));
	OK(!slot_find(pool, claim.token, &view));
	OK(!slot_free(pool, claim.token));
	IS(slot_by_anchor(pool, 4711), 0);
	IS(slot_token(pool, TOKEN_SLOT(claim.token)), 0);
	OK(!slot_find(pool, 0, &view));
	/* The successor in the same slot is another one, and its end not ours to say. */
	claimed_again(claim.token);
	OK(!slot_find(pool, claim.token, &view));
	OK(!slot_free(pool, claim.token));
	IS(unit_slots(pool), 1);
}

static void test_guessed(void)
{
	struct slot_claim claim;
	struct slot_view view;
	unsigned int found = 0;

	pool = unit_pool();
	claim = described(4711);
	for (int bit = 0; bit < 64; bit++)
		found += slot_find(pool, claim.token ^ UINT64_C(1) << bit, &view);
	IS(found, 0);
	OK(slot_find(pool, claim.token, &view));
}

static void test_full(void)
{
	struct slot_claim claim;
	uint64_t middle = 0;
	unsigned int i;

	pool = unit_pool();
	for (i = 0; i < POOL_SLOTS; i++) {
		claim = described(i + 1);
		if (i == 1000)
			middle = claim.token;
	}
	IS(unit_slots(pool), POOL_SLOTS);
	IS(slot_claim(pool, &claim), -ENOSPC);
	OK(slot_free(pool, middle));
	IS(slot_claim(pool, &claim), 0);
	IS(TOKEN_SLOT(claim.token), TOKEN_SLOT(middle));
	OK(claim.token != middle);
	IS(slot_claim(pool, &claim), -ENOSPC);
}

/* One was thought dead between claiming and describing; its slot is another's by now. */
static void test_taken_over(void)
{
	struct slot_claim old, new;
	struct slot_view view;

	pool = unit_pool();
	old = claimed();
	OK(slot_free(pool, old.token));
	new = claimed_again(old.token);
	OK(slot_describe(pool, &new, (struct block){30000, 7, 1}, KIND_RUNTIME));
	OK(slot_anchor(pool, &new, 815));
	OK(!slot_describe(pool, &old, block, KIND_RUN));
	OK(!slot_anchor(pool, &old, 4711));
	OK(!slot_free(pool, old.token));
	OK(!slot_find(pool, old.token, &view));
	OK_FATAL(slot_find(pool, new.token, &view));
	IS(view.block.first, 30000);
	IS(view.block.count, 7);
	IS(view.block.protocols, 1);
	IS(view.kind, KIND_RUNTIME);
	IS(view.anchor, 815);
}

static void test_taken_over_described(void)
{
	struct slot_claim old, new;
	struct slot_view view;

	pool = unit_pool();
	old = claimed();
	OK(slot_describe(pool, &old, block, KIND_RUN));
	OK(slot_free(pool, old.token));
	new = claimed_again(old.token);
	OK(slot_describe(pool, &new, (struct block){30000, 7, 1}, KIND_RUNTIME));
	OK(slot_anchor(pool, &new, 815));
	OK(!slot_anchor(pool, &old, 4711));
	OK_FATAL(slot_find(pool, new.token, &view));
	IS(view.block.first, 30000);
	IS(view.anchor, 815);
}

/* Where the slow one comes first, the other is told so, or has what it wrote. */
static void test_taken_over_early(void)
{
	struct slot_claim old, new;
	struct slot_view view;
	bool good;

	pool = unit_pool();
	old = claimed();
	OK(slot_free(pool, old.token));
	new = claimed_again(old.token);
	OK(!slot_describe(pool, &old, block, KIND_RUN));
	OK(!slot_anchor(pool, &old, 4711));
	OK(!slot_find(pool, old.token, &view));
	good = slot_describe(pool, &new, (struct block){30000, 7, 1}, KIND_RUNTIME) &&
	       slot_anchor(pool, &new, 815);
	IS(slot_find(pool, new.token, &view), good);
	if (good) {
		IS(view.block.first, 30000);
		IS(view.anchor, 815);
	}
	/* Whoever begins again has it. */
	slot_free(pool, new.token);
	new = claimed_again(new.token);
	OK(slot_describe(pool, &new, (struct block){30000, 7, 1}, KIND_RUNTIME));
	OK(slot_anchor(pool, &new, 815));
	OK(slot_find(pool, new.token, &view));
}

/* Given up while it is being made, and not once it is complete. */
static void test_abandoned(void)
{
	struct slot_claim claim, next;
	struct slot_view view;

	pool = unit_pool();
	claim = claimed();
	OK(slot_abandon(pool, claim.token));
	IS(unit_slots(pool), 0);
	OK(!slot_abandon(pool, claim.token));
	OK(!slot_describe(pool, &claim, block, KIND_RUN));
	next = claimed_again(claim.token);
	OK(!slot_abandon(pool, claim.token));
	OK(slot_describe(pool, &next, block, KIND_RUN));
	OK(!slot_abandon(pool, next.token));
	OK(slot_find(pool, next.token, &view));
	/* Whoever gives one up may have died before it was free. */
	claim = claimed();
	atomic_store(&pool->slots[TOKEN_SLOT(claim.token)].block, TOKEN_TAG(claim.token));
	OK(!slot_describe(pool, &claim, block, KIND_RUN));
	OK(slot_abandon(pool, claim.token));
}

/* The next who looks for a slot gets it, and the one that the token names stays whole. */
static void test_token_of_another(void)
{
	struct slot_claim claim, next;
	unsigned int other;

	pool = unit_pool();
	claim = described(4711);
	other = (TOKEN_SLOT(claim.token) + 1) % POOL_SLOTS;
	atomic_store(&pool->slots[other].token, claim.token);
	IS(slot_token(pool, other), 0);
	next = claimed_again(other);
	IS(slot_token(pool, other), next.token);
	IS(slot_token(pool, TOKEN_SLOT(claim.token)), claim.token);
}

static void test_damaged(void)
{
	/* first, count << 16, protocols << 32, as slot.c has them */
	static const uint64_t words[] = {
		UINT64_C(3) << 32 | 16 << 16,
		UINT64_C(3) << 32 | 20000,
		16 << 16 | 20000,
		UINT64_C(3) << 32 | 2 << 16 | 65535,
		UINT64_C(3) << 32 | UINT64_C(65535) << 16 | 2,
		UINT64_C(3) << 32 | UINT64_C(65535) << 16 | 65535,
		0,
	};
	struct slot_claim claim;
	struct slot_view view;
	_Atomic uint64_t *word;
	uint64_t good;

	pool = unit_pool();
	claim = described(4711);
	word = &pool->slots[TOKEN_SLOT(claim.token)].block;
	good = atomic_load(word);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		atomic_store(word, TOKEN_TAG(claim.token) | words[i]);
		OK(!slot_find(pool, claim.token, &view));
	}
	atomic_store(word, good ^ UINT64_C(1) << TOKEN_TAG_SHIFT);
	OK(!slot_find(pool, claim.token, &view));
	atomic_store(word, good ^ UINT64_C(1) << 63);
	OK(!slot_find(pool, claim.token, &view));
	/* The last port there is. */
	atomic_store(word, TOKEN_TAG(claim.token) | UINT64_C(3) << 32 | 1 << 16 | 65535);
	OK(slot_find(pool, claim.token, &view));
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"what is described is found", test_round_trip},
		      {"100,000 tokens: none twice, none 0, each names its slot, no pattern",
		       test_tokens},
		      {"what was freed is never found again", test_freed},
		      {"one wrong bit, and a token is unknown", test_guessed},
		      {"4096 slots, then ENOSPC until one is free", test_full},
		      {"a slow claimer is told, and its successor untouched", test_taken_over},
		      {"also when it had described its block already", test_taken_over_described},
		      {"a slow claimer that comes first damages nothing", test_taken_over_early},
		      {"one in the making is given up, a complete one is not", test_abandoned},
		      {"a slot with the token of another one is free", test_token_of_another},
		      {"a damaged description is not found", test_damaged});

	return unit_main("slot", tests);
}
