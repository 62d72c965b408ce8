/* SPDX-License-Identifier: MIT */
/* Calls that move data. Nothing here waits: sockets are told not to block. */
#include "sequence.h"
#include <poll.h>
#include <sys/uio.h>

ssize_t __send(int fd, const void *data, size_t size, int flags);

/* Enough for a datagram that is too long. */
static char data[70000];

static size_t size_to_send(const struct thing *thing)
{
	static const size_t sizes[] = {0, 1, 7, 100, 1000};

	return thing->type == SOCK_DGRAM && odd(8) ? sizeof data : PICK(sizes);
}

static int flags_to_send(const struct thing *thing)
{
	static const int flags[] = {
		MSG_DONTWAIT, MSG_NOSIGNAL, MSG_DONTWAIT | MSG_NOSIGNAL,   MSG_OOB, MSG_DONTROUTE,
		MSG_EOR,      0x10000000,   -1 & ~MSG_MORE & ~MSG_ZEROCOPY};

	if (is_mptcp(thing))
		return 0;
	if (chance(12) && thing->type == SOCK_STREAM)
		return MSG_FASTOPEN | MSG_DONTWAIT;
	return odd(25) ? PICK(flags) : 0;
}

void call_send(void)
{
	int fd = pick_fd(chance(80) ? CONNECTED : A_SOCKET);
	struct thing thing = thing_of(fd);
	size_t size = size_to_send(&thing);
	int flags = flags_to_send(&thing);
	const char *where;
	const void *from = input_place(data, size, &where);

	if (size == sizeof data)
		from = data;
	keep_going(fd);
	if (odd(20)) {
		begin("__send(%d,%s %zu, %#x)", fd, where, size, (unsigned int)flags);
		result(__send(fd, from, size, flags));
	} else {
		begin("send(%d,%s %zu, %#x)", fd, where, size, (unsigned int)flags);
		result(send(fd, from, size, flags));
	}
}

void call_sendto(void)
{
	int fd = pick_fd(chance(75) ? A_SENDER : A_SOCKET);
	struct thing thing = thing_of(fd);
	size_t size = size_to_send(&thing);
	int flags = flags_to_send(&thing);
	struct target target = address_to_reach(fd);

	if (chance(15)) {
		target.pointer = NULL;
		target.length = 0;
		strcpy(target.text, "NULL, 0");
	}
	keep_going(fd);
	begin("sendto(%d, %zu, %#x, %s)", fd, size, (unsigned int)flags, target.text);
	result(sendto(fd, data, size, flags, target.pointer, target.length));
}

/* A message and the words for it. The address is in the arena of memory.c. */
struct message {
	struct iovec piece;
	struct target target;
	char text[200];
};

static void message_make(int fd, struct message *message, struct msghdr *header)
{
	struct thing thing = thing_of(fd);
	static const size_t counts[] = {0, 1, 1025, SIZE_MAX};
	static void *const places[] = {NULL, (void *)1};

	message->piece = (struct iovec){data, size_to_send(&thing)};
	message->target = address_to_reach(fd);
	*header = (struct msghdr){.msg_iov = &message->piece, .msg_iovlen = 1};
	header->msg_name = (void *)(uintptr_t)message->target.pointer;
	header->msg_namelen = message->target.length;
	if (chance(25)) {
		header->msg_name = NULL;
		header->msg_namelen = 0;
		strcpy(message->target.text, "NULL");
	}
	if (odd(8))
		header->msg_iovlen = PICK(counts);
	if (odd(4))
		header->msg_iov = PICK(places);
	if (odd(5)) {
		header->msg_control = PICK(places);
		header->msg_controllen = 16;
	}
	snprintf(message->text, sizeof message->text, "%zu in %zd%s%s to %s",
		 message->piece.iov_len, (ssize_t)header->msg_iovlen,
		 header->msg_iov == &message->piece ? "" : " nowhere",
		 header->msg_controllen ? " bad control" : "", message->target.text);
}

