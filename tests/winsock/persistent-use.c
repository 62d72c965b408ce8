/* SPDX-License-Identifier: MIT */
/*
 * Persistent blocks in many processes, with a holder and without, and what strangers get.
 * The other processes are images of their own that have inherited nothing.
 */
#include "persistent.h"

enum { COUNT = 4 };

/*
 * Another process: looks the token up and draws a port (or binds that one), tells which,
 * and has it until it is told to end.
 */
__attribute__((noreturn)) static void other_main(char **argv)
{
	const struct functions *of = &functions[atoi(argv[2])];
	struct peer parent = {.in = atoi(argv[5]), .out = atoi(argv[6])};
	struct block block = {.fd = -1, .type = of->type, .start = atoi(argv[3]), .count = COUNT};
	int fd;

	if (of->lookup(htons((uint16_t)block.start), COUNT, &block.token))
		_exit(3);
	fd = drawn(&block, "127.0.0.1", atoi(argv[4]), 0);
	tell(&parent, fd < 0 ? (uint64_t)errno << 32 : (uint64_t)port_of(fd));
	hear(&parent);
	_exit(0);
}

static struct peer other_start(const struct functions *of, const struct block *block, int port)
{
	struct peer child = peer_start();
	char words[5][16];

	if (!child.pid) {
		snprintf(words[0], sizeof words[0], "%d", of == functions ? 0 : 1);
		snprintf(words[1], sizeof words[1], "%d", block->start);
		snprintf(words[2], sizeof words[2], "%d", port);
		snprintf(words[3], sizeof words[3], "%d", child.in);
		snprintf(words[4], sizeof words[4], "%d", child.out);
		exec_self((const char *[]){"other", words[0], words[1], words[2], words[3],
					   words[4], NULL});
	}
	return child;
}

/* One after the other draws a port of the block, all of them different, until it is full. */
static void others_share(const struct functions *of, const struct block *block, const char *when)
{
	struct peer others[COUNT + 1];
	unsigned int seen = 0;
	uint64_t answer = 0;

	for (int i = 0; i < COUNT; i++) {
		others[i] = other_start(of, block, 0);
		answer = hear(&others[i]);
		if (in_block(block, (int)answer))
			seen |= 1U << ((int)answer - block->start);
	}
	ok(seen == (1U << COUNT) - 1, "%s, %s: %d processes draw %d ports", type_name(of->type),
	   when, COUNT, COUNT);
	others[COUNT] = other_start(of, block, 0);
	answer = hear(&others[COUNT]);
	ok(answer >> 32 == EADDRINUSE, "one more: EADDRINUSE");
	peer_kill(&others[COUNT]);
	ok(taken_ports(of->type, block->start, COUNT) == COUNT, "strangers get none of them");
	peer_kill(&others[1]);
	others[1] = other_start(of, block, 0);
	answer = hear(&others[1]);
	ok(in_block(block, (int)answer), "the port of one that was killed is drawn again");
	for (int i = 0; i < COUNT; i++)
		peer_kill(&others[i]);
}

static int all_free(void *block)
{
	const struct block *of = block;

	return taken_ports(of->type, of->start, of->count) == 0;
}

/* answers: persistent-without-holder persistent-associate-anywhere persistent-survives-holder */
static void processes(const struct functions *of)
{
	struct block block = persistent(of, COUNT);
	struct peer holder, other;
	uint64_t port;

	ok(taken_ports(of->type, block.start, COUNT) == 0, "%s: nobody holds it: free for all",
	   type_name(of->type));
	others_share(of, &block, "without a holder");
	ok(comes_true(all_free(&block)), "all have gone: free for all");

	other = other_start(of, &block, block.start + 2);
	port = hear(&other);
	ok((int)port == block.start + 2, "a port by its number");
	ok(taken_ports(of->type, block.start, COUNT) == COUNT,
	   "who binds first keeps strangers out of the rest, too");
	peer_kill(&other);

	holder = holder_start();
	holder_ready(&holder);
	ok(taken_ports(of->type, block.start, COUNT) == COUNT, "held: strangers get nothing");
	others_share(of, &block, "with a holder");
	other = other_start(of, &block, 0);
	port = hear(&other);
	peer_kill(&holder);
	ok(stranger(of->type, "127.0.0.1", (int)port, 0) == EADDRINUSE,
	   "the holder is killed: a socket keeps its port");
	ok(comes_true(taken_ports(of->type, block.start, COUNT) == 1), "the others are free");
	holder = other_start(of, &block, 0);
	ok(in_block(&block, (int)hear(&holder)), "another process still draws");
	ok(taken_ports(of->type, block.start, COUNT) == COUNT, "and keeps strangers out again");
	peer_kill(&holder);
	peer_kill(&other);
	forget(of, &block);
}

/* answers: persistent-holder-late */
static void holder_comes_late(const struct functions *of)
{
	struct block block = persistent(of, COUNT);
	struct peer other = other_start(of, &block, 0), holder;

	hear(&other);
	holder = holder_start();
	holder_ready(&holder);
	peer_kill(&other);
	ok(comes_true(taken_ports(of->type, block.start, COUNT) == COUNT),
	   "%s: what a program had when the holder came is held when it goes", type_name(of->type));
	forget(of, &block);
	ok(taken_ports(of->type, block.start, COUNT) == 0, "deleted: free at once");
	block = persistent(of, COUNT);
	ok(taken_ports(of->type, block.start, COUNT) == COUNT, "created: held at once");
	peer_kill(&holder);
	forget(of, &block);
}

/* answers: persistent-reboot persistent-token-changes */
static void reboot(const struct functions *of)
{
	struct block block = persistent(of, COUNT);
	ULONG64 before = block.token;
	struct peer other;

	pool_new(geteuid());
	if (of->lookup(htons((uint16_t)block.start), COUNT, &block.token))
		bail_out("Lookup");
	ok(block.token != before, "%s: a fresh pool folder: the token is another",
	   type_name(of->type));
	other = other_start(of, &block, 0);
	ok(in_block(&block, (int)hear(&other)), "and works");
	peer_kill(&other);
	forget(of, &block);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		other_main(argv);
	linked(argv);
	if (quiet_network())
		diag("in the machine's own network, beside others");
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		processes(&functions[i]);
		holder_comes_late(&functions[i]);
	}
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		reboot(&functions[i]);
	return done_testing();
}
