/* SPDX-License-Identifier: MIT */
/*
 * A network of the test's own: nobody else is there to take a port, and whole
 * ranges of ports are free.
 */
#ifndef TESTS_PITFALLS_NETWORK_H
#define TESTS_PITFALLS_NETWORK_H

#include "../preload/process.h"
#include <net/if.h>

/* Moves this process into it. -1 where the machine does not allow it. */
HELPER int quiet_network(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd, result;

	if (own_network())
		return -1;
	fd = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	result = ioctl(fd, SIOCSIFFLAGS, &loopback);
	socket_close(fd, RAW);
	return result;
}

/* The same check four times: TCP and UDP, IPv4 and IPv6, with nobody near if possible. */
HELPER void all_kinds(void (*check)(int type, int v6))
{
	if (quiet_network())
		diag("in the machine's own network, beside others");
	for (int type = TCP; type <= UDP; type++) {
		check(type, 0);
		if (ipv6_works())
			check(type, 1);
		else
			skip("IPv6", "no IPv6");
	}
}

#endif
