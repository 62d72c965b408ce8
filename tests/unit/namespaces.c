/* SPDX-License-Identifier: MIT */
/* In which network namespaces there are processes. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "core/run.h"
#include "guard/guard.h"
#include "inspect/namespaces.h"
#include "unit.h"

static void enter(void *context)
{
	uint64_t *netns = context;

	*netns = unit_network() ? 0 : guard_netns();
}

/* Where a process of this namespace is, according to what is read; -1: it could not be. */
static pid_t found_in(uint64_t netns)
{
	struct namespaces namespaces;
	pid_t pid;

	if (namespaces_read(&namespaces))
		return -1;
	pid = namespaces_find(&namespaces, netns);
	namespaces_free(&namespaces);
	return pid;
}

static void test_process(void)
{
	uint64_t *netns = unit_shared(sizeof *netns);
	pid_t pid = unit_idle(enter, netns);

	if (!*netns) {
		unit_kill(pid);
		cunit_tap_skip("a network of its own is not allowed here");
		return;
	}
	OK(*netns != guard_netns());
	IS(found_in(*netns), pid);
	IS(found_in(guard_netns()), 0);
	unit_kill(pid);
	IS(found_in(*netns), 0);
}

static void *thread_enter(void *context)
{
	sigset_t none;

	enter(context);
	sigemptyset(&none);
	sigsuspend(&none);
	return NULL;
}

static bool is_set(void *context)
{
	return atomic_load((_Atomic uint64_t *)context) != 0;
}

static void enter_by_thread(void *context)
{
	pthread_t thread;

	if (geteuid()) /* a thread cannot make a user namespace */
		return;
	if (pthread_create(&thread, NULL, thread_enter, context) ||
	    !unit_eventually(is_set, context))
		_exit(98);
}

/* The process as such is elsewhere. */
static void test_thread(void)
{
	uint64_t *netns = unit_shared(sizeof *netns);
	pid_t pid = unit_idle(enter_by_thread, netns);

	if (!*netns)
		cunit_tap_skip("a thread cannot have a network of its own here");
	else
		IS(found_in(*netns), pid);
	unit_kill(pid);
}

static void become_member(void *context)
{
	char value[256], name[] = "sleep", seconds[] = "1000", other[] = "SOME=THING";
	char *arguments[] = {name, seconds, NULL}, *environment[] = {other, value, NULL};
	struct run run = {.token = 0x1234567, .anchor = 999, .netns = 0xabcdef, .protocols = 3};
	struct text text = TEXT(value);

	(void)context;
	text_add(&text, "PORTRES_RESERVATION=");
	run_format(&text, &run, 1);
	execve("/bin/sleep", arguments, environment);
	_exit(97);
}

static bool is_member(void *context)
{
	return found_in(0xabcdef) == *(pid_t *)context;
}

/* It belongs to a reservation that it has not used, and may go where that is. */
static void test_environment(void)
{
	pid_t pid;

	IS(found_in(0xabcdef), 0);
	pid = unit_begin(become_member, NULL);
	OK(unit_eventually(is_member, &pid));
	unit_kill(pid);
	IS(found_in(0xabcdef), 0);
}

static uid_t somebody;

/* Root sees all: a user who has no other process. */
static void somebody_become(void)
{
	if (!geteuid() && (setgid(somebody) || setuid(somebody)))
		_exit(97);
}

static void hide(void *context)
{
	enter(context);
	somebody_become();
	/* As a program that holds secrets does: its /proc is closed to its own user. */
	prctl(PR_SET_DUMPABLE, 0);
}

static void run_unknown(void *context)
{
	uint64_t *netns = context;
	struct namespaces namespaces;
	bool root = !geteuid();
	pid_t pid = unit_idle(hide, netns);

	somebody_become();
	if (!*netns)
		_exit(77);
	IS_FATAL(namespaces_read(&namespaces), 0);
	/* A user may have others. */
	OK(namespaces.unknown == pid || (!root && namespaces.unknown));
	namespaces_free(&namespaces);
	unit_kill(pid);
}

static void test_unknown(void)
{
	uint64_t *netns = unit_shared(sizeof *netns);
	int status;

	somebody = 20000 + (uid_t)getpid() % 30000;
	status = unit_in_child(run_unknown, netns);

	if (status == 77)
		cunit_tap_skip("a network of its own is not allowed here");
	else
		IS(status, 0);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"a process's namespace is known, our own left out", test_process},
		{"a thread's, too", test_thread},
		{"a process is where its reservation is by its environment", test_environment},
		{"that some cannot be asked is said", test_unknown});

	return unit_main("namespaces", tests);
}
