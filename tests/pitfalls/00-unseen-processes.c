/* SPDX-License-Identifier: MIT */
/*
 * Processes come about in ways that run no fork hook, some share their parent's memory
 * for a while, and libc closes, duplicates and even binds for a program without calling
 * what a library could override: _Fork, vfork, clone, system, popen, posix_spawn's file
 * actions, daemon, bindresvport, rresvport. What a library notes in its hooks does then
 * not fit the process that reads it.
 *
 * Here a child's close ends nothing of the parent's, memory shared or not; what holds a
 * reservation is a descriptor that the kernel copies and closes; and a bind that no hook
 * saw is stopped by the guards.
 */
#include "../preload/process.h"
#include <netdb.h>
#include <spawn.h>

#define COUNT 4

static int refused(const struct block *block)
{
	return taken_ports(block->type, block->start, block->count) == block->count;
}

static int is_free(const struct block *block)
{
	return taken_ports(block->type, block->start, block->count) == 0;
}

/* A process that ends closes one descriptor after another. */
static int soon_free(const struct block *block)
{
	return comes_true(is_free(block));
}

enum birth { UNDERSCORE_FORK, CLONE, VFORK, CLONE_WITH_MEMORY, BIRTHS };

static const char *const births[] = {"_Fork", "clone", "vfork", "clone with CLONE_VM"};

static int close_both(void *fds)
{
	int *both = fds;

	close(both[0]);
	close(both[1]);
	_exit(0);
}

/* A child that closes the two descriptors, and has ended when this is back. */
static void closed_by_child(enum birth birth, int *fds)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t child = -1;
	int status;

	if (birth == UNDERSCORE_FORK) {
		child = _Fork();
		if (!child)
			close_both(fds);
	} else if (birth == CLONE) {
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!child)
			close_both(fds);
	} else if (birth == VFORK) {
		child = vfork();
		if (!child)
			close_both(fds);
	} else {
		child = clone(close_both, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD,
			      fds);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		bail_out("a child");
}

static void child_closes(enum birth birth)
{
	struct block block = reserve(TCP, COUNT);
	int fds[2] = {block.fd, tied(&block, "0.0.0.0", 0)};
	int other = socket_open(TCP, "0.0.0.0", 0);

	closed_by_child(birth, fds);
	ok(refused(&block), "a child of %s closes the acquiring socket: the block stays",
	   births[birth]);
	ok(!associate(other, block.token) && !socket_bind(other, "0.0.0.0", 0, 0) &&
		   in_block(&block, port_of(other)),
	   "and can be used");
	ok(!socket_bind(fds[1], "0.0.0.0", 0, 0) && in_block(&block, port_of(fds[1])),
	   "a socket that it closed is still tied to the block here");
	close(other);
	close(fds[1]);
	close(block.fd);
}

/* The child stays until its parent lets go of the pipe. */
static int child_keeps(void *argument)
{
	enum birth birth = *(enum birth *)argument;
	struct block block = reserve(TCP, COUNT);
	int ends[2], status, kept, gone;
	pid_t child;
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		bail_out("pipe");
	child = birth == UNDERSCORE_FORK ? _Fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!child) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	close(ends[0]);
	close(block.fd);
	kept = refused(&block);
	close(ends[1]);
	if (waitpid(child, &status, 0) != child || status)
		bail_out("a child");
	gone = is_free(&block);
	return kept && gone;
}

static int kept_by_popen(void *unused)
{
	struct block block = reserve(UDP, COUNT);
	FILE *child = popen("read -r line", "w");
	int kept, ended;

	(void)unused;
	close(block.fd);
	kept = refused(&block);
	ended = child && pclose(child) != -1;
	return kept && ended && is_free(&block);
}

