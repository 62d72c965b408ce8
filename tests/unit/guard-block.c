/* SPDX-License-Identifier: MIT */
/* The guards of a whole block, and where they go. */
#include <sys/utsname.h>

#include "guard/guard.h"
#include "guard/index.h"
#include "real/real.h"
#include "unit.h"

enum { COUNT = 8, BOTH = 3, MOST = 64 };

/* Keeps what it is given; may run full, and may be emptied. */
struct shelf {
	struct guard_sink sink; /* first: the callbacks get a pointer to it */
	int fds[MOST], count, taken, emptied;
	int refuse_from; /* take fails from this one on; 0: never */
	int room_error;
};

static void shelf_clear(struct shelf *shelf)
{
	for (int i = 0; i < shelf->count; i++)
		close(shelf->fds[i]);
	shelf->count = 0;
}

static int shelf_take(struct guard_sink *sink, int fd)
{
	struct shelf *shelf = (struct shelf *)sink;

	shelf->taken++;
	shelf->fds[shelf->count++] = fd;
	return shelf->refuse_from && shelf->taken >= shelf->refuse_from ? -ETOOMANYREFS : 0;
}

static int shelf_make_room(struct guard_sink *sink)
{
	struct shelf *shelf = (struct shelf *)sink;

	if (shelf->room_error)
		return shelf->room_error;
	if (!shelf->count)
		return -EMFILE;
	shelf->emptied++;
	shelf_clear(shelf);
	return 0;
}

static struct shelf shelf_new(void)
{
	return (struct shelf){.sink = {shelf_take, shelf_make_room}};
}

static struct block block_new(uint8_t protocols)
{
	return (struct block){unit_block(COUNT), COUNT, protocols};
}

static int guarded(int type, const struct block *block)
{
	return taken_ports(type, block->first, block->count);
}

static void test_whole(void)
{
	for (uint8_t protocols = 1; protocols <= BOTH; protocols++) {
		struct block block = block_new(protocols);
		struct shelf shelf = shelf_new();
		uint16_t failed;

		for (int over = 0; over <= 1; over++) {
			IS(guard_place_block(&block, over, &shelf.sink, &failed), 0);
			IS(shelf.count, protocols == BOTH ? 2 * COUNT : COUNT);
			IS(guarded(TCP, &block), protocols & 1 ? COUNT : 0);
			IS(guarded(UDP, &block), protocols & 2 ? COUNT : 0);
			shelf_clear(&shelf);
			IS(guarded(TCP, &block) + guarded(UDP, &block), 0);
		}
		IS(shelf.emptied, 0);
	}
}

static void busy(int type, int offset)
{
	struct block block = block_new(BOTH);
	struct shelf shelf = shelf_new();
	int fd = bound(type, "127.0.0.1", block.first + offset, 0), before = unit_descriptors();
	uint16_t failed = 0;

	IS(guard_place_block(&block, true, &shelf.sink, &failed), -EADDRINUSE);
	IS(failed, block.first + offset);
	IS(shelf.count, 2 * offset + (type == UDP));
	shelf_clear(&shelf);
	IS(unit_descriptors(), before);
	close(fd);
	IS(guarded(TCP, &block) + guarded(UDP, &block), 0);
	IS(guard_place_block(&block, true, &shelf.sink, &failed), 0);
	shelf_clear(&shelf);
}

static void test_busy(void)
{
	for (int offset = 0; offset < COUNT; offset++) {
		busy(TCP, offset);
		busy(UDP, offset);
	}
}

static void test_other_guard(void)
{
	struct block block = block_new(1), part;
	struct shelf one = shelf_new(), other = shelf_new();
	uint16_t failed;

	part = (struct block){block.first + 3, 2, 1};
	IS(guard_place_block(&part, true, &one.sink, &failed), 0);
	IS(guard_place_block(&block, true, &other.sink, &failed), -EADDRINUSE);
	IS(failed, part.first);
	shelf_clear(&other);
	IS(guarded(TCP, &block), 2);
	shelf_clear(&one);
}

static void run_make_room(void *none)
{
	struct block block = block_new(BOTH);
	struct shelf shelf = shelf_new();
	uint16_t failed;

	(void)none;
	/* As many numbers as are open, and five. */
	for (int fd = unit_descriptors() + 5; fd < 256; fd++)
		close(fd);
	unit_limit((unsigned int)unit_descriptors() + 5);
	IS(guard_place_block(&block, false, &shelf.sink, &failed), 0);
	IS(shelf.taken, 2 * COUNT);
	IS(shelf.emptied, (2 * COUNT - 1) / 5);
	shelf_clear(&shelf);

	shelf = shelf_new();
	shelf.room_error = -ETOOMANYREFS;
	IS(guard_place_block(&block, false, &shelf.sink, &failed), -ETOOMANYREFS);
	IS(shelf.count, 5);
	IS(failed, block.first + 2);
	shelf_clear(&shelf);

	/* Not one that could be given up. */
	unit_limit((unsigned int)unit_descriptors());
	shelf = shelf_new();
	IS(guard_place_block(&block, false, &shelf.sink, &failed), -EMFILE);
	IS(shelf.taken, 0);
	IS(failed, block.first);
}

static void test_make_room(void)
{
	IS(unit_in_child(run_make_room, NULL), 0);
}

static void test_sink_fails(void)
{
	struct block block = block_new(1);
	struct shelf shelf = shelf_new();
	int before = unit_descriptors();
	uint16_t failed;

	shelf.refuse_from = 4;
	IS(guard_place_block(&block, false, &shelf.sink, &failed), -ETOOMANYREFS);
	IS(failed, block.first + 3);
	IS(shelf.taken, 4);
	shelf_clear(&shelf);
	IS(unit_descriptors(), before);
}

