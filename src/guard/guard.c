/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "guard/guard.h"
#include "guard/index.h"
#include "real/netns.h"
#include "real/real.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

int protocol_socket(int family, enum protocol protocol)
{
	int type = protocol == PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int fd = real_socket(family, type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* [::] for both families, 0.0.0.0 where the kernel has no IPv6. */
int wildcard_bind(int fd, bool ipv6, uint16_t port)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (ipv6)
		return real_bind(fd, (struct sockaddr *)&any6, sizeof any6) ? -errno : 0;
	return real_bind(fd, (struct sockaddr *)&any4, sizeof any4) ? -errno : 0;
}

int wildcard_socket(enum protocol protocol, bool *ipv6)
{
	int fd = protocol_socket(AF_INET6, protocol);

	*ipv6 = fd >= 0;
	if (fd >= 0) {
		/* Off by default, but for net.ipv6.bindv6only. */
		real_option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		return fd;
	}
	return fd == -EAFNOSUPPORT ? protocol_socket(AF_INET, protocol) : fd;
}

int index_bind(int fd, uint32_t index)
{
	int error = real_option_set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)index);

	/* Unknown before Linux 5.1, for the privileged only before 5.7. */
	return error == -ENOPROTOOPT || error == -EPERM ? -EOPNOTSUPP : error;
}

bool interface_exists(int fd, uint32_t index)
{
	struct ifreq request = {.ifr_ifindex = (int)index};

	return !real_ioctl(fd, SIOCGIFNAME, &request);
}

/* 0: to be chosen. */
static _Atomic uint32_t index_chosen;

/*
 * The index of the guards: the first even one from the top that no interface has.
 * Guards need not agree on it; claims, whose index is odd, never meet it.
 */
static uint32_t guard_index(int fd)
{
	uint32_t index = atomic_load_explicit(&index_chosen, memory_order_relaxed);

	if (index)
		return index;
	for (index = GUARD_INDEX; index > GUARD_INDEX_LAST; index -= GUARD_INDEX_STEP)
		if (!interface_exists(fd, index))
			break;
	atomic_store_explicit(&index_chosen, index, memory_order_relaxed);
	return index;
}

void guard_index_forget(void)
{
	atomic_store_explicit(&index_chosen, 0, memory_order_relaxed);
}

/*
 * Two guards that ignore TIME_WAIT may both have been bound before either went back
 * to being in everybody's way: of these, only one can listen.
 */
static int exclude_others(int fd)
{
	int error = real_listen(fd, 0) ? -errno : 0;

	if (!error)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 0);
	/* Bound, and no more than that, is what it shall be. */
	if (!error && shutdown(fd, SHUT_RD))
		error = -errno;
	return error;
}

int guard_place_on(uint32_t index, enum protocol protocol, uint16_t port, bool over_time_wait)
{
	bool ipv6;
	int fd = wildcard_socket(protocol, &ipv6), error = 0;

	if (fd < 0)
		return fd;
	if (over_time_wait)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error)
		error = wildcard_bind(fd, ipv6, port);
	if (!error)
		error = index_bind(fd, index ? index : guard_index(fd));
	if (!error && over_time_wait)
		error = exclude_others(fd);
	if (!error)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

int guard_place(enum protocol protocol, uint16_t port, bool over_time_wait)
{
	return guard_place_on(0, protocol, port, over_time_wait);
}

bool guard_present(enum protocol protocol, uint16_t port)
{
	bool ipv6;
	int fd = wildcard_socket(protocol, &ipv6), error;

	if (fd < 0)
		return true;
	/*
	 * On no device, so that it meets every guard, whatever its index. It stands in
	 * nobody's way for longer than it must, and not at all in that of a server
	 * with SO_REUSEADDR.
	 */
	error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, protocol == PROTOCOL_TCP);
	if (!error)
		error = wildcard_bind(fd, ipv6, port);
	real_close(fd);
	return error != 0;
}

uint64_t guard_netns(void)
{
	bool ipv6;
	int fd = wildcard_socket(PROTOCOL_UDP, &ipv6);
	uint64_t netns = fd < 0 ? 0 : netns_of(fd);

	if (fd >= 0)
		real_close(fd);
	return netns;
}
