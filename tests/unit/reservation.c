/* SPDX-License-Identifier: MIT */
/* Blocks: acquired and released. */
#include "reserve.h"

static void test_explicit(void)
{
	uint8_t protocols;

	pool = unit_pool();
	for (protocols = 1; protocols <= BOTH; protocols++) {
		uint16_t first = unit_block(COUNT);
		struct reservation reservation;
		int anchor = acquired(first, COUNT, protocols, &reservation);

		IS(reservation.block.first, first);
		IS(reservation.block.count, COUNT);
		IS(reservation.block.protocols, protocols);
		OK(reservation.token != 0);
		OK(reservation_anchored(&reservation, anchor));
		OK(!reservation_anchored(&reservation, STDERR_FILENO));
		OK(!reservation_anchored(&reservation, -1));
		OK(reservation_alive(&reservation));
		IS(taken_ports(TCP, first, COUNT), protocols & 1 ? COUNT : 0);
		IS(taken_ports(UDP, first, COUNT), protocols & 2 ? COUNT : 0);
		close(anchor);
		OK(!reservation_alive(&reservation));
		IS(taken_ports(TCP, first, COUNT) + taken_ports(UDP, first, COUNT), 0);
	}
}

static void test_find(void)
{
	struct reservation one, other, found;
	int anchors[2];

	pool = unit_pool();
	anchors[0] = acquired(0, 4, 1, &one);
	anchors[1] = acquired(0, 4, 1, &other);
	OK(one.token != other.token);
	OK_FATAL(reservation_find(pool, other.token, &found));
	IS(found.block.first, other.block.first);
	OK(reservation_anchored(&found, anchors[1]));
	OK(!reservation_anchored(&found, anchors[0]));
	OK(!reservation_find(pool, 0, &found));
	OK(!reservation_find(pool, one.token + 1, &found));
	close(anchors[0]);
	close(anchors[1]);
}

static void test_invalid(void)
{
	static const struct {
		uint16_t first, count;
	} wrong[] = {{0, 0}, {20000, 0}, {65535, 2}, {2, 65535}, {65000, 537}};
	struct reservation reservation;
	int anchor = -1, before = unit_descriptors();

	pool = unit_pool();
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct acquire_request request = {
			.first = wrong[i].first, .count = wrong[i].count, .protocols = 1};

		IS(reservation_acquire(pool, &request, &reservation, &anchor), -EINVAL);
	}
	IS(anchor, -1);
	IS(unit_slots(pool), 0);
	IS(unit_descriptors(), before);
}

static void test_align(void)
{
	static const uint16_t alignments[] = {1, 2, 3, 10, 64, 500};

	pool = unit_pool();
	for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
		struct acquire_request request = {
			.count = 5, .protocols = BOTH, .align = alignments[i], .range = anywhere()};
		struct reservation one, other;
		int anchors[2];

		IS_FATAL(reservation_acquire(pool, &request, &one, &anchors[0]), 0);
		IS_FATAL(reservation_acquire(pool, &request, &other, &anchors[1]), 0);
		IS(one.block.first % alignments[i], 0);
		IS(other.block.first % alignments[i], 0);
		OK(one.block.first + 5 <= other.block.first ||
		   other.block.first + 5 <= one.block.first);
		close(anchors[0]);
		close(anchors[1]);
	}
}

/* Outside what the kernel hands out itself, and what browsers refuse. */
static void test_wildcard(void)
{
	static const uint16_t refused[] = {6000, 6566, 6665, 6669, 6697, 10080, 2049, 5060};
	struct reservation reservation;
	int lowest = 0, highest = 0, last = -1, blocks;
	FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (!range || fscanf(range, "%d %d", &lowest, &highest) != 2)
		bail_out("ip_local_port_range");
	fclose(range);
	if (!unit_alone) {
		cunit_tap_skip("others use this network");
		return;
	}
	pool = unit_pool();
	/* From low ports on, to pass those that browsers refuse. */
	atomic_store(&pool->search_cursor, 1);
	for (blocks = 0; blocks < 100; blocks++) {
		int anchor = acquired(0, 100, 1, &reservation);
		int first = reservation.block.first;

		OK(first >= 1024);
		OK(first + 99 < lowest || first > highest);
		OK(first > last);
		for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
			OK(refused[i] < first || refused[i] > first + 99);
		last = first + 99;
		close(anchor);
	}
	OK(last > 10080);
}

