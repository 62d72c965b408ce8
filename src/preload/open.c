/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>

#include "preload/open.h"
#include "real/real.h"

/* One question for so many: ten times as fast as one for each. */
#define AT_ONCE 64

void open_visit(int first, int last, void (*visit)(int fd, void *context), void *context)
{
	struct pollfd some[AT_ONCE];

	for (; first <= last; first += AT_ONCE) {
		int count = last - first < AT_ONCE ? last - first + 1 : AT_ONCE, i, answer;

		for (i = 0; i < count; i++)
			some[i] = (struct pollfd){.fd = first + i};
		/* No more than the limit of open files may be asked for. */
		answer = poll(some, (nfds_t)count, 0);
		for (i = 0; i < count; i++)
			if (answer < 0 ? real_fcntl(first + i, F_GETFD, NULL) >= 0
				       : !(some[i].revents & POLLNVAL))
				visit(first + i, context);
	}
}
