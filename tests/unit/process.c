/* SPDX-License-Identifier: MIT */
/* Which process are we, is our memory our own, and is another process dead. */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "real/process.h"
#include "unit.h"

/* What a child process found, and can tell only so: it may share our memory or not. */
struct finding {
	int owns;
	struct process_identity identity;
};

static struct finding *found;

static void look(void *none)
{
	(void)none;
	found->owns = process_owns_memory();
	found->identity = process_identity();
}

static int end_of(pid_t pid)
{
	int status = -1;

	OK(pid > 0);
	/* __WALL: also one without an exit signal. */
	IS(waitpid(pid, &status, __WALL), pid);
	return status;
}

/* A child by way of clone, which no fork handler sees. */
static int look_and_end(void *none)
{
	look(none);
	syscall(SYS_exit_group, 0);
	return 0;
}

static pid_t cloned(int flags)
{
	enum { STACK = 1 << 18 };
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		bail_out("mmap");
	pid = clone(look_and_end, stack + STACK, flags | SIGCHLD, NULL);
	IS(end_of(pid), 0);
	munmap(stack, STACK);
	return pid;
}

static void test_self(void)
{
	struct process_identity self = process_identity(), again = process_identity();
	struct process_state state;

	OK(process_owns_memory());
	IS(self.pid, getpid());
	OK(self.start != 0);
	OK(self.namespace != 0);
	OK(again.pid == self.pid && again.start == self.start && again.namespace == self.namespace);
	IS(process_stat(0, &state), 0);
	OK(state.start == self.start);
	IS(state.parent, getppid());
	OK(!state.ended);
	IS(process_stat(getpid(), &state), 0);
	OK(state.start == self.start);
}

static void test_fork(void)
{
	struct process_identity self = process_identity();

	OK(process_owns_memory());
	found = unit_shared(sizeof *found);
	IS(unit_in_child(look, NULL), 0);
	IS(found->owns, 1);
	OK(found->identity.pid > 0 && found->identity.pid != self.pid);
	OK(found->identity.start >= self.start);
	OK(found->identity.namespace == self.namespace);
	OK(process_identity().pid == getpid());
	OK(process_identity().start == self.start);
}

static void look_twice(void *none)
{
	struct process_identity before = process_identity();

	look(none);
	IS(before.pid, getpid());
	IS(found->identity.pid, getpid());
	/* And its own child in turn. */
	IS(unit_in_child(look, NULL), 0);
	OK(found->identity.pid != getpid());
	IS(found->owns, 1);
	OK(process_owns_memory());
}

static void test_grandchild(void)
{
	found = unit_shared(sizeof *found);
	IS(unit_in_child(look_twice, NULL), 0);
}

static void test_vfork(void)
{
	struct process_identity self = process_identity();
	pid_t pid;

	OK(process_owns_memory());
	found = unit_shared(sizeof *found);
	found->owns = -1;
	pid = cloned(CLONE_VM | CLONE_VFORK);
	IS(found->owns, 0);
	IS(found->identity.pid, pid);
	/* And it has left ours as it was. */
	OK(process_owns_memory());
	OK(process_identity().pid == self.pid && process_identity().start == self.start);
}

/* The child is the first that asks: the page must not be its own for good. */
static void run_vfork_first(void *none)
{
	(void)none;
	found->owns = -1;
	cloned(CLONE_VM | CLONE_VFORK);
	OK(found->owns >= 0);
	OK(process_owns_memory());
	IS(process_identity().pid, getpid());
	cloned(CLONE_VM | CLONE_VFORK);
	IS(found->owns, 0);
}

static void test_vfork_first(void)
{
	found = unit_shared(sizeof *found);
	IS(unit_in_child(run_vfork_first, NULL), 0);
}

static void test_clone(void)
{
	pid_t pid;

	OK(process_owns_memory());
	found = unit_shared(sizeof *found);
	pid = cloned(0);
	IS(found->owns, 1);
	IS(found->identity.pid, pid);
}

static void test_raw_fork(void)
{
	pid_t pid;

	OK(process_owns_memory());
	found = unit_shared(sizeof *found);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		look_and_end(NULL);
	IS(end_of(pid), 0);
	IS(found->owns, 1);
	IS(found->identity.pid, pid);
	OK(process_owns_memory());
}

static void test_stat(void)
{
	struct process_state state;
	siginfo_t info;
	pid_t pid = unit_idle(NULL, NULL);

	IS(process_stat(pid, &state), 0);
	IS(state.parent, getpid());
	OK(!state.ended);
	OK(state.start >= process_identity().start);
	kill(pid, SIGKILL);
	IS(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	IS(process_stat(pid, &state), 0);
	OK(state.ended);
	unit_kill(pid);
	IS(process_stat(pid, &state), -ESRCH);
}

/* A command may look like the fields that follow it. */
static void rename_self(void *none)
{
	FILE *name = fopen("/proc/self/comm", "we");

	(void)none;
	fputs(") Z 1 1 1 (", name);
	fclose(name);
}

static void test_stat_name(void)
{
	struct process_state state;
	pid_t pid = unit_idle(rename_self, NULL);

	IS(process_stat(pid, &state), 0);
	IS(state.parent, getpid());
	OK(!state.ended);
	unit_kill(pid);
}

static void run_other_pids(void *none)
{
	int status;
	pid_t pid;

	(void)none;
	if (unshare(CLONE_NEWPID) && unshare(CLONE_NEWUSER | CLONE_NEWPID))
		_exit(77);
	pid = fork();
	if (!pid) {
		look(NULL);
		_exit(process_sees_its_own() ? 1 : 0);
	}
	status = end_of(pid);
	OK(WIFEXITED(status));
	/* /proc is still that of the outer one. */
	IS(WEXITSTATUS(status), 0);
	IS(found->identity.pid, 1);
}

static void test_other_pids(void)
{
	struct process_identity self = process_identity();
	int status;

	OK(process_sees_its_own());
	found = unit_shared(sizeof *found);
	status = unit_in_child(run_other_pids, NULL);
	if (status == 77) {
		cunit_tap_skip("a pid namespace is not allowed here");
		return;
	}
	IS(status, 0);
	OK(found->identity.namespace != self.namespace);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"this process knows itself", test_self},
		{"a forked child has its own memory and identity", test_fork},
		{"so has its child", test_grandchild},
		{"a vfork child does not own the memory, and changes nothing", test_vfork},
		{"also where it is the first to ask", test_vfork_first},
		{"a child of clone() has its own", test_clone},
		{"a child of the system call, which libc does not see, too", test_raw_fork},
		{"what /proc says of living, ended and gone processes", test_stat},
		{"whatever a process calls itself", test_stat_name},
		{"in another pid namespace the numbers of /proc are not ours", test_other_pids});

	return unit_main("process", tests);
}
