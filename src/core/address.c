/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/address.h"

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

socklen_t address_any(struct sockaddr_storage *address, int family)
{
	memset(address, 0, sizeof *address);
	address->ss_family = (sa_family_t)family;
	return family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}
