/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "preload/associate.h"
#include "preload/hook.h"
#include "preload/socket.h"

int hook_connect(int fd, const struct sockaddr *address, socklen_t length) HOOK(connect);

/* What bind calls exhausted is for connect, as on Linux, no address to be had for TCP,
 * and to be tried again for UDP. */
static int connect_error(int fd, int error)
{
	enum protocol protocol;

	if (error != -EADDRINUSE && error != -EADDRNOTAVAIL)
		return error;
	return !socket_protocol(fd, &protocol) && protocol == PROTOCOL_UDP ? -EAGAIN
									   : -EADDRNOTAVAIL;
}

int hook_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage peer;
	int saved = errno, error;

	if (hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd) &&
	    association_peer(fd, address, length, &peer)) {
		error = association_bind_implicit(fd, false, &peer, length);
		if (error)
			return hook_return(connect_error(fd, error), saved);
		errno = saved;
	}
	return real_connect(fd, address, length);
}
