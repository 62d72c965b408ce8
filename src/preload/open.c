/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>

#include "preload/open.h"
#include "real/real.h"

void open_among(const int *numbers, int count, void (*visit)(int fd, void *context), void *context)
{
	struct pollfd some[OPEN_AT_ONCE];
	int answer, i;

	for (i = 0; i < count; i++)
		some[i] = (struct pollfd){.fd = numbers[i]};
	/* No more than the limit of open files may be asked for. */
	answer = real_poll(some, (nfds_t)count, 0);
	for (i = 0; i < count; i++)
		if (answer < 0 ? real_fcntl(numbers[i], F_GETFD, NULL) >= 0
			       : !(some[i].revents & POLLNVAL))
			visit(numbers[i], context);
}

/* Ten times as fast as a question for each. */
void open_visit(int first, int last, void (*visit)(int fd, void *context), void *context)
{
	int numbers[OPEN_AT_ONCE], count;

	while (first <= last) {
		for (count = 0; count < OPEN_AT_ONCE && first <= last; count++)
			numbers[count] = first++;
		open_among(numbers, count, visit, context);
	}
}
