/* SPDX-License-Identifier: MIT */
/*
 * The moment close() has done its work, the number may be another thread's. A library
 * that forgets it only afterwards forgets that thread's socket, or takes it for the old
 * one. Ours forgets first and closes then, and compares the socket's cookie before it
 * believes a note. A close that returns EINTR has closed, too: on Linux the descriptor
 * is gone whatever close says.
 */
#include "modes.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 4000, COUNT = 16 };

static struct block block;
static _Atomic int mistaken, failed, strays;
static _Atomic int go, reused;

/* By turns a socket of the block and one that has nothing to do with it. */
static void *strangers_and_members(void *argument)
{
	int which = *(int *)argument, last = -1;

	while (!atomic_load(&go))
		sched_yield();
	for (int i = 0; i < ROUNDS; i++) {
		int is_member = (i + which) & 1;
		int fd = is_member ? member(&block) : socket(AF_INET, block.type, 0), port;

		if (fd < 0 || socket_bind(fd, "127.0.0.1", 0, 0)) {
			atomic_fetch_add(&failed, 1);
			close(fd);
			continue;
		}
		port = port_of(fd);
		if (in_block(&block, port) != is_member)
			atomic_fetch_add(is_member ? &strays : &mistaken, 1);
		if (fd == last)
			atomic_fetch_add(&reused, 1);
		last = fd;
		close(fd);
	}
	return NULL;
}

/* dup2 replaces: what was on the number is gone, and what comes is as known as before. */
static void *replaced(void *argument)
{
	int null = open("/dev/null", O_RDONLY);

	(void)argument;
	while (!atomic_load(&go))
		sched_yield();
	for (int i = 0; i < ROUNDS / 4; i++) {
		int fd = member(&block), other = socket(AF_INET, block.type, 0);

		if (dup2(null, fd) != fd || dup2(other, fd) != fd ||
		    socket_bind(fd, "127.0.0.1", 0, 0) || in_block(&block, port_of(other)))
			atomic_fetch_add(&mistaken, 1);
		close(other);
		other = member(&block);
		if (dup2(other, fd) != fd || socket_bind(fd, "127.0.0.1", 0, 0) ||
		    !in_block(&block, port_of(other)))
			atomic_fetch_add(&strays, 1);
		close(fd);
		close(other);
	}
	close(null);
	return NULL;
}

static void race(int type)
{
	pthread_t threads[THREADS + 1];
	int numbers[THREADS];

	block = reserve(type, COUNT);
	atomic_store(&go, 0);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, strangers_and_members, &numbers[i]))
			bail_out("pthread_create");
	}
	if (pthread_create(&threads[THREADS], NULL, replaced, NULL))
		bail_out("pthread_create");
	atomic_store(&go, 1);
	for (int i = 0; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(atomic_load(&reused) > 0, "%s: numbers were used again and again", type_name(type));
	ok(atomic_load(&failed) == 0, "every bind succeeded");
	ok(atomic_load(&mistaken) == 0, "no stranger was taken for what had its number before");
	ok(atomic_load(&strays) == 0, "no socket of the block was forgotten");
	ok(ports_to_draw(&block) == COUNT, "all ports are there again");
	close(block.fd);
	ok(settled(block_free, &block), "and the reservation ends");
}

/* Under a libc whose close answers EINTR when it has closed (close-eintr.c). */
static void interrupted(void)
{
	struct block one = reserve(TCP, 2);
	int fd, next, port;

	fd = member(&one);
	setenv("PORTRES_TEST_EINTR", "1", 1);
	fails_with(close(fd), EINTR, "close of an associated socket");
	ok(!truly_open(fd), "it is closed");
	next = socket(AF_INET, SOCK_STREAM, 0);
	ok(next == fd && !socket_bind(next, "127.0.0.1", 0, 0) && !in_block(&one, port_of(next)),
	   "the next socket on the number is a stranger");
	fails_with(close(next), EINTR, "close of a stranger");
	fd = member_bound(&one);
	port = port_of(fd);
	fails_with(close(fd), EINTR, "close of a bound socket");
	fd = member(&one);
	ok(!socket_bind(fd, "127.0.0.1", port, 0), "its port can be had again");
	close(fd);
	fails_with(close(one.fd), EINTR, "close of the acquiring socket");
	unsetenv("PORTRES_TEST_EINTR");
	ok(settled(block_free, &one), "it has ended the reservation");
	fails_with(close(one.fd), EBADF, "close of what is not open");
}

/* A close that no hook sees: the number is another's, and what was known of it is not. */
static void unseen(int type)
{
	struct block one = reserve(type, 2), other;
	int fd = tied(&one, "127.0.0.1", 0), next, port, anchor;

	socket_close(fd, RAW);
	next = socket_open(type, "127.0.0.1", 0);
	ok(next == fd && !socket_bind(next, "127.0.0.1", 0, 0) && !in_block(&one, port_of(next)),
	   "%s: a number that a tied socket had is a stranger's", type_name(type));
	close(next);
	fd = drawn(&one, "127.0.0.1", 0, 0);
	port = port_of(fd);
	socket_close(fd, RAW);
	next = tied(&one, "127.0.0.1", 0);
	ok(next == fd && !socket_bind(next, "127.0.0.1", port, 0),
	   "%s: that of a bound one can be tied, and have its port", type_name(type));
	close(next);
	socket_close(one.fd, RAW);
	next = open("/dev/null", O_RDONLY);
	other = reserve(type, 2);
	ok(next == one.fd && settled(block_free, &one),
	   "%s: that of an acquiring socket is a file's: the next ACQUIRE ends what was",
	   type_name(type));
	anchor = anchor_number();
	socket_close(anchor, RAW);
	ok(settled(block_free, &other), "%s: who closes an anchor so ends it", type_name(type));
	ok(dup2(next, anchor) == anchor && fcntl(anchor, F_GETFD) == 0 && !close(anchor) &&
		   !truly_open(anchor),
	   "%s: its number is the program's then", type_name(type));
	dup2(next, anchor);
	close(other.fd);
	ok(truly_open(anchor), "%s: and stays when its socket closes", type_name(type));
	close(anchor);
	close(next);
}

static void again_with(const char *below, char **argv)
{
	char *preload;

	if (asprintf(&preload, "%s %s", getenv("PORTRES_LIB"), below) < 0)
		bail_out("asprintf");
	setenv("LD_PRELOAD", preload, 1);
	setenv("PORTRES_TEST_BELOW", below, 1);
	execv("/proc/self/exe", argv);
	bail_out("exec");
}

int main(int argc, char **argv)
{
	char *below;

	(void)argc;
	private_pool(argv);
	if (!getenv("PORTRES_TEST_BELOW")) {
		if (asprintf(&below, "%s/tests/pitfalls/.libs/close-eintr.so",
			     getenv("top_builddir")) < 0)
			bail_out("asprintf");
		again_with(below, argv);
	}
	interrupted();
	unseen(TCP);
	unseen(UDP);
	race(TCP);
	race(UDP);
	return done_testing();
}
