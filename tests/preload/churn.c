/* SPDX-License-Identifier: MIT */
/*
 * Sixteen threads acquire, associate, bind, listen, connect, send, duplicate, release
 * and close at random, in every way in which a descriptor can be closed, fork in the
 * midst of it, and are interrupted by a signal handler that binds and closes, too.
 *
 * All the time: a port belongs to one socket, a descriptor stays the program's own
 * until the program closes it, and every error is one that the manual knows. At the
 * end: no descriptor and no port is left, the pool has room, memory has not grown.
 * TEST_SEED repeats a run as far as threads allow; PORTRES_LONG makes it long.
 */
#include "../pitfalls/network.h"
#include "churn.h"
#include <pthread.h>
#include <sys/resource.h>

static void do_acquire(struct random *random)
{
	int type = roll(random, 2) ? TCP : UDP, fd = socket_open(type, "127.0.0.1", 0);
	int count = 1 + (int)roll(random, BLOCK_MOST), number = (int)roll(random, 16);
	struct thing *thing = thing_new(fd, type);
	instance result;

	if (!thing) {
		close(fd);
		return;
	}
	if (acquire(fd, 0, count, &result)) {
		complain(errno, "ACQUIRE");
	} else {
		atomic_fetch_add(&made[ACQUIRED], 1);
		for (int i = 0; i < count; i++)
			seen[type == UDP][ntohs(result.StartPort) + i] = 1;
		tokens[type == UDP][number] = result.Token;
		starts[type == UDP][number] = ntohs(result.StartPort);
	}
	place_put(random, any_place(random), fd, thing);
}

static int send_one(int fd)
{
	union address to;
	socklen_t length = address_make(&to, "127.0.0.1", 9);

	return sendto(fd, "x", 1, 0, &to.any, length) == 1 ? 0 : -1;
}

/* By bind, or by what binds by itself; a port by its number may be one of another block. */
static int come_to_port(struct random *random, int fd, int type, int number)
{
	switch (roll(random, 4)) {
	case 0:
		return type == TCP ? listen(fd, 4) : send_one(fd);
	case 1:
		return socket_bind(fd, "127.0.0.1", number, 0);
	default:
		return socket_bind(fd, "127.0.0.1", 0, 0);
	}
}

static void use(struct random *random, int fd, int type)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (type == UDP)
		send_one(fd);
	else if (roll(random, 2))
		listen(fd, 4);
	else
		socket_connect(fd, "127.0.0.1", 9, 0);
}

static void do_bind(struct random *random)
{
	int type = roll(random, 2) ? TCP : UDP, fd = socket_open(type, "127.0.0.1", 0);
	int number = (int)roll(random, 16), start = starts[type == UDP][number];
	struct thing *thing = thing_new(fd, type);

	socket_reset_at_close(fd, 0);
	if (!thing || associate(fd, tokens[type == UDP][number])) {
		/* ended, or ended here and a child that was forked before still has it */
		if (thing && errno != EINVAL && errno != EACCES)
			complain(errno, "ASSOCIATE");
	} else if (come_to_port(random, fd, type, start)) {
		atomic_fetch_add(&made[REFUSED], 1);
		if (errno != EADDRINUSE && errno != EADDRNOTAVAIL && errno != EAGAIN)
			complain(errno, "bind");
	} else {
		thing_owns(thing, fd);
		if (!seen[type == UDP][thing->port])
			complain(0, "port %d is of no block", thing->port);
		atomic_fetch_add(&made[BOUND], 1);
		use(random, fd, type);
	}
	if (thing)
		place_put(random, any_place(random), fd, thing);
	else
		close(fd);
}

static void do_copy(struct random *random)
{
	struct place *place = any_place(random);
	struct thing *thing;
	int fd = place_take(place, &thing), copy;

	if (fd < 0)
		return;
	check_own(fd, thing, "when it is copied");
	atomic_fetch_add(&thing->copies, 1);
	switch (roll(random, 4)) {
	case 0:
		copy = dup(fd);
		break;
	case 1:
		copy = fcntl(fd, F_DUPFD, 3 + (int)roll(random, 100));
		break;
	case 2:
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 3 + (int)roll(random, 100));
		break;
	default: /* onto a number of ours */
		copy = dup(STDIN_FILENO);
		if (copy >= 0 && dup2(fd, copy) != copy)
			complain(errno, "dup2");
	}
	atomic_store(&place->fd, fd);
	if (copy < 0) {
		complain(errno, "a copy");
		thing_drop(thing);
		return;
	}
	atomic_fetch_add(&made[COPIED], 1);
	place_put(random, any_place(random), copy, thing);
}

static void do_close(struct random *random)
{
	struct place *place = any_place(random);
	struct thing *thing;
	int fd = place_take(place, &thing);

	if (fd < 0)
		return;
	atomic_store(&place->fd, EMPTY);
	check_own(fd, thing, "when it is closed");
	thing_drop(thing);
	close_somehow(random, fd);
}

static void do_release(struct random *random)
{
	int udp = (int)roll(random, 2), fd;
	ULONG64 token = tokens[udp][roll(random, 16)];

	if (roll(random, 4))
		return;
	fd = socket_open(udp ? UDP : TCP, "127.0.0.1", 0);
	if (!release(fd, token))
		atomic_fetch_add(&made[RELEASED], 1);
	else if (errno != EINVAL && errno != EACCES)
		complain(errno, "RELEASE");
	close(fd);
}

