/* SPDX-License-Identifier: MIT */
/* Child processes of the unit tests, and surroundings of their own. */
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "unit.h"

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good ? 0 : -1;
}

/* New namespaces, by way of a user namespace where we may not make them as we are. */
static int namespaces(int flags)
{
	char users[64], groups[64];

	snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
	if (!unshare(flags))
		return 0;
	if (unshare(CLONE_NEWUSER | flags) || write_text("/proc/self/uid_map", users) ||
	    write_text("/proc/self/setgroups", "deny"))
		return -1;
	return write_text("/proc/self/gid_map", groups);
}

int unit_network(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd, error;

	if (namespaces(CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	error = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) ? -1 : 0;
	if (fd >= 0)
		close(fd);
	return error;
}

int unit_mounts(void)
{
	if (namespaces(CLONE_NEWNS))
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static pid_t child_start(void)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(98);
	alarm(LONGEST);
	return 0;
}

pid_t unit_begin(void (*run)(void *context), void *context)
{
	unsigned int known = CU_get_number_of_failure_records();
	pid_t pid = child_start();
	jmp_buf fatal;

	if (pid)
		return pid;
	/* A fatal assertion must not go on with the parent's tests. */
	CU_get_current_test()->pJumpBuf = &fatal;
	if (!setjmp(fatal))
		run(context);
	_exit(cunit_tap_failures(known) ? 1 : 0);
}

int unit_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int unit_in_child(void (*run)(void *context), void *context)
{
	return unit_end(unit_begin(run, context));
}

pid_t unit_idle(void (*prepare)(void *context), void *context)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		bail_out("pipe");
	pid = child_start();
	if (!pid) {
		if (prepare)
			prepare(context);
		if (write(ready[1], &byte, 1) != 1)
			_exit(98);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bail_out("a child process went away");
	close(ready[0]);
	return pid;
}

void unit_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		bail_out("waitpid");
}

bool unit_eventually(bool (*holds)(void *context), void *context)
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < 10000; i++) {
		if (holds(context))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}
