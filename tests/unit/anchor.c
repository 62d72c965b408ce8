/* SPDX-License-Identifier: MIT */
/* Both kinds of anchor: what lives with it, and when it ends. */
#include <signal.h>
#include <sys/wait.h>

#include "anchor-kinds.h"
#include "real/real.h"
#include "real/real.h"

static void test_kept_out(enum anchor_kind kind)
{
	for (uint8_t protocols = 1; protocols <= BOTH; protocols++) {
		struct block block = {unit_block(COUNT), COUNT, protocols};
		struct anchor anchor = filled(kind, &block);
		int before = unit_descriptors();

		IS(taken_ports(TCP, block.first, COUNT), protocols & 1 ? COUNT : 0);
		IS(taken_ports(UDP, block.first, COUNT), protocols & 2 ? COUNT : 0);
		IS(stranger(TCP, "127.0.0.1", block.first, REUSEADDR),
		   protocols & 1 ? EADDRINUSE : 0);
		anchor_discard(&anchor);
		IS(anchor.fd, -1);
		OK(frees(kind, &block));
		IS(unit_descriptors(), before - 1);
	}
}

static void test_last_copy(enum anchor_kind kind)
{
	struct block block = block_new();
	struct anchor anchor = filled(kind, &block);
	int copy = dup(anchor.fd);

	anchor_discard(&anchor);
	IS(guarded(&block), 2 * COUNT);
	close(copy);
	OK(frees(kind, &block));
}

static void test_fork(enum anchor_kind kind)
{
	struct block block = block_new();
	struct anchor anchor = filled(kind, &block);
	pid_t one = unit_idle(NULL, NULL), other = unit_idle(NULL, NULL);

	anchor_discard(&anchor);
	IS(guarded(&block), 2 * COUNT);
	unit_kill(one);
	IS(guarded(&block), 2 * COUNT);
	unit_kill(other);
	OK(frees(kind, &block));
}

static void test_release(enum anchor_kind kind)
{
	struct block block = block_new();
	struct anchor anchor = filled(kind, &block);
	pid_t other = unit_idle(NULL, NULL);

	anchor_release(anchor.fd);
	/* At once, both kinds. */
	IS(guarded(&block), 0);
	OK(fcntl(anchor.fd, F_GETFD) >= 0);
	anchor_release(anchor.fd);
	anchor_discard(&anchor);
	unit_kill(other);
}

/* From a child process that has inherited it. */
static void run_release(void *context)
{
	anchor_release(*(int *)context);
}

static void test_release_child(enum anchor_kind kind)
{
	struct block block = block_new();
	struct anchor anchor = filled(kind, &block);

	IS(unit_in_child(run_release, &anchor.fd), 0);
	IS(guarded(&block), 0);
	anchor_discard(&anchor);
}

static void test_busy(enum anchor_kind kind)
{
	struct block block = block_new();
	int fd = bound(UDP, "127.0.0.1", block.first + 5, 0), before = unit_descriptors();
	struct anchor anchor;
	uint16_t failed = 0;

	IS_FATAL(anchor_open(&anchor, kind), 0);
	IS(anchor_fill(&anchor, &block, true, &failed), -EADDRINUSE);
	IS(failed, block.first + 5);
	IS(guarded(&block), 1);
	close(fd);
	/* And it may be asked for another block. */
	IS(anchor_fill(&anchor, &block, true, &failed), 0);
	IS(guarded(&block), 2 * COUNT);
	anchor_discard(&anchor);
	OK(frees(kind, &block));
	IS(unit_descriptors(), before - 1);
}

static void test_unfilled(enum anchor_kind kind)
{
	int before = unit_descriptors();
	struct anchor anchor;

	IS_FATAL(anchor_open(&anchor, kind), 0);
	anchor_discard(&anchor);
	anchor_discard(&anchor);
	IS(unit_descriptors(), before);
}

static void test_time_wait(enum anchor_kind kind)
{
	struct block block = block_new();
	struct anchor anchor;
	uint16_t failed = 0;

	unit_time_wait(block.first + 1, REUSEADDR);
	IS_FATAL(anchor_open(&anchor, kind), 0);
	IS(anchor_fill(&anchor, &block, false, &failed), -EADDRINUSE);
	IS(failed, block.first + 1);
	IS(anchor_fill(&anchor, &block, true, &failed), 0);
	anchor_discard(&anchor);
}

