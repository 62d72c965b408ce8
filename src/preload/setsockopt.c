/* SPDX-License-Identifier: MIT */
#include "preload/hook.h"

int hook_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
	HOOK(setsockopt);

/* Only noted: bind.c then looks whether SO_REUSEPORT would pass another's guard. */
int hook_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	if (__builtin_expect(level == SOL_SOCKET && option == SO_REUSEPORT, 0))
		hook_state_add(STATE_SHARE);
	return real_setsockopt(fd, level, option, value, size);
}
