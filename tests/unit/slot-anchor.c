/* SPDX-License-Identifier: MIT */
/* What a slot says of its anchor, its socket, its end. */
#include "pool/slot.h"
#include "pool/word.h"
#include "unit.h"

static struct pool *pool;

static uint64_t reserved(uint64_t cookie)
{
	struct slot_claim claim;

	IS_FATAL(slot_claim(pool, &claim), 0);
	OK(slot_describe(pool, &claim, (struct block){20000, 16, 3}, KIND_RUN));
	OK(slot_anchor(pool, &claim, cookie));
	return claim.token;
}

static void test_by_anchor(void)
{
	uint64_t one, other;

	pool = unit_pool();
	one = reserved(4711);
	other = reserved(815);
	OK(slot_by_anchor(pool, 4711) == one);
	OK(slot_by_anchor(pool, 815) == other);
	IS(slot_by_anchor(pool, 4712), 0);
	IS(slot_by_anchor(pool, 0), 0);
	OK(slot_free(pool, one));
	IS(slot_by_anchor(pool, 4711), 0);
	OK(slot_by_anchor(pool, 815) == other);
}

static void test_large_cookies(void)
{
	uint64_t token, cookie = UINT64_C(0xfedcba9876543210);
	struct slot_view view;

	pool = unit_pool();
	token = reserved(cookie);
	OK(slot_by_anchor(pool, cookie) == token);
	OK_FATAL(slot_find(pool, token, &view));
	OK(view.anchor == (cookie & COOKIE_MASK));
	IS(view.block.first, 20000);
}

/* The word of a dead reservation is still there when its slot is claimed again. */
static void test_stale_anchor(void)
{
	struct slot_claim claim;
	struct slot_view view;
	uint64_t old;

	pool = unit_pool();
	old = reserved(4711);
	slot_socket_set(pool, old, 99);
	OK(slot_free(pool, old));
	atomic_store(&pool->slot_cursor, TOKEN_SLOT(old));
	IS_FATAL(slot_claim(pool, &claim), 0);
	IS_FATAL(TOKEN_SLOT(claim.token), TOKEN_SLOT(old));
	OK(slot_describe(pool, &claim, (struct block){30000, 1, 1}, KIND_RUN));
	OK_FATAL(slot_find(pool, claim.token, &view));
	IS(view.anchor, 0);
	IS(slot_by_anchor(pool, 4711), 0);
	IS(slot_socket(pool, claim.token), 0);
}

static void test_socket(void)
{
	uint64_t one, other;

	pool = unit_pool();
	one = reserved(4711);
	other = reserved(815);
	IS(slot_socket(pool, one), 0);
	slot_socket_set(pool, one, 12345);
	IS(slot_socket(pool, one), 12345);
	IS(slot_socket(pool, other), 0);
	slot_socket_set(pool, one, UINT64_C(0xffff000000000007));
	IS(slot_socket(pool, one), 7);
}

static void test_doubt(void)
{
	uint64_t token;
	struct slot_view view;

	pool = unit_pool();
	token = reserved(4711);
	atomic_store(word_of(pool, PROTOCOL_TCP, 20000), word_make(token, WORD_HELD, 0));
	OK(word_looks_taken(pool, PROTOCOL_TCP, 20000));
	/* Of another token of the same slot it says nothing. */
	slot_doubt(pool, token ^ UINT64_C(1) << 63);
	OK(word_looks_taken(pool, PROTOCOL_TCP, 20000));
	slot_doubt(pool, token);
	OK(!word_looks_taken(pool, PROTOCOL_TCP, 20000));
	/* A doubt is none about the token. */
	OK(slot_find(pool, token, &view));
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a token is found by its anchor's cookie", test_by_anchor},
		      {"of a cookie the low 36 bits count", test_large_cookies},
		      {"what a former reservation left in the slot is nobody's", test_stale_anchor},
		      {"the socket of a runtime reservation", test_socket},
		      {"a doubtful reservation's ports do not look taken", test_doubt});

	return unit_main("slot-anchor", tests);
}
