/* SPDX-License-Identifier: MIT */
/*
 * Threads that make the first call of every hook at the same moment, and check the
 * answers: in main(), or, built as a library with -DEARLY, in a constructor that runs
 * before that of libportres. Prints what was wrong; the exit status is then 1.
 * What they make stays open, so that close is not the first call of all.
 */
#include "every-basics.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_int arrived;
static int threads, receiver, server;

static int in_run(int fd)
{
	const char *low = getenv("PORTRES_FIRST"), *high = getenv("PORTRES_LAST");

	return low ? every_inside(fd, atoi(low), atoi(high)) : every_port(fd) > 0;
}

static int fresh(int type)
{
	int fd = (int)syscall(SYS_socket, AF_INET, type, 0);

	EXPECT(fd >= 0);
	return fd;
}

/* The call itself is the first thing that a thread does once all have arrived. */
static void wait_for_all(void)
{
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < threads)
		sched_yield();
}

static void first_bind(int type)
{
	int fd = fresh(type), result;

	wait_for_all();
	result = every_bind(fd, 0);
	EXPECT(result == 0 && in_run(fd));
}

static void first_bind_tcp(void)
{
	first_bind(SOCK_STREAM);
}

static void first_bind_udp(void)
{
	first_bind(SOCK_DGRAM);
}

static void first_listen(void)
{
	int fd = fresh(SOCK_STREAM), result;

	wait_for_all();
	result = listen(fd, 1);
	EXPECT(result == 0 && in_run(fd));
}

static void first_connect(void)
{
	int fd = fresh(SOCK_STREAM), result, port = every_port(server);

	wait_for_all();
	result = every_connect(fd, port);
	EXPECT(result == 0);
}

static void first_send(int how)
{
	int fd = fresh(SOCK_DGRAM), result, port = every_port(receiver);

	wait_for_all();
	result = every_send(how, fd, port);
	EXPECT(result);
}

static void first_sendto(void)
{
	first_send(0);
}

static void first_sendmsg(void)
{
	first_send(1);
}

static void first_sendmmsg(void)
{
	first_send(2);
}

static void first_acquire(void)
{
	int fd = fresh(SOCK_STREAM), other = fresh(SOCK_STREAM), result;
	INET_PORT_RESERVATION_INSTANCE block;

	wait_for_all();
	result = every_acquire(fd, 0, 2, &block);
	if (result == 0) {
		EXPECT(every_associate(other, &block) == 0 && every_bind(other, 0) == 0);
		EXPECT(every_port(other) == ntohs(block.StartPort));
	} else {
		EXPECT(errno == ENOTTY);
	}
}

#define FIRST(name, type, call)                                                                    \
	static void first_##name(void)                                                             \
	{                                                                                          \
		int fd = fresh(type);                                                              \
                                                                                                   \
		wait_for_all();                                                                    \
		EXPECT(call);                                                                      \
	}

FIRST(setsockopt, SOCK_STREAM, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &fd, sizeof fd) == 0)
FIRST(ioctl, SOCK_STREAM, ioctl(fd, FIOCLEX) == 0)
FIRST(fcntl, SOCK_STREAM, fcntl(fd, F_GETFD) == 0)
FIRST(close, SOCK_STREAM, close(dup(fd)) == 0)
FIRST(dup, SOCK_STREAM, dup(fd) >= 0)
FIRST(dup2, SOCK_STREAM, dup2(fd, EVERY_HIGH) == EVERY_HIGH)
FIRST(dup3, SOCK_STREAM, dup3(fd, EVERY_HIGH + 1, O_CLOEXEC) == EVERY_HIGH + 1)
#ifdef EVERY_CLOSEFROM
FIRST(close_range, SOCK_STREAM, close_range(1000U + (unsigned int)fd, 2000, 0) == 0)
#endif

static void (*const calls[])(void) = {
	first_bind_tcp,	   first_bind_udp, first_listen,  first_acquire, first_bind_tcp,
	first_bind_udp,	   first_listen,   first_acquire, first_connect, first_sendto,
	first_sendmsg,	   first_sendmmsg, first_ioctl,	  first_fcntl,	 first_close,
	first_setsockopt,  first_dup,	   first_dup2,	  first_dup3,
#ifdef EVERY_CLOSEFROM
	first_close_range,
#endif
};

static void *thread_main(void *nth)
{
	calls[*(int *)nth]();
	return NULL;
}

static int race(void)
{
	static pthread_t ids[sizeof calls / sizeof calls[0]];
	static int numbers[sizeof calls / sizeof calls[0]];
	struct sockaddr_in any = every_address(0);
	int i;

	alarm(100);
	server = fresh(SOCK_STREAM);
	receiver = fresh(SOCK_DGRAM);
	EXPECT(syscall(SYS_bind, server, &any, sizeof any) == 0);
	EXPECT(syscall(SYS_listen, server, 8) == 0);
	EXPECT(syscall(SYS_bind, receiver, &any, sizeof any) == 0);
	threads = (int)(sizeof calls / sizeof calls[0]);
	for (i = 0; i < threads; i++) {
		numbers[i] = i;
		if (!EXPECT(pthread_create(&ids[i], NULL, thread_main, &numbers[i]) == 0))
			_exit(1);
	}
	for (i = 0; i < threads; i++)
		EXPECT(pthread_join(ids[i], NULL) == 0);
	return every_failed != 0;
}

#ifdef EARLY
__attribute__((constructor)) static void early(void)
{
	if (race())
		_exit(1);
}
#else
int main(void)
{
	return race();
}
#endif
