/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>

#include "preload/hook.h"

int hook_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
	HOOK(setsockopt);

/* Only noted: who has never used these need not be asked at every bind. */
int hook_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	if (__builtin_expect(level == SOL_SOCKET && option == SO_REUSEPORT, 0))
		hook_state_add(STATE_SHARE);
	else if (__builtin_expect(level == IPPROTO_IP && option == IP_BIND_ADDRESS_NO_PORT, 0))
		hook_state_add(STATE_NO_PORT);
	return real_setsockopt(fd, level, option, value, size);
}
