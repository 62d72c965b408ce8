/* SPDX-License-Identifier: MIT */
/*
 * Compare-and-swap is fooled by a value that went away and came back: who slept in
 * between then changes, or frees, what is another's now.
 *
 * Here the words carry bits of a token that is never used twice. A process is stopped
 * at each point of what it does with a port of a reservation. Meanwhile that ends, and
 * the same ports are reserved, used and given back several times by another process,
 * which then keeps them. Then the first process goes on: it gets no port that the
 * other one has, takes none away, and gives none of them back.
 */
#include "network.h"
#include "work.h"

enum { COUNT = 3, TIMES = 4 };

struct sleeper {
	struct scene scene;
	int port; /* what it has at the end; 0: nothing */
};

/* A socket of the reservation; -1 where that has ended already. */
static int try_tied(const struct sleeper *sleeper)
{
	int fd = socket_open(sleeper->scene.block.type, "127.0.0.1", 0);

	return associate(fd, sleeper->scene.block.token) ? -1 : fd;
}

static void keep_port(struct sleeper *sleeper, int fd, int failed)
{
	sleeper->port = fd < 0 || failed ? 0 : port_of(fd);
}

static void draw_and_keep(void *context)
{
	int fd = try_tied(context);

	keep_port(context, fd, socket_bind(fd, "127.0.0.1", 0, 0));
}

static void bind_and_keep(void *context)
{
	struct sleeper *sleeper = context;
	int fd = try_tied(sleeper);

	option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, 0);
	keep_port(sleeper, fd, socket_bind(fd, "127.0.0.1", sleeper->scene.block.start + 1, 0));
}

static void listen_and_keep(void *context)
{
	int fd = try_tied(context);

	keep_port(context, fd, listen(fd, 1));
}

static void connect_and_keep(void *context)
{
	struct sleeper *sleeper = context;
	int fd = try_tied(sleeper);

	if (fd < 0)
		return;
	socket_reset_at_close(fd, 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	keep_port(sleeper, fd,
		  socket_connect(fd, "127.0.0.1", port_of(sleeper->scene.server), 0) &&
			  errno != EINPROGRESS);
}

static void draw_and_close(void *context)
{
	int fd = try_tied(context);

	socket_bind(fd, "127.0.0.1", 0, 0);
	close(fd);
}

static const struct work sleeps[] = {
	{"bind to port 0", draw_and_keep},
	{"bind to a port of the block", bind_and_keep},
	{"listen without bind", listen_and_keep},
	{"connect", connect_and_keep},
	{"close", draw_and_close},
};

enum { SLEEPS = sizeof sleeps / sizeof *sleeps };

/* What the process that came after has, and still has. */
struct heir {
	int reserved; /* the last time; errno where not */
	int drawn;    /* how many ports, then */
	int shared;   /* the sleeper has one of its ports */
	int again;    /* how many it can draw after all of this */
};

/* Another program: no memory, no descriptor of the reservation that was. */
static void inherit(struct peer *peer, int type)
{
	struct block block;
	uint64_t order = hear(peer), ports = 0;
	int start = (int)(order & 0xffff), fds[COUNT], count = 0;

	for (int i = 0; i < TIMES; i++) {
		block = try_reserve(type, start, COUNT);
		if (block.fd < 0)
			continue;
		draw_all(&block);
		if (i & 1)
			release(block.fd, block.token);
		close(block.fd);
	}
	block = try_reserve(type, start, COUNT);
	tell(peer, block.fd < 0 ? (uint64_t)errno : 0);
	if (order >> 16)
		hear(peer);
	while (block.fd >= 0 && count < COUNT &&
	       (fds[count] = drawn(&block, "127.0.0.1", 0, 0)) >= 0)
		ports |= UINT64_C(1) << (port_of(fds[count++]) - start);
	tell(peer, ports);
	hear(peer);
	for (int i = 0; i < count; i++)
		close(fds[i]);
	tell(peer, block.fd < 0 ? 0 : (uint64_t)draw_all(&block));
	hear(peer);
	_exit(0);
}

/* 0: the work has no such point. */
static int sleep_at(int type, const struct work *work, int point, int used, struct heir *result)
{
	struct sleeper *sleeper = shared_memory(sizeof *sleeper);
	struct peer heir = peer_start(); /* before there is anything to inherit */
	int late = random() & 1;	 /* the heir uses its ports behind the sleeper */
	uint64_t ports = 0;
	int there;
	pid_t pid;

	if (!heir.pid)
		inherit(&heir, type);
	sleeper->scene = scene_make(type, COUNT, used);
	pid = step_start(NULL, work->run, sleeper);
	there = step_to(pid, point);
	if (release(sleeper->scene.block.fd, sleeper->scene.block.token))
		bail_out("RELEASE");
	tell(&heir, (uint64_t)sleeper->scene.block.start | (uint64_t)late << 16);
	result->reserved = (int)hear(&heir);
	if (!late)
		ports = hear(&heir);
	if (there)
		step_finish(pid);
	if (late) {
		tell(&heir, 1);
		ports = hear(&heir);
	}
	result->drawn = __builtin_popcountll(ports);
	result->shared = !result->reserved && sleeper->port;
	tell(&heir, 1);
	result->again = (int)hear(&heir);
	step_kill(pid);
	tell(&heir, 1);
	peer_end(&heir);
	scene_end(&sleeper->scene);
	munmap(sleeper, sizeof *sleeper);
	return there;
}

static void sleeps_in(int type, const struct work *work)
{
	int shared = 0, damaged = 0, odd = 0, reserved = 0, point, there = 1;

	for (point = 0; point < 400 && there; point++) {
		struct heir heir;

		there = sleep_at(type, work, point, random() & 1, &heir);
		shared += heir.shared;
		damaged += !heir.reserved && (heir.drawn != COUNT || heir.again != COUNT);
		odd += heir.reserved && heir.reserved != EADDRINUSE;
		reserved += !heir.reserved;
		if (heir.shared || (!heir.reserved && heir.drawn + heir.again != 2 * COUNT))
			diag("%s, point %d: reserved %s, drawn %d, shared %d, again %d", work->name,
			     point, heir.reserved ? strerrorname_np(heir.reserved) : "yes",
			     heir.drawn, heir.shared, heir.again);
	}
	ok(shared == 0, "%s, asleep in %s at %d points: no port is had twice", type_name(type),
	   work->name, point);
	ok(damaged == 0 && reserved > 5, "%s, asleep in %s: who has the ports now keeps them all",
	   type_name(type), work->name);
	ok(odd == 0, "%s, asleep in %s: EADDRINUSE where they cannot be had", type_name(type),
	   work->name);
	diag("reserved %d of %d times", reserved, point);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	if (!step_allowed() || quiet_network()) {
		skip("asleep at every point", "no tracing or no network of our own here");
		return done_testing();
	}
	for (int round = 0; round < step_rounds(); round++)
		for (int type = TCP; type <= UDP; type++)
			for (int i = 0; i < SLEEPS; i++)
				if (type == TCP || sleeps[i].run != listen_and_keep)
					sleeps_in(type, &sleeps[i]);
	return done_testing();
}
