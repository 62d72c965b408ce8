/* SPDX-License-Identifier: MIT */
/*
 * A program that acquired blocks is killed with SIGKILL: everything it held can be
 * had again at once, by the same user and by another, and nothing needs cleaning.
 */
#include "process.h"

/* Small blocks, large ones, both protocols; the program also bound a few ports. */
struct case_of_death {
	int type, count;
	int other_user, bound;
};

/*
 * The heir runs before the victim dies, as another program image: one that may
 * become another user before the library does anything for it.
 */
static int inherit(char **argv)
{
	int type = atoi(argv[2]), start = atoi(argv[3]), count = atoi(argv[4]);
	struct peer parent = {.in = atoi(argv[5]), .out = -1};
	struct block block;

	if (!strcmp(argv[1], "somebody"))
		become_user(SOMEBODY);
	hear(&parent);
	block = try_reserve(type, start, count);
	if (block.fd < 0) {
		diag("ACQUIRE after the death: %s", strerrorname_np(errno));
		return 2;
	}
	/* and its ports work */
	for (int i = 0; i < count && i < 50; i++)
		if (drawn(&block, "127.0.0.1", 0, 0) < 0)
			return 3;
	return 0;
}

static struct peer heir_start(const struct case_of_death *death, int start)
{
	struct peer heir = peer_start();
	char numbers[4][16];

	if (heir.pid)
		return heir;
	snprintf(numbers[0], sizeof *numbers, "%d", death->type);
	snprintf(numbers[1], sizeof *numbers, "%d", start);
	snprintf(numbers[2], sizeof *numbers, "%d", death->count);
	snprintf(numbers[3], sizeof *numbers, "%d", heir.in);
	if (death->other_user)
		pool_new(SOMEBODY);
	exec_self((const char *[]){death->other_user ? "somebody" : "same", numbers[0], numbers[1],
				   numbers[2], numbers[3], NULL});
}

static int dies(void *argument)
{
	const struct case_of_death *death = argument;
	struct peer victim = peer_start(), heir;
	int start;

	if (!victim.pid) {
		struct block block = reserve(death->type, death->count);

		for (int i = 0; i < death->bound; i++)
			if (drawn(&block, "127.0.0.1", 0, 0) < 0)
				_exit(1);
		tell(&victim, (uint64_t)block.start);
		hear(&victim);
		_exit(1);
	}
	start = (int)hear(&victim);
	if (taken_ports(death->type, start, death->count) != death->count)
		bail_out("the victim holds less than it said");
	heir = heir_start(death, start);
	peer_kill(&victim);
	tell(&heir, 0);
	return peer_end(&heir) == 0;
}

static void death(int type, int count, int other_user, int with_sockets)
{
	struct case_of_death how = {type, count, other_user, with_sockets};
	char text[120];

	snprintf(text, sizeof text, "killed with %d %s ports, %d of them bound: had at once by %s",
		 count, type_name(type), with_sockets,
		 other_user ? "another user" : "the same user");
	if (other_user && geteuid())
		skip(text, "not root");
	else
		ok(settled(dies, &how), "%s", text);
}

/* One after another: what the dead left in the pool does not add up. */
static void again_and_again(void)
{
	int good = 1;

	for (int i = 0; i < 300 && good; i++) {
		struct peer victim = peer_start();

		if (!victim.pid) {
			struct block block = reserve(TCP, 20);

			if (drawn(&block, "0.0.0.0", 0, 0) < 0)
				_exit(1);
			tell(&victim, 1);
			hear(&victim);
		}
		good = hear(&victim) == 1;
		peer_kill(&victim);
	}
	ok(good, "300 programs die one after another in one pool: the next one gets its block");
}

int main(int argc, char **argv)
{
	if (argc == 6)
		return inherit(argv);
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		for (int other_user = 0; other_user < 2; other_user++) {
			death(type, 20, other_user, 0);
			death(type, 20, other_user, 20);
			death(type, 1000, other_user, 5);
		}
	}
	again_and_again();
	return done_testing();
}
