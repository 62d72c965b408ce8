/* SPDX-License-Identifier: MIT */
/* ioctl(): the three calls of portres.h. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "portres.h"
#include "guard/anchor.h"
#include "pool/slot.h"
#include "preload/anchor.h"
#include "preload/debug.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/lifetime.h"
#include "preload/memory.h"
#include "preload/pools.h"
#include "preload/run.h"
#include "preload/settings.h"
#include "preload/socket.h"
#include "preload/tie.h"
#include "real/netns.h"

/* Not variadic: see fcntl.c. */
int hook_ioctl(int fd, unsigned long request, void *argument) HOOK(ioctl);
#if TIME64
int hook_ioctl_time64(int fd, unsigned long request, void *argument) HOOK(__ioctl_time64);
#endif

/* The new reservation is tied to its socket. */
static bool acquired_tie(int fd, const struct reservation *reservation, int anchor)
{
	struct fd_entry entry = fdtable_get(fd);
	struct tie tie = {.token = reservation->token,
			  .cookie = socket_cookie(fd),
			  .pool = reservation->pool,
			  .anchor = anchor};

	if (!entry.flags || entry.cookie != tie.cookie)
		entry = (struct fd_entry){.cookie = tie.cookie};
	entry.flags |= FD_ACQUIRER;
	slot_socket_set(reservation->pool, reservation->token, tie.cookie);
	/* In this order: a tie whose socket has no descriptor would be swept. */
	if (fdtable_set(fd, entry) && tie_add(&tie)) {
		lifetime_tied(&tie);
		return true;
	}
	real_close(anchor);
	return false;
}

static int acquire(int fd, void *argument)
{
	INET_PORT_RESERVATION_INSTANCE instance;
	struct acquire_request request = {.kind = KIND_RUNTIME, .range = settings.range};
	struct reservation reservation;
	enum protocol protocol;
	struct pool *pool;
	int anchor, error = socket_protocol(fd, &protocol);

	/* Nothing that it acquired could be remembered. */
	if (!error && !fdtable_is_ours())
		error = -EOPNOTSUPP;
	memset(&instance, 0, sizeof instance);
	if (!error && !memory_readable(fd, argument, sizeof instance.Reservation))
		error = -EFAULT;
	if (!error)
		memcpy(&instance.Reservation, argument, sizeof instance.Reservation);
	if (!error && !instance.NumberOfPorts)
		error = -EINVAL;
	if (!error && !instance.StartPort && settings.range_bad)
		error = -EINVAL;
	if (!error)
		error = pools_get(netns_of(fd), true, &pool);
	if (error)
		return error;

	request.first = ntohs(instance.StartPort);
	request.count = instance.NumberOfPorts;
	request.protocols = PROTOCOL_BIT(protocol);
	request.keep_on_exec = real_survives_exec(fd);
	lifetime_sweep(false);
	error = reservation_acquire(pool, &request, &reservation, &anchor);
	/* What is in the way may be ours, of a socket whose close we did not see. */
	if ((error == -EADDRINUSE || error == -ENOSPC) && lifetime_sweep(true))
		error = reservation_acquire(pool, &request, &reservation, &anchor);
	if (error)
		return error;

	/* Where it cannot be tied its anchor closes, and the kernel ends it. */
	if (!acquired_tie(fd, &reservation, anchor))
		return -ENOMEM;
	instance.StartPort = htons(reservation.block.first);
	instance.Token = reservation.token;
	error = memory_write(argument, &instance, sizeof instance);
	if (error) {
		reservation_release(&reservation, anchor);
		tie_end(reservation.token);
	} else {
		debug_ports("reserved", reservation.block.first, reservation.block.count);
	}
	return error;
}

/* The reservation of the token that the argument points to, if this process holds it. */
static int held_reservation(int fd, const void *argument, enum protocol *protocol,
			    struct reservation *reservation, int *anchor)
{
	uint64_t token;
	struct pool *pool;
	int error = socket_protocol(fd, protocol);

	if (error)
		return error;
	if (!memory_readable(fd, argument, sizeof token))
		return -EFAULT;
	memcpy(&token, argument, sizeof token);
	error = pools_get(netns_of(fd), false, &pool);
	if (error)
		return error == -ENOENT ? -EINVAL : error;
	if (!reservation_find(pool, token, reservation))
		return -EINVAL;
	*anchor = -1;
	if (reservation->kind == KIND_PERSISTENT)
		return 0; /* any process of the user may */
	if (anchor_of(reservation, anchor))
		return 0; /* whether it is still open is asked where it counts */
	if (reservation_alive(reservation))
		return -EACCES;
	slot_bury(pool, token);
	return -EINVAL;
}

