/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>

#include "preload/hook.h"

int hook_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
	HOOK(setsockopt);

/* Who has never used these need not be asked at every bind. */
static inline void note_option(int level, int option)
{
	if (__builtin_expect(level == SOL_SOCKET && option == SO_REUSEPORT, 0))
		hook_state_add(STATE_SHARE);
	else if (__builtin_expect(level == IPPROTO_IP && option == IP_BIND_ADDRESS_NO_PORT, 0))
		hook_state_add(STATE_NO_PORT);
}

int hook_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	note_option(level, option);
	return real_setsockopt(fd, level, option, value, size);
}

#if TIME64
int hook_setsockopt64(int fd, int level, int option, const void *value, socklen_t size)
	HOOK(__setsockopt64);

int hook_setsockopt64(int fd, int level, int option, const void *value, socklen_t size)
{
	note_option(level, option);
	return real___setsockopt64(fd, level, option, value, size);
}
#endif
