/* SPDX-License-Identifier: MIT */
#ifndef REAL_NETNS_H
#define REAL_NETNS_H

#include <stdint.h>

/* The network namespace of a socket: SO_NETNS_COOKIE, or before Linux 5.14 the inode of
 * this thread's. 0: neither can be had. */
uint64_t netns_of(int fd);

#endif
