/* SPDX-License-Identifier: MIT */
/*
 * A program lowers its limit of open files, and what a library has opened high up is
 * above it now: nothing can be put on that number any more, and libc takes no such number
 * for an action of posix_spawn. What the program does itself, at numbers below the limit,
 * works as ever; what it does above fails as ever, and leaves nothing behind.
 */
#include "modes.h"
#include <spawn.h>
#include <sys/resource.h>

enum { LIMIT = 64, COPY = 9, COUNT = 3 };

static void lower_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = LIMIT;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		bail_out("setrlimit");
}

static int dup_onto_anchor(void *how)
{
	struct block block = mode_block(TCP, COUNT);
	int number = mode == BARE ? 900 : anchor_number(), fd, good, call = *(int *)how;

	lower_limit();
	errno = 0;
	good = (call ? dup3(STDERR_FILENO, number, O_CLOEXEC) : dup2(STDERR_FILENO, number)) == -1;
	good &= errno == EBADF && !truly_open(number);
	fd = member_bound(&block);
	good &= fd >= 0 && belongs(&block, port_of(fd));
	close(fd);
	if (mode != PRELOADED)
		return good;
	good &= block_taken(&block);
	close(block.fd);
	return good && settled(block_free, &block);
}

static pid_t spawned(posix_spawn_file_actions_t *actions, char *const *argv)
{
	pid_t pid;
	int error = posix_spawn(&pid, "/proc/self/exe", actions, NULL, argv, environ);

	if (!error)
		return pid;
	errno = error;
	bail_out("posix_spawn");
}

/* The image has nothing but the tree's anchor, and draws from its block. */
static int all_closed(void *unused)
{
	struct block block = mode_block(TCP, COUNT);
	char start[16], what[] = "closed";
	char *argv[] = {program_invocation_short_name, what, start, NULL};
	posix_spawn_file_actions_t actions;

	(void)unused;
	snprintf(start, sizeof start, "%d", mode == RESERVED ? block.start : 0);
	lower_limit();
	posix_spawn_file_actions_init(&actions);
	errno = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (errno) {
		diag("posix_spawn_file_actions_addclosefrom_np: %s", strerrorname_np(errno));
		return 0;
	}
	return child_end(spawned(&actions, argv)) == 0;
}

static int image_closed(int start)
{
	struct block block = {.start = start, .count = RUN_PORTS};
	int fd;

	if (open_descriptors() != 3 + (start != 0))
		return 1;
	fd = bound(TCP, "127.0.0.1", 0, 0);
	return fd != 3 || (start && !in_block(&block, port_of(fd)));
}

/* The image has a copy of the acquiring socket, and the parent none. */
static int copy_for_image(void *unused)
{
	struct block block = {.type = TCP, .count = COUNT};
	struct peer child = peer_start();
	posix_spawn_file_actions_t actions;

	(void)unused;
	if (!child.pid) {
		char in[16], out[16], what[] = "wait";
		char *argv[] = {program_invocation_short_name, what, in, out, NULL};
		pid_t pid;

		block = reserve(TCP, COUNT);
		fcntl(block.fd, F_SETFD, FD_CLOEXEC);
		snprintf(in, sizeof in, "%d", child.in);
		snprintf(out, sizeof out, "%d", child.out);
		lower_limit();
		posix_spawn_file_actions_init(&actions);
		errno = posix_spawn_file_actions_adddup2(&actions, block.fd, COPY);
		if (errno)
			bail_out("posix_spawn_file_actions_adddup2");
		pid = spawned(&actions, argv);
		close(block.fd);
		tell(&child, (uint64_t)block.start);
		_exit(child_end(pid));
	}
	return image_holds(&child, &block);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return image_closed(atoi(argv[2]));
	if (argc > 3)
		return image_wait(argv);
	modes_begin(argv);
	ok(in_child(dup_onto_anchor, &(int){0}), "dup2 to a number above the limit: EBADF");
	ok(in_child(dup_onto_anchor, &(int){1}), "dup3, too");
	ok(in_child(all_closed, NULL), "posix_spawn with addclosefrom_np(3)");
	if (mode == PRELOADED)
		ok(settled(copy_for_image, NULL),
		   "posix_spawn with adddup2 of the acquirer: it lives on");
	return modes_end(argv);
}
