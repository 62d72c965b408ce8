/* SPDX-License-Identifier: MIT */
/*
 * Ports that only TIME_WAIT holds. A service restarts on its block at once: ACQUIRE
 * takes them and bind() to port 0 hands them out, last. A socket that somebody bound
 * with SO_REUSEADDR beside TIME_WAIT, without listening, is easily taken for no
 * socket at all: its port is neither acquired nor handed out.
 */
#include "sandbox.h"
#include <linux/netlink.h>
#include <sys/mman.h>

enum { COUNT = 6, HANDLER_STACK = 8192 };

/* Connections in TIME_WAIT at this local port, by what the kernel shows. */
static int in_time_wait(int port)
{
	FILE *file = fopen("/proc/net/tcp", "re");
	char line[512];
	unsigned local, state;
	int found = 0;

	if (!file)
		bail_out("/proc/net/tcp");
	while (fgets(line, sizeof line, file))
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x", &local, &state) == 2)
			found += local == (unsigned)port && state == 6;
	fclose(file);
	return found;
}

/* Serves one stranger on the listening socket, closes first, closes the listener. */
static void serve_and_close(int listener, int flags)
{
	int port = port_of(listener), client = socket_open(TCP, "127.0.0.1", RAW), accepted;

	if (socket_connect(client, "127.0.0.1", port, RAW))
		bail_out("connect");
	accepted = accept(listener, NULL, NULL);
	socket_close(accepted, flags);
	receive(client, &(char){0}, 1);
	socket_close(client, RAW);
	socket_close(listener, flags);
	if (!comes_true(in_time_wait(port)))
		bail_out("no TIME_WAIT");
}

/* A run of free ports that only TIME_WAIT holds; 0 where somebody was faster. */
static int stale_block(void)
{
	int start = free_block(COUNT);

	for (int i = 0; i < COUNT; i++) {
		int fd = bound(TCP, "127.0.0.1", start + i, REUSEADDR | RAW);

		if (fd < 0 || socket_listen(fd, RAW))
			return 0;
		serve_and_close(fd, RAW);
		if (stranger(TCP, "127.0.0.1", start + i, 0) != EADDRINUSE ||
		    stranger(TCP, "127.0.0.1", start + i, REUSEADDR) != 0)
			return 0;
	}
	return start;
}

enum { ACQUIRED = 1, GUARDED = 2, HANDED_OUT = 4, EXHAUSTED = 8, SERVES = 16 };

/* answers: acquire-time-wait */
static int acquired(void *seen)
{
	int start = stale_block(), fds[COUNT], all = 0, held = 0;
	struct block block;

	if (!start)
		return 0;
	block = try_reserve(TCP, start, COUNT);
	if (block.fd >= 0)
		held |= ACQUIRED;
	else
		diag("ACQUIRE over TIME_WAIT: %s", strerrorname_np(errno));
	for (int i = 0; i < COUNT && held; i++)
		all += stranger(TCP, "127.0.0.1", start + i, REUSEADDR) == EADDRINUSE;
	if (all == COUNT)
		held |= GUARDED;
	all = 0;
	for (int i = 0; i < COUNT && held; i++) {
		fds[i] = drawn(&block, "127.0.0.1", 0, 0);
		if (fds[i] >= 0)
			all |= 1 << (port_of(fds[i]) - start);
	}
	if (all == (1 << COUNT) - 1)
		held |= HANDED_OUT;
	if (held && drawn(&block, "127.0.0.1", 0, 0) < 0 && errno == EADDRINUSE)
		held |= EXHAUSTED;
	if (held && !listen(fds[0], 1))
		held |= SERVES;
	for (int i = 0; i < COUNT && held; i++)
		close(fds[i]);
	close(block.fd);
	*(int *)seen = held;
	return held == (ACQUIRED | GUARDED | HANDED_OUT | EXHAUSTED | SERVES);
}

