/* SPDX-License-Identifier: MIT */
/*
 * A thread may have a table of descriptors of its own (unshare with CLONE_FILES): its
 * numbers are other files than the process's, in one memory with it. A library that keeps
 * one set of notes for the process believes what such a thread closes or puts on a
 * number. Ours asks whose table it is: the notes are about the first thread's, what
 * another one closes is a copy, and the reservation lives until the last copy of its
 * socket is gone from all tables.
 */
#include "modes.h"
#include <pthread.h>
#include <semaphore.h>

enum { COUNT = 3 };

/* A thread that does one thing after the other, as told. */
struct worker {
	pthread_t thread;
	pid_t id;
	sem_t go, done;
	int (*act)(struct worker *);
	int result;
	struct block block;
	int tied, bound; /* descriptors of the process */
	int port;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	worker->id = gettid();
	for (;;) {
		while (sem_wait(&worker->go))
			;
		if (!worker->act)
			return NULL;
		worker->result = worker->act(worker);
		sem_post(&worker->done);
	}
}

static int let(struct worker *worker, int (*act)(struct worker *))
{
	worker->act = act;
	sem_post(&worker->go);
	if (!act)
		return 0;
	while (sem_wait(&worker->done))
		;
	return worker->result;
}

static int own_table(struct worker *worker)
{
	(void)worker;
	return !unshare(CLONE_FILES);
}

static void worker_start(struct worker *worker, int unshared)
{
	memset(worker, 0, sizeof *worker);
	worker->block = mode_block(TCP, COUNT);
	worker->tied = member(&worker->block);
	worker->bound = member_bound(&worker->block);
	worker->port = port_of(worker->bound);
	sem_init(&worker->go, 0, 0);
	sem_init(&worker->done, 0, 0);
	if (pthread_create(&worker->thread, NULL, work, worker))
		bail_out("pthread_create");
	if (unshared && !let(worker, own_table))
		bail_out("unshare");
}

static void worker_end(struct worker *worker)
{
	let(worker, NULL);
	pthread_join(worker->thread, NULL);
	thread_gone(worker->id);
}

/* The process's own: sockets, ports, reservation. */
static int as_before(struct worker *worker)
{
	int fd, good = port_of(worker->bound) == worker->port;

	good &= mode == BARE || block_taken(&worker->block);
	/* the port of the bound one is not given, also when all others are drawn */
	good &= mode == BARE || ports_to_draw(&worker->block) == worker->block.count - 1;
	fd = member(&worker->block);
	good &= socket_bind(fd, "127.0.0.1", worker->port, 0) == -1 && errno == EADDRINUSE;
	close(fd);
	good &= !socket_bind(worker->tied, "127.0.0.1", 0, 0) &&
		belongs(&worker->block, port_of(worker->tied));
	close(worker->tied);
	close(worker->bound);
	fd = member(&worker->block);
	good &= mode == BARE || !socket_bind(fd, "127.0.0.1", worker->port, 0);
	close(fd);
	return good;
}

static int spoil(struct worker *worker)
{
	int null = open("/dev/null", O_RDWR), top = anchor_number();

	dup2(null, worker->tied);
	dup2(null, worker->bound);
	close(worker->tied);
	if (top > 0)
		dup2(null, top);
	close_range(3, 50, CLOSE_RANGE_CLOEXEC);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	close_range(3, ~0U, 0);
	closefrom(3);
	return 1;
}

static int close_acquirer(struct worker *worker)
{
	return !close(worker->block.fd);
}

static int move_acquirer(struct worker *worker)
{
	int copy = dup(worker->block.fd);

	close(worker->block.fd);
	/* back on its number, by another way */
	return copy >= 0 && dup2(copy, worker->block.fd) == worker->block.fd && !close(copy);
}

/* What the process has on these numbers is not what the thread puts there. */
static int reuse_numbers(struct worker *worker)
{
	int fd, good;

	close(worker->tied);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	good = fd == worker->tied && !socket_bind(fd, "127.0.0.1", 0, 0);
	good &= mode == RESERVED ? in_block(&worker->block, port_of(fd))
				 : !in_block(&worker->block, port_of(fd));
	close(fd);
	close(worker->bound);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	good &= !close(fd);
	return good;
}

static int bind_tied(struct worker *worker)
{
	int fd = dup(worker->tied);

	close(fd);
	return !socket_bind(worker->tied, "127.0.0.1", 0, 0) && !listen(worker->tied, 1) &&
	       belongs(&worker->block, port_of(worker->tied));
}

