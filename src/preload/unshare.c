/* SPDX-License-Identifier: MIT */
#include <sched.h>

#include "preload/hook.h"

int hook_unshare(int flags) HOOK(unshare);

/* Only noted: from now on it is asked whose descriptors the table speaks of. */
int hook_unshare(int flags)
{
	if (flags & CLONE_FILES)
		hook_state_add(STATE_UNSHARED);
	return real_unshare(flags);
}
