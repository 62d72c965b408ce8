/* SPDX-License-Identifier: MIT */
/* Persistent blocks: their guards, their slot, and who binds in them. */
#include <errno.h>

#include "../lib/wait.h"
#include "core/persistent.h"
#include "guard/anchor.h"
#include "guard/guard.h"
#include "pool/slot.h"
#include "reserve.h"

static struct reservation made(uint16_t count, uint8_t protocols)
{
	struct block block = {unit_block(count), count, protocols};
	struct reservation reservation;

	pool = unit_pool();
	IS_FATAL(persistent_make(pool, &block, &reservation), 0);
	return reservation;
}

static void test_make(void)
{
	struct reservation one = made(COUNT, 1), again, found;
	struct block other = {one.block.first, COUNT, 2};

	IS(one.kind, KIND_PERSISTENT);
	IS(persistent_make(pool, &one.block, &again), 0);
	OK(again.token == one.token);
	OK(!persistent_find(pool, &other, &found));
	IS(persistent_make(pool, &other, &again), 0);
	OK(again.token != one.token);
	IS(unit_slots(pool), 2);
	/* Nobody holds it, and yet it stays; its ports are there for others only in need. */
	OK(!reservation_alive(&one));
	reservation_prune(pool, false);
	OK(reservation_find(pool, one.token, &found));
	persistent_end(&one);
	OK(!reservation_find(pool, one.token, &found));
	persistent_end(&again);
	IS(unit_slots(pool), 0);
	IS(unit_words(pool), 0);
}

/* Any number of blocks may be listed: the tokens of those that nobody holds give way. */
static void test_full(void)
{
	struct reservation reservation, other;
	struct block block = {1, 1, 1};
	int anchor, good = 0;

	pool = unit_pool();
	for (block.first = 1; block.first <= POOL_SLOTS; block.first++)
		good += !persistent_make(pool, &block, &reservation);
	IS(good, POOL_SLOTS);
	IS(unit_slots(pool), POOL_SLOTS);
	anchor = acquired(unit_block(2), 2, 1, &other);
	OK(anchor >= 0);
	IS(persistent_make(pool, &reservation.block, &reservation), 0);
	close(anchor);
}

static void test_indexes(void)
{
	uint32_t index = guard_index_of_block(&(struct block){5000, 4, 1});
	uint16_t port = unit_block(1);
	int fd;

	OK(index != guard_index_of_block(&(struct block){5001, 4, 1}));
	IS(index, guard_index_of_block(&(struct block){5000, 9, 2}));
	for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
		OK(!guard_present_on(protocol, port, index));
		OK(!guard_alone_on(protocol, port, index));
		fd = guard_place_missing(protocol, port, index);
		OK_FATAL(fd >= 0);
		OK(guard_present_on(protocol, port, index));
		OK(guard_alone_on(protocol, port, index));
		OK(!guard_present_on(protocol, port, index + 16));
		IS(guard_place_missing(protocol, port, index), -EADDRINUSE);
		close(fd);
		/* Another reservation's guard is not ours. */
		fd = guard_place(protocol, port, false);
		OK_FATAL(fd >= 0);
		OK(!guard_present_on(protocol, port, index));
		close(fd);
		fd = bound(protocol == PROTOCOL_TCP ? TCP : UDP, "127.0.0.1", port, 0);
		OK(guard_present_on(protocol, port, index));
		OK(!guard_alone_on(protocol, port, index));
		close(fd);
	}
}

/* Each kind of anchor takes what can be had, and nothing is no anchor. */
static void missing_behind(enum anchor_kind kind)
{
	struct block block = {unit_block(4), 4, BOTH};
	int strange = bound(TCP, "127.0.0.1", block.first + 1, 0), before;
	struct anchor anchor;
	uint16_t failed;

	before = unit_descriptors();
	IS_FATAL(anchor_open(&anchor, kind), 0);
	IS_FATAL(anchor_fill(&anchor, &block, GUARD_MISSING, &failed), 0);
	IS(taken_ports(TCP, block.first, 4) + taken_ports(UDP, block.first, 4), 8);
	close(strange);
	IS(taken_ports(TCP, block.first, 4), 3);
	anchor_discard(&anchor);
	OK(comes_true(!taken_ports(TCP, block.first, 4) && !taken_ports(UDP, block.first, 4)));
	IS(unit_descriptors(), before - 1);

	block = (struct block){unit_block(1), 1, 1};
	strange = bound(TCP, "127.0.0.1", block.first, 0);
	IS_FATAL(anchor_open(&anchor, kind), 0);
	IS(anchor_fill(&anchor, &block, GUARD_MISSING, &failed), -EADDRINUSE);
	anchor_discard(&anchor);
	close(strange);
}

static void test_missing(void)
{
	unit_holder_set();
	missing_behind(ANCHOR_PARKED);
	missing_behind(ANCHOR_HELD);
}