void call_sendmsg(void)
{
	int fd = pick_fd(chance(75) ? A_SENDER : A_SOCKET);
	struct thing thing = thing_of(fd);
	int flags = flags_to_send(&thing);
	struct msghdr header, *pointer = &header;
	struct message message;

	message_make(fd, &message, &header);
	if (odd(5)) {
		pointer = chance(50) ? NULL : (void *)8;
		strcpy(message.text, "bad pointer");
	}
	keep_going(fd);
	begin("sendmsg(%d, %s, %#x)", fd, message.text, (unsigned int)flags);
	result(sendmsg(fd, pointer, flags));
}

void call_sendmmsg(void)
{
	static const unsigned int counts[] = {0, 1, 2, 2, 2};
	int fd = pick_fd(chance(75) ? A_SENDER : A_SOCKET);
	struct thing thing = thing_of(fd);
	int flags = flags_to_send(&thing);
	unsigned int number = PICK(counts), i;
	struct mmsghdr headers[2] = {0}, *pointer = headers;
	struct message messages[2];
	long sent;

	for (i = 0; i < 2; i++) {
		message_make(fd, &messages[i], &headers[i].msg_hdr);
		headers[i].msg_len = 999;
	}
	if (odd(5)) {
		pointer = chance(50) ? NULL : (void *)8;
		strcpy(messages[0].text, "bad pointer");
	}
	keep_going(fd);
	begin("sendmmsg(%d, %u, %s; %s, %#x)", fd, number, messages[0].text, messages[1].text,
	      (unsigned int)flags);
	sent = result_open(sendmmsg(fd, pointer, number, flags));
	for (i = 0; sent > 0 && i < 2; i++)
		say(" %u", headers[i].msg_len);
	say("\n");
}

/* What a raw socket gets is everybody's traffic. */
static bool silent(int fd)
{
	struct thing thing = thing_of(fd);

	return thing.socket && (is_raw(&thing) || thing.domain == AF_PACKET);
}

void call_recv(void)
{
	static const int flags[] = {0, MSG_PEEK, MSG_TRUNC, MSG_OOB, MSG_PEEK | MSG_TRUNC};
	int fd = pick_fd(chance(80) ? CONNECTED : A_SOCKET), flag = odd(30) ? PICK(flags) : 0;
	size_t size = odd(20) ? 3 : 2000;
	const char *where;
	void *room = output_place(2000, &where);

	if (silent(fd))
		return;
	begin("recv(%d,%s %zu, %#x)", fd, where, size, (unsigned int)flag);
	result(recv(fd, room, size, flag | MSG_DONTWAIT));
}

void call_recvfrom(void)
{
	int fd = pick_fd(A_SOCKET);
	struct sockaddr_storage from = {0};
	socklen_t size = sizeof from;
	char room[2000];
	long got;

	if (silent(fd))
		return;
	begin("recvfrom(%d)", fd);
	got = result_open(recvfrom(fd, room, sizeof room, MSG_DONTWAIT, (void *)&from, &size));
	if (got >= 0 && size)
		say_address(&from, sizeof from, size, true);
	say("\n");
}

void call_poll(void)
{
	struct pollfd three[3];
	const char *where;
	struct pollfd *list = output_place(sizeof three, &where);
	int i, got;

	for (i = 0; i < 3; i++) {
		three[i] = (struct pollfd){.fd = pick_fd(ANYTHING), .events = POLLIN | POLLOUT};
		if (silent(three[i].fd))
			three[i].fd = -1;
	}
	if (output_readable(list))
		memcpy(list, three, sizeof three);
	begin("poll(%d, %d, %d%s)", three[0].fd, three[1].fd, three[2].fd, where);
	got = (int)result_open(poll(list, 3, 0));
	for (i = 0; got > 0 && output_readable(list) && i < 3; i++)
		say(" %#x", (unsigned int)list[i].revents);
	say("\n");
}
