/* SPDX-License-Identifier: MIT */
/* The holder process: nobody's child, and as short-lived as its anchor. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "anchor-kinds.h"
#include "real/process.h"

static volatile sig_atomic_t children_ended;

static void child_ended(int number)
{
	(void)number;
	children_ended++;
}

static void run_no_child(void *none)
{
	struct sigaction action = {.sa_handler = child_ended};
	struct block block = block_new();
	struct anchor anchor;

	(void)none;
	sigaction(SIGCHLD, &action, NULL);
	anchor = filled(ANCHOR_HELD, &block);
	IS(waitpid(-1, NULL, WNOHANG), -1);
	IS(errno, ECHILD);
	IS(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	IS(errno, ECHILD);
	anchor_discard(&anchor);
	OK(unit_eventually(is_free, &block));
	IS(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	IS(errno, ECHILD);
	IS(children_ended, 0);
}

static void test_no_child(void)
{
	IS(unit_in_child(run_no_child, NULL), 0);
}

/* The process whose parent we are since its own one ended: the holder. */
static pid_t holder_find(void)
{
	DIR *processes = opendir("/proc");
	struct process_state state;
	struct dirent *entry;
	pid_t found = 0;

	while (processes && !found && (entry = readdir(processes))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && !process_stat(pid, &state) && state.parent == getpid())
			found = pid;
	}
	if (processes)
		closedir(processes);
	return found;
}

static bool holder_ended(void *context)
{
	struct process_state state;
	int error = process_stat(*(pid_t *)context, &state);

	/* A machine's first process may be slow to reap, or not do it at all. */
	return error == -ESRCH || (!error && state.ended);
}

