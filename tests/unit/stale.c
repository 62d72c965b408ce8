/* SPDX-License-Identifier: MIT */
/* What the dead leave in the pool, and what nobody ever wrote: the kernel decides. */
#include <sys/random.h>

#include "real/real.h"
#include "reserve.h"

static struct reservation reservation;
static int anchor;

static void word_set(enum protocol protocol, int port, uint64_t word)
{
	atomic_store(word_of(pool, protocol, (uint16_t)port), word);
}

/* A reservation in the pool alone: its guards are gone, or never were. */
static uint64_t forged(uint16_t first, uint16_t count)
{
	struct block block = {first, count, BOTH};
	struct slot_claim claim;

	IS_FATAL(slot_claim(pool, &claim), 0);
	OK(slot_describe(pool, &claim, block, KIND_RUNTIME));
	OK(slot_anchor(pool, &claim, 4711));
	for (int port = first; port < first + count; port++) {
		word_set(PROTOCOL_TCP, port, word_make(claim.token, WORD_HELD, 0));
		word_set(PROTOCOL_UDP, port, word_make(claim.token, WORD_USED, WORD_DRAWN));
	}
	return claim.token;
}

static void test_acquire_over_dead(void)
{
	uint16_t first = unit_block(COUNT);
	struct reservation old;
	uint64_t dead;

	pool = unit_pool();
	dead = forged(first, COUNT);
	OK(reservation_find(pool, dead, &old));
	anchor = acquired(first, COUNT, BOTH, &reservation);
	OK(!reservation_find(pool, dead, &old));
	OK(!slot_free(pool, dead));
	IS(unit_slots(pool), 1);
	IS(unit_words(pool), 2 * COUNT);
	/* The first bind finds its own words there. */
	close(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0));
	close(anchor);
	/* The same with a real one whose anchor was closed. */
	IS(acquires(first, COUNT, BOTH), 0);
	IS(unit_slots(pool), 0);
}

/* Somebody who was about to bind a port when its reservation ended, and comes late. */
static int late_type, late_socket;
static uint16_t late_port;
static uint64_t late_token;

static ssize_t late_sendmsg(int fd, const struct msghdr *message, int flags)
{
	enum protocol protocol = late_type == TCP ? PROTOCOL_TCP : PROTOCOL_UDP;

	/* The guards are placed, and the words still those of the last reservation. */
	late_socket = bound(late_type, "127.0.0.1", late_port, REUSEPORT);
	real_option_set(late_socket, SOL_SOCKET, SO_REUSEPORT, 0);
	word_set(protocol, late_port, word_make(late_token, WORD_USED, WORD_DRAWN));
	return sendmsg(fd, message, flags);
}

static void acquire_beside_late(int type)
{
	pool = unit_pool();
	late_type = type;
	late_port = unit_block(COUNT);
	late_token = forged(late_port, COUNT);
	late_port += COUNT - 1;
	atomic_store(&real_calls.sendmsg, late_sendmsg);
	IS(acquires((uint16_t)(late_port - COUNT + 1), COUNT, BOTH), -EADDRINUSE);
	atomic_store(&real_calls.sendmsg, sendmsg);
	OK(late_socket >= 0);
	close(late_socket);
	IS(acquires((uint16_t)(late_port - COUNT + 1), COUNT, BOTH), 0);
	IS(unit_words(pool), 0);
}

static void test_acquire_beside_late(void)
{
	acquire_beside_late(TCP);
	acquire_beside_late(UDP);
}

static void test_acquire_around_dead(void)
{
	uint16_t first = unit_block(2 * COUNT);
	struct acquire_request request = {
		.count = COUNT, .protocols = BOTH, .range = {first, first + COUNT - 1}};

	pool = unit_pool();
	forged(first, COUNT);
	/* The only block that may be: asked for again when there is no other. */
	IS_FATAL(reservation_acquire(pool, &request, &reservation, &anchor), 0);
	IS(reservation.block.first, first);
	IS(unit_slots(pool), 1);
	close(anchor);
	/* With another one that looks free it is not even tried. */
	request.range.last = (uint16_t)(first + 2 * COUNT - 1);
	IS(atomic_load(&pool->range_cursor), first + COUNT);
	atomic_store(&pool->range_cursor, first);
	IS_FATAL(reservation_acquire(pool, &request, &reservation, &anchor), 0);
	IS(reservation.block.first, first + COUNT);
	close(anchor);
}

/* Words that no rule explains, but for BINDING ones of living processes. */
static uint64_t garbage(void)
{
	uint64_t word;

	do {
		if (getrandom(&word, sizeof word, 0) != sizeof word)
			bail_out("getrandom");
	} while (word_state(word) == WORD_BINDING);
	return word;
}

