/* SPDX-License-Identifier: MIT */
/*
 * Each check in three circumstances that a program shall not be able to tell apart:
 * without the library, with it, and with it in the tree of a portres-run. The test
 * starts itself again for each of them and goes on counting.
 */
#ifndef TESTS_PITFALLS_MODES_H
#define TESTS_PITFALLS_MODES_H

#include "../preload/process.h"

enum mode { PRELOADED, BARE, RESERVED };

enum { RUN_PORTS = 32 };

static enum mode mode;

static const char *const mode_names[] = {"with the library", "without the library",
					 "in a run reservation"};

/* First call of main. */
HELPER void modes_begin(char **argv)
{
	const char *state;

	private_pool(argv);
	state = getenv("PORTRES_TEST_STATE");
	if (state && sscanf(state, "%u %d %d", &mode, &tap_count, &tap_failed) != 3)
		bail_out("PORTRES_TEST_STATE");
	diag("%s", mode_names[mode]);
}

/* Last call of main: the next circumstance, or the end. */
HELPER int modes_end(char **argv)
{
	const char *run = getenv("PORTRES_RUN");
	char state[64], self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (mode == RESERVED)
		return done_testing();
	if (!run || length < 0)
		bail_out("PORTRES_RUN");
	self[length] = '\0';
	snprintf(state, sizeof state, "%d %d %d", mode + 1, tap_count, tap_failed);
	setenv("PORTRES_TEST_STATE", state, 1);
	unsetenv("LD_PRELOAD");
	if (mode == PRELOADED)
		execv(self, argv);
	else
		execl(run, "portres-run", "-n", "32", "--", self, (char *)NULL);
	bail_out("exec of the test itself");
}

/*
 * The block of this mode: reserved now, that of the run, or none. Only the first
 * has an acquiring socket, fd.
 */
HELPER struct block mode_block(int type, int count)
{
	struct block block = {.fd = -1, .type = type};

	if (mode == PRELOADED)
		return reserve(type, count);
	if (mode == RESERVED) {
		block.start = atoi(getenv("PORTRES_FIRST"));
		block.count = RUN_PORTS;
	}
	return block;
}

/* A socket of the block, not bound. Made of system calls alone: signal handlers call it. */
HELPER int member(const struct block *block)
{
	int fd = socket(AF_INET, block->type, 0);

	if (fd >= 0 && mode == PRELOADED && associate(fd, block->token)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whether a port is what bind to port 0 gives in this mode. */
HELPER int belongs(const struct block *block, int port)
{
	return mode == BARE ? port > 0 : in_block(block, port);
}

/* A socket of the block, bound to port 0 on the loopback address; -1 and errno. */
HELPER int member_bound(const struct block *block)
{
	int fd = member(block), error;

	if (fd < 0 || !socket_bind(fd, "127.0.0.1", 0, 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* How many ports of the block can be drawn at once. Nothing but EADDRINUSE may end it. */
HELPER int ports_to_draw(const struct block *block)
{
	int fds[RUN_PORTS * 8], drawn_ports = 0;

	for (int i = 0; i < RUN_PORTS * 8; i++) {
		fds[i] = member_bound(block);
		if (fds[i] < 0)
			break;
		drawn_ports += in_block(block, port_of(fds[i]));
	}
	if (errno != EADDRINUSE)
		diag("a draw failed with %s", strerrorname_np(errno));
	for (int i = 0; i < drawn_ports; i++)
		close(fds[i]);
	return drawn_ports;
}

/* What strangers say of the block; for settled(), since another may take a free port. */
HELPER int block_taken(const struct block *block)
{
	return taken_ports(block->type, block->start, block->count) == block->count;
}

HELPER int block_free(void *block)
{
	const struct block *one = block;

	return taken_ports(one->type, one->start, one->count) == 0;
}

/* What the kernel says, and not the library. */
HELPER int truly_open(int fd)
{
	return syscall(SYS_fcntl, fd, F_GETFD, 0) >= 0;
}

HELPER int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 4096; fd++)
		count += truly_open(fd);
	return count;
}

/* The highest descriptor that is open and not the program's; -1: none. */
HELPER int anchor_number(void)
{
	for (int fd = 4095; fd > STDERR_FILENO; fd--)
		if (truly_open(fd) && fcntl(fd, F_GETFD) < 0)
			return fd;
	return -1;
}

/* The end of a child: its exit status, or 128 and the signal. */
HELPER int child_end(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
		bail_out("a child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whether the checks hold in a forked child; the parent goes on untouched. */
HELPER int in_child(int (*checks)(void *), void *argument)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(checks(argument) ? 0 : 1);
	}
	return child_end(pid) == 0;
}

/* The kernel closes a thread's own descriptors behind pthread_join: waits for that. */
HELPER void thread_gone(pid_t thread)
{
	if (!comes_true(!task_state(thread)))
		bail_out("a thread does not end");
}

/* Becomes another program image, which says that it runs and waits to be told to end. */
__attribute__((unused, noreturn)) static void exec_waiting(const struct peer *peer)
{
	char in[16], out[16];

	snprintf(in, sizeof in, "%d", peer->in);
	snprintf(out, sizeof out, "%d", peer->out);
	/* a test may have marked everything close-on-exec */
	fcntl(peer->in, F_SETFD, 0);
	fcntl(peer->out, F_SETFD, 0);
	exec_self((const char *[]){"wait", in, out, NULL});
}

HELPER int image_wait(char **argv)
{
	struct peer peer = {.in = atoi(argv[2]), .out = atoi(argv[3])};

	tell(&peer, 0);
	hear(&peer);
	return 0;
}

/*
 * Whether a block is reserved as long as a program image lives (exec_waiting) that a child
 * has made, and no longer. The image says 0, the child where the block begins.
 */
HELPER int image_holds(struct peer *child, struct block *block)
{
	int good;

	block->start = (int)hear(child);
	block->start += (int)hear(child);
	good = block_taken(block);
	tell(child, 0);
	good &= peer_end(child) == 0;
	return good && block_free(block);
}

#endif
