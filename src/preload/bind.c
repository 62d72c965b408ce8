/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/address.h"
#include "guard/guard.h"
#include "pool/word.h"
#include "preload/associate.h"
#include "preload/debug.h"
#include "preload/hook.h"
#include "preload/memory.h"
#include "preload/pools.h"
#include "preload/socket.h"
#include "real/netns.h"

int hook_bind(int fd, const struct sockaddr *address, socklen_t length) HOOK(bind);

/* The program asked for an address now and for a port only when it connects. */
static bool wants_no_port(int fd)
{
	int wanted;

	return hook_needed(STATE_NO_PORT) &&
	       !real_option_get(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &wanted) && wanted;
}

/* By the pool, and as the pool may be stale, by the kernel. */
static bool others_port(struct pool *pool, enum protocol protocol, uint16_t port)
{
	uint64_t token = word_token(pool, protocol, port);

	if (!token || guard_netns() != pool->netns || guard_present(protocol, port))
		return token;
	slot_bury(pool, token);
	return false;
}

/*
 * SO_REUSEPORT, of the same user, would pass a guard. It is put off around the bind, and
 * the guard decides; what it was is put back.
 */
static int bind_against_guard(int fd, const struct sockaddr *address, socklen_t length)
{
	int share, result, saved = errno;

	if (real_option_get(fd, SOL_SOCKET, SO_REUSEPORT, &share))
		share = 0;
	if (share)
		real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0);
	errno = saved;
	result = real_bind(fd, address, length);
	saved = errno;
	if (share)
		real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	errno = saved;
	return result;
}

static int bind_as_stranger(int fd, const struct sockaddr *address, socklen_t length, uint16_t port)
{
	enum protocol protocol;
	struct pool *pool;
	int share, result, saved = errno;

	if (!port || real_option_get(fd, SOL_SOCKET, SO_REUSEPORT, &share) || !share ||
	    socket_protocol(fd, &protocol) || pools_get(netns_of(fd), false, &pool) ||
	    !others_port(pool, protocol, port)) {
		errno = saved;
		return real_bind(fd, address, length);
	}
	errno = saved;
	result = bind_against_guard(fd, address, length);
	if (result)
		debug_say("bind: the port is in another reservation", NULL);
	return result;
}

static bool inside_any(const struct association *list, int count, uint16_t port)
{
	int i;

	for (i = 0; i < count; i++)
		if (!list[i].error && block_contains(&list[i].reservation.block, port))
			return true;
	return false;
}

/* From the first block that has it, or a port to spare. */
static int bind_from_blocks(const struct association *list, int count,
			    const struct sockaddr_storage *address, socklen_t length)
{
	struct association_target target = {.address = address, .length = length};
	uint16_t wanted = address_port(address), port;
	int i, error = -EADDRNOTAVAIL;

	for (i = 0; i < count; i++) {
		if (list[i].error ||
		    (wanted && !block_contains(&list[i].reservation.block, wanted)))
			continue;
		error = association_bind(&list[i], &target, &port);
		if (!error) {
			association_bound(&list[i], port);
			return 0;
		}
		if (error != -EADDRINUSE)
			break;
	}
	return error;
}

static int bind_reserved(int fd, const struct sockaddr *address, socklen_t length)
{
	struct association list[RUNS_MAX];
	struct sockaddr_storage copy;
	int saved = errno, count, error;
	uint16_t port;

	if (length < sizeof(struct sockaddr_in) || length > sizeof copy ||
	    !memory_readable(fd, address, length))
		return real_bind(fd, address, length);
	memset(&copy, 0, sizeof copy);
	memcpy(&copy, address, length);
	if (!address_valid(&copy, length))
		return real_bind(fd, address, length);
	port = address_port(&copy);

	count = association_find(fd, list);
	if (count < 0) {
		debug_error("bind: the reservation is not there", count);
		return hook_return(count, saved);
	}
	errno = saved;
	if (!count)
		return bind_as_stranger(fd, address, length, port);
	if (!port && wants_no_port(fd))
		return real_bind(fd, address, length);
	if (port && !inside_any(list, count, port)) {
		if (list[0].outside == OUTSIDE_PASS)
			return bind_as_stranger(fd, address, length, port);
		if (list[0].outside == OUTSIDE_DENY) {
			debug_say("bind: the port is outside the block", NULL);
			return hook_return(-EADDRNOTAVAIL, saved);
		}
		address_set_port(&copy, 0);
		port = 0;
	}
	error = bind_from_blocks(list, count, &copy, length);
	if ((error == -EADDRINUSE || error == -EADDRNOTAVAIL) && !port && list[0].full_pass) {
		errno = saved;
		return real_bind(fd, (struct sockaddr *)&copy, length);
	}
	debug_error("bind", error);
	/* The kernel looks at the port last: it may have another reason, and be it that the
	 * socket is bound. */
	if (error == -EADDRINUSE && port) {
		errno = saved;
		return bind_against_guard(fd, (struct sockaddr *)&copy, length);
	}
	return hook_return(error, saved);
}

static HOOK_BUSY int bind_busy(int fd, const struct sockaddr *address, socklen_t length)
{
	int cancel, result;

	if (!hook_needed(STATE_TABLE | STATE_RUN | STATE_SHARE))
		return real_bind(fd, address, length);
	cancel = hook_enter();
	result = bind_reserved(fd, address, length);
	hook_leave(cancel);
	return result;
}

int hook_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	if (hook_idle(STATE_TABLE | STATE_RUN | STATE_SHARE))
		return real_bind(fd, address, length);
	return bind_busy(fd, address, length);
}
