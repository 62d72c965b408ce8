/* SPDX-License-Identifier: MIT */
/*
 * A library that takes a lock in close() hangs as soon as a signal handler closes
 * something while the interrupted code is in the same lock: close, dup, fcntl and
 * bind are all allowed in handlers. Ours has no lock, only words that are changed by
 * compare-and-swap, so a handler may come at any instruction of any hook: nothing
 * hangs, no port is given twice and none is lost.
 */
#include "modes.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { THREADS = 3, ROUNDS = 1500, COUNT = 64 };

static struct block block;
static pthread_t threads[THREADS];
static _Atomic int ready, handlers, failures, strays, owners, doubles, other_errors;
static _Atomic int one_port; /* 0: everybody draws, else all want this one */

/* Descriptors come, are copied in each way, and go. */
static void copy_and_close(int fd)
{
	int copy = dup(fd), high = fcntl(fd, F_DUPFD_CLOEXEC, 200);

	if (copy < 0 || high < 0 || dup2(fd, high) != high || fcntl(high, F_SETFD, FD_CLOEXEC))
		atomic_fetch_add(&failures, 1);
	close(copy);
	close(high);
}

static void draw(void)
{
	int fd = member_bound(&block);

	if (fd < 0) {
		atomic_fetch_add(&failures, 1);
		return;
	}
	if (!belongs(&block, port_of(fd)))
		atomic_fetch_add(&strays, 1);
	copy_and_close(fd);
	close(fd);
}

static void want(int port)
{
	int fd = member(&block);

	if (!socket_bind(fd, "127.0.0.1", port, 0)) {
		if (atomic_fetch_add(&owners, 1))
			atomic_fetch_add(&doubles, 1);
		copy_and_close(fd);
		atomic_fetch_sub(&owners, 1);
	} else if (errno != EADDRINUSE) {
		atomic_fetch_add(&other_errors, 1);
	}
	close(fd);
}

static void one_round(void)
{
	int port = atomic_load(&one_port);

	if (port)
		want(port);
	else
		draw();
}

static void handler(int number)
{
	int saved = errno;

	(void)number;
	one_round();
	atomic_fetch_add(&handlers, 1);
	errno = saved;
}

static void *run(void *argument)
{
	int mine = *(int *)argument, rounds = getenv("PORTRES_LONG") ? ROUNDS * 20 : ROUNDS;

	/* a thread can be signalled once it is known, and until it is joined */
	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) < THREADS + 1)
		sched_yield();
	for (int i = 0; i < rounds; i++) {
		pthread_kill(threads[(mine + 1) % THREADS], SIGUSR1);
		pthread_kill(threads[(mine + 2) % THREADS], SIGUSR2);
		one_round();
	}
	return NULL;
}

static void timer(int microseconds)
{
	struct itimerval interval = {{0, microseconds}, {0, microseconds}};

	setitimer(ITIMER_PROF, &interval, NULL);
}

static void storm(int port)
{
	int numbers[THREADS], before = open_descriptors();

	atomic_store(&one_port, port);
	atomic_store(&ready, 0);
	atomic_store(&handlers, 0);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, run, &numbers[i]))
			bail_out("pthread_create");
	}
	atomic_fetch_add(&ready, 1);
	timer(1000);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	timer(0);
	ok(atomic_load(&handlers) > 0, "%s: all threads came to their end",
	   port ? "everybody wants one port" : "everybody draws");
	diag("%d handlers ran", atomic_load(&handlers));
	ok(open_descriptors() == before, "no descriptor is left behind");
}

static void all_of(int type)
{
	struct block after;
	int fd;

	block = mode_block(type, COUNT);
	storm(0);
	ok(!atomic_load(&failures), "%s: every call in a handler succeeds", type_name(type));
	ok(!atomic_load(&strays), "every port is one of the block");
	fd = member_bound(&block);
	after = block;
	storm(port_of(fd));
	ok(atomic_load(&other_errors) == 0, "a port that another has: EADDRINUSE and nothing else");
	close(fd);
	/* without its owner of before they fight for it */
	storm(mode == BARE ? 0 : after.start);
	ok(!atomic_load(&other_errors) && !atomic_load(&doubles), "nobody gets it twice");
	ok(mode == BARE || ports_to_draw(&block) == block.count, "all ports are there again");
	if (mode == PRELOADED) {
		close(block.fd);
		ok(settled(block_free, &block), "and the reservation ends");
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	static const int numbers[] = {SIGUSR1, SIGUSR2, SIGPROF};

	(void)argc;
	modes_begin(argv);
	/* each of them may interrupt the others */
	for (int i = 0; i < 3; i++)
		sigaction(numbers[i], &action, NULL);
	all_of(TCP);
	all_of(UDP);
	return modes_end(argv);
}