static void by_libc(void)
{
	struct block block = reserve(TCP, COUNT);
	int one = tied(&block, "0.0.0.0", 0), error = 0, status = -1;
	char name[] = "true", *const arguments[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;

	ok(WEXITSTATUS(system("exit 3")) == 3 && refused(&block), "system: the block stays");
	posix_spawn_file_actions_init(&actions);
	error |= posix_spawn_file_actions_adddup2(&actions, block.fd, 400);
	error |= posix_spawn_file_actions_addclose(&actions, block.fd);
	error |= posix_spawn_file_actions_addclose(&actions, 400);
	error |= posix_spawn_file_actions_addopen(&actions, one, "/dev/null", O_RDONLY, 0);
	if (error || posix_spawnp(&child, name, &actions, NULL, arguments, environ) ||
	    waitpid(child, &status, 0) != child)
		bail_out("posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	ok(status == 0 && refused(&block), "posix_spawn whose actions close it: the block stays");
	ok(!socket_bind(one, "0.0.0.0", 0, 0) && in_block(&block, port_of(one)),
	   "a socket on whose number they open a file is still tied to the block here");
	close(one);
	close(block.fd);
}

/*
 * A daemon. Low: the acquiring socket is standard input, which daemon() replaces. The
 * daemon says what it has, and what it got when it acquired the same block again.
 */
static void daemon_main(const struct peer *parent, int low)
{
	struct block block = reserve(TCP, COUNT), again;
	uint64_t word;

	if (low && (dup2(block.fd, 0) != 0 || close(block.fd)))
		bail_out("dup2");
	if (daemon(1, !low))
		_exit(97);
	tell(parent, (uint64_t)block.start);
	if (low) {
		again = try_reserve(TCP, block.start, COUNT);
		tell(parent, again.fd >= 0 && again.token != block.token);
	} else {
		tell(parent, drawn(&block, "0.0.0.0", 0, 0) >= 0);
	}
	/* Until the test lets go. */
	_exit(read(parent->in, &word, sizeof word) != 0);
}

static int kept_by_daemon(void *argument)
{
	int low = *(int *)argument, good, status;
	struct block block = {.type = TCP, .count = COUNT};
	struct peer peer = peer_start();
	char byte;

	if (!peer.pid)
		daemon_main(&peer, low);
	if (waitpid(peer.pid, &status, 0) != peer.pid || status)
		bail_out("the parent of a daemon");
	block.start = (int)hear(&peer);
	good = hear(&peer) && refused(&block);
	close(peer.out);
	/* Its end of the other pipe closes when it has ended. */
	good &= read(peer.in, &byte, 1) == 0;
	close(peer.in);
	return good && soon_free(&block);
}

/* In a network of its own: bindresvport and rresvport look below 1024. Bits: see below. */
static uint64_t reserved_ports(void)
{
	struct block all, other;
	uint64_t good = 0;
	int fd, port = 1023;

	if (own_network())
		return 0;
	all = try_reserve(TCP, 512, 512);
	if (all.fd < 0)
		return 0;
	good |= 1;
	fd = socket_open(TCP, "0.0.0.0", 0);
	if (bindresvport(fd, NULL) == -1 && errno == EADDRINUSE)
		good |= 2;
	if (rresvport(&port) == -1 && errno == EAGAIN)
		good |= 4;
	close(all.fd);
	if (!bindresvport(fd, NULL) && port_of(fd) >= 512 && port_of(fd) < 1024)
		good |= 8;
	close(fd);
	other = reserve(TCP, COUNT);
	fd = tied(&other, "0.0.0.0", 0);
	if (!bindresvport(fd, NULL) && port_of(fd) < 1024 && !socket_listen(fd, 0))
		good |= 16;
	close(fd);
	for (int i = 0; i < COUNT; i++)
		if (drawn(&other, "0.0.0.0", 0, 0) < 0)
			return good;
	return good | 32;
}

static void bound_within_libc(void)
{
	struct peer peer = peer_start();
	uint64_t good;

	if (!peer.pid) {
		tell(&peer, reserved_ports());
		_exit(0);
	}
	good = hear(&peer);
	peer_end(&peer);
	if (!(good & 1)) {
		skip("bindresvport and rresvport", "no network of our own here");
		return;
	}
	ok(good & 2, "bindresvport gets no port of a reservation");
	ok(good & 4, "rresvport neither");
	ok(good & 8, "bindresvport works when it is over");
	ok(good & 16, "a socket tied to a block that it bound elsewhere listens there");
	ok(good & 32, "and the block can be drawn completely");
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (enum birth birth = UNDERSCORE_FORK; birth < BIRTHS; birth++)
		child_closes(birth);
	for (enum birth birth = UNDERSCORE_FORK; birth <= CLONE; birth++)
		ok(settled(child_keeps, &birth), "a child of %s keeps the block, until it ends",
		   births[birth]);
	by_libc();
	ok(settled(kept_by_popen, NULL), "a child of popen keeps it, until it ends");
	ok(settled(kept_by_daemon, &(int){0}), "a daemon keeps it, until it ends");
	ok(settled(kept_by_daemon, &(int){1}),
	   "a daemon whose acquiring socket was replaced by daemon() can have the block again");
	bound_within_libc();
	return done_testing();
}
