/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "core/address.h"
#include "preload/fdtable.h"
#include "preload/socket.h"
#include "real/real.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

int socket_protocol(int fd, enum protocol *protocol)
{
	int number, type, error = real_option_get(fd, SOL_SOCKET, SO_PROTOCOL, &number);

	if (!error)
		error = real_option_get(fd, SOL_SOCKET, SO_TYPE, &type);
	if (error)
		return error;
	/* Only the internet families have these numbers; a raw socket has them, too. */
	if (type == SOCK_STREAM && (number == IPPROTO_TCP || number == IPPROTO_MPTCP))
		*protocol = PROTOCOL_TCP;
	else if (type == SOCK_DGRAM && number == IPPROTO_UDP)
		*protocol = PROTOCOL_UDP;
	else
		return -EOPNOTSUPP;
	return 0;
}

uint64_t socket_cookie(int fd)
{
	return real_cookie(fd) & COOKIE_MASK;
}

uint16_t socket_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;

	if (real_getsockname(fd, (struct sockaddr *)&address, &length) ||
	    (address.ss_family != AF_INET && address.ss_family != AF_INET6))
		return 0;
	return address_port(&address);
}
