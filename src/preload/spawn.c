/* SPDX-License-Identifier: MIT */
/*
 * The file actions of posix_spawn, which libc carries out in the child by itself. What
 * close, close_range, dup2 and open would do about anchors is done when an action is
 * added: the numbers of anchors hardly ever change.
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <sys/resource.h>

#include "preload/anchor.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/lifetime.h"

typedef posix_spawn_file_actions_t file_actions;

int hook_addclose(file_actions *actions, int fd) HOOK(posix_spawn_file_actions_addclose);
int hook_adddup2(file_actions *actions, int fd, int to) HOOK(posix_spawn_file_actions_adddup2);
int hook_addopen(file_actions *actions, int fd, const char *path, int flags, mode_t mode)
	HOOK(posix_spawn_file_actions_addopen);
int hook_addclosefrom(file_actions *actions, int from)
	HOOK(posix_spawn_file_actions_addclosefrom_np);

/* libc takes no number for an action that is not below it. */
static unsigned int limit_get(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > INT_MAX
		       ? INT_MAX
		       : (unsigned int)limit.rlim_cur;
}

/* The limit may have been lowered since: then the anchors above it move below. */
static void anchors_below(unsigned int limit)
{
	unsigned int anchor;

	while (anchor_next(limit, ~0U, &anchor) && anchor_vacate((int)anchor))
		;
}

int hook_addclose(file_actions *actions, int fd)
{
	/* To close what is not open is no error in a child. */
	if (hook_needed(STATE_TABLE | STATE_RUN) && anchor_is(fd) && (unsigned int)fd < limit_get())
		return 0;
	return real_posix_spawn_file_actions_addclose(actions, fd);
}

struct carrying {
	file_actions *actions;
	int error;
};

/* A dup2 of posix_spawn to the same number keeps it open across the exec. */
static void carry_on(int anchor, void *context)
{
	struct carrying *carrying = context;

	if (!carrying->error)
		carrying->error =
			real_posix_spawn_file_actions_adddup2(carrying->actions, anchor, anchor);
}

int hook_adddup2(file_actions *actions, int fd, int to)
{
	struct carrying carrying = {.actions = actions};
	struct fd_entry entry;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real_posix_spawn_file_actions_adddup2(actions, fd, to);
	if (anchor_is(fd)) {
		/* Not open, and so the child's error: a copy of what it has closed. */
		carrying.error = real_posix_spawn_file_actions_addclose(actions, to);
		return carrying.error ? carrying.error
				      : real_posix_spawn_file_actions_adddup2(actions, to, to);
	}
	anchor_vacate(to);
	carrying.error = real_posix_spawn_file_actions_adddup2(actions, fd, to);
	entry = fdtable_get(fd);
	if (carrying.error || !(entry.flags & FD_ACQUIRER))
		return carrying.error;
	anchors_below(limit_get());
	lifetime_anchors(entry.cookie, carry_on, &carrying);
	return carrying.error;
}

int hook_addopen(file_actions *actions, int fd, const char *path, int flags, mode_t mode)
{
	if (hook_needed(STATE_TABLE | STATE_RUN))
		anchor_vacate(fd);
	return real_posix_spawn_file_actions_addopen(actions, fd, path, flags, mode);
}

/* Python's subprocess uses it since 3.13. */
int hook_addclosefrom(file_actions *actions, int from)
{
	unsigned int anchor, next = (unsigned int)from;
	int error = 0;

	if (from < 0 || !hook_needed(STATE_TABLE | STATE_RUN))
		return real_posix_spawn_file_actions_addclosefrom_np(actions, from);
	/* The number behind the last one must be below the limit, too. */
	anchors_below(limit_get() - 1);
	while (!error && anchor_next(next, ~0U, &anchor)) {
		/* One by one up to the anchor; numbers that are not open are no error. */
		for (; !error && next < anchor; next++)
			error = real_posix_spawn_file_actions_addclose(actions, (int)next);
		next = anchor + 1;
	}
	return error ? error : real_posix_spawn_file_actions_addclosefrom_np(actions, (int)next);
}
