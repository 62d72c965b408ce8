/* SPDX-License-Identifier: MIT */
/* sendto, sendmsg, sendmmsg: they bind an unbound UDP socket, and connect with TCP fast open. */
#include <errno.h>
#include <string.h>

#include "preload/associate.h"
#include "preload/hook.h"
#include "preload/memory.h"
#include "preload/socket.h"

ssize_t hook_sendto(int fd, const void *data, size_t size, int flags,
		    const struct sockaddr *address, socklen_t length) HOOK(sendto);
ssize_t hook_sendmsg(int fd, const struct msghdr *message, int flags) HOOK(sendmsg);
int hook_sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags) HOOK(sendmmsg);

static int send_prepare(int fd, int flags, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage peer;
	enum protocol protocol;
	int saved = errno, error = 0;

	if (socket_protocol(fd, &protocol)) {
		/* none of ours */
	} else if (protocol == PROTOCOL_UDP) {
		error = association_bind_implicit(fd, false, NULL, 0);
	} else if (flags & MSG_FASTOPEN && address &&
		   association_peer(fd, address, length, &peer)) {
		error = association_bind_implicit(fd, false, &peer, length);
	}
	error = association_exhausted(fd, error);
	errno = saved;
	return error;
}

ssize_t hook_sendto(int fd, const void *data, size_t size, int flags,
		    const struct sockaddr *address, socklen_t length)
{
	int error;

	if (hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd)) {
		error = send_prepare(fd, flags, address, length);
		if (error)
			return hook_return(error, errno);
	}
	return real_sendto(fd, data, size, flags, address, length);
}

static int send_prepare_message(int fd, int flags, const struct msghdr *message)
{
	struct msghdr copy;
	int saved = errno;

	if (!memory_readable(fd, message, sizeof copy)) {
		errno = saved;
		return 0; /* for the kernel to say */
	}
	memcpy(&copy, message, sizeof copy);
	return send_prepare(fd, flags, copy.msg_name, copy.msg_namelen);
}

/* Whether the message may go out; else errno says why not. */
static inline bool message_prepared(int fd, int flags, const struct msghdr *message)
{
	int error = 0;

	if (hook_needed(STATE_TABLE | STATE_CONNECT) && association_pending(fd))
		error = send_prepare_message(fd, flags, message);
	return !error || !hook_return(error, errno);
}

ssize_t hook_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return message_prepared(fd, flags, message) ? real_sendmsg(fd, message, flags) : -1;
}

int hook_sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	/* The first one binds. */
	return !count || message_prepared(fd, flags, &messages->msg_hdr)
		       ? real_sendmmsg(fd, messages, count, flags)
		       : -1;
}

#if TIME64
ssize_t hook_sendmsg64(int fd, const struct msghdr *message, int flags) HOOK(__sendmsg64);
int hook_sendmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags)
	HOOK(__sendmmsg64);

ssize_t hook_sendmsg64(int fd, const struct msghdr *message, int flags)
{
	return message_prepared(fd, flags, message) ? real___sendmsg64(fd, message, flags) : -1;
}

int hook_sendmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	return !count || message_prepared(fd, flags, &messages->msg_hdr)
		       ? real___sendmmsg64(fd, messages, count, flags)
		       : -1;
}
#endif
