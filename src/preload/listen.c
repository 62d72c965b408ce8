/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pool/word.h"
#include "preload/associate.h"
#include "preload/debug.h"
#include "preload/hook.h"
#include "preload/pools.h"
#include "preload/socket.h"
#include "real/netns.h"

int hook_listen(int fd, int backlog) HOOK(listen);

/*
 * Whether the socket is bound to a port of a reservation: the kernel and the pool say
 * it, not our table, for sockets also come by exec, activation and SCM_RIGHTS.
 */
static bool reserved_port(int fd, uint16_t port, struct reservation *reservation)
{
	enum protocol protocol;
	struct pool *pool;

	return port && !socket_protocol(fd, &protocol) && protocol == PROTOCOL_TCP &&
	       !pools_get(netns_of(fd), false, &pool) &&
	       reservation_find(pool, word_token(pool, PROTOCOL_TCP, port), reservation);
}

static int listen_prepared(int fd, int backlog)
{
	struct reservation reservation;
	struct socket_call call = {.fd = fd, .protocol = PROTOCOL_TCP, .anchor = -1};
	enum protocol protocol;
	int saved = errno, error = socket_protocol(fd, &protocol);

	/* The kernel refuses all others, and binds none of them. */
	if (error)
		error = association_unasked(fd, error);
	else if (protocol == PROTOCOL_TCP)
		error = association_bind_implicit(fd, true, NULL, 0);
	if (error)
		return hook_return(error, saved);
	errno = saved;
	if (!reserved_port(fd, socket_port(fd), &reservation)) {
		errno = saved;
		return real_listen(fd, backlog);
	}
	error = reservation_listen(&reservation, &call, backlog);
	debug_error("listen", error);
	return hook_return(error, saved);
}

static int listen_reserved(int fd, int backlog)
{
	int cancel = hook_enter(), result = listen_prepared(fd, backlog);

	hook_leave(cancel);
	return result;
}

int hook_listen(int fd, int backlog)
{
	int saved = errno, result;

	if (hook_needed(STATE_TABLE | STATE_RUN))
		return listen_reserved(fd, backlog);
	result = real_listen(fd, backlog);
	/* In the way may be the guard of a port that the socket came to us with. */
	if (__builtin_expect(result && errno == EADDRINUSE, 0)) {
		errno = saved;
		return listen_reserved(fd, backlog);
	}
	return result;
}
