/* SPDX-License-Identifier: MIT */
/*
 * A thread that is to be cancelled comes to close(): libc ends it there, before it closes
 * anything. A library that has forgotten the descriptor by then has lost a socket that is
 * still open. And where a call has to move one of the library's own descriptors, and so
 * to close the old one, the thread must not end there: fcntl(F_DUPFD) and the actions of
 * posix_spawn are no cancellation points.
 */
#include "modes.h"
#include <pthread.h>
#include <spawn.h>

enum { COUNT = 3 };

static void *close_cancelled(void *fd)
{
	pthread_cancel(pthread_self());
	close(*(int *)fd);
	return NULL;
}

static void *result_of(void *(*work)(void *), void *argument)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, work, argument) || pthread_join(thread, &result))
		bail_out("a thread");
	return result;
}

static void enters_close(void)
{
	struct block block = mode_block(TCP, COUNT), other;
	int fd = member(&block);

	ok(result_of(close_cancelled, &fd) == PTHREAD_CANCELED && truly_open(fd),
	   "a thread is cancelled as it enters close: the socket is open");
	ok(!socket_bind(fd, "127.0.0.1", 0, 0) && belongs(&block, port_of(fd)),
	   "it binds as it would have before");
	close(fd);
	if (mode != PRELOADED)
		return;
	ok(result_of(close_cancelled, &block.fd) == PTHREAD_CANCELED && truly_open(block.fd),
	   "the same with the acquiring socket");
	/* who acquires looks for reservations that have lost their sockets */
	other = reserve(UDP, 2);
	close(other.fd);
	ok(block_taken(&block), "its reservation is there");
	fd = member_bound(&block);
	ok(fd >= 0 && belongs(&block, port_of(fd)), "and has ports");
	close(fd);
	close(block.fd);
	ok(settled(block_free, &block), "it ends with the close that closes");
}

/* Each takes a number that one of the library's own descriptors has. */
struct taking {
	int number, result;
	posix_spawn_file_actions_t actions;
};

static void *duplicate(void *argument)
{
	struct taking *taking = argument;

	pthread_cancel(pthread_self());
	taking->result = fcntl(STDERR_FILENO, F_DUPFD, taking->number);
	return NULL;
}

static void *add_dup2(void *argument)
{
	struct taking *taking = argument;

	pthread_cancel(pthread_self());
	taking->result =
		posix_spawn_file_actions_adddup2(&taking->actions, STDERR_FILENO, taking->number);
	return NULL;
}

static void *add_open(void *argument)
{
	struct taking *taking = argument;

	pthread_cancel(pthread_self());
	taking->result = posix_spawn_file_actions_addopen(&taking->actions, taking->number,
							  "/dev/null", O_RDONLY, 0);
	return NULL;
}

static int no_point(void *(*work)(void *), struct taking *taking, const char *what)
{
	int before = open_descriptors(), good;

	taking->number = mode == BARE ? 900 : anchor_number();
	taking->result = -1;
	good = ok(result_of(work, taking) == NULL, "%s is no cancellation point", what);
	close(work == duplicate ? taking->result : -1);
	ok(open_descriptors() == before, "%s: no descriptor is left behind", what);
	return good;
}

static void no_points(void)
{
	struct block block = mode_block(TCP, COUNT);
	struct taking taking;
	int number;

	posix_spawn_file_actions_init(&taking.actions);
	no_point(duplicate, &taking, "fcntl(F_DUPFD)");
	number = taking.number;
	ok(taking.result == number, "fcntl(F_DUPFD): the first number that is free");
	diag("%d for %d", taking.result, number);
	no_point(add_dup2, &taking, "posix_spawn_file_actions_adddup2");
	no_point(add_open, &taking, "posix_spawn_file_actions_addopen");
	posix_spawn_file_actions_destroy(&taking.actions);
	ok(mode == BARE || block_taken(&block), "the reservation is there");
	close(block.fd);
	ok(mode != PRELOADED || settled(block_free, &block), "and ends");
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	enters_close();
	no_points();
	return modes_end(argv);
}
