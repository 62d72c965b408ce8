/* SPDX-License-Identifier: MIT */
/*
 * A list of what is free loses what a process had taken from it when it was killed.
 *
 * The library keeps no such list: each port has a word of its own that says whose it
 * is, and the kernel tells whether that is still true. Many processes are killed, one
 * after another, in the middle of all that one can do with a reservation. Then every
 * port of the block can be drawn, every other port can be reserved, and the pool has
 * as much room as before. PORTRES_LONG: more deaths than the pool has places.
 */
#include "network.h"
#include "work.h"

enum { COUNT = 6, FIRST = 20000, PORTS = 64, DEATHS = 300, PLACES = 4096 };

/* One who dies in it, at a point that nobody foresees. */
static void die_in(const struct work *work, struct scene *scene, int points)
{
	step_kill(work_stop(work, scene, (int)(random() % points)));
}

/* How many single ports can be reserved now, all at once. */
static int blocks_of_one(int type)
{
	int fds[PORTS + 1], count;

	for (count = 0; count <= PORTS; count++) {
		struct block block = try_reserve(type, 0, 1);

		fds[count] = block.fd;
		if (block.fd < 0)
			break;
	}
	if (count <= PORTS && errno != EADDRINUSE)
		diag("then: %s", strerrorname_np(errno));
	for (int i = 0; i < count; i++)
		close(fds[i]);
	return count;
}

/* A few in each reservation: the ways through it are others when all ports were used. */
static void many_die(int type)
{
	struct scene scene = scene_make(type, COUNT, 0);
	int points[WORKS], lost = 0, reserved;

	for (int i = 0; i < WORKS; i++)
		points[i] = work_points(&works[i], &scene);
	for (int i = 0; i < DEATHS; i++) {
		die_in(&works[i % WORKS], &scene, points[i % WORKS]);
		if (i % (2 * WORKS) || i == DEATHS - 1)
			continue;
		lost += draw_all(&scene.block) != COUNT;
		scene_end(&scene);
		scene = scene_make(type, COUNT, 0);
	}
	lost += draw_all(&scene.block) != COUNT;
	ok(lost == 0, "%s, after %d deaths: all ports of their blocks could be drawn",
	   type_name(type), DEATHS);
	reserved = blocks_of_one(type);
	ok(reserved == PORTS - COUNT, "%s: all other ports can be reserved", type_name(type));
	diag("%d of %d", reserved, PORTS - COUNT);
	scene_end(&scene);
	ok(blocks_of_one(type) == PORTS, "%s: and at the end all there are", type_name(type));
}

/* Each leaves a reservation that was never finished. */
static void more_than_the_pool_has(void)
{
	static const struct work *acquires = &works[WORKS - 1];
	struct scene scene = scene_make(TCP, 1, 0);
	int points = work_points(acquires, &scene);

	for (int i = 0; i < PLACES + 400; i++) {
		/* the first third of it is the first acquisition */
		die_in(acquires, &scene, points / 3);
		if (i % 1000 == 0)
			alarm(150);
	}
	ok(blocks_of_one(TCP) == PORTS - 1, "after %d acquirers died: the pool has room",
	   PLACES + 400);
	scene_end(&scene);
}

int main(int argc, char **argv)
{
	char range[16];

	(void)argc;
	snprintf(range, sizeof range, "%d-%d", FIRST, FIRST + PORTS - 1);
	setenv("PORTRES_RANGE", range, 1);
	private_pool(argv);
	if (!step_allowed() || quiet_network()) {
		skip("many deaths", "no tracing or no network of our own here");
		return done_testing();
	}
	many_die(TCP);
	many_die(UDP);
	if (getenv("PORTRES_LONG"))
		more_than_the_pool_has();
	return done_testing();
}
