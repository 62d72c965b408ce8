/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/address.h"
#include "real/real.h"

/* RFC 2133 had no sin6_scope_id, and the kernel takes the address without it. */
#define SIN6_SHORTEST 24

_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
	       "the port is at one place in both");

bool address_valid(const struct sockaddr_storage *address, socklen_t length)
{
	if (length > sizeof *address)
		return false;
	if (address->ss_family == AF_INET6)
		return length >= SIN6_SHORTEST;
	return (address->ss_family == AF_INET || address->ss_family == AF_UNSPEC) &&
	       length >= sizeof(struct sockaddr_in);
}

uint16_t address_port(const struct sockaddr_storage *address)
{
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

void address_set_port(struct sockaddr_storage *address, uint16_t port)
{
	((struct sockaddr_in *)address)->sin_port = htons(port);
}

bool address_is_any(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
	return ((const struct sockaddr_in *)address)->sin_addr.s_addr == htonl(INADDR_ANY);
}

int address_of_unbound(int fd, struct sockaddr_storage *address, socklen_t *length)
{
	memset(address, 0, sizeof *address);
	*length = sizeof *address;
	if (real_getsockname(fd, (struct sockaddr *)address, length))
		return -errno;
	address_set_port(address, 0);
	return 0;
}