static void test_time_wait(void)
{
	struct block block = block_new(BOTH);
	struct shelf shelf = shelf_new();
	uint16_t failed;

	unit_time_wait(block.first + 2, REUSEADDR);
	unit_time_wait(block.first + 5, REUSEADDR);
	IS(guard_place_block(&block, false, &shelf.sink, &failed), -EADDRINUSE);
	IS(failed, block.first + 2);
	shelf_clear(&shelf);
	IS(guard_place_block(&block, true, &shelf.sink, &failed), 0);
	IS(shelf.count, 2 * COUNT);
	IS(guarded(TCP, &block), COUNT);
	shelf_clear(&shelf);
}

/* Before that the kernel does not show sockets that are only bound. */
static bool kernel_shows_bound(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	return !uname(&name) && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 8));
}

/* It passes a bind with SO_REUSEADDR, and is not TIME_WAIT alone. */
static void bound_reuse(const char *address, bool with_time_wait)
{
	struct block block = block_new(BOTH);
	struct shelf shelf = shelf_new();
	uint16_t failed, port = block.first + 4;
	int fd;

	if (with_time_wait)
		unit_time_wait(port, REUSEADDR);
	fd = bound(TCP, address, port, REUSEADDR);
	OK_FATAL(fd >= 0);
	IS(guard_place_block(&block, true, &shelf.sink, &failed), -EADDRINUSE);
	IS(failed, port);
	shelf_clear(&shelf);
	close(fd);
	IS(guard_place_block(&block, true, &shelf.sink, &failed), 0);
	shelf_clear(&shelf);
}

static void test_bound_reuse(void)
{
	if (!kernel_shows_bound()) {
		cunit_tap_skip("Linux before 6.8 does not show such sockets");
		return;
	}
	bound_reuse("127.0.0.1", false);
	bound_reuse("127.0.0.1", true);
	bound_reuse("0.0.0.0", true);
	if (ipv6_works()) {
		bound_reuse("::1", false);
		bound_reuse("::", true);
	}
}

/* A persistent block's guard that comes over TIME_WAIT, too, while ours is not yet complete. */
static uint16_t other_port;
static uint32_t other_index;
static int other_guard;

static int late_listen(int fd, int backlog)
{
	atomic_store(&real_calls.listen, listen);
	other_guard = guard_place_on(other_index, PROTOCOL_TCP, other_port, true);
	return listen(fd, backlog);
}

static void test_persistent_at_once(void)
{
	struct block block = block_new(BOTH), other = {block.first + 4, 1, 1};
	struct shelf shelf = shelf_new();
	uint16_t failed;

	if (!kernel_shows_bound()) {
		cunit_tap_skip("Linux before 6.8 does not show such sockets");
		return;
	}
	other_port = other.first;
	other_index = guard_index_of_block(&other);
	unit_time_wait(other_port, REUSEADDR);
	atomic_store(&real_calls.listen, late_listen);
	IS(guard_place_block(&block, GUARD_ALL_OVER_TIME_WAIT, &shelf.sink, &failed), -EADDRINUSE);
	atomic_store(&real_calls.listen, listen);
	IS(failed, other_port);
	OK(other_guard >= 0);
	/* So it is the other way round. */
	IS(guard_place_missing(PROTOCOL_TCP, other_port, other_index), -EADDRINUSE);
	shelf_clear(&shelf);
	close(other_guard);
	other_guard = guard_place_missing(PROTOCOL_TCP, other_port, other_index);
	OK(other_guard >= 0);
	close(other_guard);
}

/* A connection whose listener is gone holds its port as well. */
static void test_connection(void)
{
	struct block block = block_new(BOTH);
	struct shelf shelf = shelf_new();
	uint16_t failed, port = block.first + 4;
	int server = listening("127.0.0.1", port, REUSEADDR), client, accepted;

	client = socket_open(TCP, "127.0.0.1", 0);
	socket_reset_at_close(client, 0);
	IS(socket_connect(client, "127.0.0.1", port, 0), 0);
	accepted = accept(server, NULL, NULL);
	close(server);
	IS(guard_place_block(&block, true, &shelf.sink, &failed), -EADDRINUSE);
	IS(failed, port);
	shelf_clear(&shelf);
	close(client);
	close(accepted);
	IS(guard_place_block(&block, true, &shelf.sink, &failed), 0);
	shelf_clear(&shelf);
}

static void test_last_port(void)
{
	struct block block = {65535, 1, BOTH};
	struct shelf shelf = shelf_new();
	uint16_t failed;
	int error = guard_place_block(&block, false, &shelf.sink, &failed);

	/* In a network that is not our own alone, somebody may have it. */
	OK(error == 0 || error == -EADDRINUSE);
	OK(error || shelf.count == 2);
	shelf_clear(&shelf);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"one guard a port and protocol, and nothing else", test_whole},
		      {"a busy port is named, wherever in the block it is", test_busy},
		      {"another block's guards are in the way", test_other_guard},
		      {"room is made where descriptors run out", test_make_room},
		      {"an error of the sink is the answer", test_sink_fails},
		      {"ports in TIME_WAIT are taken if so asked", test_time_wait},
		      {"a socket bound with SO_REUSEADDR is not passed over as TIME_WAIT",
		       test_bound_reuse},
		      {"nor is a persistent block's guard that comes at once",
		       test_persistent_at_once},
		      {"nor is a connection", test_connection},
		      {"the last port there is", test_last_port});

	return unit_main("guard-block", tests);
}
