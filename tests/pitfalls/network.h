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

#endif