/* Every other port of the block was served on: the others go first. */
static void handed_out_last(int flags)
{
	struct block block = reserve(TCP, 2 * COUNT);
	int fds[2 * COUNT], first = 0, last = 0;

	for (int i = 0; i < COUNT; i++) {
		int fd = drawn(&block, "0.0.0.0", block.start + 2 * i, REUSEADDR);

		if (fd < 0 || listen(fd, 4))
			bail_out("a server of the block");
		serve_and_close(fd, 0);
	}
	for (int i = 0; i < 2 * COUNT; i++) {
		fds[i] = drawn(&block, "0.0.0.0", 0, flags);
		if (fds[i] < 0 || !in_block(&block, port_of(fds[i])))
			continue;
		if (i < COUNT)
			first += (port_of(fds[i]) - block.start) % 2 == 1;
		else
			last += (port_of(fds[i]) - block.start) % 2 == 0;
	}
	ok(first == COUNT, "bind to port 0%s: first the ports that TIME_WAIT does not hold",
	   flags ? " with SO_REUSEADDR" : "");
	ok(last == COUNT, "bind to port 0%s: then those that it does",
	   flags ? " with SO_REUSEADDR" : "");
	fails_with(drawn(&block, "0.0.0.0", 0, flags), EADDRINUSE, "then no more");
	for (int i = 0; i < 2 * COUNT; i++)
		close(fds[i]);
	close(block.fd);
}

/* One port beside TIME_WAIT is bound by a stranger: the block cannot be had. */
static int not_acquired(void *unused)
{
	int start = stale_block(), fd, good;
	struct block block;

	(void)unused;
	if (!start)
		return 0;
	fd = bound(TCP, "127.0.0.1", start + 3, REUSEADDR | RAW);
	block = try_reserve(TCP, start, COUNT);
	good = fd >= 0 && block.fd < 0 && errno == EADDRINUSE;
	close(block.fd);
	/* and the attempt left nothing behind: a stranger can have all the others */
	for (int i = 0; i < COUNT; i++)
		good = good && stranger(TCP, "127.0.0.1", start + i, REUSEADDR) == 0;
	socket_close(fd, RAW);
	return good;
}

/* who holds the port beside TIME_WAIT: this process, or a child after our close */
static void not_handed_out(int by_child)
{
	struct block block = reserve(TCP, COUNT);
	int port = block.start + 2, fds[COUNT], others = 0, refused = 0;
	const char *who = by_child ? "a child's socket" : "a socket";
	int fd = drawn(&block, "0.0.0.0", port, REUSEADDR);
	struct peer child = {.pid = 0};

	if (fd < 0 || listen(fd, 4))
		bail_out("a server of the block");
	serve_and_close(fd, 0);
	fd = drawn(&block, "0.0.0.0", port, REUSEADDR);
	ok(fd >= 0, "the service comes back to its port in TIME_WAIT");
	if (by_child) {
		child = peer_start();
		if (!child.pid) {
			hear(&child);
			_exit(0);
		}
		close(fd);
	}
	for (int i = 0; i < COUNT; i++) {
		fds[i] = drawn(&block, "0.0.0.0", 0, 0);
		others += fds[i] >= 0 && port_of(fds[i]) != port;
	}
	ok(others == COUNT - 1 && fds[COUNT - 1] < 0,
	   "%s bound beside TIME_WAIT, not listening: bind to port 0 avoids its port", who);
	for (int i = 0; i < 10; i++)
		refused += drawn(&block, "0.0.0.0", 0, REUSEADDR) == -1 && errno == EADDRINUSE;
	ok(refused == 10, "%s bound beside TIME_WAIT: EADDRINUSE, also with SO_REUSEADDR", who);
	if (by_child) {
		tell(&child, 0);
		peer_end(&child);
	} else {
		close(fd);
	}
	fd = drawn(&block, "0.0.0.0", 0, 0);
	ok(fd >= 0 && port_of(fd) == port, "%s has closed: its port is handed out", who);
	close(fd);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	close(block.fd);
}

