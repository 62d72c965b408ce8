/* SPDX-License-Identifier: MIT */
/*
 * Guards parked in flight: sent with SCM_RIGHTS to a datagram socket that nobody
 * reads, and whose sending end is closed. Once closed here they exist in that
 * queue alone.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "guard/guard.h"
#include "guard/parked.h"
#include "real/real.h"

#define BATCH 253 /* SCM_MAX_FD: the kernel takes no more in one message */

struct parking {
	struct guard_sink sink; /* first: the callbacks get a pointer to it */
	int sender;
	int count;
	int batch[BATCH];
};

static int batch_send(struct parking *parking)
{
	char byte = 0;
	struct iovec data = {&byte, 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof parking->batch)];
	size_t size = (size_t)parking->count * sizeof(int);
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = CMSG_SPACE(size)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int error = 0, i;

	if (!parking->count)
		return 0;
	memset(control, 0, message.msg_controllen);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(header), parking->batch, size);
	if (real_sendmsg(parking->sender, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		error = -errno;
	for (i = 0; i < parking->count; i++)
		real_close(parking->batch[i]);
	parking->count = 0;
	return error;
}

static int parking_take(struct guard_sink *sink, int fd)
{
	struct parking *parking = (struct parking *)sink;

	parking->batch[parking->count++] = fd;
	return parking->count == BATCH ? batch_send(parking) : 0;
}

static int parking_make_room(struct guard_sink *sink)
{
	struct parking *parking = (struct parking *)sink;

	return parking->count ? batch_send(parking) : -EMFILE;
}

int parked_fill(struct anchor *anchor, const struct block *block, enum guard_choice choice,
		uint16_t *failed)
{
	struct parking parking = {.sink = {parking_take, parking_make_room}};
	int pair[2], error, i;

	if (real_socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	parking.sender = pair[0];
	error = guard_place_block(block, choice, &parking.sink, failed);
	if (!error)
		error = batch_send(&parking);
	for (i = 0; i < parking.count; i++)
		real_close(parking.batch[i]);
	real_close(pair[0]);
	if (error) {
		real_close(pair[1]);
		return error;
	}
	anchor->fd = pair[1];
	return 0;
}

void parked_release(int fd)
{
	ssize_t got;
	char byte;

	/* Without room for descriptors in the message the kernel lets them go. */
	do
		got = real_recvfrom(fd, &byte, 1, MSG_DONTWAIT, NULL, NULL);
	while (got > 0 || (got < 0 && errno == EINTR));
}
