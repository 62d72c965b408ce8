/* SPDX-License-Identifier: MIT */
/*
 * Semaphores and mutexes in shared memory are left locked by whoever dies, or only
 * sleeps, while it has them, and then everybody else waits for ever.
 *
 * The library has none. A process is stopped at every system call of what it does
 * with a reservation, and some instructions behind each. The others go on at once:
 * they get all ports but the one that it is about to take, and acquire and release
 * blocks, and this under a filter that ends them at the first call by which a process
 * could wait for another. When the stopped one is killed its port comes back.
 */
#include "network.h"
#include "work.h"
#include <dirent.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

enum { COUNT = 5 };

#define LOAD(field)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define END	      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW	      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define WAITS(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), END

/* From here on this process cannot wait for another one. -1: no filters here. */
static int never_wait(void)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		WAITS(SYS_futex),
		WAITS(SYS_semop),
		WAITS(SYS_semtimedop),
		WAITS(SYS_flock),
		WAITS(SYS_nanosleep),
		WAITS(SYS_clock_nanosleep),
		WAITS(SYS_epoll_pwait),
#ifdef SYS_poll
		/* a poll that does not wait asks what is open */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_poll, 0, 4),
		LOAD(args[2]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		END,
		ALLOW,
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 3),
		LOAD(args[1]),
		WAITS(F_SETLKW),
		ALLOW,
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

enum { UNFILTERED = 101, NO_BLOCK = 102, ODD = 103 };

/* What another process can do meanwhile: how many ports it draws, or what went wrong. */
static int others_go_on(const struct scene *scene)
{
	struct peer peer = peer_start();
	struct block block;
	int count;

	if (peer.pid)
		return peer_end(&peer);
	if (never_wait())
		_exit(UNFILTERED);
	count = draw_all(&scene->block);
	block = try_reserve(scene->block.type, 0, 2);
	if (block.fd < 0 || release(block.fd, block.token))
		_exit(NO_BLOCK);
	_exit(count < 0 ? ODD : count);
}

static int points_of(int type, const struct work *work)
{
	struct scene fresh = scene_make(type, COUNT, 0), used = scene_make(type, COUNT, 1);
	int few = work_points(work, &fresh), more = work_points(work, &used);

	scene_end(&fresh);
	scene_end(&used);
	return more > few ? more : few;
}

static void stopped_in(int type, const struct work *work)
{
	int points = points_of(type, work), stuck = 0, short_of = 0, lost = 0;

	for (int point = 0; point <= points; point++) {
		struct scene scene = scene_make(type, COUNT, random() & 1);
		pid_t pid = work_stop(work, &scene, point);
		int stopped = others_go_on(&scene), killed;

		if (stopped == UNFILTERED)
			bail_out("a seccomp filter");
		step_zombie(pid);
		killed = others_go_on(&scene);
		step_kill(pid);
		stuck += stopped > COUNT;
		short_of += stopped < COUNT - 1;
		lost += killed != COUNT;
		if (stopped < COUNT - 1 || stopped > COUNT || killed != COUNT)
			diag("%s, point %d of %d: stopped %d, killed %d", work->name, point, points,
			     stopped, killed);
		scene_end(&scene);
	}
	ok(stuck == 0, "%s, stopped in %s at %d points: nobody waits, blocks can be had",
	   type_name(type), work->name, points + 1);
	ok(short_of == 0, "%s, stopped in %s: the others have all ports but one", type_name(type),
	   work->name);
	ok(lost == 0, "%s, killed in %s: the others have all ports", type_name(type), work->name);
}

static int entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count - 2; /* . and .. */
}

static void work_first(void *context)
{
	struct block block = try_reserve(TCP, 0, 2);

	*(int *)context = block.fd >= 0 ? 1 : -errno;
	close(block.fd);
}

/* As a program that is started for it: the pool folder is read from the environment. */
static int killed_in_first(int point)
{
	int *got = shared_memory(sizeof *got), left;
	pid_t pid;

	pid = step_start(NULL, work_first, got);
	step_to(pid, point);
	step_kill(pid);
	left = entries(getenv("PORTRES_DIR"));
	pid = step_start(NULL, work_first, got);
	step_finish(pid);
	step_kill(pid);
	left = left > 1 || entries(getenv("PORTRES_DIR")) != 1 || *got != 1;
	munmap(got, sizeof *got);
	return left;
}

/* The pool's file is whole or not there; the folder is this process's alone. */
static void killed_while_it_is_made(void)
{
	char *name = NULL;
	int *got = shared_memory(sizeof *got), bad = 0, points;
	pid_t pid = step_start(NULL, work_first, got);

	points = (int)step_count_calls(pid) * 2;
	step_kill(pid);
	for (int point = 0; point <= points && point < 120; point++) {
		struct dirent *entry;
		DIR *directory = opendir(getenv("PORTRES_DIR"));

		while (directory && (entry = readdir(directory))) {
			if (asprintf(&name, "%s/%s", getenv("PORTRES_DIR"), entry->d_name) < 0)
				bail_out("asprintf");
			unlink(name);
			free(name);
		}
		closedir(directory);
		bad += killed_in_first(point);
	}
	ok(bad == 0,
	   "killed while the pool is made, at %d points: nothing is left, the next one works",
	   points + 1);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	if (!step_allowed() || quiet_network()) {
		skip("stopped at every point", "no tracing or no network of our own here");
		return done_testing();
	}
	killed_while_it_is_made();
	for (int round = 0; round < step_rounds(); round++)
		for (int type = TCP; type <= UDP; type++)
			for (int i = 0; i < WORKS; i++)
				if (type == TCP || works[i].run != work_listen)
					stopped_in(type, &works[i]);
	return done_testing();
}
