/* SPDX-License-Identifier: MIT */
/*
 * 32 processes draw from one block of 1,000 ports until it is exhausted: each port
 * goes to exactly one of them, and the next bind of each is EADDRINUSE. Then all
 * of it once more, from ports that were used before.
 */
#include "process.h"
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { PROCESSES = 32, COUNT = 1000 };

struct table {
	_Atomic int owners[COUNT];
	_Atomic int outside, odd, drawn;
};

/* Draws until there is no more; keeps every socket. */
static void draw_all(const struct block *block, const char *text, struct table *table)
{
	for (int i = 0; i <= COUNT; i++) {
		int fd = drawn(block, text, 0, 0), port;

		if (fd < 0) {
			if (errno != EADDRINUSE)
				atomic_store(&table->odd, errno);
			return;
		}
		port = port_of(fd);
		atomic_fetch_add(&table->drawn, 1);
		if (in_block(block, port))
			atomic_fetch_add(&table->owners[port - block->start], 1);
		else
			atomic_fetch_add(&table->outside, 1);
	}
	atomic_store(&table->odd, -1);
}

static void round_of(const struct block *block, const char *text, const char *what)
{
	struct table *table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct peer children[PROCESSES];
	int missing = 0, twice = 0, odd;

	if (table == MAP_FAILED)
		bail_out("mmap");
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = peer_start();
		if (children[i].pid)
			continue;
		hear(&children[i]);
		draw_all(block, text, table);
		tell(&children[i], 1);
		/* a socket that closes early would be handed out again */
		hear(&children[i]);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		tell(&children[i], 1);
	for (int i = 0; i < PROCESSES; i++)
		hear(&children[i]);
	for (int i = 0; i < COUNT; i++) {
		missing += atomic_load(&table->owners[i]) == 0;
		twice += atomic_load(&table->owners[i]) > 1;
	}
	odd = atomic_load(&table->odd);
	ok(twice == 0, "%s %s, %s: no port goes to two processes", type_name(block->type), text,
	   what);
	ok(missing == 0, "%s %s, %s: no port is left over", type_name(block->type), text, what);
	ok(atomic_load(&table->outside) == 0, "%s %s, %s: none from outside",
	   type_name(block->type), text, what);
	ok(atomic_load(&table->drawn) == COUNT && odd == 0,
	   "%s %s, %s: bind number %d is EADDRINUSE, for each process", type_name(block->type),
	   text, what, COUNT + 1);
	diag("drawn %d, missing %d, twice %d, odd %d", atomic_load(&table->drawn), missing, twice,
	     odd);
	for (int i = 0; i < PROCESSES; i++)
		tell(&children[i], 1);
	for (int i = 0; i < PROCESSES; i++)
		peer_end(&children[i]);
	munmap(table, sizeof *table);
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	(void)argc;
	/* one process alone may get nearly all of them */
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max < 2 * COUNT) {
		skip("drawing 1,000 ports", "the hard limit of open files is too low");
		return done_testing();
	}
	limit.rlim_cur = 2 * COUNT;
	setrlimit(RLIMIT_NOFILE, &limit);
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		struct block block = reserve(type, COUNT);

		round_of(&block, "0.0.0.0", "unused ports");
		round_of(&block, "127.0.0.1", "used ports");
		round_of(&block, everywhere(), "used ports, again");
		ok(taken_ports(type, block.start, COUNT) == COUNT,
		   "%s: afterwards strangers still get none", type_name(type));
		close(block.fd);
	}
	return done_testing();
}
