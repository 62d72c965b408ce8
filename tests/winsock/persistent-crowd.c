/* SPDX-License-Identifier: MIT */
/*
 * Many processes come to a persistent block at the same moment, as the services of a
 * machine that starts: nobody holds it, and each finds guards missing.
 */
#include "persistent.h"

enum { CROWD = 12, ROUNDS = 15, EACH = -1 };

/* Each round: hears which port to bind (0: any) and the flags, tells what it got, and lets
 * go when it hears again. */
__attribute__((noreturn)) static void member_main(char **argv)
{
	const struct functions *of = &functions[atoi(argv[2])];
	struct peer parent = {.in = atoi(argv[5]), .out = atoi(argv[6])};
	struct block block = {.fd = -1, .type = of->type, .start = atoi(argv[3])};
	uint64_t word;
	int fd, flags;

	block.count = atoi(argv[4]);
	if (of->lookup(htons((uint16_t)block.start), (USHORT)block.count, &block.token))
		_exit(3);
	fd = tied(&block, "127.0.0.1", 0);
	tell(&parent, 0);
	word = hear(&parent);
	flags = (int)(word >> 32);
	if (flags & REUSEPORT)
		option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, 0);
	word = (uint32_t)word;
	if (socket_bind(fd, "127.0.0.1", (int)word, 0))
		tell(&parent, (uint64_t)errno << 32);
	else
		tell(&parent, (uint64_t)port_of(fd));
	hear(&parent);
	_exit(0);
}

/* How many of the crowd get what they want, of a port each or of one for all. */
static int round_of(const struct functions *of, const struct block *block, int port, int flags,
		    uint64_t answers[CROWD])
{
	struct peer members[CROWD];
	char words[5][16];
	int good = 0;

	for (int i = 0; i < CROWD; i++) {
		members[i] = peer_start();
		if (members[i].pid)
			continue;
		snprintf(words[0], sizeof words[0], "%d", of == functions ? 0 : 1);
		snprintf(words[1], sizeof words[1], "%d", block->start);
		snprintf(words[2], sizeof words[2], "%d", block->count);
		snprintf(words[3], sizeof words[3], "%d", members[i].in);
		snprintf(words[4], sizeof words[4], "%d", members[i].out);
		exec_self((const char *[]){"member", words[0], words[1], words[2], words[3],
					   words[4], NULL});
	}
	for (int i = 0; i < CROWD; i++)
		hear(&members[i]);
	/* EACH: a number of its own. */
	for (int i = 0; i < CROWD; i++)
		tell(&members[i],
		     (uint64_t)flags << 32 | (uint64_t)(port == EACH ? block->start + i : port));
	for (int i = 0; i < CROWD; i++) {
		answers[i] = hear(&members[i]);
		good += in_block(block, (int)answers[i]) && !(answers[i] >> 32);
	}
	for (int i = 0; i < CROWD; i++)
		peer_kill(&members[i]);
	return good;
}

static int distinct(const uint64_t answers[CROWD])
{
	int count = 0;

	for (int i = 0; i < CROWD; i++) {
		int seen = 0;

		for (int j = 0; j < i; j++)
			seen |= answers[j] == answers[i];
		count += !seen;
	}
	return count;
}

static void diagnose(const uint64_t answers[CROWD])
{
	for (int i = 0; i < CROWD; i++)
		if (answers[i] >> 32)
			diag("%s", strerrorname_np((int)(answers[i] >> 32)));
}

/* answers: persistent-crowd */
static void a_port_each(const struct functions *of, const char *when)
{
	struct block block = persistent(of, CROWD);
	uint64_t answers[CROWD];
	int good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int got = round_of(of, &block, 0, 0, answers);

		diagnose(answers);
		good += got == CROWD && distinct(answers) == CROWD;
	}
	ok(good == ROUNDS, "%s, %s: %d processes draw %d ports at once, %d times",
	   type_name(of->type), when, CROWD, CROWD, ROUNDS);
	forget(of, &block);
}

/* The words of the block are those of a reservation that was killed. */
static void after_a_death(const struct functions *of, const struct block *block)
{
	struct peer dead = peer_start();
	instance result;

	if (!dead.pid) {
		int fd = socket_open(of->type, "127.0.0.1", 0);

		tell(&dead, (uint64_t)acquire(fd, block->start, block->count, &result));
		hear(&dead);
	}
	if (hear(&dead))
		bail_out("a reservation in a block that nobody holds");
	peer_kill(&dead);
}

static void a_number_each(const struct functions *of, const char *when, int held)
{
	struct block block = persistent(of, CROWD);
	uint64_t answers[CROWD];
	int good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (!held)
			after_a_death(of, &block);
		good += round_of(of, &block, EACH, 0, answers) == CROWD;
		diagnose(answers);
	}
	ok(good == ROUNDS, "%s, %s: each of them gets the port that it asks for, %d times",
	   type_name(of->type), when, ROUNDS);
	forget(of, &block);
}

static void one_for_one(const struct functions *of, const char *when)
{
	struct block block = persistent(of, 1);
	uint64_t answers[CROWD];
	int good = 0;

	for (int i = 0; i < ROUNDS; i++)
		good += round_of(of, &block, block.start, 0, answers) == 1;
	ok(good == ROUNDS, "%s, %s: one of them gets the only port by its number, %d times",
	   type_name(of->type), when, ROUNDS);
	forget(of, &block);
}

static void one_for_all(const struct functions *of, const char *when)
{
	struct block block = persistent(of, 1);
	uint64_t answers[CROWD];
	int good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		good += round_of(of, &block, block.start, REUSEPORT, answers) == CROWD;
		diagnose(answers);
	}
	ok(good == ROUNDS, "%s, %s: all of them share it with SO_REUSEPORT, %d times",
	   type_name(of->type), when, ROUNDS);
	forget(of, &block);
}

int main(int argc, char **argv)
{
	struct peer holder;

	if (argc > 1)
		member_main(argv);
	linked(argv);
	if (quiet_network())
		diag("in the machine's own network, beside others");
	for (int held = 0; held < 2; held++) {
		const char *when = held ? "held" : "not held";

		if (held) {
			holder = holder_start();
			holder_ready(&holder);
		}
		for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
			a_port_each(&functions[i], when);
			a_number_each(&functions[i], when, held);
			one_for_one(&functions[i], when);
			one_for_all(&functions[i], when);
		}
	}
	peer_kill(&holder);
	return done_testing();
}
