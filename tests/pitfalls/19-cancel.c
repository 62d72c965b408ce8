/* SPDX-License-Identifier: MIT */
/*
 * close, connect, sendto and fcntl(F_SETLKW) are cancellation points: the thread may end
 * inside of libc, and whatever a hook holds over the real call is held for ever. Ours
 * hold nothing. And the other way round: bind, listen, dup and ioctl are no cancellation
 * points, so that what the library does in them (it opens and closes descriptors) must
 * not end the thread: the port, or a descriptor, would be lost.
 */
#include "modes.h"
#include <pthread.h>
#include <stdatomic.h>

enum { COUNT = 8 };

static struct block block;
static _Atomic int came_through, used_port, ended;
static int own[4] = {-1, -1, -1, -1}; /* what the thread opens */

/* A pending cancellation changes nothing until the thread comes to a point that is one. */
static void *through_all(void *unused)
{
	int fd = own[0] = member(&block), other, last, step = 1;

	(void)unused;
	pthread_cancel(pthread_self());
	/* the port was used before: it takes a claim */
	socket_bind(fd, "127.0.0.1", atomic_load(&used_port), 0);
	atomic_store(&came_through, step++);
	other = own[1] = member(&block);
	socket_bind(other, "127.0.0.1", 0, 0);
	atomic_store(&came_through, step++);
	option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, 0);
	listen(fd, 1);
	atomic_store(&came_through, step++);
	last = own[2] = dup(fd);
	dup2(other, last);
	dup3(fd, last, O_CLOEXEC);
	atomic_store(&came_through, step++);
	own[3] = fcntl(fd, F_DUPFD, 100);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	atomic_store(&came_through, step++);
	close_range((unsigned)fd, (unsigned)fd, 0);
	atomic_store(&came_through, step++);
	if (mode == PRELOADED) {
		instance result;

		acquire(last, 0, 40, &result);
		atomic_store(&came_through, step++);
		release(last, result.Token);
		atomic_store(&came_through, step++);
		acquire(last, 0, 40, &result);
		dup2(other, last);
		atomic_store(&came_through, step++);
		atomic_store(&ended, ntohs(result.StartPort));
	}
	pthread_testcancel();
	atomic_store(&came_through, -1);
	return NULL;
}

static void *joined(pthread_t thread)
{
	void *result;

	if (pthread_join(thread, &result))
		bail_out("pthread_join");
	return result;
}

static void no_points(void)
{
	int expected = mode == PRELOADED ? 9 : 6, before, fd;
	pthread_t thread;
	void *end;

	block = mode_block(TCP, COUNT);
	fd = member_bound(&block);
	atomic_store(&used_port, port_of(fd));
	atomic_store(&came_through, 0);
	close(fd);
	before = open_descriptors();
	if (pthread_create(&thread, NULL, through_all, NULL))
		bail_out("pthread_create");
	end = joined(thread);
	ok(end == PTHREAD_CANCELED && atomic_load(&came_through) == expected,
	   "what is no cancellation point is none: %d of %d steps", atomic_load(&came_through),
	   expected);
	for (int i = 0; i < 4; i++)
		close(own[i]);
	ok(open_descriptors() == before, "no descriptor of the library's is left behind");
	if (mode == BARE)
		return;
	ok(ports_to_draw(&block) == block.count, "all ports are there");
	close(block.fd);
	ok(mode != PRELOADED || settled(block_free, &block), "and the reservation ends");
	block = (struct block){.type = TCP, .start = atomic_load(&ended), .count = 40};
	ok(mode != PRELOADED || (block.start && settled(block_free, &block)),
	   "so has the one that the thread replaced the socket of");
}

/* Where a thread waits in a hooked call until it is cancelled. */
struct waiting {
	int fd, port;
	const char *file;
	_Atomic pid_t thread;
};

static void *wait_in_connect(void *argument)
{
	struct waiting *waiting = argument;

	atomic_store(&waiting->thread, gettid());
	/* nobody accepts, and the queue is full */
	socket_connect(waiting->fd, "127.0.0.1", waiting->port, 0);
	return NULL;
}

static void *wait_in_sendto(void *argument)
{
	static char data[1 << 16];
	struct waiting *waiting = argument;

	atomic_store(&waiting->thread, gettid());
	while (sendto(waiting->fd, data, sizeof data, MSG_NOSIGNAL, NULL, 0) > 0)
		;
	return NULL;
}

static void *wait_in_lock(void *argument)
{
	struct waiting *waiting = argument;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	atomic_store(&waiting->thread, gettid());
	fcntl(waiting->fd, F_SETLKW, &lock);
	return NULL;
}

static void *wait_in_close(void *argument)
{
	struct waiting *waiting = argument;
	struct linger linger = {1, 60};

	setsockopt(waiting->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	atomic_store(&waiting->thread, gettid());
	close(waiting->fd);
	return NULL;
}

/* Until the kernel says that the thread sleeps. */
static void asleep(struct waiting *waiting)
{
	if (!comes_true(task_state(atomic_load(&waiting->thread)) == 'S'))
		bail_out("a thread does not come to wait");
}

static void cancelled(const char *name, void *(*wait_in)(void *), struct waiting *waiting)
{
	pthread_t thread;

	atomic_store(&waiting->thread, 0);
	if (pthread_create(&thread, NULL, wait_in, waiting))
		bail_out("pthread_create");
	asleep(waiting);
	pthread_cancel(thread);
	ok(joined(thread) == PTHREAD_CANCELED, "a thread is cancelled in %s", name);
}

/* Fills the queue of a listener that nobody serves. */
static void fill_queue(int port, int fds[16])
{
	for (int count = 0; count < 16; count++) {
		fds[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (socket_connect(fds[count], "127.0.0.1", port, RAW) && errno != EINPROGRESS)
			bail_out("connect");
	}
}

static void points(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct waiting waiting = {.fd = -1};
	int listener, full, server, fds[16], before, file;
	char path[] = "/tmp/portres-test.lock.XXXXXX";

	block = mode_block(TCP, COUNT);
	before = open_descriptors();
	listener = listening("127.0.0.1", 0, RAW);
	full = bound(TCP, "127.0.0.1", 0, RAW);
	listen(full, 0);
	fill_queue(port_of(full), fds);
	waiting.port = port_of(full);
	waiting.fd = member(&block);
	cancelled("connect", wait_in_connect, &waiting);
	close(waiting.fd);

	waiting.fd = member(&block);
	if (socket_connect(waiting.fd, "127.0.0.1", port_of(listener), 0))
		bail_out("connect");
	server = accept(listener, NULL, NULL);
	cancelled("sendto", wait_in_sendto, &waiting);
	cancelled("close", wait_in_close, &waiting);
	ok(!truly_open(waiting.fd), "the socket is closed all the same");
	socket_reset_at_close(server, 0);
	close(server);

	file = mkstemp(path);
	unlink(path);
	/* a lock of the open file is in the way of one of the process */
	if (fcntl(file, F_OFD_SETLK, &lock))
		bail_out("a lock");
	waiting.fd = file;
	cancelled("fcntl(F_SETLKW)", wait_in_lock, &waiting);
	close(file);
	for (int i = 0; i < 16; i++)
		close(fds[i]);
	close(full);
	close(listener);
	ok(open_descriptors() == before, "no descriptor is left behind");
	if (mode == BARE)
		return;
	ok(ports_to_draw(&block) == block.count, "all ports are there");
	close(block.fd);
	ok(mode != PRELOADED || settled(block_free, &block), "and the reservation ends");
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	no_points();
	points();
	return modes_end(argv);
}
