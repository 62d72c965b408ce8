/* SPDX-License-Identifier: MIT */
/* every-plain.h - each call of the library on sockets that have nothing to do with it */
#ifndef TESTS_PITFALLS_EVERY_PLAIN_H
#define TESTS_PITFALLS_EVERY_PLAIN_H

#include "every-basics.h"

/* There is something to read, now or soon; not for long where a call failed already. */
static int every_wait(int fd)
{
	struct pollfd ready;

	ready.fd = fd;
	ready.events = POLLIN;
	return poll(&ready, 1, every_failed ? 0 : 30000) == 1;
}

static void every_stream(void)
{
	int server = every_socket(SOCK_STREAM), client = every_socket(SOCK_STREAM);
	int accepted, copy, waiting = 0, one = 1;

	EXPECT(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
	EXPECT(every_bind(server, 0) == 0);
	EXPECT(every_port(server) > 0);
	EXPECT_ERRNO(every_bind(server, 0), EINVAL);
	EXPECT(listen(server, 4) == 0);
	EXPECT(every_connect(client, every_port(server)) == 0);
	/* Nobody to wait for where the connection was refused. */
	EXPECT(!every_failed || fcntl(server, F_SETFL, O_NONBLOCK) == 0);
	accepted = accept(server, NULL, NULL);
	EXPECT(accepted >= 0);
	copy = dup(client);
	EXPECT(copy >= 0 && every_port(copy) == every_port(client));
	EXPECT(write(copy, "abc", 3) == 3);
	EXPECT(every_wait(accepted));
	EXPECT(ioctl(accepted, FIONREAD, &waiting) == 0 && waiting == 3);
	EXPECT(close(copy) == 0);
	EXPECT_ERRNO(close(copy), EBADF);
	/* The client last: what is left in TIME_WAIT has no port of a block. */
	EXPECT(close(client) == 0 && close(accepted) == 0 && close(server) == 0);
}

static void every_datagram(void)
{
	int receiver = every_socket(SOCK_DGRAM), sender = every_socket(SOCK_DGRAM), how;
	struct sockaddr_in from = every_address(0);
	socklen_t length;
	char text[32];

	EXPECT(every_bind(receiver, 0) == 0);
	for (how = 0; how < 3; how++) {
		length = sizeof from;
		EXPECT(every_send(how, sender, every_port(receiver)));
		EXPECT(every_wait(receiver));
		EXPECT(recvfrom(receiver, text, sizeof text, MSG_DONTWAIT, (struct sockaddr *)&from,
				&length) == sizeof "datagram");
		EXPECT(ntohs(from.sin_port) == every_port(sender));
	}
	EXPECT(close(sender) == 0 && close(receiver) == 0);
}

static void every_copy(void)
{
	int fd = every_socket(SOCK_STREAM), high;

	high = fcntl(fd, F_DUPFD_CLOEXEC, EVERY_HIGH);
	EXPECT(high >= EVERY_HIGH && fcntl(high, F_GETFD) == FD_CLOEXEC);
	EXPECT(dup2(fd, high) == high && fcntl(high, F_GETFD) == 0);
	EXPECT(dup3(fd, high, O_CLOEXEC) == high && fcntl(high, F_GETFD) == FD_CLOEXEC);
	EXPECT(fcntl(high, F_SETFD, 0) == 0 && fcntl(high, F_GETFD) == 0);
	EXPECT(ioctl(high, FIOCLEX) == 0 && fcntl(high, F_GETFD) == FD_CLOEXEC);
	EXPECT(dup2(fd, fd) == fd);
	EXPECT_ERRNO(dup3(fd, fd, 0), EINVAL);
	EXPECT(close(high) == 0);
#if EVERY_CLOSEFROM
	high = fcntl(fd, F_DUPFD, EVERY_HIGH);
	if (close_range((unsigned int)high, (unsigned int)high, 0) && EXPECT(errno == ENOSYS))
		close(high);
	EXPECT_ERRNO(fcntl(high, F_GETFD), EBADF);
	{
		int status = -1;
		pid_t child = fork();

		if (!child) {
			high = fcntl(fd, F_DUPFD, EVERY_HIGH);
			closefrom(EVERY_HIGH);
			_exit(high >= EVERY_HIGH && fcntl(high, F_GETFD) == -1 &&
					      fcntl(fd, F_GETFD) >= 0
				      ? 0
				      : 1);
		}
		EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	}
#endif
	EXPECT(close(fd) == 0);
}

/* What the library overrides of stdio: libc closes these descriptors by itself. */
static void every_file(void)
{
	int fd = every_socket(SOCK_STREAM), copy = dup(fd);
	FILE *file = fdopen(copy, "r+");

	EXPECT(file != NULL && fileno(file) == copy);
	EXPECT(fclose(file) == 0);
	EXPECT_ERRNO(close(copy), EBADF);
	copy = dup(fd);
	file = fdopen(copy, "r+");
	file = freopen("/dev/null", "w", file);
	EXPECT(file != NULL && fputs("text", file) >= 0 && fclose(file) == 0);
	EXPECT_ERRNO(fcntl(copy, F_GETFD), EBADF);
#ifdef __GLIBC__
	EXPECT(fdopen(-1, "r") == NULL && errno == EBADF);
#endif
	EXPECT(close(fd) == 0);
}

static void every_spawn(void)
{
	char name[] = "true";
	char *argv[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t child;

	EXPECT(posix_spawn_file_actions_init(&actions) == 0);
	EXPECT(posix_spawn_file_actions_adddup2(&actions, 1, EVERY_HIGH) == 0);
	EXPECT(posix_spawn_file_actions_addclose(&actions, EVERY_HIGH) == 0);
	/* The loader of the other word size complains of what is preloaded for this one. */
	EXPECT(posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0);
#if EVERY_CLOSEFROM
	EXPECT(posix_spawn_file_actions_addclosefrom_np(&actions, EVERY_HIGH) == 0);
#endif
	EXPECT(posix_spawn(&child, "/bin/true", &actions, NULL, argv, environ) == 0 &&
	       waitpid(child, &status, 0) == child && status == 0);
	EXPECT(posix_spawn_file_actions_destroy(&actions) == 0);
}

/*
 * fcntl hands its argument on unread, and where offsets have 64 bits in a 32-bit
 * program its name is another one: a lock far behind 4 GB must be found there.
 */
static void every_lock(void)
{
	FILE *file = tmpfile();
	struct flock lock;
	char path[64];
	int again;

	if (!EXPECT(file != NULL))
		return;
	memset(&lock, 0, sizeof lock);
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	lock.l_start = (off_t)(sizeof(off_t) == 8 ? 5000000000LL : 500);
	lock.l_len = 1;
	EXPECT(fcntl(fileno(file), F_SETLK, &lock) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
	again = open(path, O_RDWR | O_CLOEXEC);
	EXPECT(again >= 0);
	if (sizeof(off_t) == 8) {
		lock.l_start = 0;
		lock.l_len = 0;
		lock.l_pid = 0;
		EXPECT(fcntl(again, F_OFD_GETLK, &lock) == 0);
		EXPECT(lock.l_type == F_WRLCK && lock.l_start == (off_t)5000000000LL);
	}
	EXPECT(close(again) == 0);
	fclose(file);
}

static void every_error(void)
{
	volatile int bad = -1;
	struct msghdr message;
	struct mmsghdr messages;
	int one = 1;

	memset(&message, 0, sizeof message);
	memset(&messages, 0, sizeof messages);
	EXPECT_ERRNO(every_bind(bad, 0), EBADF);
	EXPECT_ERRNO(listen(bad, 1), EBADF);
	EXPECT_ERRNO(every_connect(bad, 1), EBADF);
	EXPECT_ERRNO(sendto(bad, "", 1, 0, NULL, 0), EBADF);
	EXPECT_ERRNO(sendmsg(bad, &message, 0), EBADF);
	EXPECT_ERRNO(sendmmsg(bad, &messages, 1, 0), EBADF);
	EXPECT_ERRNO(setsockopt(bad, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), EBADF);
	EXPECT_ERRNO(ioctl(bad, FIONREAD, &one), EBADF);
	EXPECT_ERRNO(fcntl(bad, F_GETFD), EBADF);
	EXPECT_ERRNO(close(bad), EBADF);
	EXPECT_ERRNO(dup(bad), EBADF);
	EXPECT_ERRNO(dup2(bad, EVERY_HIGH), EBADF);
	EXPECT_ERRNO(dup3(bad, EVERY_HIGH, 0), EBADF);
	EXPECT_ERRNO(unshare(bad), EINVAL);
}

static const char *every_calls(void)
{
	int before = every_socket(SOCK_DGRAM), after;

	every_failed = 0;
	close(before);
	every_stream();
	every_datagram();
	every_copy();
	every_file();
	every_spawn();
	every_lock();
	every_error();
	after = every_socket(SOCK_DGRAM);
	EXPECT(after == before); /* no descriptor was left behind */
	close(after);
	return every_failed ? "FAILED" : "ok";
}

#endif