static void test_time_wait(void)
{
	struct block block = {unit_block(1), 1, 1};
	uint32_t index = guard_index_of_block(&block);
	int fd;

	unit_time_wait(block.first, REUSEADDR);
	fd = guard_place_missing(PROTOCOL_TCP, block.first, index);
	OK(fd >= 0);
	close(fd);
	/* Not over a socket that is bound and about to listen. */
	fd = bound(TCP, "127.0.0.1", block.first, REUSEADDR);
	IS(guard_place_missing(PROTOCOL_TCP, block.first, index), -EADDRINUSE);
	IS(socket_listen(fd, 0), 0);
	close(fd);
}

static int binds(const struct reservation *reservation, uint16_t wanted, bool guarded)
{
	struct socket_call call = {
		.fd = socket_open(TCP, "127.0.0.1", 0), .anchor = -1, .guarded = guarded};
	union address address;
	socklen_t length = address_make(&address, "127.0.0.1", wanted);
	uint16_t port;
	int error = reservation_bind(reservation, &call, &address.room, length, &port);

	if (error)
		close(call.fd);
	return error ? error : call.fd;
}

static void test_bind(void)
{
	struct reservation reservation = made(2, 1);
	uint16_t first = reservation.block.first;
	int anchor, other, fds[2];

	/* Nobody keeps strangers out: say so before anything is bound. */
	IS(binds(&reservation, 0, false), -EOWNERDEAD);
	IS(binds(&reservation, first, false), -EOWNERDEAD);
	IS(binds(&reservation, 0, true), -EADDRINUSE);
	IS(binds(&reservation, first + 2, false), -EADDRNOTAVAIL);
	IS_FATAL(persistent_guard(&reservation, &anchor), 0);
	IS(persistent_guard(&reservation, &other), -EADDRINUSE);
	fds[0] = binds(&reservation, first, false);
	OK(fds[0] >= 0);
	fds[1] = binds(&reservation, 0, false);
	OK(fds[1] >= 0 && port_of(fds[1]) == first + 1);
	IS(binds(&reservation, first, false), -EADDRINUSE);
	IS(binds(&reservation, 0, true), -EADDRINUSE);
	/* The guards go, the sockets stay, and the port of one that goes has none. */
	close(anchor);
	close(fds[0]);
	IS(binds(&reservation, first, false), -EOWNERDEAD);
	IS(binds(&reservation, first + 1, false), -EADDRINUSE);
	IS_FATAL(persistent_guard(&reservation, &anchor), 0);
	fds[0] = binds(&reservation, 0, false);
	OK(fds[0] >= 0 && port_of(fds[0]) == first);
	close(fds[0]);
	close(fds[1]);
	close(anchor);
}

/* Somebody acquires a part of it while nobody holds it, and ends. */
static void test_taken_meanwhile(void)
{
	struct reservation reservation = made(2, 1), theirs;
	uint16_t first = reservation.block.first;
	int held = acquired(first, 1, 1, &theirs), anchor, fd;

	IS_FATAL(persistent_guard(&reservation, &anchor), 0);
	IS(binds(&reservation, first, true), -EADDRINUSE);
	fd = bound_in(&theirs, held, TCP, "127.0.0.1", first, 0);
	OK(fd >= 0);
	close(fd);
	close(held);
	IS(binds(&reservation, first, false), -EOWNERDEAD);
	IS_FATAL(persistent_guard(&reservation, &held), 0);
	fd = binds(&reservation, first, true);
	OK(fd >= 0);
	close(fd);
	close(held);
	close(anchor);
}

static void test_search(void)
{
	struct reservation reservation = made(4, 1), other;
	struct acquire_request request = {
		.count = 4,
		.protocols = 1,
		.range = {reservation.block.first, (uint16_t)(reservation.block.first + 3)}};
	struct block first = {reservation.block.first, 1, 1};
	struct port_set *avoid = calloc(1, sizeof *avoid);
	int anchor;

	/* Not before there is nothing else, and then it may be had. */
	IS_FATAL(reservation_acquire(pool, &request, &other, &anchor), 0);
	IS(other.block.first, reservation.block.first);
	close(anchor);
	OK_FATAL(avoid != NULL);
	port_set_add(avoid, &first);
	request.avoid = avoid;
	IS_FATAL(reservation_acquire(pool, &request, &other, &anchor), 0);
	close(anchor);
	request.count = 1;
	IS_FATAL(reservation_acquire(pool, &request, &other, &anchor), 0);
	OK(other.block.first != first.first);
	close(anchor);
	free(avoid);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a slot for a block", test_make}, {"a pool that is full of them", test_full},
		      {"indexes", test_indexes}, {"the guards that can be placed", test_missing},
		      {"over TIME_WAIT", test_time_wait}, {"bind", test_bind},
		      {"a port that another had meanwhile", test_taken_meanwhile},
		      {"any block is another one", test_search});

	return unit_main("persistent", tests);
}
