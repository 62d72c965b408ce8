/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "preload/associate.h"
#include "preload/hook.h"

int hook_connect(int fd, const struct sockaddr *address, socklen_t length) HOOK(connect);
int hook_connect_twin(int fd, const struct sockaddr *address, socklen_t length) HOOK(__connect);

static HOOK_BUSY int connect_busy(int fd, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage peer;
	int saved = errno, error;

	if (hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd) &&
	    association_peer(fd, address, length, &peer)) {
		error = association_bind_implicit(fd, false, &peer, length);
		if (error)
			return hook_return(association_exhausted(fd, error), saved);
		errno = saved;
	}
	return real_connect(fd, address, length);
}

static inline int connect_any(int fd, const struct sockaddr *address, socklen_t length)
{
	if (hook_idle(STATE_TABLE | STATE_CONNECT))
		return real_connect(fd, address, length);
	return connect_busy(fd, address, length);
}

int hook_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	return connect_any(fd, address, length);
}

int hook_connect_twin(int fd, const struct sockaddr *address, socklen_t length)
{
	return connect_any(fd, address, length);
}