static void test_cookie(enum anchor_kind kind)
{
	struct block one = block_new(), two;
	struct anchor anchor = filled(kind, &one), other;
	int copy = dup(anchor.fd), pair[2];

	two = block_new();
	other = filled(kind, &two);
	OK(real_cookie(anchor.fd) != 0);
	OK(real_cookie(anchor.fd) == real_cookie(copy));
	OK(real_cookie(anchor.fd) != real_cookie(other.fd));
	IS(real_cookie(-1), 0);
	close(copy);
	IS(real_cookie(copy), 0);
	IS(pipe(pair), 0);
	IS(real_cookie(pair[0]), 0);
	close(pair[0]);
	close(pair[1]);
	anchor_discard(&anchor);
	anchor_discard(&other);
}

/* Closed at the end of the process, however it ends. */
static void prepare_block(void *context)
{
	struct anchor anchor = filled(ANCHOR_PARKED, context);

	OK(anchor.fd >= 0);
}

static void test_killed(void)
{
	struct block block = block_new();
	pid_t pid = unit_idle(prepare_block, &block);

	IS(guarded(&block), 2 * COUNT);
	unit_kill(pid);
	IS(guarded(&block), 0);
}

/* More than one message takes. */
static void run_many(void *none)
{
	/* Not so many where there are others. */
	uint16_t count = unit_alone ? 1000 : 300;
	struct block block = {unit_block(count), count, 1};
	struct anchor anchor = {.fd = -1};
	uint16_t failed;
	int error;

	(void)none;
	unit_limit(65536);
	IS_FATAL(anchor_open(&anchor, ANCHOR_PARKED), 0);
	error = anchor_fill(&anchor, &block, false, &failed);
	if (error == -ETOOMANYREFS)
		_exit(77);
	IS(error, 0);
	IS(taken_ports(TCP, block.first, block.count), count);
	anchor_discard(&anchor);
	IS(taken_ports(TCP, block.first, block.count), 0);
}

static void in_flight(void (*run)(void *))
{
	int status = unit_in_child(run, NULL);

	if (status == 77)
		cunit_tap_skip("this user may not have so many descriptors in flight");
	else
		IS(status, 0);
}

static void test_many(void)
{
	in_flight(run_many);
}

/* With fewer numbers than ports: they go as the numbers run out. */
static void run_few_numbers(void *none)
{
	struct block block = {unit_block(100), 100, BOTH};
	struct anchor anchor = {.fd = -1};
	uint16_t failed;
	int error;

	(void)none;
	unit_limit((unsigned int)unit_descriptors() + 10);
	IS_FATAL(anchor_open(&anchor, ANCHOR_PARKED), 0);
	error = anchor_fill(&anchor, &block, false, &failed);
	if (error == -ETOOMANYREFS)
		_exit(77);
	IS(error, 0);
	IS(taken_ports(TCP, block.first, block.count), 100);
	IS(taken_ports(UDP, block.first, block.count), 100);
	anchor_discard(&anchor);
	IS(taken_ports(TCP, block.first, block.count), 0);
}

static void test_few_numbers(void)
{
	in_flight(run_few_numbers);
}

BOTH_KINDS(kept_out)
BOTH_KINDS(last_copy)
BOTH_KINDS(fork)
BOTH_KINDS(release)
BOTH_KINDS(release_child)
BOTH_KINDS(busy)
BOTH_KINDS(unfilled)
BOTH_KINDS(time_wait)
BOTH_KINDS(cookie)

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"parked: its ports are kept from strangers", parked_kept_out},
		{"held: its ports are kept from strangers", held_kind_kept_out},
		{"parked: the close of the last copy frees them", parked_last_copy},
		{"held: the close of the last copy frees them", held_kind_last_copy},
		{"parked: child processes keep it", parked_fork},
		{"held: child processes keep it", held_kind_fork},
		{"parked: release frees the ports although others have copies", parked_release},
		{"held: release frees the ports although others have copies", held_kind_release},
		{"parked: a child process releases", parked_release_child},
		{"held: a child process releases", held_kind_release_child},
		{"parked: a busy port is named, none is kept, another block can be had",
		 parked_busy},
		{"held: a busy port is named, none is kept, another block can be had",
		 held_kind_busy},
		{"parked: given up without a block", parked_unfilled},
		{"held: given up without a block", held_kind_unfilled},
		{"parked: over TIME_WAIT if so asked", parked_time_wait},
		{"held: over TIME_WAIT if so asked", held_kind_time_wait},
		{"parked: copies have one cookie", parked_cookie},
		{"held: copies have one cookie", held_kind_cookie},
		{"parked: when its process was killed the ports are free", test_killed},
		{"parked: 1,000 ports", test_many},
		{"parked: 200 guards with 10 descriptors", test_few_numbers});

	unit_holder_set();
	return unit_main("anchor", tests);
}
