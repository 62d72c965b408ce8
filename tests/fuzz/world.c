/* SPDX-License-Identifier: MIT */
/* Where the targets run: a folder and a network of their own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

const char *world_folder;

static bool text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* By way of a user namespace where we may not make a network as we are. */
static bool network_make(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	char users[64], groups[64];
	int fd, error;

	snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
	if (unshare(CLONE_NEWNET) &&
	    (unshare(CLONE_NEWUSER | CLONE_NEWNET) || !text_write("/proc/self/uid_map", users) ||
	     !text_write("/proc/self/setgroups", "deny") ||
	     !text_write("/proc/self/gid_map", groups)))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	error = ioctl(fd, SIOCSIFFLAGS, &loopback);
	close(fd);
	return !error;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	return remove(path);
}

/* The end of a process that another one has only begun for. */
static void pass_on(pid_t child)
{
	int status = 99 << 8;

	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/*
 * What a target does to processes, it does to its own; and those that look at all of them
 * are quick. Back in a new process, which is not the first one of its namespace: that one
 * would not be hurt by signals.
 */
static bool processes_enter(void)
{
	pid_t child;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	child = fork();
	if (child)
		pass_on(child);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount("proc", "/proc", "proc", 0, NULL))
		_exit(1);
	child = fork();
	if (child)
		pass_on(child);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return true;
}

/* Half of that would be worse than nothing: another process tries it first. */
static bool processes_can(void)
{
	int status = 1;
	pid_t child = fork();

	if (!child)
		_exit(processes_enter() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static void child_begin(char **argv, const char *folder)
{
	char path[PATH_MAX + 8];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!network_make()) {
		puts("1..0 # SKIP no network of its own");
		exit(0);
	}
	if (processes_can() && !processes_enter())
		_exit(99);
	snprintf(path, sizeof path, "%s/pool", folder);
	setenv("PORTRES_DIR", path, 1);
	snprintf(path, sizeof path, "%s/state", folder);
	setenv("PORTRES_STATE", path, 1);
	setenv(WORLD_FOLDER, folder, 1);
	execv("/proc/self/exe", argv);
	_exit(126);
}

/* In memory, as some targets wait for what they write to be on disk. */
static void folder_make(char *folder, size_t size)
{
	const char *other = getenv("TMPDIR");

	snprintf(folder, size, "/dev/shm/portres-fuzz.XXXXXX");
	if (mkdtemp(folder))
		return;
	snprintf(folder, size, "%s/portres-fuzz.XXXXXX", other && *other ? other : "/tmp");
	if (!mkdtemp(folder)) {
		perror("a folder");
		exit(99);
	}
}

void world_enter(char **argv)
{
	char folder[PATH_MAX];
	int status = 99 << 8;
	pid_t child;

	world_folder = getenv(WORLD_FOLDER);
	if (world_folder)
		return;
	folder_make(folder, sizeof folder);
	signal(SIGINT, SIG_IGN); /* it is the child's, and the folder shall go */
	signal(SIGTERM, SIG_IGN);
	child = fork();
	if (!child) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		child_begin(argv, folder);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	_exit(child < 0 ? 99 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

unsigned int world_descriptors(void)
{
	DIR *entries = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (entries && readdir(entries))
		count++;
	if (entries)
		closedir(entries);
	return count;
}

uint64_t take(struct bytes *bytes, unsigned int size)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < size && bytes->left; i++, bytes->left--)
		value |= (uint64_t)*bytes->at++ << (8 * i);
	return value;
}

unsigned int take_below(struct bytes *bytes, unsigned int limit)
{
	return (unsigned int)take(bytes, 1) % limit;
}

char *take_text(struct bytes *bytes)
{
	char *text = malloc(bytes->left + 1);

	if (!text)
		abort();
	if (bytes->left)
		memcpy(text, bytes->at, bytes->left);
	text[bytes->left] = '\0';
	bytes->left = 0;
	return text;
}