static void test_acquire_over_garbage(void)
{
	uint16_t first = unit_block(COUNT);

	for (int round = 0; round < 50; round++) {
		pool = unit_pool();
		for (int port = first; port < first + COUNT; port++) {
			word_set(PROTOCOL_TCP, port, garbage());
			word_set(PROTOCOL_UDP, port, garbage());
		}
		anchor = acquired(first, COUNT, BOTH, &reservation);
		for (int i = 0; i < COUNT; i++) {
			int fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);

			OK(fd >= 0);
			close(fd);
		}
		close(anchor);
		pool_close(pool);
	}
}

static void slot_spoil(unsigned int slot, uint64_t token)
{
	atomic_store(&pool->slots[slot].token, token);
	atomic_store(&pool->slots[slot].block, garbage());
	atomic_store(&pool->slots[slot].anchor, garbage());
	atomic_store(&pool->slots[slot].cursor[PROTOCOL_TCP], UINT32_MAX);
}

/* All slots are those of acquirers who died, with what others left in them. */
static void test_unfinished_slots(void)
{
	int fds[COUNT];

	pool = unit_pool();
	for (unsigned int slot = 0; slot < POOL_SLOTS; slot++)
		slot_spoil(slot, (garbage() | 1) / 2 / POOL_SLOTS * POOL_SLOTS + POOL_SLOTS + slot);
	anchor = acquired(0, COUNT, 1, &reservation);
	IS(unit_slots(pool), 1);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
		IS(port_of(fds[i]), reservation.block.first + i);
	}
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0), -EADDRINUSE);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	close(anchor);
}

/* Tokens that do not even name their slot: an error at the worst. */
static void test_garbage_in_slots(void)
{
	struct acquire_request request = {.count = COUNT, .protocols = BOTH, .range = anywhere()};
	int before = unit_descriptors(), error;

	pool = unit_pool();
	for (unsigned int slot = 0; slot < POOL_SLOTS; slot++)
		slot_spoil(slot, garbage() | 1);
	for (uint32_t port = 0; port < POOL_PORTS; port++)
		word_set(PROTOCOL_TCP, (int)port, garbage());
	error = reservation_acquire(pool, &request, &reservation, &anchor);
	OK(error == 0 || error == -ENOSPC);
	if (!error)
		close(anchor);
	IS(unit_descriptors(), before);
	/* One that is in order is enough. */
	slot_spoil(4095, 0);
	for (int i = 0; i < 3; i++)
		IS(acquires(0, COUNT, BOTH), 0);
	IS(unit_descriptors(), before);
}

static void test_cursor(void)
{
	static const uint32_t cursors[] = {1, COUNT, COUNT - 1, UINT32_MAX, UINT32_MAX - 1};

	pool = unit_pool();
	anchor = acquired(0, COUNT, 1, &reservation);
	for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
		int fd;

		atomic_store(&pool->slots[TOKEN_SLOT(reservation.token)].cursor[PROTOCOL_TCP],
			     cursors[i]);
		fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
		OK(fd >= 0 && block_contains(&reservation.block, (uint16_t)port_of(fd)));
		close_in(&reservation, TCP, fd);
	}
	/* So with the search for a block. */
	for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
		atomic_store(&pool->search_cursor, cursors[i]);
		IS(acquires(0, COUNT, BOTH), 0);
	}
	close(anchor);
}

/* A word that says USED of a port that nobody has, and another one's word in the block. */
static void test_stale_words_in_block(void)
{
	uint16_t first;
	int fd;

	pool = unit_pool();
	anchor = acquired(0, 3, 1, &reservation);
	first = reservation.block.first;
	word_set(PROTOCOL_TCP, first, word_make(reservation.token, WORD_USED, 0));
	word_set(PROTOCOL_TCP, first + 1, word_make(reservation.token, WORD_USED, WORD_DRAWN));
	word_set(PROTOCOL_TCP, first + 2, garbage());
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", first + 2, 0), -EADDRNOTAVAIL);
	fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
	IS(port_of(fd), first);
	OK(bound_in(&reservation, anchor, TCP, "127.0.0.2", first, 0) >= 0);
	fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
	IS(port_of(fd), first + 1);
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0), -EADDRINUSE);
	close(anchor);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"a dead reservation's block is acquired at once", test_acquire_over_dead},
		{"but not with a socket on it that came past the guards", test_acquire_beside_late},
		{"so is any block, if all others are taken", test_acquire_around_dead},
		{"garbage in the words is no obstacle", test_acquire_over_garbage},
		{"slots of acquirers who died are cleared away", test_unfinished_slots},
		{"garbage in all slots and words is an error at the worst", test_garbage_in_slots},
		{"garbage in the cursors changes the order only", test_cursor},
		{"stale words in a living block cost no port that is free",
		 test_stale_words_in_block});

	return unit_main("stale", tests);
}