static int refuses(struct worker *worker)
{
	int fd = socket_open(TCP, "0.0.0.0", 0);
	instance result;

	return acquire(fd, 0, 2, &result) == -1 && errno == EOPNOTSUPP &&
	       associate(fd, worker->block.token) == -1 && errno == EOPNOTSUPP && !close(fd) &&
	       !close(worker->tied) && !close(worker->bound);
}

static void nothing_changes(int (*act)(struct worker *), const char *name)
{
	struct worker worker;
	int before;

	worker_start(&worker, 1);
	before = open_descriptors();
	ok(let(&worker, act), "%s", name);
	ok(open_descriptors() == before, "%s: descriptors", name);
	ok(as_before(&worker), "%s: sockets, ports and reservation", name);
	close(worker.block.fd);
	if (mode == PRELOADED && act == spoil)
		ok(settled(block_free, &worker.block), "it ends though the thread lives");
	worker_end(&worker);
	ok(mode != PRELOADED || settled(block_free, &worker.block), "%s: and the end", name);
}

enum ending { BY_CLOSE, BY_MOVE_AND_CLOSE, BY_END, ENDINGS };

static const char *const ending_names[] = {"the thread closes its copy", "a copy of its copy",
					   "the thread ends"};

/* The process closes the acquiring socket first, and the thread has it still. */
static int thread_is_last(void *argument)
{
	enum ending ending = *(enum ending *)argument;
	struct worker worker;
	int good = 1;

	worker_start(&worker, 1);
	close(worker.tied);
	close(worker.bound);
	if (ending == BY_MOVE_AND_CLOSE)
		good &= let(&worker, move_acquirer);
	close(worker.block.fd);
	/* a port is bound in the thread's table: it counts as taken, then and now */
	good &= block_taken(&worker.block);
	if (ending != BY_END)
		good &= let(&worker, close_acquirer);
	/* at the latest now: that the process has forgotten it the thread cannot know */
	worker_end(&worker);
	return good && block_free(&worker.block);
}

/* The first thread leaves; its new table is the one that counts. */
static void first_thread_unshares(void)
{
	struct worker worker;
	int fd;

	worker_start(&worker, 0);
	if (unshare(CLONE_FILES))
		bail_out("unshare");
	ok(let(&worker, spoil) && as_before(&worker),
	   "the first thread unshares, others spoil theirs");
	fd = member_bound(&worker.block);
	ok(fd >= 0 && belongs(&worker.block, port_of(fd)), "it can tie and bind");
	close(fd);
	worker_end(&worker);
	close(worker.block.fd);
	ok(mode != PRELOADED || settled(block_free, &worker.block), "and end it");
}

static int others_go_on(struct worker *worker)
{
	int good = as_before(worker);

	close(worker->block.fd);
	return good && (mode != PRELOADED || settled(block_free, &worker->block));
}

static void *ends_the_process(void *argument)
{
	struct worker *worker = argument;
	int first_ended = comes_true(task_state(getpid()) == 'Z');

	_exit(first_ended && others_go_on(worker) ? 0 : 1);
}

/* Programs may end their first thread and go on. */
static int first_thread_ends(void *unused)
{
	static struct worker worker, other;
	pthread_t thread;

	(void)unused;
	worker_start(&worker, 1);
	let(&worker, spoil);
	close(worker.tied);
	close(worker.bound);
	worker_start(&other, 0);
	if (pthread_create(&thread, NULL, ends_the_process, &other))
		return 0;
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	nothing_changes(spoil, "a thread closes and replaces everything in its own table");
	nothing_changes(reuse_numbers, "a thread puts others on the process's numbers");
	if (mode == PRELOADED) {
		struct worker worker;

		nothing_changes(refuses, "ACQUIRE and ASSOCIATE in it: EOPNOTSUPP");
		worker_start(&worker, 1);
		ok(let(&worker, bind_tied) && in_block(&worker.block, port_of(worker.tied)),
		   "it can bind what was tied before");
		worker_end(&worker);
		close(worker.tied);
		close(worker.bound);
		close(worker.block.fd);
		for (enum ending ending = BY_CLOSE; ending < ENDINGS; ending++)
			ok(settled(thread_is_last, &ending), "it lives until %s",
			   ending_names[ending]);
	}
	first_thread_unshares();
	ok(in_child(first_thread_ends, NULL), "the first thread has ended, and others go on");
	return modes_end(argv);
}
