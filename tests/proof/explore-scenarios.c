/* SPDX-License-Identifier: MIT */
/* What the processes do, beside each other and all ways through each other. */
#include <errno.h>
#include <sys/socket.h>

#include "core/persistent.h"
#include "explore-operations.h"
#include "real/real.h"

static const struct program first = {.number = 0}, second = {.number = 1};
static const struct program first_udp = {.protocol = PROTOCOL_UDP, .family = AF_INET};
static const struct program first_udp6 = {.protocol = PROTOCOL_UDP};
static const struct program reuses = {.reuse_address = true, .unknown = true};
static const struct program shares = {.reuse_port = true, .unknown = true};
static const struct program alone = {.unknown = true};

/* ---- before they begin ---- */

static void setup(uint16_t port, uint16_t count, uint8_t protocols)
{
	expect(acquire(0, port, count, protocols), "the scenario's own reservation");
	inherit(0);
}

static void one_port(void)
{
	setup(1, 1, TCP);
}

static void two_ports(void)
{
	setup(1, 2, TCP);
}

static void udp_port(void)
{
	setup(1, 1, UDP);
}

static void persistent_port(void)
{
	struct block block = {1, 1, TCP};

	expect(!persistent_make(&shared, &block, &world.reservations[0]), "a persistent block");
	history_reservation(0, 7, &block, true);
}

/* A reservation whose guards have gone without a word to the pool. */
static void dead_block(void)
{
	uint16_t port;

	expect(acquire(0, 1, 1, TCP), "the scenario's own reservation");
	real_close(draw(&first, &port));
	real_close(world.anchors[0][current]);
}

/* ---- when all have ended ---- */

static void draw_all(int reservation, const struct program *like)
{
	const struct block *block = &world.reservations[reservation].block;
	struct program program = *like;
	int fds[4], i;
	uint16_t port;

	program.reservation = reservation;
	for (i = 0; i < block->count; i++) {
		fds[i] = draw(&program, &port);
		expect(fds[i] >= 0, "a port that cannot be drawn");
	}
	expect(draw(&program, &port) == -EADDRINUSE, "a port too many");
	for (i = 0; i < block->count; i++)
		real_close(fds[i]);
}

/* Every port can be had again, and all of them drawn; so can every slot. */
static void inspect_protocols(uint8_t protocols)
{
	int i;

	for (i = 0; i < 2; i++) {
		expect(acquire(0, 1, 2, protocols), "a block that cannot be acquired");
		if (protocols & TCP)
			draw_all(0, &first);
		if (protocols & UDP)
			draw_all(0, &first_udp6);
		release(0);
		real_close(world.anchors[0][current]);
	}
	for (i = 0; i < POOL_SLOTS; i++)
		expect(acquire(i, (uint16_t)(1 + i), 1, protocols), "a slot that cannot be had");
}

static void inspect(void)
{
	inspect_protocols(TCP);
}

static void inspect_udp(void)
{
	inspect_protocols(UDP);
}

static void inspect_persistent(void)
{
	struct block block = {1, 1, TCP};
	int fd;

	expect(!persistent_make(&shared, &block, &world.reservations[0]), "the persistent block");
	world.anchors[0][current] = 0;
	fd = bind_persistent(&first, 1);
	expect(fd >= 0, "a port of the persistent block");
	real_close(fd);
	fd = bind_persistent(&first, 0);
	expect(fd >= 0, "a port of the persistent block that cannot be drawn");
	expect(persistent_find(&shared, &block, &world.reservations[0]), "the persistent block");
	persistent_end(&world.reservations[0]);
	expect(!persistent_find(&shared, &block, &world.reservations[0]),
	       "a persistent block that has ended");
}

/* ---- what they do ---- */

static void acquire_release(void)
{
	if (acquire(current, 1, 2, TCP))
		release(current);
}

static void acquire_leave(void)
{
	if (acquire(current, 2, 2, TCP))
		leave(current);
}

static void acquire_keep(void)
{
	acquire(current, 1, 1, TCP);
}

static void acquire_own(void)
{
	acquire(current, (uint16_t)(1 + current), 1, TCP);
}

static void acquire_any(void)
{
	acquire(current, 0, 1, TCP);
}

static void acquire_draw(void)
{
	struct program program = {.reservation = current};
	uint16_t port;

	if (acquire(current, 1, 1, TCP))
		draw(&program, &port);
}

static void acquire_draw_release(void)
{
	struct program program = {.reservation = current};
	uint16_t port;

	if (acquire(current, 1, 1, TCP)) {
		draw(&program, &port);
		release(current);
	}
}

static void acquire_draw_udp(void)
{
	struct program program = first_udp;
	uint16_t port;

	program.reservation = current;
	if (acquire(current, 1, 1, UDP))
		draw(&program, &port);
}

