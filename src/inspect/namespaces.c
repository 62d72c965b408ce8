/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/run.h"
#include "inspect/namespaces.h"
#include "inspect/start.h"
#include "real/netns.h"
#include "real/process.h"

/*
 * A file that each namespace has one of, in /proc/PID: its inode tells namespaces apart,
 * also those of processes whose ns/net is hidden from us.
 */
#define MARK "net/dev"

/* A thread, as a process has it. */
struct place {
	pid_t pid, thread;
};

#define PATH_SIZE 80

static char *place_path(const struct place *place, const char *file, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "/proc/%d/task/%d/%s", (int)place->pid, (int)place->thread, file);
	return path;
}

struct seen {
	ino_t mark;
	pid_t pid;
	bool asked; /* and it answered */
};

struct walk {
	struct namespaces *namespaces;
	struct seen *seen;
	size_t count;
	ino_t own;
	int error;
};

static void *grown(struct walk *walk, void *list, size_t count, size_t size)
{
	/* Each time by as many as there are: 1, 2, 4... */
	void *more = count & (count - 1) ? list : reallocarray(list, count ? count * 2 : 1, size);

	if (!more)
		walk->error = -ENOMEM;
	return more;
}

static void lived_in_add(struct walk *walk, uint64_t netns, pid_t pid)
{
	struct namespaces *namespaces = walk->namespaces;
	struct lived_in *list;

	if (namespaces_find(namespaces, netns))
		return;
	list = grown(walk, namespaces->list, namespaces->count, sizeof *list);
	if (!list)
		return;
	namespaces->list = list;
	list[namespaces->count++] = (struct lived_in){netns, pid};
}

/* In a child process: enters the namespaces of a thread and tells the number of one. */
static void netns_tell(const struct place *place, int answer)
{
	char path[PATH_SIZE];
	uint64_t netns = 0;
	int net = open(place_path(place, "ns/net", path), O_RDONLY | O_CLOEXEC);
	int user = open(place_path(place, "ns/user", path), O_RDONLY | O_CLOEXEC), fd;

	/* That of a user namespace of this user's own is entered through that. */
	if (setns(net, CLONE_NEWNET) && (setns(user, CLONE_NEWUSER) || setns(net, CLONE_NEWNET)))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		netns = netns_of(fd);
	if (netns && write(answer, &netns, sizeof netns) < 0)
		return;
}

static bool netns_ask(const struct place *place, uint64_t *netns)
{
	ssize_t got = 0;
	int answer[2];
	pid_t child;

	if (pipe2(answer, O_CLOEXEC))
		return false;
	child = fork();
	if (!child) {
		netns_tell(place, answer[1]);
		_exit(0);
	}
	close(answer[1]);
	if (child > 0) {
		got = read(answer[0], netns, sizeof *netns);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(answer[0]);
	return got == (ssize_t)sizeof *netns;
}

static void thread_visit(struct walk *walk, const struct place *place)
{
	char path[PATH_SIZE];
	struct stat mark;
	struct seen *seen;
	uint64_t netns;
	size_t i;

	/* One that has ended is in none. */
	if (stat(place_path(place, MARK, path), &mark) || mark.st_ino == walk->own)
		return;
	for (i = 0; i < walk->count && walk->seen[i].mark != mark.st_ino; i++)
		;
	if (i == walk->count) {
		seen = grown(walk, walk->seen, walk->count, sizeof *seen);
		if (!seen)
			return;
		walk->seen = seen;
		walk->seen[walk->count++] = (struct seen){.mark = mark.st_ino, .pid = place->pid};
	}
	if (walk->seen[i].asked || !netns_ask(place, &netns))
		return;
	walk->seen[i].asked = true;
	lived_in_add(walk, netns, place->pid);
}

/* The reservations that it belongs to by its environment, wherever it is now. */
static void environment_visit(struct walk *walk, pid_t pid)
{
	struct process_start start;
	struct run runs[RUNS_MAX];
	unsigned int count, i;

	if (start_variables_read(&start, pid))
		return;
	count = start.reservation ? run_parse(start.reservation, runs) : 0;
	for (i = 0; i < count; i++)
		if (runs[i].netns)
			lived_in_add(walk, runs[i].netns, pid);
	start_free(&start);
}

static bool is_number(const char *name)
{
	return *name && !name[strspn(name, "0123456789")];
}

static void process_visit(struct walk *walk, pid_t pid)
{
	const struct dirent *entry;
	char path[PATH_SIZE];
	DIR *threads;

	/* Those of others cannot open this user's pools. */
	if (kill(pid, 0))
		return;
	environment_visit(walk, pid);
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return;
	while (!walk->error && (entry = readdir(threads))) {
		if (is_number(entry->d_name))
			thread_visit(walk, &(struct place){pid, (pid_t)atoi(entry->d_name)});
	}
	closedir(threads);
}

int namespaces_read(struct namespaces *namespaces)
{
	struct walk walk = {.namespaces = namespaces};
	const struct dirent *entry;
	struct stat mark;
	DIR *proc;
	size_t i;

	*namespaces = (struct namespaces){.list = NULL};
	if (!process_sees_its_own() || stat("/proc/thread-self/" MARK, &mark))
		return -ENOENT;
	walk.own = mark.st_ino;
	proc = opendir("/proc");
	if (!proc)
		return -ENOENT;
	while (!walk.error && (entry = readdir(proc)))
		if (is_number(entry->d_name))
			process_visit(&walk, (pid_t)atoi(entry->d_name));
	closedir(proc);
	for (i = 0; i < walk.count; i++)
		if (!walk.seen[i].asked)
			namespaces->unknown = walk.seen[i].pid;
	free(walk.seen);
	if (walk.error)
		namespaces_free(namespaces);
	return walk.error;
}

void namespaces_free(struct namespaces *namespaces)
{
	free(namespaces->list);
	*namespaces = (struct namespaces){.list = NULL};
}

pid_t namespaces_find(const struct namespaces *namespaces, uint64_t netns)
{
	size_t i;

	for (i = 0; i < namespaces->count; i++)
		if (namespaces->list[i].netns == netns)
			return namespaces->list[i].pid;
	return 0;
}
