/* SPDX-License-Identifier: MIT */
/*
 * A child process that can be stopped, killed or left alone at any point of its
 * work: where chance would have to hit the right microsecond, ptrace(2) counts the
 * system calls, and the instructions behind one.
 */
#ifndef TESTS_PITFALLS_STEP_H
#define TESTS_PITFALLS_STEP_H

#include "../preload/process.h"
#include <sys/mman.h>
#include <sys/ptrace.h>

/* Memory that all processes of the test share. */
HELPER void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		bail_out("mmap");
	return memory;
}

/* The signal that it stopped with. */
static int step_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		bail_out("a child of the test ended too early");
	return WSTOPSIG(status);
}

/* Whether a child may be traced here: a container can forbid it. */
HELPER int step_allowed(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? 1 : 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* How often a test goes through all points, each time some instructions off the last. */
HELPER int step_rounds(void)
{
	int rounds = getenv("PORTRES_LONG") ? 12 : 1;

	alarm(150 * (unsigned)rounds);
	return rounds;
}

/* Waits until it stands before its work. */
HELPER void step_adopt(pid_t pid)
{
	if (step_wait(pid) != SIGSTOP ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD))
		bail_out("ptrace");
}

/* A child that stands before its work. `prepare`, if any, has been done. */
HELPER pid_t step_start(void (*prepare)(void *), void (*work)(void *), void *context)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (!pid) {
		if (prepare)
			prepare(context);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(97);
		raise(SIGSTOP);
		work(context);
		raise(SIGSTOP);
		_exit(0);
	}
	step_adopt(pid);
	return pid;
}

/* Between two system calls lie some hundred instructions at most. */
#define STEP_GAP 300

/*
 * On to the entry or the exit of its nth system call from here (each counts as one),
 * and there, or by some instructions more. 0 where the work was done before.
 */
HELPER int step_to(pid_t pid, int stops)
{
	int instructions = random() & 1 ? 0 : (int)(random() % STEP_GAP);

	for (int i = 0; i < stops + instructions; i++) {
		if (ptrace(i < stops ? PTRACE_SYSCALL : PTRACE_SINGLESTEP, pid, NULL, NULL))
			bail_out("ptrace");
		if (step_wait(pid) == SIGSTOP)
			return 0;
	}
	return 1;
}

/* On to the end of the work. */
HELPER void step_finish(pid_t pid)
{
	if (ptrace(PTRACE_CONT, pid, NULL, NULL) || step_wait(pid) != SIGSTOP)
		bail_out("PTRACE_CONT");
}

/* The number of the system call that it is about to make; -1: it makes none, or has made one. */
static long step_call(pid_t pid)
{
	struct {
		uint8_t op, pad[3];
		uint32_t arch;
		uint64_t ip, sp, number, args[6];
	} info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0)
		return -1;
	return info.op == 1 ? (long)info.number : -1; /* PTRACE_SYSCALL_INFO_ENTRY */
}

/* On to the end of the work; returns how many system calls it took. */
HELPER long step_count_calls(pid_t pid)
{
	long calls = 0;

	for (;; calls += step_call(pid) >= 0) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
			bail_out("PTRACE_SYSCALL");
		if (step_wait(pid) == SIGSTOP)
			return calls;
	}
}

/* On to the door of this system call. 0 where the work was done before. */
HELPER int step_to_call(pid_t pid, long number)
{
	do {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
			bail_out("PTRACE_SYSCALL");
		if (step_wait(pid) == SIGSTOP)
			return 0;
	} while (step_call(pid) != number);
	return 1;
}

/* Dead, wherever it stood, but not reaped: its pid is still its own. */
HELPER void step_zombie(pid_t pid)
{
	siginfo_t info;

	kill(pid, SIGKILL);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		bail_out("waitid");
}

/* Ends it, wherever it stands. */
HELPER void step_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif
