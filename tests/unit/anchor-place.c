/* SPDX-License-Identifier: MIT */
/* Where an anchor settles, and that it takes no number that is in use. */
#include <sys/resource.h>
#include <sys/stat.h>

#include "anchor-kinds.h"
#include "real/real.h"
#include "real/real.h"

static void settles(enum anchor_kind kind, unsigned int limit, bool keep, int where)
{
	struct block block = block_new();
	struct anchor anchor;
	uint64_t cookie;
	int before = unit_descriptors();

	unit_limit(limit);
	anchor = filled(kind, &block);
	cookie = real_cookie(anchor.fd);
	IS(anchor_top(), where);
	IS(anchor_settle(&anchor, keep), where);
	IS(anchor.fd, where);
	IS(fcntl(anchor.fd, F_GETFD), keep ? 0 : FD_CLOEXEC);
	OK(real_cookie(anchor.fd) == cookie);
	IS(unit_descriptors(), before + 1);
	IS(guarded(&block), 2 * COUNT);
	anchor_discard(&anchor);
	OK(frees(kind, &block));
}

static void run_places(void *context)
{
	enum anchor_kind kind = *(enum anchor_kind *)context;
	struct rlimit limit;

	settles(kind, 256, false, 255);
	settles(kind, 256, true, 255);
	settles(kind, 1000, false, 999);
	settles(kind, 999, false, 998);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max > 4096) {
		settles(kind, 1024, true, 999);
		settles(kind, 4096, false, 999);
	}
}

static void test_places(enum anchor_kind kind)
{
	IS(unit_in_child(run_places, &kind), 0);
}

/* The program has some of the highest numbers open. */
static void run_occupied(void *context)
{
	enum anchor_kind kind = *(enum anchor_kind *)context;
	struct block one = block_new(), two, three;
	struct anchor first, second, third;
	struct stat before, after;

	unit_limit(128);
	IS(dup2(STDERR_FILENO, 127), 127);
	IS(dup2(STDERR_FILENO, 125), 125);
	OK(!fstat(127, &before));
	first = filled(kind, &one);
	IS(anchor_settle(&first, false), 126);
	two = block_new();
	second = filled(kind, &two);
	IS(anchor_settle(&second, true), 124);
	OK(!fstat(127, &after));
	IS(after.st_ino, before.st_ino);
	IS(after.st_dev, before.st_dev);
	IS(guarded(&one) + guarded(&two), 4 * COUNT);
	/* A place that came free is used again. */
	close(127);
	three = block_new();
	third = filled(kind, &three);
	IS(anchor_settle(&third, false), 127);
	anchor_discard(&first);
	anchor_discard(&second);
	anchor_discard(&third);
}

static void test_occupied(enum anchor_kind kind)
{
	IS(unit_in_child(run_occupied, &kind), 0);
}

/* Not one number is free above it: it stays, with the right flag. */
static void run_no_place(void *context)
{
	enum anchor_kind kind = *(enum anchor_kind *)context;

	for (int keep = 0; keep <= 1; keep++) {
		struct block block = block_new();
		struct anchor anchor;
		int place;

		unit_limit(64);
		anchor = filled(kind, &block);
		place = anchor.fd;
		for (int fd = place + 1; fd < 64; fd++)
			if (fcntl(fd, F_GETFD) < 0)
				dup2(STDERR_FILENO, fd);
		IS(anchor_settle(&anchor, keep), place);
		IS(fcntl(place, F_GETFD), keep ? 0 : FD_CLOEXEC);
		for (int fd = place + 1; fd < 64; fd++)
			close(fd);
		IS(guarded(&block), 2 * COUNT);
		anchor_discard(&anchor);
		OK(frees(kind, &block));
	}
}

static void test_no_place(enum anchor_kind kind)
{
	IS(unit_in_child(run_no_place, &kind), 0);
}

static void run_copy(void *none)
{
	struct block block = block_new();
	struct anchor anchor;
	int copy, other;

	(void)none;
	unit_limit(128);
	anchor = filled(ANCHOR_PARKED, &block);
	IS(anchor_settle(&anchor, false), 127);
	copy = anchor_copy(anchor.fd, true);
	IS(copy, 126);
	IS(fcntl(copy, F_GETFD), 0);
	other = anchor_copy(anchor.fd, false);
	IS(other, 125);
	IS(fcntl(other, F_GETFD), FD_CLOEXEC);
	OK(real_cookie(copy) == real_cookie(anchor.fd));
	anchor_discard(&anchor);
	close(other);
	IS(guarded(&block), 2 * COUNT);
	close(copy);
	IS(guarded(&block), 0);
	IS(anchor_copy(copy, true), -EBADF);
}

static void test_copy(void)
{
	IS(unit_in_child(run_copy, NULL), 0);
}

static void run_copy_full(void *none)
{
	int before;

	(void)none;
	unit_limit(64);
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			dup2(STDERR_FILENO, fd);
	before = 64 - 3;
	IS(anchor_copy(STDERR_FILENO, true), -EMFILE);
	for (int fd = 3; fd < 64; fd++)
		before -= fcntl(fd, F_GETFD) >= 0;
	IS(before, 0);
}

static void test_copy_full(void)
{
	IS(unit_in_child(run_copy_full, NULL), 0);
}

BOTH_KINDS(places)
BOTH_KINDS(occupied)
BOTH_KINDS(no_place)

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"parked: it settles at min(soft limit, 1000) - 1, with the flag asked for",
		 parked_places},
		{"held: it settles at min(soft limit, 1000) - 1, with the flag asked for",
		 held_kind_places},
		{"parked: or at the next lower number, never on one in use", parked_occupied},
		{"held: or at the next lower number, never on one in use", held_kind_occupied},
		{"parked: with all numbers in use it stays where it is", parked_no_place},
		{"held: with all numbers in use it stays where it is", held_kind_no_place},
		{"a copy is as good, and next to it", test_copy},
		{"no number for a copy: EMFILE, none is lost", test_copy_full});

	unit_holder_set();
	return unit_main("anchor-place", tests);
}
