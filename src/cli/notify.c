/* SPDX-License-Identifier: MIT */
/*
 * The protocol of sd_notify(3), which that page documents for those who do not link
 * libsystemd: a datagram of VARIABLE=value lines to the Unix socket in NOTIFY_SOCKET,
 * where a leading @ means a name in the abstract namespace.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/notify.h"
#include "tool/message.h"

void notify_send(const char *state)
{
	const char *path = secure_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length)
		return;
	if ((*path != '/' && *path != '@') || length >= sizeof address.sun_path) {
		complain("NOTIFY_SOCKET is %s, which is no Unix socket: nobody is notified", path);
		return;
	}
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		complain("the service manager at %s cannot be notified: %m", path);
	if (fd >= 0)
		close(fd);
}
