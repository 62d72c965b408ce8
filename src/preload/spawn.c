/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn's "close everything from here on", which libc carries out in the child
 * by itself: it must leave the anchors open, as close_range does. Python's subprocess
 * uses it since 3.13.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>

#include "preload/anchor.h"
#include "preload/hook.h"

int hook_addclosefrom(posix_spawn_file_actions_t *actions, int from)
	HOOK(posix_spawn_file_actions_addclosefrom_np);

typedef int addclosefrom_function(posix_spawn_file_actions_t *actions, int from);

/* Not in the table of real calls: it has no system call to fall back to. */
static int real_addclosefrom(posix_spawn_file_actions_t *actions, int from)
{
	addclosefrom_function *next = (addclosefrom_function *)dlsym(
		RTLD_NEXT, "posix_spawn_file_actions_addclosefrom_np");

	return next ? next(actions, from) : ENOSYS;
}

int hook_addclosefrom(posix_spawn_file_actions_t *actions, int from)
{
	unsigned int anchor, next = (unsigned int)from;
	int error = 0;

	if (from < 0 || !hook_needed(STATE_TABLE | STATE_RUN))
		return real_addclosefrom(actions, from);
	while (!error && anchor_next(next, ~0U, &anchor)) {
		/* One by one up to the anchor; numbers that are not open are no error. */
		for (; !error && next < anchor; next++)
			error = posix_spawn_file_actions_addclose(actions, (int)next);
		next = anchor + 1;
	}
	return error ? error : real_addclosefrom(actions, (int)next);
}
