/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inspect/owners.h"

struct reading {
	struct owners *owners;
	size_t room;
	pid_t pid;
	int error;
};

static bool number_read(const char *text, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*number = strtoul(text, &end, 10);
	return !*end;
}

static void owner_add(struct reading *reading, uint32_t inode, int fd)
{
	struct owners *owners = reading->owners;

	if (owners->count == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 1024;
		struct owner *list = reallocarray(owners->list, room, sizeof *list);

		if (!list) {
			reading->error = -ENOMEM;
			return;
		}
		owners->list = list;
		reading->room = room;
	}
	owners->list[owners->count++] = (struct owner){inode, reading->pid, fd};
}

/* The descriptors of one table: /proc/PID/fd, or that of a thread. False: not to be seen. */
static bool table_read(struct reading *reading, int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *table = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char target[64];
	unsigned int inode;
	unsigned long number;

	if (!table) {
		bool gone = errno == ENOENT || errno == ESRCH;

		if (fd >= 0)
			close(fd);
		return gone;
	}
	while (!reading->error && (entry = readdir(table))) {
		ssize_t length;

		if (!number_read(entry->d_name, &number))
			continue;
		length = readlinkat(fd, entry->d_name, target, sizeof target - 1);
		if (length <= 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%u]", &inode) == 1)
			owner_add(reading, inode, (int)number);
	}
	closedir(table);
	return true;
}

/* Threads whose descriptors are not those of the process (unshare(CLONE_FILES)). */
static void threads_read(struct reading *reading, int proc)
{
	char path[64];
	const struct dirent *entry;
	DIR *tasks;
	int fd;

	snprintf(path, sizeof path, "%d/task", (int)reading->pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tasks = fd < 0 ? NULL : fdopendir(fd);
	if (!tasks) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (!reading->error && (entry = readdir(tasks))) {
		unsigned long thread;

		if (!number_read(entry->d_name, &thread) || (pid_t)thread == reading->pid ||
		    !syscall(SYS_kcmp, reading->pid, (pid_t)thread, KCMP_FILES, 0, 0))
			continue;
		snprintf(path, sizeof path, "%lu/fd", thread);
		table_read(reading, fd, path);
	}
	closedir(tasks);
}

static int compare(const void *one, const void *other)
{
	const struct owner *a = one, *b = other;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* One entry for each process and socket, whatever the number of descriptors. */
static void order(struct owners *owners)
{
	size_t i, kept = 0;

	if (!owners->count)
		return;
	qsort(owners->list, owners->count, sizeof *owners->list, compare);
	for (i = 1; i < owners->count; i++)
		if (owners->list[i].inode != owners->list[kept].inode ||
		    owners->list[i].pid != owners->list[kept].pid)
			owners->list[++kept] = owners->list[i];
	owners->count = kept + 1;
}

int owners_read(struct owners *owners)
{
	struct reading reading = {.owners = owners};
	const struct dirent *entry;
	char path[64];
	DIR *proc = opendir("/proc");

	*owners = (struct owners){.list = NULL};
	if (!proc)
		return -errno;
	while (!reading.error && (entry = readdir(proc))) {
		unsigned long pid;

		if (!number_read(entry->d_name, &pid))
			continue;
		reading.pid = (pid_t)pid;
		snprintf(path, sizeof path, "%lu/fd", pid);
		if (table_read(&reading, dirfd(proc), path))
			threads_read(&reading, dirfd(proc));
		else
			owners->hidden++;
	}
	closedir(proc);
	if (reading.error)
		owners_free(owners);
	else
		order(owners);
	return reading.error;
}

void owners_free(struct owners *owners)
{
	free(owners->list);
	*owners = (struct owners){.list = NULL};
}

const struct owner *owners_of(const struct owners *owners, uint32_t inode, size_t *count)
{
	size_t low = 0, high = owners->count, first;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (owners->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (first = low; inode && low < owners->count && owners->list[low].inode == inode;)
		low++;
	*count = low - first;
	return owners->list + first;
}
