/* SPDX-License-Identifier: MIT */
/*
 * As many threads as ports, and each has one socket at most: there is a free port
 * always. But who walks over the ports one by one, while others close one and bind the
 * next, may find each of them in use when he comes to it. bind() to port 0 then must not
 * say that there is none.
 */
#include "step.h"
#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 20000, MOST = 8, SWAPS = 12 };

static struct block block;
static pthread_barrier_t barrier;
static _Atomic int refused, odd;

static void *bind_and_close(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < ROUNDS / block.count; i++) {
		int fd = tied(&block, "127.0.0.1", 0);

		if (!socket_bind(fd, "127.0.0.1", 0, 0))
			odd += !in_block(&block, port_of(fd));
		else if (errno == EADDRINUSE)
			refused++;
		else
			odd++;
		close(fd);
	}
	return NULL;
}

static void threads_cross(int type, int count)
{
	pthread_t threads[MOST];

	block = reserve(type, count);
	refused = odd = 0;
	pthread_barrier_init(&barrier, NULL, (unsigned)count);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, bind_and_close, NULL))
			bail_out("pthread_create");
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	ok(!refused && !odd, "%s, %d threads, %d ports: there is one always", type_name(type),
	   count, count);
	if (refused || odd)
		diag("in %d rounds %d EADDRINUSE and %d others", ROUNDS, refused, odd);
	close(block.fd);
}

static void draw(void *port)
{
	int fd = drawn(&block, "127.0.0.1", 0, 0);

	*(int *)port = fd < 0 ? -errno : port_of(fd);
	close(fd);
}

/*
 * Each time that the other one is about to ask the kernel for the free port, it is taken,
 * and another one closed. What the other one gets, or -errno.
 */
static int crossed(int type, int ports, int swaps)
{
	int *port = shared_memory(sizeof *port), fds[MOST], next, result, running = 1;
	pid_t pid;

	block = reserve(type, ports);
	pid = step_start(NULL, draw, port);
	/* no port is unused, so that the kernel has to be asked */
	for (int i = 0; i < ports; i++)
		fds[i] = drawn(&block, "127.0.0.1", 0, 0);
	close(fds[ports - 1]);
	for (int i = 0; i < swaps && (running = step_to_call(pid, SYS_bind)); i++) {
		next = drawn(&block, "127.0.0.1", 0, 0);
		if (next < 0)
			break; /* it has the port already */
		close(fds[i % (ports - 1)]);
		fds[i % (ports - 1)] = next;
	}
	if (running)
		step_finish(pid);
	result = *port;
	step_kill(pid);
	for (int i = 0; i < ports - 1; i++)
		close(fds[i]);
	close(block.fd);
	munmap(port, sizeof *port);
	return result;
}

static void one_is_crossed(int type, int ports)
{
	int good = 0;

	for (int swaps = 1; swaps <= SWAPS; swaps++) {
		int result = crossed(type, ports, swaps);

		good += in_block(&block, result);
		if (result < 0)
			diag("%d times: %s", swaps, strerrorname_np(-result));
	}
	ok(good == SWAPS, "%s, %d ports, crossed up to %d times: there is one always",
	   type_name(type), ports, SWAPS);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		for (int count = 2; count <= MOST; count *= 4)
			threads_cross(type, count);
		for (int ports = 2; ports <= 4; ports++) {
			if (step_allowed())
				one_is_crossed(type, ports);
			else
				skip("one who is crossed", "no tracing here");
		}
	}
	return done_testing();
}
