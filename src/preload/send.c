/* SPDX-License-Identifier: MIT */
/* sendto, sendmsg, sendmmsg: they bind an unbound UDP socket, and connect with TCP fast open. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "preload/associate.h"
#include "preload/hook.h"
#include "preload/memory.h"
#include "preload/socket.h"

ssize_t hook_sendto(int fd, const void *data, size_t size, int flags,
		    const struct sockaddr *address, socklen_t length) HOOK(sendto);
ssize_t hook_sendmsg(int fd, const struct msghdr *message, int flags) HOOK(sendmsg);
int hook_sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags) HOOK(sendmmsg);

/* Where the kernel cannot read the message it binds nothing: no more do we. */
static bool readable(int fd, const void *data, size_t size)
{
	return !data || !size || memory_readable(fd, data, size);
}

static int send_prepare(int fd, int flags, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage peer;
	enum protocol protocol;
	int saved = errno, error = socket_protocol(fd, &protocol);

	if (error) {
		error = association_unasked(fd, error);
	} else if (protocol == PROTOCOL_UDP) {
		if (!address || (length <= sizeof peer && readable(fd, address, length)))
			error = association_bind_implicit(fd, false, NULL, 0);
	} else if (flags & MSG_FASTOPEN && address &&
		   association_peer(fd, address, length, &peer)) {
		error = association_bind_implicit(fd, false, &peer, length);
	}
	error = association_exhausted(fd, error);
	errno = saved;
	return error;
}

static HOOK_BUSY ssize_t sendto_busy(int fd, const void *data, size_t size, int flags,
				     const struct sockaddr *address, socklen_t length)
{
	int error = 0;

	if (hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd))
		error = send_prepare(fd, flags, address, length);
	if (error)
		return hook_return(error, errno);
	return real_sendto(fd, data, size, flags, address, length);
}

ssize_t hook_sendto(int fd, const void *data, size_t size, int flags,
		    const struct sockaddr *address, socklen_t length)
{
	if (hook_idle(STATE_TABLE | STATE_CONNECT))
		return real_sendto(fd, data, size, flags, address, length);
	return sendto_busy(fd, data, size, flags, address, length);
}

static int send_prepare_message(int fd, int flags, const struct msghdr *message)
{
	struct msghdr copy;
	int saved = errno, error = 0;

	if (memory_readable(fd, message, sizeof copy)) {
		memcpy(&copy, message, sizeof copy);
		/* A longer name is cut off. */
		if (copy.msg_namelen > sizeof(struct sockaddr_storage) &&
		    copy.msg_namelen <= INT_MAX)
			copy.msg_namelen = sizeof(struct sockaddr_storage);
		if (copy.msg_iovlen <= IOV_MAX &&
		    readable(fd, copy.msg_iov, copy.msg_iovlen * sizeof(struct iovec)) &&
		    readable(fd, copy.msg_control, copy.msg_controllen))
			error = send_prepare(fd, flags, copy.msg_name, copy.msg_namelen);
	}
	errno = saved;
	return error;
}

static HOOK_BUSY ssize_t sendmsg_busy(int fd, const struct msghdr *message, int flags,
				      real_sendmsg_function *real)
{
	int error = 0;

	if (hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd))
		error = send_prepare_message(fd, flags, message);
	return error ? hook_return(error, errno) : real(fd, message, flags);
}

static inline ssize_t sendmsg_any(int fd, const struct msghdr *message, int flags,
				  real_sendmsg_function *real)
{
	if (hook_idle(STATE_TABLE | STATE_CONNECT))
		return real(fd, message, flags);
	return sendmsg_busy(fd, message, flags, real);
}

static HOOK_BUSY int sendmmsg_busy(int fd, struct mmsghdr *messages, unsigned int count, int flags,
				   real_sendmmsg_function *real)
{
	int error = 0;

	/* The first one binds. Its header is what it begins with; it may be at no address where
	 * one can be, and is only copied. */
	if (count && hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd))
		error = send_prepare_message(fd, flags, (const void *)messages);
	return error ? hook_return(error, errno) : real(fd, messages, count, flags);
}

static inline int sendmmsg_any(int fd, struct mmsghdr *messages, unsigned int count, int flags,
			       real_sendmmsg_function *real)
{
	if (hook_idle(STATE_TABLE | STATE_CONNECT))
		return real(fd, messages, count, flags);
	return sendmmsg_busy(fd, messages, count, flags, real);
}

ssize_t hook_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return sendmsg_any(fd, message, flags, atomic_load(&real_calls.sendmsg));
}

int hook_sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	return sendmmsg_any(fd, messages, count, flags, atomic_load(&real_calls.sendmmsg));
}

#if TIME64
ssize_t hook_sendmsg64(int fd, const struct msghdr *message, int flags) HOOK(__sendmsg64);
int hook_sendmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags)
	HOOK(__sendmmsg64);

ssize_t hook_sendmsg64(int fd, const struct msghdr *message, int flags)
{
	return sendmsg_any(fd, message, flags, atomic_load(&real_calls.__sendmsg64));
}

int hook_sendmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	return sendmmsg_any(fd, messages, count, flags, atomic_load(&real_calls.__sendmmsg64));
}
#endif
