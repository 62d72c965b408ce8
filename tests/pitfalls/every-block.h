/* SPDX-License-Identifier: MIT */
/* every-block.h - blocks: acquired, used, given back; and the one of a run */
#ifndef TESTS_PITFALLS_EVERY_BLOCK_H
#define TESTS_PITFALLS_EVERY_BLOCK_H

#include "every-basics.h"

/* One port is drawn by bind, one by listen and one by connect; or three by sends. */
static void every_draw(int type, const INET_PORT_RESERVATION_INSTANCE *block)
{
	int first = ntohs(block->Reservation.StartPort), last = first + 3;
	int fds[3], how;
	struct linger now;

	now.l_onoff = 1;
	now.l_linger = 0;
	for (how = 0; how < 3; how++) {
		fds[how] = every_socket(type);
		EXPECT(every_associate(fds[how], block) == 0);
		if (type == SOCK_DGRAM)
			EXPECT(every_send(how, fds[how], 9));
		else if (how == 0)
			EXPECT(every_bind(fds[how], 0) == 0);
		else if (how == 1)
			EXPECT(listen(fds[how], 4) == 0);
		else
			EXPECT(every_connect(fds[how], every_port(fds[1])) == 0);
		EXPECT(every_inside(fds[how], first, last));
		EXPECT(every_stranger(type, every_port(fds[how])) == EADDRINUSE);
	}
	EXPECT(every_port(fds[0]) != every_port(fds[1]));
	/* A reset instead of TIME_WAIT, which would be in the way of the next owner. */
	if (type == SOCK_STREAM)
		EXPECT(setsockopt(fds[2], SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
	for (how = 2; how >= 0; how--)
		EXPECT(close(fds[how]) == 0);
}

/*
 * Acquires, draws, gives back: by RELEASE or by the last close. 0 where the block
 * could not be had again, which another program may have caused.
 */
static int every_block_round(int type, int by_release)
{
	int holder = every_socket(type), other = every_socket(type), copy, first, again;
	INET_PORT_RESERVATION_INSTANCE block, second;
	ULONG64 token;

	if (!EXPECT(every_acquire(holder, 0, 4, &block) == 0)) {
		close(holder);
		close(other);
		return 1;
	}
	first = ntohs(block.Reservation.StartPort);
	EXPECT(first > 0 && block.Token != 0);
	EXPECT(every_stranger(type, first + 3) == EADDRINUSE);
	every_draw(type, &block);
	copy = fcntl(holder, F_DUPFD_CLOEXEC, EVERY_HIGH);
	EXPECT(fclose(fdopen(holder, "r+")) == 0);
	EXPECT(every_associate(other, &block) == 0);
	EXPECT(every_stranger(type, first) == EADDRINUSE);
	token = block.Token;
	if (by_release)
		EXPECT(ioctl(other, SIO_RELEASE_PORT_RESERVATION, &token) == 0);
	EXPECT(close(copy) == 0);
	EXPECT_ERRNO(every_associate(other, &block), EINVAL);
	EXPECT_ERRNO(every_bind(other, 0), EADDRNOTAVAIL);
	again = every_acquire(other, first, 4, &second);
	EXPECT(again == 0 || errno == EADDRINUSE);
	EXPECT(close(other) == 0);
	return again == 0;
}

static int every_enotty(void)
{
	INET_PORT_RESERVATION_INSTANCE block;
	int fd = every_socket(SOCK_STREAM), answer;

	errno = 0;
	answer = every_acquire(fd, 0, 1, &block) == -1 && errno == ENOTTY;
	close(fd);
	return answer;
}

static const char *every_block(void)
{
	int kind, tries;

	every_failed = 0;
	if (every_enotty())
		return "none";
	for (kind = 0; kind < 4; kind++) {
		for (tries = 0; tries < 5; tries++)
			if (every_block_round(kind & 1 ? SOCK_STREAM : SOCK_DGRAM, kind & 2))
				break;
		EXPECT(tries < 5);
	}
	return every_failed ? "FAILED" : "ok";
}

static const char *every_run(void)
{
	const char *low = getenv("PORTRES_FIRST"), *high = getenv("PORTRES_LAST");
	int fds[3], inside = 0, i;

	if (!low || !high)
		return "none";
	every_failed = 0;
	for (i = 0; i < 3; i++) {
		fds[i] = every_socket(i == 1 ? SOCK_DGRAM : SOCK_STREAM);
		EXPECT((i == 2 ? listen(fds[i], 4) : every_bind(fds[i], 0)) == 0);
		inside += every_inside(fds[i], atoi(low), atoi(high));
		EXPECT(every_stranger(i == 1 ? SOCK_DGRAM : SOCK_STREAM, every_port(fds[i])) ==
		       EADDRINUSE);
	}
	for (i = 0; i < 3; i++)
		EXPECT(close(fds[i]) == 0);
	EXPECT(inside == 3 || (inside == 0 && every_enotty()));
	return every_failed ? "FAILED" : inside ? "ok" : "outside";
}

#endif