static void copy_forget(int fd, struct fd_entry entry, void *context)
{
	if (!(entry.flags & FD_ASSOCIATED) || entry.cookie != *(uint64_t *)context)
		return;
	entry.flags &= FD_ACQUIRER;
	fdtable_set(fd, entry);
}

static int associate(int fd, const void *argument)
{
	struct reservation reservation;
	enum protocol protocol;
	struct fd_entry entry;
	int anchor, error = held_reservation(fd, argument, &protocol, &reservation, &anchor);

	if (error)
		return error;
	if (!(reservation.block.protocols & PROTOCOL_BIT(protocol)) || socket_port(fd))
		return -EINVAL;
	if (!fdtable_is_ours())
		return -EOPNOTSUPP;
	/* The last one counts, whichever copy it came by. */
	if (fdtable_pending())
		fdtable_visit(0, ~0U, copy_forget, &(uint64_t){socket_cookie(fd)});
	entry = fdtable_get(fd);
	entry.flags &= FD_ACQUIRER;
	if (!entry.flags || entry.cookie != socket_cookie(fd))
		entry = (struct fd_entry){.cookie = socket_cookie(fd)};
	entry.flags |= FD_ASSOCIATED | (protocol == PROTOCOL_UDP ? FD_UDP : 0);
	entry.token = reservation.token;
	return fdtable_set(fd, entry) ? 0 : -ENOMEM;
}

static int release(int fd, const void *argument)
{
	struct reservation reservation;
	enum protocol protocol;
	int anchor, error = held_reservation(fd, argument, &protocol, &reservation, &anchor);

	/* A persistent one is deleted; no process holds it. And the program may have put
	 * something else on the number of an anchor that it closed. */
	if (!error && !reservation_anchored(&reservation, anchor))
		error = -EACCES;
	if (!error)
		error = reservation_release(&reservation, anchor);
	if (!error) {
		tie_end(reservation.token);
		debug_ports("released", reservation.block.first, reservation.block.count);
	}
	return error;
}

static HOOK_BUSY int reservation_ioctl(int fd, uint32_t code, void *argument)
{
	int saved = errno, cancel = hook_enter(), error;

	hook_start();
	if (code == SIO_ACQUIRE_PORT_RESERVATION) {
		error = acquire(fd, argument);
		debug_error("SIO_ACQUIRE_PORT_RESERVATION", error);
	} else if (code == SIO_ASSOCIATE_PORT_RESERVATION) {
		error = associate(fd, argument);
		debug_error("SIO_ASSOCIATE_PORT_RESERVATION", error);
	} else {
		error = release(fd, argument);
		debug_error("SIO_RELEASE_PORT_RESERVATION", error);
	}
	hook_leave(cancel);
	return hook_return(error, saved);
}

static HOOK_BUSY int ioctl_busy(int fd, unsigned long request, void *argument,
				real_ioctl_function *real)
{
	uint32_t code = (uint32_t)request;
	int result;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real(fd, request, argument);
	if (anchor_is(fd)) {
		errno = EBADF;
		return -1;
	}
	result = real(fd, request, argument);
	if (!result && (code == FIOCLEX || code == FIONCLEX))
		anchor_exec_changed(fd);
	return result;
}

static inline int ioctl_any(int fd, unsigned long request, void *argument,
			    real_ioctl_function *real)
{
	/* A 32-bit code may arrive sign-extended. */
	uint32_t code = (uint32_t)request;

	if (__builtin_expect(code - SIO_ACQUIRE_PORT_RESERVATION <= 2, 0))
		return reservation_ioctl(fd, code, argument);
	if (hook_idle(STATE_TABLE | STATE_RUN))
		return real(fd, request, argument);
	return ioctl_busy(fd, request, argument, real);
}

int hook_ioctl(int fd, unsigned long request, void *argument)
{
	return ioctl_any(fd, request, argument, atomic_load(&real_calls.ioctl));
}

#if TIME64
int hook_ioctl_time64(int fd, unsigned long request, void *argument)
{
	return ioctl_any(fd, request, argument, atomic_load(&real_calls.__ioctl_time64));
}
#endif