static void draw_keep(void)
{
	uint16_t port;

	draw(&first, &port);
}

static void draw_close(void)
{
	uint16_t port;
	int fd = draw(&first, &port);

	if (fd >= 0)
		close_program(&first, fd, port);
}

static void draw_close_draw(void)
{
	uint16_t port;

	draw_close();
	draw(&second, &port);
}

static void draw_twice(void)
{
	uint16_t port;

	draw(&first, &port);
	draw(&second, &port);
}

static void draw_close_of(const struct program *program)
{
	uint16_t port;
	int fd = draw(program, &port);

	if (fd >= 0)
		close_program(program, fd, port);
}

static void draw_close_udp(void)
{
	draw_close_of(&first_udp);
}

static void draw_close_udp6(void)
{
	draw_close_of(&first_udp6);
}

static void bind_close(void)
{
	int fd = bind_port(&first, 1);

	if (fd >= 0)
		close_program(&first, fd, 1);
}

static void bind_close_udp(void)
{
	int fd = bind_port(&first_udp, 1);

	if (fd >= 0)
		close_program(&first_udp, fd, 1);
}

static void bind_close_bind(void)
{
	bind_close();
	bind_port(&second, 1);
}

static void bind_listen(void)
{
	int fd = bind_port(&reuses, 1);

	if (fd >= 0)
		listen_on(&reuses, fd);
}

static void bind_sharing(void)
{
	bind_port(&shares, 1);
}

static void bind_alone(void)
{
	int fd = bind_port(&alone, 1);

	if (fd >= 0)
		close_program(&alone, fd, 1);
}

static void release_it(void)
{
	release(0);
}

static void leave_it(void)
{
	leave(0);
}

static void stranger(void)
{
	bind_stranger(1);
}

static void prune(void)
{
	reservation_prune(&shared, false);
}

static void persistent_bind_close(void)
{
	int fd = bind_persistent(&first, 1);

	if (fd >= 0)
		close_program(&first, fd, 1);
}

static void persistent_draw(void)
{
	bind_persistent(&first, 0);
}

static void persistent_guards(void)
{
	int anchor;

	if (!persistent_guard(&world.reservations[0], &anchor))
		real_close(anchor);
}

/* ---- all of it ---- */

#define SPURIOUS .spurious = true
#define WEAK	 .weak = true
#define KILLS(n) .crashes = (n)

