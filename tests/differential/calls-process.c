/* SPDX-License-Identifier: MIT */
/* The sequence goes on in a child, in another program image, or in both. */
#include "sequence.h"
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

/* Text of a number, for argv; each its own. */
static char *number_text(unsigned int number)
{
	static char text[8][12];
	static unsigned int turn;
	char *mine = text[turn++ % 8];

	snprintf(mine, sizeof text[0], "%u", number);
	return mine;
}

static void arguments_make(char *arguments[7], unsigned int first, unsigned int end,
			   unsigned int depth)
{
	static char name[] = "sequence", go[] = "go";

	arguments[0] = name;
	arguments[1] = go;
	arguments[2] = (char *)(uintptr_t)shared_path;
	arguments[3] = number_text(first);
	arguments[4] = number_text(end);
	arguments[5] = number_text(depth);
	arguments[6] = NULL;
}

/* How many of the following steps the child makes; ours go on behind them. */
static unsigned int steps_for_child(unsigned int most)
{
	unsigned int left = place.end - place.step - 1, steps = 1 + pick(most);

	return steps < left ? steps : left;
}

static int ended(pid_t pid)
{
	int status;

	while (syscall(SYS_wait4, pid, &status, 0, NULL) != pid)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void child_finished(const char *what, pid_t pid, int error, unsigned int step)
{
	int status = pid > 0 ? ended(pid) : -1;

	place.step = step;
	begin("%s child %d", what, status);
	if (pid < 0)
		errno = error;
	result(pid > 0 ? 0 : -1);
}

static void steps_of_child(unsigned int count, bool simple)
{
	place.end = place.step + 1 + count;
	place.step++;
	place.depth++;
	place.simple = simple;
	alarm(60);
	steps_run();
	_exit(0);
}

void call_fork(void)
{
	unsigned int count = steps_for_child(5), step = place.step;
	pid_t pid;
	int error;

	if (place.depth >= 3)
		return;
	begin("fork, %u steps\n", count);
	pid = fork();
	error = errno;
	if (!pid)
		steps_of_child(count, false);
	child_finished("fork()", pid, error, step);
	place.step += count;
}

/* In the frame of the parent, which waits in it until the child has ended. */
static __attribute__((noinline)) pid_t vfork_steps(unsigned int count)
{
	pid_t pid = vfork();

	if (!pid)
		steps_of_child(count, true);
	return pid;
}

void call_vfork(void)
{
	unsigned int count = steps_for_child(4);
	struct place before = place;
	pid_t pid;
	int error;

	if (place.depth >= 3)
		return;
	begin("vfork, %u steps\n", count);
	pid = vfork_steps(count);
	error = errno;
	place = before;
	child_finished("vfork()", pid, error, before.step);
	place.step += count;
}

void call_exec(void)
{
	static char *const nothing[] = {NULL};
	char *arguments[7];

	if (odd(20)) {
		begin("execve(\"/nonexistent\")");
		result(execve("/nonexistent", nothing, environ));
		return;
	}
	arguments_make(arguments, place.step + 1, place.end, place.depth);
	begin("execve() = 0\n");
	execve("/proc/self/exe", arguments, environ);
	result(-1);
}

/* Its threads would share the descriptors; there are none. */
void call_unshare(void)
{
	int flags = odd(10) ? 1 : CLONE_FILES;

	begin("unshare(%#x)", (unsigned int)flags);
	result(unshare(flags));
}

static void add_action(posix_spawn_file_actions_t *actions)
{
	int fd = odd(50) ? pick_number() : pick_fd(A_SOCKET), to;

	/* A later action may make an anchor move to where nothing was when this one is added. */
	if (fd == ANCHOR_HIGHEST - 1)
		fd = ANCHOR_HIGHEST;
	switch (pick(6)) {
	case 0:
	case 1:
		to = pick_target();
		begin("addaction dup2(%d, %d)", fd, to);
		result_error(posix_spawn_file_actions_adddup2(actions, fd, to));
		break;
	case 2:
	case 3:
		begin("addaction close(%d)", fd);
		result_error(posix_spawn_file_actions_addclose(actions, fd));
		break;
	case 4:
		to = pick_target();
		begin("addaction open(%d)", to);
		result_error(posix_spawn_file_actions_addopen(actions, to, "/dev/null", O_RDWR, 0));
		break;
	default:
		to = odd(10) ? -1 : (int)pick(NUMBERS);
		begin("addaction closefrom(%d)", to);
		result_error(posix_spawn_file_actions_addclosefrom_np(actions, to));
	}
}

void call_spawn(void)
{
	posix_spawn_file_actions_t actions;
	const char *path = odd(10) ? "/nonexistent" : "/proc/self/exe";
	unsigned int count = steps_for_child(4), step = place.step, i;
	char *arguments[7];
	pid_t pid = -1;
	int error;

	if (place.depth >= 3)
		return;
	posix_spawn_file_actions_init(&actions);
	for (i = pick(4); i; i--)
		add_action(&actions);
	arguments_make(arguments, step + 1, step + 1 + count, place.depth + 1);
	begin("posix_spawn, %u steps\n", count);
	/* errno is not its business: its child shares it, and closes what is not open. */
	error = posix_spawn(&pid, path, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	place.step = step;
	begin("posix_spawn(%s) child %d", path, error ? -1 : ended(pid));
	result_error(error);
	place.step += count;
}
