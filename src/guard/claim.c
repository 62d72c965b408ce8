/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "guard/claim.h"
#include "guard/diag.h"
#include "guard/index.h"
#include "real/netns.h"
#include "real/real.h"

static int bind_ipv4(int fd, struct in_addr ip, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr = ip, .sin_port = htons(port)};

	/* Whether the address is ours to use is for the program's own bind to say. */
	if (ip.s_addr != htonl(INADDR_ANY))
		real_option_set(fd, IPPROTO_IP, IP_FREEBIND, 1);
	return real_bind(fd, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
}

/*
 * The nearest address on which a socket on a missing interface can be bound: IPv4
 * as it is, an IPv4-mapped one as IPv4, a specific IPv6 one (ENODEV there) as [::]
 * without IPv4.
 */
static int claim_bind(const struct claim_request *request)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)request->address;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)request->address;
	bool wildcard, ipv6 = false;
	struct in_addr mapped;
	int fd, error;

	if (!request->address) {
		fd = wildcard_socket(request->protocol, &ipv6);
	} else if (in6->sin6_family != AF_INET6) {
		fd = protocol_socket(AF_INET, request->protocol);
	} else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		fd = protocol_socket(AF_INET, request->protocol);
	} else {
		fd = protocol_socket(AF_INET6, request->protocol);
		ipv6 = true;
	}
	if (fd < 0)
		return fd;

	error = netns_of(fd) == request->netns ? index_bind(fd, request->index) : -EOPNOTSUPP;
	if (!error && request->reuse_address)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error && request->share)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (error) {
		/* nothing more */
	} else if (!request->address) {
		error = wildcard_bind(fd, ipv6, request->port);
	} else if (ipv6) {
		wildcard = IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
		error = real_option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY,
					request->v6only || !wildcard);
		if (!error)
			error = wildcard_bind(fd, true, request->port);
	} else if (in6->sin6_family == AF_INET6) {
		memcpy(&mapped, &in6->sin6_addr.s6_addr[12], sizeof mapped);
		error = bind_ipv4(fd, mapped, request->port);
	} else {
		error = bind_ipv4(fd, in4->sin_addr, request->port);
	}
	if (!error && request->listen)
		error = real_listen(fd, 1) ? -errno : 0;
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

int claim_take(const struct claim_request *request)
{
	int fd = claim_bind(request), error;

	if (fd < 0)
		return fd;
	error = real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

int claim_take_over_time_wait(uint32_t index, uint64_t netns, uint16_t port)
{
	/* Listening claims exclude one another, which two with SO_REUSEADDR would not. */
	struct claim_request request = {.protocol = PROTOCOL_TCP,
					.index = index,
					.netns = netns,
					.port = port,
					.reuse_address = true,
					.listen = true};
	int fd = claim_take(&request), error;
	uint16_t busy;

	if (fd < 0)
		return fd;
	error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 0);
	if (!error)
		error = diag_only_time_wait(port, port, (struct diag_own){.claim = real_cookie(fd)},
					    &busy);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}
