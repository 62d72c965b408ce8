/* SPDX-License-Identifier: MIT */
/*
 * A pid, even with its start time, says nothing across pid namespaces: there it is
 * another process, or none. Who takes that for proof that an owner has died hands out
 * what is in use.
 *
 * Processes of one reservation live in several pid namespaces and share the pool. One
 * is stopped at each point of its bind to port 0; another, with the same pid in a
 * namespace of its own, draws all ports that it can get; the first goes on. No port
 * ever goes to both. And where the pid is the same because it was given away again
 * after a death, the dead one's port comes back.
 */
#include "network.h"
#include "work.h"
#include <sys/mount.h>
#include <time.h>

enum { COUNT = 4, PID = 300 };

/* Where a process lives: in the namespace in which the pool was made, or a new one. */
enum { HERE, ELSEWHERE };

struct result {
	int victim; /* its port, 0: none */
	int others; /* how many ports the judge drew, -1: something is odd */
	int both;   /* the victim's port is one of the judge's */
};

/* The next process that this one forks gets this pid. */
static int next_pid(int pid)
{
	char text[16];

	snprintf(text, sizeof text, "%d", pid - 1);
	return write_text("/proc/sys/kernel/ns_last_pid", text);
}

/* Goes on as the first process of a new pid namespace, which it has asked for already. */
static void first_process(int own_proc)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (pid) {
		if (waitpid(pid, &status, 0) != pid)
			exit(99);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* where that is not allowed, /proc stays that of the outer namespace */
	if (own_proc && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		mount("proc", "/proc", "proc", 0, NULL);
}

static void place(int where, int own_proc)
{
	if (where == HERE)
		return;
	if (unshare(CLONE_NEWPID | (own_proc ? CLONE_NEWNS : 0)))
		bail_out("a pid namespace in a pid namespace");
	first_process(own_proc);
}

struct draw {
	const struct block *block;
	int port;
};

static void work_one(void *context)
{
	struct draw *draw = context;
	int fd = drawn(draw->block, "127.0.0.1", 0, 0);

	draw->port = fd < 0 ? 0 : port_of(fd);
}

/* Says 0 when it stands at the point, then its port when it is told to go on. */
static void victim(struct peer *peer, const struct block *block, int where, int point)
{
	struct draw *draw = shared_memory(sizeof *draw);
	pid_t pid;

	place(where, 0);
	draw->block = block;
	next_pid(PID);
	pid = step_start(NULL, work_one, draw);
	if (pid != PID)
		bail_out("the pid that was asked for");
	if (!step_to(pid, point)) {
		step_kill(pid);
		tell(peer, 1);
		_exit(0);
	}
	tell(peer, 0);
	hear(peer);
	step_finish(pid);
	tell(peer, (uint64_t)draw->port);
	hear(peer);
	step_kill(pid);
	_exit(0);
}

/* A process with the pid draws all it gets, says which, and keeps them until told. */
static void judge(struct peer *peer, const struct block *block, int where)
{
	uint64_t ports = 0;
	int status, fd;
	pid_t pid;

	place(where, 1);
	next_pid(PID);
	pid = fork();
	if (!pid) {
		if (getpid() != PID)
			_exit(97);
		while ((fd = drawn(block, "127.0.0.1", 0, 0)) >= 0 && in_block(block, port_of(fd)))
			ports |= UINT64_C(1) << (port_of(fd) - block->start);
		tell(peer, errno == EADDRINUSE ? ports : ~UINT64_C(0));
		hear(peer);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
}

/* 0: the victim's work has no such point. */
static int round_of(int type, int victim_where, int judge_where, int point, struct result *result)
{
	struct block block = reserve(type, COUNT);
	struct peer one = peer_start(), other;
	uint64_t ports;

	if (!one.pid)
		victim(&one, &block, victim_where, point);
	if (hear(&one)) {
		peer_end(&one);
		close(block.fd);
		return 0;
	}
	other = peer_start();
	if (!other.pid)
		judge(&other, &block, judge_where);
	ports = hear(&other);
	tell(&one, 1);
	result->victim = (int)hear(&one);
	result->others = ports >> COUNT ? -1 : __builtin_popcountll(ports);
	result->both = result->victim && ports >> (result->victim - block.start) & 1;
	tell(&one, 1);
	tell(&other, 1);
	peer_end(&one);
	peer_end(&other);
	close(block.fd);
	return 1;
}

static void shared_by(int type, int victim_where, int judge_where, const char *what)
{
	int both = 0, wrong = 0, point;

	for (point = 0; point < 400; point++) {
		struct result result;

		if (!round_of(type, victim_where, judge_where, point, &result))
			break;
		both += result.both;
		/* at most the port that the victim is about to take is missing */
		wrong += result.others < COUNT - 1 || !result.victim == (result.others < COUNT);
		if (result.others < COUNT - 1 || result.both)
			diag("point %d: the victim's port %d, others drew %d", point, result.victim,
			     result.others);
	}
	ok(both == 0, "%s, %s, at %d points: no port goes to both", type_name(type), what, point);
	ok(wrong == 0 && point > 10, "%s, %s: together they have all ports", type_name(type), what);
}

static void sleeper(void *none)
{
	(void)none;
}

/* Since the machine started, as start times are told. */
static long ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * sysconf(_SC_CLK_TCK) +
	       now.tv_nsec / (1000000000L / sysconf(_SC_CLK_TCK));
}

/* The pid has been given away again: only its start time tells. */
static void reused(int type)
{
	int lost = 0, taken = 0, point;

	for (point = 0; point < 400; point++) {
		struct block block = reserve(type, COUNT);
		struct draw *draw = shared_memory(sizeof *draw);
		pid_t pid, other;
		long began;
		int there;

		draw->block = &block;
		next_pid(PID);
		pid = step_start(NULL, work_one, draw);
		there = step_to(pid, point);
		step_kill(pid);
		/* two processes that started in one tick are one to everybody */
		for (began = ticks(); ticks() == began;)
			sched_yield();
		next_pid(PID);
		other = step_start(NULL, sleeper, NULL);
		taken += pid == PID && other == PID;
		next_pid(PID + 1);
		lost += draw_all(&block) != COUNT;
		step_kill(other);
		munmap(draw, sizeof *draw);
		close(block.fd);
		if (!there)
			break;
	}
	ok(lost == 0 && point > 10 && taken == point + 1,
	   "%s, killed at %d points, its pid given away again: its port comes back",
	   type_name(type), point);
}

static int has_own_proc(void)
{
	char self[16] = "";
	ssize_t length = readlink("/proc/self", self, sizeof self - 1);

	return length > 0 && atoi(self) == getpid();
}

int main(int argc, char **argv)
{
	char map[64];
	uid_t user = geteuid();

	(void)argc;
	private_pool(argv);
	snprintf(map, sizeof map, "%u %u 1", user, user);
	if (!step_allowed() || quiet_network() ||
	    (unshare(CLONE_NEWNS | CLONE_NEWPID) &&
	     (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) ||
	      write_text("/proc/self/uid_map", map)))) {
		skip("two processes with one pid", "no tracing or no namespaces here");
		return done_testing();
	}
	/* the pool is made in this namespace */
	first_process(1);
	alarm(150);
	if (next_pid(2 * PID)) {
		skip("two processes with one pid", "ns_last_pid cannot be written here");
		return done_testing();
	}
	for (int i = 0; i < 2 * step_rounds(); i++) {
		int type = i & 1 ? UDP : TCP;

		shared_by(type, HERE, ELSEWHERE, "the other one in a namespace of its own");
		shared_by(type, ELSEWHERE, HERE, "the first one in a namespace of its own");
		shared_by(type, ELSEWHERE, ELSEWHERE, "each in a namespace of its own");
		if (has_own_proc())
			reused(type);
		else
			skip("a pid that was given away again", "no /proc of our own");
	}
	return done_testing();
}
