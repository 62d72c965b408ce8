/* SPDX-License-Identifier: MIT */
/*
 * Who looks for a free port from the bottom, and asks the system about each one,
 * takes longer with every port that is in use, and runs out of descriptors.
 *
 * The library goes on from where the last search ended, and by the pool alone. The
 * system calls of one bind to port 0 are counted: from a block of many thousand
 * ports, unused or with nine in ten in use, it takes as many as from a block of
 * twenty. It does with a low limit of open files, too, and any number of times.
 */
#include "network.h"
#include "step.h"
#include <sys/resource.h>

enum { SMALL = 20, LARGE = 20000, LOW_LIMIT = 40, MANY = 6000 };

static struct block block;

static void draw(void *context)
{
	int *port = context, fd = drawn(&block, "127.0.0.1", 0, 0);

	*port = fd < 0 ? -errno : port_of(fd);
}

/* A process that has drawn before; its next one is counted. */
static void draw_before(void *context)
{
	draw(context);
}

/* System calls of one draw; -1: it got no port of the block. */
static long calls_of_a_draw(void)
{
	int *port = shared_memory(sizeof *port);
	pid_t pid = step_start(draw_before, draw, port);
	long calls = step_count_calls(pid);
	int good = in_block(&block, *port);

	step_kill(pid);
	if (!good)
		diag("drawing: %s", *port < 0 ? strerrorname_np(-*port) : "outside the block");
	munmap(port, sizeof *port);
	return good ? calls : -1;
}

/*
 * Nine in ten ports are in use, by processes that never have more descriptors than
 * they may; where `scattered` all were, and each tenth was closed again.
 */
struct users {
	struct peer peers[64];
	int count;
};

static void users_start(struct users *users, int per_process, int scattered)
{
	int left = scattered ? block.count : block.count / 10 * 9;

	for (users->count = 0; left > 0 && users->count < 64; left -= per_process) {
		int share = left < per_process ? left : per_process, *fds;
		struct peer *peer = &users->peers[users->count++];

		*peer = peer_start();
		if (peer->pid)
			continue;
		fds = calloc((size_t)share, sizeof *fds);
		for (int i = 0; i < share; i++) {
			fds[i] = drawn(&block, "127.0.0.1", 0, 0);
			if (fds[i] < 0)
				_exit(1);
		}
		for (int i = 0; i < share && scattered; i += 10)
			close(fds[i]);
		tell(peer, 1);
		hear(peer);
		_exit(0);
	}
	for (int i = 0; i < users->count; i++)
		hear(&users->peers[i]);
}

static void users_end(struct users *users)
{
	for (int i = 0; i < users->count; i++) {
		tell(&users->peers[i], 1);
		peer_end(&users->peers[i]);
	}
}

enum { UNUSED, FILLED, SCATTERED, STATES };

static const char *const states[] = {"unused", "nine in ten in use",
				     "all were used, nine in ten are"};

static void count_in(int type, int count, int per_process, long calls[STATES])
{
	struct users users;

	for (int state = 0; state < STATES; state++) {
		block = reserve(type, count);
		users.count = 0;
		if (state != UNUSED)
			users_start(&users, per_process, state == SCATTERED);
		calls[state] = calls_of_a_draw();
		users_end(&users);
		close(block.fd);
	}
}

static void same_number_of_calls(int type, int large, int per_process)
{
	long few[STATES], many[STATES];

	count_in(type, SMALL, per_process, few);
	count_in(type, large, per_process, many);
	for (int state = 0; state < STATES; state++) {
		ok(few[state] > 0 && many[state] > 0 && many[state] <= few[state],
		   "%s, %s: a draw from %d ports is no more calls than from %d", type_name(type),
		   states[state], large, SMALL);
		diag("%ld and %ld", few[state], many[state]);
	}
}

/* A program of the reservation that may have few descriptors. */
static void low_limit(int type, int count, rlim_t hard)
{
	struct peer peer = peer_start();
	struct rlimit limit = {LOW_LIMIT, hard};
	int good = 0;

	if (!peer.pid) {
		setrlimit(RLIMIT_NOFILE, &limit);
		block = try_reserve(type, 0, count);
		tell(&peer, block.fd < 0 ? (uint64_t)errno : 0);
		for (int i = 0; i < MANY && block.fd >= 0; i++) {
			int fd = drawn(&block, "127.0.0.1", 0, 0);

			good += fd >= 0 && in_block(&block, port_of(fd));
			close(fd);
		}
		tell(&peer, (uint64_t)good);
		_exit(0);
	}
	ok(hear(&peer) == 0, "%s: %d ports are reserved with %d descriptors", type_name(type),
	   count, LOW_LIMIT);
	good = (int)hear(&peer);
	ok(good == MANY, "%s: and drawn %d times", type_name(type), MANY);
	peer_end(&peer);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	int large;

	(void)argc;
	/* the network is the test's own, so that any port will do */
	setenv("PORTRES_RANGE", "1024-65535", 1);
	private_pool(argv);
	if (!step_allowed() || quiet_network() || getrlimit(RLIMIT_NOFILE, &limit)) {
		skip("system calls of a draw", "no tracing or no network of our own here");
		return done_testing();
	}
	/* what keeps the guards needs a descriptor for each */
	large = limit.rlim_max < LARGE + 100 ? (int)limit.rlim_max - 100 : LARGE;
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int type = TCP; type <= UDP; type++) {
		same_number_of_calls(type, large, (int)limit.rlim_cur - 50);
		low_limit(type, large, limit.rlim_max);
	}
	return done_testing();
}