static void test_range(void)
{
	uint16_t first = unit_block(20);
	struct acquire_request request = {
		.count = 10, .protocols = BOTH, .range = {first, first + 19}};
	struct reservation one, other, third;
	int anchors[3];

	pool = unit_pool();
	IS_FATAL(reservation_acquire(pool, &request, &one, &anchors[0]), 0);
	IS_FATAL(reservation_acquire(pool, &request, &other, &anchors[1]), 0);
	IS(one.block.first + other.block.first, 2 * first + 10);
	IS(reservation_acquire(pool, &request, &third, &anchors[2]), -EADDRINUSE);
	close(anchors[0]);
	IS_FATAL(reservation_acquire(pool, &request, &third, &anchors[0]), 0);
	IS(third.block.first, one.block.first);
	close(anchors[0]);
	close(anchors[1]);
	request.count = 21;
	IS(reservation_acquire(pool, &request, &one, &anchors[0]), -EADDRINUSE);
}

/* One busy port of either protocol, and the block is refused as a whole. */
static void test_busy(void)
{
	uint16_t first = unit_block(COUNT);
	struct acquire_request request = {.first = first, .count = COUNT, .protocols = BOTH};
	struct reservation reservation;
	int before, anchor;

	pool = unit_pool();
	for (int type = TCP; type <= UDP; type++) {
		int fd = bound(type, "127.0.0.1", first + 3, 0);

		before = unit_descriptors();
		IS(reservation_acquire(pool, &request, &reservation, &anchor), -EADDRINUSE);
		IS(unit_slots(pool), 0);
		IS(unit_words(pool), 0);
		IS(unit_descriptors(), before);
		IS(taken_ports(TCP, first, COUNT) + taken_ports(UDP, first, COUNT), 1);
		close(fd);
	}
	anchor = acquired(first, COUNT, BOTH, &reservation);
	/* Nor can anyone have it who reserves: in this pool, in another one, in part. */
	IS(reservation_acquire(pool, &request, &reservation, &before), -EADDRINUSE);
	IS(reservation_acquire(unit_pool(), &request, &reservation, &before), -EADDRINUSE);
	request.first += COUNT - 1;
	IS(reservation_acquire(pool, &request, &reservation, &before), -EADDRINUSE);
	IS(unit_slots(pool), 1);
	close(anchor);
}

static void test_two_protocols(void)
{
	uint16_t first = unit_block(COUNT);
	struct reservation tcp, udp;
	int anchors[2];

	pool = unit_pool();
	anchors[0] = acquired(first, COUNT, 1, &tcp);
	anchors[1] = acquired(first, COUNT, 2, &udp);
	close(anchors[0]);
	IS(taken_ports(UDP, first, COUNT), COUNT);
	IS(taken_ports(TCP, first, COUNT), 0);
	close(anchors[1]);
}

static void test_release(void)
{
	struct reservation reservation;
	int anchor, copy, fd = socket_open(TCP, "127.0.0.1", 0);
	uint16_t port;

	pool = unit_pool();
	anchor = acquired(unit_block(COUNT), COUNT, BOTH, &reservation);
	copy = dup(anchor);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", 0, anchor, &port), 0);
	IS(unit_words(pool), 2 * COUNT);
	IS(reservation_release(&reservation, anchor), 0);
	IS(unit_words(pool), 0);
	IS(unit_slots(pool), 0);
	IS(reservation_release(&reservation, anchor), -EINVAL);
	/* What is bound keeps its port, the others are free. */
	IS(taken_ports(TCP, reservation.block.first, COUNT), 1);
	IS(stranger(TCP, "127.0.0.1", port, REUSEADDR), EADDRINUSE);
	IS(taken_ports(UDP, reservation.block.first, COUNT), 0);
	OK(!reservation_find(pool, reservation.token, &reservation));
	close(fd);
	fd = socket_open(TCP, "127.0.0.1", 0);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", 0, anchor, &port), -EADDRNOTAVAIL);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", reservation.block.first, anchor,
		   &port),
	   -EADDRNOTAVAIL);
	close(fd);
	close(anchor);
	close(copy);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"a block: TCP, UDP, both with the same numbers", test_explicit},
		{"each is found by its token", test_find},
		{"no ports, or past 65535: EINVAL", test_invalid}, {"aligned blocks", test_align},
		{"any block: outside the kernel's range, without browsers' bad ports",
		 test_wildcard},
		{"any block in a range", test_range},
		{"a busy port: EADDRINUSE, and nothing is kept", test_busy},
		{"TCP and UDP apart on the same numbers", test_two_protocols},
		{"release: words, slot and ports are free, a bound socket stays", test_release});

	return unit_main("reservation", tests);
}