static struct block small;
static int drawn_in_handler;

static void draw_in_handler(int signal_number)
{
	(void)signal_number;
	drawn_in_handler = drawn(&small, "0.0.0.0", 0, 0);
}

/* A handler's stack may be small, and what lies below it is not the program's. */
static int handed_out_in_handler(void *unused)
{
	struct sigaction action = {.sa_handler = draw_in_handler, .sa_flags = SA_ONSTACK};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *below = mmap(NULL, page + HANDLER_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = below + page, .ss_size = HANDLER_STACK};
	int fd;

	(void)unused;
	small = reserve(TCP, 1);
	fd = drawn(&small, "0.0.0.0", 0, REUSEADDR);
	if (fd < 0 || listen(fd, 4) || below == MAP_FAILED || mprotect(below, page, PROT_NONE) ||
	    sigaltstack(&stack, NULL) || sigaction(SIGUSR1, &action, NULL))
		bail_out("a handler with a stack of its own");
	serve_and_close(fd, 0);
	raise(SIGUSR1);
	return drawn_in_handler >= 0 && port_of(drawn_in_handler) == small.start;
}

/* AF_NETLINK alone tells who has a port; without it nobody is taken to be gone. */
static int not_acquired_unasked(void *unused)
{
	int start = stale_block();
	struct block block;

	(void)unused;
	forbid_first(SYS_socket, AF_NETLINK, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	block = try_reserve(TCP, start, COUNT);
	/* another test may have taken a port */
	return start && block.fd < 0 && errno == EADDRINUSE;
}

/* In a run of one port that may pass: the kernel chooses, it is no error. */
static int passes_unasked(void *unused)
{
	int fd = bound(TCP, "0.0.0.0", 0, REUSEADDR), port = port_of(fd);

	(void)unused;
	if (port != atoi(getenv("PORTRES_FIRST")) || listen(fd, 4))
		bail_out("a server of the run");
	serve_and_close(fd, 0);
	forbid_first(SYS_socket, AF_NETLINK, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	fd = bound(TCP, "0.0.0.0", 0, 0);
	return fd >= 0 && port_of(fd) != port;
}

static int run_passes_unasked(void *self)
{
	execl(getenv("PORTRES_RUN"), "portres-run", "-n", "1", "--full", "pass", "--", self, "pass",
	      (char *)NULL);
	return 0;
}

int main(int argc, char **argv)
{
	char self[4096];
	int seen = 0;
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (argc > 1)
		return !passes_unasked(NULL);
	private_pool(argv);
	settled(acquired, &seen);
	ok(seen & ACQUIRED, "ACQUIRE of ports that only TIME_WAIT holds: 0");
	ok(seen & GUARDED, "strangers with SO_REUSEADDR cannot have them any more");
	ok(seen & HANDED_OUT, "bind to port 0 hands out each of them");
	ok(seen & EXHAUSTED, "and then EADDRINUSE");
	ok(seen & SERVES, "a program listens on one");
	handed_out_last(0);
	handed_out_last(REUSEADDR);
	ok(settled(not_acquired, NULL),
	   "ACQUIRE with one port bound by a stranger beside TIME_WAIT: EADDRINUSE, nothing left");
	not_handed_out(0);
	not_handed_out(1);
	if (sysconf(_SC_MINSIGSTKSZ) > HANDLER_STACK / 2)
		skip("bind in a handler with a small stack", "the processor has large registers");
	else
		confined(handed_out_in_handler, NULL,
			 "bind to port 0 in a handler with a stack of 8 kB, over TIME_WAIT");
	confined(not_acquired_unasked, NULL, "ACQUIRE without AF_NETLINK: EADDRINUSE");
	self[length < 0 ? 0 : length] = '\0';
	confined(run_passes_unasked, self, "bind without AF_NETLINK: --full pass passes");
	return done_testing();
}
