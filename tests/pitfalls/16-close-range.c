/* SPDX-License-Identifier: MIT */
/*
 * close_range() is not a loop of close(): its last number may be ~0U, with
 * CLOSE_RANGE_CLOEXEC it closes nothing, with CLOSE_RANGE_UNSHARE it concerns this
 * thread's table alone. Libraries that refuse what they did not expect, or treat it as
 * close, broke the programs that use it. Ours passes every call on, in pieces where an
 * anchor is in the way; the anchor stays, and follows its acquiring socket over exec.
 */
#include "modes.h"
#include <linux/close_range.h>
#include <pthread.h>

enum { LOW = 100, HIGH = 110 };

static void fill(int first, int last)
{
	for (int fd = first; fd <= last; fd++)
		if (dup2(STDERR_FILENO, fd) != fd)
			bail_out("dup2");
}

static int open_between(int first, int last)
{
	int count = 0;

	for (int fd = first; fd <= last; fd++)
		count += truly_open(fd);
	return count;
}

/* What the range leaves above standard error: our anchor where the tree has one. */
static int all_closed(void *flags)
{
	struct block block = mode_block(TCP, 3);
	int left = mode == RESERVED, fd, good;

	fill(LOW, HIGH);
	good = !close_range(3, ~0U, *(int *)flags) && open_between(3, 4095) == left;
	if (mode == PRELOADED)
		return good && settled(block_free, &block);
	fd = member_bound(&block);
	return good && fd == 3 && belongs(&block, port_of(fd));
}

static int all_closed_from(void *unused)
{
	(void)unused;
	fill(LOW, HIGH);
	closefrom(3);
	return open_between(3, 4095) == (mode == RESERVED);
}

static int some_closed(void *unused)
{
	(void)unused;
	fill(LOW, HIGH);
	return !close_range(LOW + 2, LOW + 5, 0) && open_between(LOW, HIGH) == HIGH - LOW + 1 - 4 &&
	       open_between(LOW + 2, LOW + 5) == 0 && !close_range(LOW + 2, LOW + 5, 0) &&
	       !close_range(4000000, ~0U, 0) && open_between(LOW, HIGH) == HIGH - LOW + 1 - 4;
}

static int only_marked(void *unused)
{
	int good;

	(void)unused;
	fill(LOW, HIGH);
	good = !close_range(LOW + 1, ~0U, CLOSE_RANGE_CLOEXEC) &&
	       open_between(LOW, HIGH) == HIGH - LOW + 1 && fcntl(LOW, F_GETFD) == 0;
	for (int fd = LOW + 1; fd <= HIGH; fd++)
		good &= fcntl(fd, F_GETFD) == FD_CLOEXEC;
	return good;
}

static void errors(void)
{
	int anchor = anchor_number();

	fill(LOW, HIGH);
	fails_with(close_range(LOW + 1, LOW, 0), EINVAL, "a range that ends before it begins");
	fails_with(close_range(~0U, 0, 0), EINVAL, "the same from ~0U");
	fails_with(close_range(LOW, HIGH, 1 << 5), EINVAL, "an unknown flag");
	fails_with(close_range(LOW, ~0U, -1), EINVAL, "all flags");
	if (anchor > 0)
		fails_with(close_range((unsigned)anchor, (unsigned)anchor - 1, 0), EINVAL,
			   "from the anchor backwards");
	ok(open_between(LOW, HIGH) == HIGH - LOW + 1, "nothing was closed");
	ok(!close_range(LOW, HIGH, 0), "and then it is");
}

/* Whatever the range, the anchor stays and the program's own neighbours of it go. */
static void around_the_anchor(void)
{
	static const int ranges[][2] = {{0, 0}, {-1, 1},      {-1, 0},
					{0, 1}, {0, 1 << 30}, {-5, 1 << 30}};
	struct block block = mode_block(TCP, 3);
	int anchor = anchor_number(), null = open("/dev/null", O_RDONLY);

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		int first = ranges[i][0], last = ranges[i][1], good;

		for (int at = -3; at <= 3; at++)
			if (at)
				dup2(null, anchor + at);
		good = !close_range((unsigned)(anchor + first), (unsigned)(anchor + last), 0);
		for (int at = -3; at <= 3; at++)
			good &= truly_open(anchor + at) == (at == 0 || at < first || at > last);
		ok(good && block_taken(&block), "a range from %d to %d of the anchor", first, last);
	}
	ok(!close_range((unsigned)anchor, (unsigned)anchor, CLOSE_RANGE_CLOEXEC) &&
		   !(syscall(SYS_fcntl, anchor, F_GETFD) & FD_CLOEXEC),
	   "CLOSE_RANGE_CLOEXEC on the anchor alone does not mark it");
	close_range((unsigned)anchor - 5, ~0U, 0);
	close(null);
	close(block.fd);
	ok(mode == RESERVED || settled(block_free, &block), "its reservation still ends");
}