static void run_ends(void *context)
{
	bool release = context != NULL;
	struct block block = block_new();
	struct anchor anchor;
	int status;
	pid_t pid;

	IS(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	anchor = filled(ANCHOR_HELD, &block);
	pid = holder_find();
	OK_FATAL(pid > 0);
	OK(!holder_ended(&pid));
	/* In a session of its own: no terminal's signals reach it. */
	IS(getsid(pid), pid);
	if (release)
		anchor_release(anchor.fd);
	else
		anchor_discard(&anchor);
	OK(unit_eventually(holder_ended, &pid));
	IS(waitpid(pid, &status, 0), pid);
	OK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_ends(void)
{
	IS(unit_in_child(run_ends, NULL), 0);
}

static void test_ends_released(void)
{
	static int yes;

	IS(unit_in_child(run_ends, &yes), 0);
}

struct family {
	struct block block;
	pid_t heir;
};

static void prepare_family(void *context)
{
	struct family *family = context;
	struct anchor anchor = filled(ANCHOR_HELD, &family->block);
	pid_t pid;

	OK(anchor.fd >= 0);
	pid = fork();
	if (!pid)
		alarm(LONGEST);
	while (!pid)
		pause();
	family->heir = pid;
}

static void run_creator_killed(void *none)
{
	struct family *family = unit_shared(sizeof *family);
	pid_t creator;

	(void)none;
	IS(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	family->block = block_new();
	creator = unit_idle(prepare_family, family);
	OK_FATAL(family->heir > 0);
	unit_kill(creator);
	IS(guarded(&family->block), 2 * COUNT);
	unit_kill(family->heir);
	OK(unit_eventually(is_free, &family->block));
}

static void test_creator_killed(void)
{
	IS(unit_in_child(run_creator_killed, NULL), 0);
}

static void test_descriptors(void)
{
	struct block block = block_new();
	struct pollfd end;
	struct anchor anchor;
	int pair[2], high;
	char byte;

	IS(pipe(pair), 0);
	high = fcntl(pair[1], F_DUPFD, 200);
	OK(high >= 200);
	anchor = filled(ANCHOR_HELD, &block);
	close(pair[1]);
	close(high);
	end = (struct pollfd){.fd = pair[0], .events = POLLIN};
	IS_FATAL(poll(&end, 1, 10000), 1);
	IS(read(pair[0], &byte, 1), 0);
	IS(guarded(&block), 2 * COUNT);
	close(pair[0]);
	anchor_discard(&anchor);
}

/* The program has closed its standard descriptors, as daemons do. */
static void run_closed(void *context)
{
	struct block block = block_new();
	struct anchor anchor = {.fd = -1};
	uint16_t failed;
	int error, ports, saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);

	for (int fd = 0; fd < *(int *)context; fd++)
		close(fd);
	error = anchor_open(&anchor, ANCHOR_HELD);
	if (!error)
		error = anchor_fill(&anchor, &block, false, &failed);
	ports = guarded(&block);
	anchor_discard(&anchor);
	dup2(saved, STDOUT_FILENO);
	IS(error, 0);
	IS(ports, 2 * COUNT);
}

static void test_closed(void)
{
	for (int closed = 1; closed <= 3; closed++)
		IS(unit_in_child(run_closed, &closed), 0);
}

static void run_limit(void *none)
{
	struct block block = {unit_block(200), 200, BOTH};
	struct rlimit before, after;
	struct anchor anchor;

	(void)none;
	unit_limit(64);
	getrlimit(RLIMIT_NOFILE, &before);
	anchor = filled(ANCHOR_HELD, &block);
	getrlimit(RLIMIT_NOFILE, &after);
	IS(after.rlim_cur, before.rlim_cur);
	IS(after.rlim_max, before.rlim_max);
	IS(guarded(&block), 400);
	anchor_discard(&anchor);
}

static void test_limit(void)
{
	IS(unit_in_child(run_limit, NULL), 0);
}

static void test_signals(void)
{
	struct block block = block_new();
	sigset_t few, before, after;
	struct anchor anchor;

	sigemptyset(&few);
	sigaddset(&few, SIGUSR1);
	sigprocmask(SIG_BLOCK, &few, &before);
	anchor = filled(ANCHOR_HELD, &block);
	sigprocmask(SIG_SETMASK, &before, &after);
	for (int number = 1; number < 32; number++)
		IS(sigismember(&after, number), number == SIGUSR1 || sigismember(&before, number));
	anchor_discard(&anchor);
}

static void test_no_program(void)
{
	int before = unit_descriptors();
	struct anchor anchor;

	held_program_set("/nonexistent/portres-hold");
	IS(anchor_open(&anchor, ANCHOR_HELD), -EOPNOTSUPP);
	/* One that is none. */
	held_program_set("/");
	IS(anchor_open(&anchor, ANCHOR_HELD), -EOPNOTSUPP);
	IS(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	IS(errno, ECHILD);
	IS(unit_descriptors(), before);
	unit_holder_set();
}

static void test_other_program(void)
{
	struct block block = block_new();
	struct anchor anchor;
	uint16_t failed;
	int before = unit_descriptors();

	held_program_set("/bin/true");
	IS(anchor_open(&anchor, ANCHOR_HELD), 0);
	IS(anchor_fill(&anchor, &block, false, &failed), -EOPNOTSUPP);
	anchor_discard(&anchor);
	IS(unit_descriptors(), before);
	IS(guarded(&block), 0);
	unit_holder_set();
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"it is no child to wait for, and no SIGCHLD comes of it", test_no_child},
		      {"it ends when the anchor is closed", test_ends},
		      {"it ends when the reservation is released", test_ends_released},
		      {"it outlives a killed creator if a child process has the anchor",
		       test_creator_killed},
		      {"it keeps no descriptor of its creator", test_descriptors},
		      {"it starts where descriptors 0, 1 and 2 are closed", test_closed},
		      {"more guards than the soft limit, which stays as it is", test_limit},
		      {"the signal mask stays as it is", test_signals},
		      {"without the program: EOPNOTSUPP, and nothing is left", test_no_program},
		      {"another program in its place: EOPNOTSUPP", test_other_program});

	unit_holder_set();
	return unit_main("held", tests);
}
