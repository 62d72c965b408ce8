/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls-memory.h"
#include "calls-script.h"

#define FIRST_SOCKET 32 /* so that a pass has the same numbers as the other one */

struct script_socket sockets[SOCKETS];
struct reserved blocks[BLOCKS], resident;
bool bare;

uint16_t port_of(int fd)
{
	struct sockaddr_storage address = {.ss_family = 0};
	socklen_t length = sizeof address;

	if (syscall(SYS_getsockname, fd, &address, &length) ||
	    (address.ss_family != AF_INET && address.ss_family != AF_INET6))
		return 0;
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

bool contains(const struct reserved *block, uint16_t port)
{
	uint16_t first = ntohs(block->instance.StartPort);

	return block->instance.Token && port >= first &&
	       port - first < block->instance.NumberOfPorts;
}

static long bare_call(int number, int fd, const void *pointer, size_t size, int flags,
		      const struct named *name)
{
	if (number == SYS_sendto)
		return syscall(number, fd, pointer, size, flags, name->place.pointer, name->length);
	if (number == SYS_sendmsg || number == SYS_listen || number == SYS_close)
		return syscall(number, fd, pointer, flags);
	if (number == SYS_sendmmsg)
		return syscall(number, fd, pointer, size, flags);
	if (number == SYS_ioctl)
		return syscall(number, fd, size, pointer);
	return syscall(number, fd, name->place.pointer, name->length);
}

static long hooked_call(int number, int fd, const void *pointer, size_t size, int flags,
			const struct named *name)
{
	switch (number) {
	case SYS_bind:
		return bind(fd, name->place.pointer, name->length);
	case SYS_connect:
		return connect(fd, name->place.pointer, name->length);
	case SYS_sendto:
		return sendto(fd, pointer, size, flags, name->place.pointer, name->length);
	case SYS_sendmsg:
		return sendmsg(fd, pointer, flags);
	case SYS_sendmmsg:
		return sendmmsg(fd, (struct mmsghdr *)(uintptr_t)pointer, (unsigned int)size,
				flags);
	case SYS_ioctl:
		return ioctl(fd, size, pointer);
	case SYS_listen:
		return listen(fd, 1);
	default:
		return close(fd);
	}
}

static struct answer call(int number, int fd, const void *pointer, size_t size, int flags,
			  const struct named *name)
{
	struct answer answer;

	errno = 0;
	if (number == SYS_listen && bare)
		answer.result = syscall(number, fd, 1);
	else
		answer.result =
			(bare ? bare_call : hooked_call)(number, fd, pointer, size, flags, name);
	answer.error = errno;
	PROMISE(bare || answer.result < 0 || !answer.error, "errno %d after success", answer.error);
	answer.port = port_of(fd);
	return answer;
}

static void socket_close(unsigned int nth)
{
	struct linger at_once = {.l_onoff = 1};

	if (sockets[nth].fd < 0)
		return;
	/* No TIME_WAIT: the next pass shall find what this one did. */
	syscall(SYS_setsockopt, sockets[nth].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	if (bare)
		syscall(SYS_close, sockets[nth].fd);
	else
		close(sockets[nth].fd);
	sockets[nth].fd = -1;
}

/* What its acquirer's close has ended. */
static void blocks_end(unsigned int nth)
{
	unsigned int i, j;

	for (i = 0; i < BLOCKS; i++) {
		if (!blocks[i].instance.Token || blocks[i].socket != (int)nth)
			continue;
		blocks[i].instance.Token = 0;
		for (j = 0; j < SOCKETS; j++)
			if (sockets[j].block == (int)i)
				sockets[j].block = -2;
	}
}

void step_socket(struct bytes *bytes)
{
	static const int domains[] = {AF_INET, AF_INET6, AF_INET, AF_INET6, AF_UNIX};
	unsigned int nth = take_below(bytes, SOCKETS), kind = take_below(bytes, 16);
	int fd;

	socket_close(nth);
	blocks_end(nth);
	sockets[nth].domain = domains[kind % 5];
	sockets[nth].type = take(bytes, 1) & 1 ? SOCK_DGRAM : SOCK_STREAM;
	sockets[nth].block = -1;
	fd = (int)syscall(SYS_socket, sockets[nth].domain,
			  sockets[nth].type | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  kind == 15 && sockets[nth].type == SOCK_STREAM ? IPPROTO_MPTCP : 0);
	if (fd < 0)
		return;
	sockets[nth].fd = (int)syscall(SYS_dup3, fd, FIRST_SOCKET + (int)nth, O_CLOEXEC);
	syscall(SYS_close, fd);
}

static struct answer call_message(int number, int fd, struct bytes *bytes, int flags,
				  const struct named *name)
{
	char data[] = "x";
	struct iovec part = {data, sizeof data};
	struct place parts = place_choose(bytes, &part, sizeof part);
	struct mmsghdr message = {.msg_hdr = {.msg_name = name->place.pointer,
					      .msg_namelen = name->length,
					      .msg_iov = parts.pointer,
					      .msg_iovlen = take_below(bytes, 4) ? 1 : 0}};
	struct place place = place_choose(
		bytes, &message, number == SYS_sendmsg ? sizeof message.msg_hdr : sizeof message);

	return call(number, fd, place.pointer, take_below(bytes, 2) + 1U, flags, name);
}

/* A code that changes nothing but this socket: those of networks and of owners do. */
static unsigned long code_choose(struct bytes *bytes)
{
	static const unsigned long codes[] = {0xD8000064, 0x98000063, 0x98000067, FIONREAD,
					      FIONBIO,	  FIOCLEX,    TIOCOUTQ,	  0};
	unsigned int how = take_below(bytes, 9);
	unsigned long code = how < 8 ? codes[how] : take(bytes, 4);

	if ((code >> 8 & 0xff) == 0x89 || code - SIO_ACQUIRE_PORT_RESERVATION <= 2)
		return 0;
	return code;
}

static void step_option(int fd, struct bytes *bytes)
{
	static const int options[][2] = {
		{SOL_SOCKET, SO_REUSEADDR},  {SOL_SOCKET, SO_REUSEPORT},
		{IPPROTO_IPV6, IPV6_V6ONLY}, {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
		{IPPROTO_IP, IP_FREEBIND},   {SOL_SOCKET, SO_BROADCAST},
	};
	unsigned int which = take_below(bytes, 6);
	int value = (int)take(bytes, 1) & 1;

	if (bare)
		syscall(SYS_setsockopt, fd, options[which][0], options[which][1], &value,
			sizeof value);
	else
		setsockopt(fd, options[which][0], options[which][1], &value, sizeof value);
}

/* One call on one of the sockets. */
struct answer step_call(struct bytes *bytes)
{
	static const int numbers[] = {SYS_bind,	   SYS_bind,	 SYS_connect, SYS_sendto,
				      SYS_sendmsg, SYS_sendmmsg, SYS_listen,  SYS_ioctl};
	static char zeros[4096];
	unsigned int nth = take_below(bytes, SOCKETS), which = take_below(bytes, 9);
	int fd = sockets[nth].fd, number = numbers[which % 8];
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (take_below(bytes, 8) ? 0 : MSG_FASTOPEN);
	struct named name;
	struct answer none = {0, 0, 0};

	if (which == 8) {
		step_option(fd, bytes);
		return none;
	}
	name = address_choose(bytes, ntohs(resident.instance.StartPort),
			      bare || sockets[nth].block == -1 ? resident.instance.NumberOfPorts
							       : 0);
	if (number == SYS_sendmsg || number == SYS_sendmmsg)
		return call_message(number, fd, bytes, flags, &name);
	if (number == SYS_sendto)
		return call(number, fd, zeros, take_below(bytes, 3), flags, &name);
	if (number == SYS_ioctl)
		return call(number, fd, take_below(bytes, 4) ? zeros : NULL, code_choose(bytes), 0,
			    NULL);
	return call(number, fd, NULL, 0, 0, &name);
}

void sockets_close(void)
{
	unsigned int i;

	for (i = 0; i < SOCKETS; i++) {
		socket_close(i);
		blocks_end(i);
		sockets[i].block = -1;
	}
	places_forget();
}