const struct scenario scenarios[] = {
	{.name = "two acquire blocks that meet",
	 .scripts = {acquire_release, acquire_leave},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "two acquire blocks that meet, one is killed",
	 .scripts = {acquire_release, acquire_leave},
	 .inspect = inspect,
	 KILLS(1),
	 SPURIOUS},
	{.name = "two acquire the same port and draw it, two are killed",
	 .scripts = {acquire_draw_release, acquire_draw},
	 .inspect = inspect,
	 KILLS(2),
	 SPURIOUS},
	{.name = "two acquire any port of two",
	 .scripts = {acquire_any, acquire_any},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "two acquire the port of a dead reservation",
	 .setup = dead_block,
	 .scripts = {acquire_draw_release, acquire_keep},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "three acquire ports of their own, with slots for two",
	 .scripts = {acquire_own, acquire_own, acquire_own},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "two draw from two ports",
	 .setup = two_ports,
	 .scripts = {draw_close_draw, draw_close_draw},
	 .inspect = inspect},
	{.name = "two draw two ports, and a third",
	 .setup = two_ports,
	 .scripts = {draw_twice, draw_keep},
	 .inspect = inspect,
	 KILLS(1),
	 SPURIOUS},
	{.name = "two draw from one port, one is killed",
	 .setup = one_port,
	 .scripts = {draw_close, draw_close},
	 .inspect = inspect,
	 KILLS(1),
	 SPURIOUS},
	{.name = "two draw and close and draw from one port",
	 .setup = one_port,
	 .scripts = {draw_close_draw, draw_close},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "two draw from one port, UDP over IPv4",
	 .setup = udp_port,
	 .scripts = {draw_close_udp, draw_close_udp},
	 .inspect = inspect_udp,
	 KILLS(1),
	 SPURIOUS},
	{.name = "two draw from one port, UDP over IPv6",
	 .setup = udp_port,
	 .scripts = {draw_close_udp6, draw_close_udp6},
	 .inspect = inspect_udp,
	 KILLS(1),
	 SPURIOUS},
	{.name = "one binds by number, one draws, one is killed",
	 .setup = one_port,
	 .scripts = {bind_close, draw_close},
	 .inspect = inspect,
	 KILLS(1),
	 SPURIOUS},
	{.name = "two bind by number again",
	 .setup = one_port,
	 .scripts = {bind_close_bind, bind_close},
	 .inspect = inspect,
	 KILLS(1),
	 SPURIOUS},
	{.name = "one binds by number, one draws, UDP",
	 .setup = udp_port,
	 .scripts = {bind_close_udp, draw_close_udp},
	 .inspect = inspect_udp,
	 KILLS(1),
	 SPURIOUS},
	{.name = "two bind with SO_REUSEADDR and listen",
	 .setup = one_port,
	 .scripts = {bind_listen, bind_listen},
	 .inspect = inspect},
	{.name = "one binds with SO_REUSEPORT, one without",
	 .setup = one_port,
	 .scripts = {bind_sharing, bind_alone, bind_sharing},
	 .inspect = inspect},
	{.name = "one releases while one draws, one is killed",
	 .setup = one_port,
	 .scripts = {release_it, draw_close},
	 .inspect = inspect,
	 KILLS(1)},
	{.name = "one releases while one draws, one acquires",
	 .setup = one_port,
	 .scripts = {release_it, draw_close, acquire_draw},
	 .outsiders = 1 << 2,
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "one releases while one draws, one acquires, UDP",
	 .setup = udp_port,
	 .scripts = {release_it, draw_close_udp, acquire_draw_udp},
	 .outsiders = 1 << 2,
	 .inspect = inspect_udp,
	 SPURIOUS},
	{.name = "one releases while one binds by number, one acquires",
	 .setup = one_port,
	 .scripts = {release_it, bind_close, acquire_draw},
	 .outsiders = 1 << 2,
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "two release, one draws",
	 .setup = two_ports,
	 .scripts = {release_it, release_it, draw_keep},
	 .inspect = inspect,
	 KILLS(1)},
	{.name = "two leave, one acquires",
	 .setup = one_port,
	 .scripts = {leave_it, leave_it, acquire_draw},
	 .outsiders = 1 << 2,
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "one draws while another thread closes the anchor, one acquires",
	 .setup = one_port,
	 .scripts = {leave_it, draw_close, acquire_draw},
	 .outsiders = 1 << 1 | 1 << 2,
	 .inspect = inspect,
	 .threads = true,
	 SPURIOUS},
	{.name = "one acquires and draws amid a stranger's bind",
	 .scripts = {acquire_draw_release, stranger},
	 .inspect = inspect,
	 KILLS(1),
	 SPURIOUS},
	{.name = "one prunes what is in the making while one acquires",
	 .scripts = {acquire_release, NULL, prune},
	 .inspect = inspect,
	 KILLS(1),
	 .clock_of_last_is_late = true,
	 SPURIOUS},
	{.name = "one prunes while one releases and one draws",
	 .setup = one_port,
	 .scripts = {release_it, draw_close, prune},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "two bind in a persistent block, one is killed",
	 .setup = persistent_port,
	 .scripts = {persistent_bind_close, persistent_draw},
	 .inspect = inspect_persistent,
	 KILLS(1),
	 SPURIOUS},
	{.name = "one binds in a persistent block while one places its guards",
	 .setup = persistent_port,
	 .scripts = {persistent_bind_close, persistent_guards},
	 .inspect = inspect_persistent,
	 KILLS(1),
	 SPURIOUS},
	{.name = "one binds in a persistent block that one wants to acquire",
	 .setup = persistent_port,
	 .scripts = {persistent_bind_close, acquire_draw_release},
	 .inspect = inspect_persistent,
	 SPURIOUS},
	{.name = "three draw from two ports",
	 .setup = two_ports,
	 .scripts = {draw_keep, draw_close, draw_close},
	 .inspect = inspect,
	 SPURIOUS},
	{.name = "weak memory: two acquire and draw the same port",
	 .scripts = {acquire_draw, acquire_draw},
	 .inspect = inspect,
	 WEAK,
	 SPURIOUS},
	{.name = "weak memory: two draw from two ports",
	 .setup = two_ports,
	 .scripts = {draw_close_draw, draw_close},
	 .inspect = inspect,
	 WEAK,
	 SPURIOUS},
	{.name = "weak memory: one binds by number, one draws",
	 .setup = one_port,
	 .scripts = {bind_close, draw_close},
	 .inspect = inspect,
	 WEAK,
	 SPURIOUS},
	{.name = "weak memory: one releases while one draws, one acquires",
	 .setup = one_port,
	 .scripts = {release_it, draw_keep, acquire_keep},
	 .outsiders = 1 << 2,
	 .inspect = inspect,
	 WEAK,
	 SPURIOUS},
	{.name = "weak memory: one prunes what is in the making while one acquires",
	 .scripts = {acquire_release, NULL, prune},
	 .inspect = inspect,
	 WEAK,
	 .clock_of_last_is_late = true,
	 SPURIOUS},
	{.name = NULL},
};
