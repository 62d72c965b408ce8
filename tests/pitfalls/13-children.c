/* SPDX-License-Identifier: MIT */
/*
 * Children that are harder to tell apart: a vfork child in another pid namespace sees no
 * pid of its parent, and its parent none of its own; a forked child's child may be in a
 * sandbox that kills for the question whose memory it is; and a vfork child that makes a
 * copy of the acquiring socket for its exec has a table that the notes do not describe.
 */
#include "../preload/sandbox.h"
#include "modes.h"

enum { COPY = 40, STACK = 65536 };

static int close_and_end(void *fd)
{
	close(*(int *)fd);
	_exit(0);
}

enum { NO_NAMESPACE = 76 };

/* The parent is as it was, and its own close is the end. */
static int unharmed(struct block *block)
{
	struct block other;
	int fd = drawn(block, "127.0.0.1", 0, 0), good = fd >= 0 && in_block(block, port_of(fd));

	close(fd);
	other = try_reserve(UDP, 0, 2);
	good &= other.fd >= 0;
	close(other.fd);
	good &= block_taken(block);
	close(block->fd);
	return good && settled(block_free, block);
}

static int vfork_elsewhere(void)
{
	struct block block = reserve(TCP, 3);
	pid_t pid;

	if (own_namespace(CLONE_NEWPID))
		_exit(NO_NAMESPACE);
	pid = vfork();
	if (!pid) {
		close(block.fd);
		_exit(0);
	}
	return child_end(pid) == 0 && unharmed(&block);
}

static int clone_elsewhere(void)
{
	struct block block = reserve(TCP, 3);
	char *stack = malloc(STACK);
	pid_t pid = clone(close_and_end, stack + STACK,
			  CLONE_VM | CLONE_VFORK | CLONE_NEWPID | SIGCHLD, &block.fd);

	if (pid < 0)
		_exit(NO_NAMESPACE);
	return child_end(pid) == 0 && unharmed(&block);
}

static void elsewhere(int (*checks)(void), const char *what)
{
	struct peer child = peer_start();
	int status;

	if (!child.pid)
		_exit(checks() ? 0 : 1);
	status = peer_end(&child);
	if (status == NO_NAMESPACE)
		skip(what, "no pid namespaces here");
	else
		ok(status == 0, "%s", what);
}

/* The first that this process does with the library is a close under the filter. */
static int close_under_filter(void *fd)
{
	forbid(SYS_kcmp, SECCOMP_RET_KILL_PROCESS);
	return !close(*(int *)fd);
}

static int grandchild(void *fd)
{
	pid_t pid = fork();

	if (!pid)
		_exit(close_under_filter(fd) ? 0 : 1);
	_exit(child_end(pid));
}

/* The image has a copy alone; the parent closes what it has. */
static int copy_for_exec(void *unused)
{
	struct block block = {.type = TCP, .count = 3};
	struct peer child = peer_start();
	pid_t pid;

	(void)unused;
	if (!child.pid) {
		block = reserve(TCP, 3);
		pid = vfork();
		if (!pid) {
			dup2(block.fd, COPY);
			fcntl(block.fd, F_SETFD, FD_CLOEXEC);
			exec_waiting(&child);
		}
		close(block.fd);
		tell(&child, (uint64_t)block.start);
		_exit(child_end(pid));
	}
	return image_holds(&child, &block);
}

int main(int argc, char **argv)
{
	struct block block;
	int fd;

	if (argc > 1)
		return image_wait(argv);
	modes_begin(argv);
	block = mode_block(TCP, 3);
	fd = member_bound(&block);
	confined(grandchild, &fd, "a child's child closes where kcmp kills");
	if (mode != PRELOADED)
		return modes_end(argv);
	elsewhere(vfork_elsewhere, "unshare(CLONE_NEWPID), and a vfork child closes the acquirer");
	elsewhere(clone_elsewhere, "a clone as vfork does, in a new pid namespace, closes it");
	ok(settled(copy_for_exec, NULL),
	   "a vfork child's copy keeps the reservation over its exec");
	return modes_end(argv);
}
