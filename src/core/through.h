/* SPDX-License-Identifier: MIT */
/* through.h - the program's own calls, past the guard of their port */
#ifndef CORE_THROUGH_H
#define CORE_THROUGH_H

#include <stdbool.h>
#include <sys/socket.h>

/* SO_REUSEPORT is on around the call and what the program had set afterwards. 0 or -errno. */
int through_bind(int fd, const struct sockaddr_storage *address, socklen_t length, bool own_share);
int through_listen(int fd, int backlog, bool own_share);

#endif