/* The child closes some of what it has inherited, binds, and is gone. */
static void do_fork(struct random *random)
{
	int status;
	pid_t pid;

	if (roll(random, 8))
		return;
	pid = fork();
	if (pid < 0) {
		complain(errno, "fork");
		return;
	}
	if (!pid) {
		int type = roll(random, 2) ? TCP : UDP;
		int fd = (int)syscall(SYS_socket, AF_INET, type, 0);

		for (int i = 0; i < 20; i++)
			close(any_place(random)->fd);
		if (!associate(fd, tokens[type == UDP][roll(random, 16)]))
			socket_bind(fd, "127.0.0.1", 0, 0);
		_exit(0);
	}
	atomic_fetch_add(&made[FORKED], 1);
	if (waitpid(pid, &status, 0) != pid || status)
		complain(0, "a child ended with status %x", status);
}

/* At any instruction of any thread. */
static void interrupt(int number)
{
	struct random random = {base_seed + (unsigned)atomic_fetch_add(&made[HANDLED], 1)};
	int saved = errno, type = roll(&random, 2) ? TCP : UDP, copy;
	int fd = socket(AF_INET, type, 0);

	(void)number;
	socket_reset_at_close(fd, 0);
	if (!associate(fd, tokens[type == UDP][roll(&random, 16)]))
		socket_bind(fd, "127.0.0.1", 0, 0);
	copy = dup(fd);
	close(fd);
	close(copy);
	errno = saved;
}

static int rounds;
static pthread_barrier_t barrier;
static _Atomic int arrived;

static void *churn(void *number)
{
	struct random random = {base_seed * 1000u + (unsigned)*(int *)number};

	for (int half = 0; half < 2; half++) {
		for (int i = 0; i < rounds / 2; i++) {
			unsigned what = roll(&random, 100);

			if (what < 20)
				do_acquire(&random);
			else if (what < 60)
				do_bind(&random);
			else if (what < 75)
				do_copy(&random);
			else if (what < 90)
				do_close(&random);
			else if (what < 95)
				do_release(&random);
			else
				do_fork(&random);
		}
		/* between the halves one looks at the memory */
		atomic_fetch_add(&arrived, 1);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

/* A signal here and there, until all have done their half. */
static void interrupt_all(const pthread_t *threads)
{
	struct random random = {base_seed};

	while (atomic_load(&arrived) < THREADS) {
		pthread_kill(threads[roll(&random, THREADS)], SIGUSR1);
		for (int i = 0; i < 20; i++)
			sched_yield();
	}
}

static void run_threads(int with_signals)
{
	pthread_t threads[THREADS];
	int numbers[THREADS], mappings[2];
	long memory[2];

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i + with_signals * THREADS;
		if (pthread_create(&threads[i], NULL, churn, &numbers[i]))
			bail_out("pthread_create");
	}
	for (int half = 0; half < 2; half++) {
		if (with_signals)
			interrupt_all(threads);
		pthread_barrier_wait(&barrier);
		memory[half] = memory_used(&mappings[half]);
		atomic_store(&arrived, 0);
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(memory[1] - memory[0] < 2048 && mappings[1] - mappings[0] < 32,
	   "memory does not grow with the rounds");
	diag("%ld kB and %d mappings, then %ld kB and %d", memory[0], mappings[0], memory[1],
	     mappings[1]);
}

static void close_all(void)
{
	struct random random = {base_seed};

	for (int i = 0; i < PLACES; i++) {
		int fd = atomic_exchange(&places[i].fd, EMPTY);

		if (fd < 0)
			continue;
		check_own(fd, places[i].thing, "at the end");
		thing_drop(places[i].thing);
		close_somehow(&random, fd);
	}
	/* a close that no hook saw is found out by the next of these */
	close_range(~0U - 1, ~0U - 1, 0);
}

int main(int argc, char **argv)
{
	static unsigned char before[2000], after[2000];
	const char *seed = getenv("TEST_SEED");
	int count, odd = 0, many = getenv("PORTRES_LONG") ? 8 : 1;
	struct rlimit limit;

	(void)argc;
	private_pool(argv);
	alarm(140 * (unsigned)many);
	signal(SIGUSR1, interrupt);
	base_seed = seed ? (unsigned)atoi(seed) : (unsigned)random() % 100000;
	diag("TEST_SEED=%u", base_seed);
	if (quiet_network())
		diag("in the machine's own network, beside others");
	for (int i = 0; i < PLACES; i++)
		places[i].fd = EMPTY;
	rounds = 1200 * many;
	count = open_descriptors(before, 2000);
	for (int with_signals = 0; with_signals < 2; with_signals++) {
		run_threads(with_signals);
		close_all();
		ok(wrong == 0, "%s: no port had twice, no descriptor lost, no strange error",
		   with_signals ? "with signals" : "without signals");
		ok(nothing_left(), "no port of any block is left");
		odd = open_descriptors(after, 2000) - count;
		ok(odd == 0 && !memcmp(before, after, sizeof before), "no descriptor is left");
		for (int fd = 0; fd < 2000 && odd; fd++)
			if (before[fd] != after[fd])
				diag("descriptor %d is %s now", fd, after[fd] ? "open" : "closed");
	}
	for (int i = 0; i < 2 * PORTS; i++)
		odd += owners[i / PORTS][i % PORTS] != 0;
	ok(odd == 0, "and no port is counted as in use");
	/* more of them than the limit lets be parked would be as many processes */
	getrlimit(RLIMIT_NOFILE, &limit);
	ok(judge(geteuid() || limit.rlim_cur < 4200 ? 100 : 4096),
	   "another process finds room for all");
	diag("acquired %ld, bound %ld, refused %ld, closed %ld, copied %ld, forked %ld, released "
	     "%ld, handled %ld",
	     made[ACQUIRED], made[BOUND], made[REFUSED], made[CLOSED], made[COPIED], made[FORKED],
	     made[RELEASED], made[HANDLED]);
	return done_testing();
}
