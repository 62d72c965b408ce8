/* SPDX-License-Identifier: MIT */
/*
 * Two processes of a reservation bind the same port of their block at the same
 * moment and listen: exactly one of them serves it. With SO_REUSEADDR both binds
 * may pass, as on Linux, and then exactly one listen does.
 */
#include "process.h"
#include <stdatomic.h>
#include <sys/mman.h>

enum { ROUNDS = 5000, PORTS = 8 };

struct table {
	_Atomic unsigned arrived;
	_Atomic int serves[2];
	_Atomic int odd; /* an errno that nobody expects */
};

struct contest {
	const char *what;
	int type, flags;
	int pause; /* the longest one between bind and listen, in steps */
};

/* Both come here; neither goes on before the other. */
static void meet(struct table *table, unsigned *meetings)
{
	atomic_fetch_add(&table->arrived, 1);
	*meetings += 2;
	for (long spins = 0; atomic_load(&table->arrived) < *meetings; spins++) {
		if (spins > 100000000L)
			bail_out("the other process does not come");
		sched_yield();
	}
}

static void busy(int steps)
{
	for (volatile int i = 0; i < steps; i++)
		;
}

/* Returns a socket in any case; says whether it serves the port. */
static int attempt(const struct contest *contest, const struct block *block, int round, int who,
		   struct table *table, unsigned *meetings)
{
	int fd = tied(block, "0.0.0.0", contest->flags);
	int port = block->start + round % PORTS, good;

	meet(table, meetings);
	good = !socket_bind(fd, "0.0.0.0", port, 0);
	if (good && contest->pause)
		busy((round * 37 + who * 1009) % contest->pause);
	if (good && contest->type == TCP)
		good = !listen(fd, 4);
	if (!good && errno != EADDRINUSE)
		atomic_store(&table->odd, errno);
	atomic_store(&table->serves[who], good);
	meet(table, meetings);
	return fd;
}

static void play(const struct contest *contest)
{
	struct table *table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct block block = reserve(contest->type, PORTS);
	struct peer other;
	unsigned meetings = 0;
	int both = 0, none = 0, won[2] = {0, 0};

	if (table == MAP_FAILED)
		bail_out("mmap");
	other = peer_start();
	for (int round = 0; round < ROUNDS; round++) {
		int fd = attempt(contest, &block, round, !other.pid, table, &meetings);
		int first = atomic_load(&table->serves[0]), second = atomic_load(&table->serves[1]);

		both += first && second;
		none += !first && !second;
		won[0] += first;
		won[1] += second;
		meet(table, &meetings);
		close(fd);
	}
	if (!other.pid)
		_exit(0);
	peer_end(&other);
	ok(both == 0, "%s: never both, in %d rounds", contest->what, ROUNDS);
	ok(none == 0, "%s: always one of them", contest->what);
	ok(atomic_load(&table->odd) == 0, "%s: the other one gets EADDRINUSE", contest->what);
	diag("both %d, none %d, won %d and %d, odd errno %d", both, none, won[0], won[1],
	     atomic_load(&table->odd));
	close(block.fd);
	munmap(table, sizeof *table);
}

int main(int argc, char **argv)
{
	static const struct contest contests[] = {
		{"both with SO_REUSEADDR", TCP, REUSEADDR, 0},
		{"both with SO_REUSEADDR, a pause before listen", TCP, REUSEADDR, 100000},
		{"without options", TCP, 0, 0},
		{"without options, a pause before listen", TCP, 0, 100000},
		{"UDP without options", UDP, 0, 0},
	};

	(void)argc;
	private_pool(argv);
	for (size_t i = 0; i < sizeof contests / sizeof *contests; i++)
		play(&contests[i]);
	return done_testing();
}