enum marked { ALL, ONLY_OTHERS, ALL_BUT_A_COPY, ALL_BUT_TAKEN_BACK };

static const char *const marked_names[] = {"all descriptors", "all but the acquiring socket",
					   "all but a copy of it", "all, and it was unmarked then"};

/* Does the reservation outlive the exec that follows CLOSE_RANGE_CLOEXEC? */
struct exec {
	enum marked marked;
	int bare; /* the next image cannot mend what the kernel kept open */
};

static int over_exec(void *argument)
{
	const struct exec *exec = argument;
	struct block block = {.type = TCP, .count = 3};
	struct peer child = peer_start();
	int lives;

	if (!child.pid) {
		block = reserve(TCP, 3);
		tell(&child, (uint64_t)block.start);
		if (exec->marked == ALL_BUT_A_COPY)
			block.fd = dup2(block.fd, 2);
		if (exec->marked == ONLY_OTHERS)
			close_range((unsigned)block.fd + 1, ~0U, CLOSE_RANGE_CLOEXEC);
		else
			close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		if (exec->marked == ALL_BUT_TAKEN_BACK)
			fcntl(block.fd, F_SETFD, 0);
		if (exec->bare)
			unsetenv("LD_PRELOAD");
		exec_waiting(&child);
	}
	block.start = (int)hear(&child);
	hear(&child);
	lives = exec->marked == ALL ? block_free(&block) : block_taken(&block);
	tell(&child, 0);
	peer_end(&child);
	return lives && block_free(&block);
}

static int run_over_exec(void *unused)
{
	struct block block = mode_block(TCP, 0);
	struct peer child = peer_start();
	int lives;

	(void)unused;
	if (!child.pid) {
		close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		exec_waiting(&child);
	}
	hear(&child);
	lives = block_taken(&block);
	tell(&child, 0);
	peer_end(&child);
	return lives;
}

struct own_table {
	pid_t thread;
	int flags, good;
};

static void *in_own_table(void *argument)
{
	struct own_table *own = argument;

	own->thread = gettid();
	own->good = !close_range(3, ~0U, own->flags);
	if (!(own->flags & CLOSE_RANGE_CLOEXEC))
		own->good &= fcntl(3, F_GETFD) == -1;
	return NULL;
}

static void unshared(int flags)
{
	struct block block = mode_block(TCP, 3);
	struct own_table own = {.flags = flags};
	int fd = member(&block), before = open_descriptors();
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_own_table, &own) || pthread_join(thread, NULL))
		bail_out("a thread");
	thread_gone(own.thread);
	ok(own.good && open_descriptors() == before && fcntl(fd, F_GETFD) == 0,
	   "flags %d in a thread: it is its own table alone", flags);
	ok(!socket_bind(fd, "127.0.0.1", 0, 0) && belongs(&block, port_of(fd)),
	   "flags %d in a thread: the other's sockets are what they were", flags);
	ok(mode == BARE || block_taken(&block), "flags %d in a thread: so is the reservation",
	   flags);
	close(fd);
	close(block.fd);
	ok(mode != PRELOADED || settled(block_free, &block), "which still ends");
}

int main(int argc, char **argv)
{
	int unshare_flags[] = {CLOSE_RANGE_UNSHARE, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC};

	if (argc > 1)
		return image_wait(argv);
	modes_begin(argv);
	ok(in_child(all_closed, &(int){0}), "close_range(3, ~0U) closes all of the program's");
	ok(in_child(all_closed, &unshare_flags[0]), "the same with CLOSE_RANGE_UNSHARE");
	ok(in_child(all_closed_from, NULL), "closefrom(3), too");
	ok(in_child(some_closed, NULL), "a range within: what is outside stays");
	ok(in_child(only_marked, NULL), "CLOSE_RANGE_CLOEXEC closes nothing and marks all of it");
	errors();
	if (mode != BARE)
		around_the_anchor();
	for (int i = 0; mode == PRELOADED && i < 2 * (ALL_BUT_TAKEN_BACK + 1); i++) {
		struct exec exec = {(enum marked)(i / 2), i % 2};

		ok(settled(over_exec, &exec), "CLOSE_RANGE_CLOEXEC on %s: the exec %s it%s",
		   marked_names[exec.marked], exec.marked == ALL ? "ends" : "keeps",
		   exec.bare ? ", of a program without the library" : "");
	}
	if (mode == RESERVED)
		ok(run_over_exec(NULL), "CLOSE_RANGE_CLOEXEC on all: the run reservation goes on");
	for (int i = 0; i < 2; i++)
		unshared(unshare_flags[i]);
	return modes_end(argv);
}
