/* SPDX-License-Identifier: MIT */
/*
 * Who keeps track of ports from outside a socket stumbles over four things, one after
 * another: bind to port 0, the bind that listen() makes by itself, sockets that come
 * from accept(), and the thread id that is not the process id.
 *
 * Threads of a program reserve, associate, bind, listen and close each other's sockets.
 * Each port goes to one socket; a connection that closes takes nothing from its
 * listener, and one that lives on keeps the port. A reservation is the process's,
 * not the thread's that asked for it, and a process lives as long as one thread of it
 * does, also when the first has ended.
 */
#include "work.h"
#include <pthread.h>

enum { COUNT = 24, THREADS = 8, ROUNDS = 20, CONNECTIONS = 40 };

static struct block block;
static int fds[COUNT];
static pthread_barrier_t barrier;

/* The acquiring thread ends; its reservation does not. */
static void *reserve_in_thread(void *type)
{
	block = reserve(*(int *)type, COUNT);
	return NULL;
}

/*
 * Sockets that one thread makes, the next one associates, a third binds or lets listen
 * bind, and a fourth closes.
 */
static void *pass_on(void *number)
{
	int own = *(int *)number;

	for (int round = 0; round < ROUNDS; round++) {
		for (int step = 0; step < 4; step++) {
			for (int i = (own + step) % THREADS; i < COUNT; i += THREADS) {
				if (step == 0)
					fds[i] = socket_open(block.type, "127.0.0.1", 0);
				else if (step == 1 && associate(fds[i], block.token))
					bail_out("ASSOCIATE");
				else if (step == 2 && block.type == TCP && i % 2)
					listen(fds[i], 1);
				else if (step == 2)
					socket_bind(fds[i], "0.0.0.0", 0, 0);
				else if (step == 3 && round < ROUNDS - 1)
					close(fds[i]);
			}
			pthread_barrier_wait(&barrier);
		}
	}
	return NULL;
}

/* All ports of the block, each once; at the end the sockets of the last round are there. */
static void each_port_once(int type)
{
	pthread_t threads[THREADS];
	int numbers[THREADS], good = 0;
	uint32_t seen = 0;

	if (pthread_create(&threads[0], NULL, reserve_in_thread, &type) ||
	    pthread_join(threads[0], NULL))
		bail_out("pthread_create");
	ok(taken_ports(type, block.start, COUNT) == COUNT,
	   "%s: the thread that acquired has ended, the ports are reserved", type_name(type));
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, pass_on, &numbers[i]))
			bail_out("pthread_create");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < COUNT; i++) {
		int port = port_of(fds[i]) - block.start;

		good += port >= 0 && port < COUNT;
		seen |= port >= 0 && port < COUNT ? UINT32_C(1) << port : 0;
	}
	ok(good == COUNT && seen == (UINT32_C(1) << COUNT) - 1,
	   "%s: %d threads draw %d ports, each goes to one socket", type_name(type), THREADS,
	   COUNT);
	fails_with(drawn(&block, "127.0.0.1", 0, 0), EADDRINUSE, "and there is no other");
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	ok(draw_all(&block) == COUNT, "%s: when they are closed all can be drawn", type_name(type));
	close(block.fd);
}

static int connection(int listener, int *client)
{
	*client = socket_open(TCP, "127.0.0.1", RAW);
	socket_reset_at_close(*client, RAW);
	if (socket_connect(*client, "127.0.0.1", port_of(listener), RAW))
		bail_out("connect");
	return accept(listener, NULL, NULL);
}

static void accepted(int by_listen)
{
	struct block two = reserve(TCP, 2);
	int listener =
		by_listen ? tied(&two, "0.0.0.0", REUSEADDR) : drawn(&two, "0.0.0.0", 0, REUSEADDR);
	const char *how = by_listen ? "bound by listen" : "bound to port 0";
	int port, client, last, good = 0, again;

	if (listen(listener, 4))
		bail_out("listen");
	port = port_of(listener);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = connection(listener, &client);

		good += port_of(fd) == port;
		close(fd);
		socket_close(client, RAW);
	}
	ok(good == CONNECTIONS, "%s: %d connections come from its port", how, CONNECTIONS);
	ok(draw_all(&two) == 1 && stranger(TCP, "127.0.0.1", port, 0) == EADDRINUSE,
	   "%s: they have closed, the port is its own still", how);
	last = connection(listener, &client);
	close(listener);
	ok(draw_all(&two) == 1, "%s: it closes, a connection keeps the port", how);
	fails_with(drawn(&two, "127.0.0.1", port, 0), EADDRINUSE, "also from an explicit bind");
	again = drawn(&two, "127.0.0.1", port, REUSEADDR);
	ok(again >= 0 && !listen(again, 1),
	   "%s: but a new server with SO_REUSEADDR listens, as on Linux", how);
	close(again);
	socket_close(client, RAW);
	close(last);
	ok(draw_all(&two) == 2, "%s: the connection closes, the port can be drawn", how);
	close(two.fd);
}

/* A traced thread of a process whose first thread has ended. */
struct orphan {
	_Atomic pid_t thread; /* 0: not yet */
	int port;
};

static void *orphan_run(void *context)
{
	struct orphan *orphan = context;
	int fd;

	/* the first thread is a zombie when it has ended, with others left */
	if (!comes_true(task_state(getpid()) == 'Z'))
		_exit(96);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(97);
	orphan->thread = gettid();
	raise(SIGSTOP);
	fd = drawn(&block, "127.0.0.1", 0, 0);
	orphan->port = fd < 0 ? 0 : port_of(fd);
	raise(SIGSTOP);
	_exit(0);
}

static pid_t orphan_start(struct orphan *orphan)
{
	pthread_t thread;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* what the library finds out about its process, it does while that is whole */
		close(drawn(&block, "127.0.0.1", 0, 0));
		if (pthread_create(&thread, NULL, orphan_run, orphan))
			_exit(95);
		pthread_exit(NULL);
	}
	while (!orphan->thread && waitpid(pid, NULL, WNOHANG) == 0)
		sched_yield();
	if (!orphan->thread)
		bail_out("a process without its first thread");
	step_adopt(orphan->thread);
	return pid;
}

/* It stands at the door of its bind, with a port that it has chosen. */
static void without_first_thread(int type)
{
	struct orphan *orphan = shared_memory(sizeof *orphan);
	int others[5], count = 0, both = 0;
	pid_t pid;

	block = reserve(type, 4);
	pid = orphan_start(orphan);
	ok(step_to_call(orphan->thread, SYS_bind),
	   "%s: the first thread has ended, another is stopped in its bind", type_name(type));
	while (count < 5 && (others[count] = drawn(&block, "127.0.0.1", 0, 0)) >= 0)
		count++;
	ok(count == 3, "%s: other processes get all ports but its own", type_name(type));
	step_finish(orphan->thread);
	for (int i = 0; i < count; i++) {
		both += port_of(others[i]) == orphan->port;
		close(others[i]);
	}
	ok(in_block(&block, orphan->port) && both == 0, "%s: it gets that one", type_name(type));
	kill(pid, SIGKILL);
	waitpid(orphan->thread, NULL, __WALL);
	waitpid(pid, NULL, 0);
	close(block.fd);
	munmap(orphan, sizeof *orphan);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	each_port_once(TCP);
	each_port_once(UDP);
	accepted(0);
	accepted(1);
	for (int type = TCP; type <= UDP; type++) {
		if (step_allowed())
			without_first_thread(type);
		else
			skip("without its first thread", "no tracing here");
	}
	return done_testing();
}
