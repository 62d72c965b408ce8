/* SPDX-License-Identifier: MIT */
/*
 * Whether only TIME_WAIT is on a port is asked while the connection of a socket there is
 * reset: it is the socket's all the time, and never looks free.
 */
#include "../pitfalls/network.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Of chaos-ask.c: the headers of the library have a block of another kind. */
bool only_time_wait_on(uint16_t port);

enum { SERVER = 9000, CLIENT_PORT = 40000, QUESTIONS = 2000 };

/* Odd while the client's socket has its port. */
static _Atomic unsigned long life;
static _Atomic bool stop;

static void *client(void *unused)
{
	while (!atomic_load(&stop)) {
		int fd = socket_open(TCP, "127.0.0.1", REUSEADDR);
		char byte;

		if (!socket_bind(fd, "127.0.0.1", CLIENT_PORT, 0)) {
			atomic_fetch_add(&life, 1);
			if (!socket_connect(fd, "127.0.0.1", SERVER, 0))
				receive(fd, &byte, 1);
			usleep(3000); /* a while for others to ask in */
			atomic_fetch_add(&life, 1);
		}
		close(fd);
	}
	return unused;
}

static void *server(void *listener)
{
	int fd;

	while ((fd = accept(*(int *)listener, NULL, NULL)) >= 0) {
		usleep(500);
		socket_reset_at_close(fd, 0);
		close(fd);
	}
	return NULL;
}

int main(void)
{
	unsigned long asked = 0, missed = 0;
	pthread_t threads[2];
	int listener;

	alarm(150);
	if (quiet_network()) {
		skip("a connection that is reset", "no network of its own");
		return done_testing();
	}
	listener = listening("127.0.0.1", SERVER, 0);
	if (pthread_create(&threads[0], NULL, server, &listener) ||
	    pthread_create(&threads[1], NULL, client, NULL))
		bail_out("pthread_create");
	for (int i = 0; i < (getenv("PORTRES_LONG") ? 20 : 1) * QUESTIONS / 4; i++) {
		unsigned long before = atomic_load(&life);
		bool only_time_wait = only_time_wait_on(CLIENT_PORT);

		if (before % 2 == 0 || before != atomic_load(&life))
			continue;
		asked++;
		missed += only_time_wait;
	}
	atomic_store(&stop, true);
	pthread_join(threads[1], NULL);
	shutdown(listener, SHUT_RDWR);
	pthread_join(threads[0], NULL);
	ok(asked > 0 && !missed, "a port whose connection is reset never looks free");
	proved("ports asked for while their connection is reset", asked, missed);
	return done_testing();
}
