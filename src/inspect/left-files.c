/* SPDX-License-Identifier: MIT */
/*
 * The files that are left behind: in the pool's folder, and beside the list.
 *
 * A pool file may go when nobody uses it. Nobody has it mapped: the kernel says so
 * (unused.h). But a process may be in a reservation and not have come to the pool yet; so
 * nobody may be in the file's namespace either, which is looked at again when nobody can
 * open the file any more.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/leftovers.h"
#include "inspect/unused.h"
#include "persist/folder.h"
#include "persist/store.h"
#include "real/process.h"

/* The inode of the first pid namespace (PROC_PID_INIT_INO), whose /proc shows all processes. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU

/* As many are made sure of at once. */
#define TAKEN 64

struct taken {
	char *name;
	uint64_t netns;
	int fd;
};

struct folder {
	struct leftovers *leftovers;
	int fd;
	struct taken taken[TAKEN];
	int taken_count;
	uint64_t netns; /* our own */
	const struct namespaces *namespaces;
	char path[PATH_MAX]; /* as the kernel has it */
};

/* Visits a copy of the list of names: visiting changes the folder. */
static int folder_visit(struct folder *folder,
			void (*visit)(struct folder *folder, const char *name))
{
	struct dirent **names;
	char link[32];
	int count = scandirat(folder->fd, ".", &names, NULL, alphasort), i;
	ssize_t length;

	if (count < 0)
		return -errno;
	snprintf(link, sizeof link, "/proc/self/fd/%d", folder->fd);
	length = readlink(link, folder->path, sizeof folder->path - 1);
	folder->path[length > 0 ? length : 0] = '\0';
	for (i = 0; i < count; i++) {
		visit(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

#define FILE_PATH_SIZE (PATH_MAX + NAME_MAX + 2)

static char *file_path(const struct folder *folder, const char *name, char path[FILE_PATH_SIZE])
{
	snprintf(path, FILE_PATH_SIZE, "%s/%s", folder->path, name);
	return path;
}

/* Enters what became of a file: error 0, it was cleared. */
static void file_add(struct folder *folder, const char *kind, const char *name, int error,
		     const char *why)
{
	char path[FILE_PATH_SIZE];
	const struct leftover where = {.path = file_path(folder, name, path)};

	switch (error) {
	case 0:
		leftover_add(folder->leftovers, true, kind, &where, "%s", why);
		break;
	case -ENOENT:
		break; /* another one was quicker */
	case -EBUSY:
		leftover_add(folder->leftovers, false, kind, &where, "a process has it open");
		break;
	case -EOPNOTSUPP:
		leftover_add(folder->leftovers, false, kind, &where,
			     "its file system does not say whether a process has it open; remove "
			     "it by hand when none can");
		break;
	default:
		leftover_add(folder->leftovers, false, kind, &where, "it cannot be removed: %s",
			     strerror(-error));
	}
}

/*
 * Whether those who use a pool would be among the processes that we see: all are in the
 * first pid namespace, and elsewhere those of the namespace in which it was made.
 */
static bool users_visible(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint64_t ours = process_identity().namespace >> 32, made = 0;

	if (fd >= 0 &&
	    pread(fd, &made, sizeof made, offsetof(struct pool, namespace)) != (ssize_t)sizeof made)
		made = 0;
	if (fd >= 0)
		close(fd);
	return ours == FIRST_PID_NAMESPACE || ours == made >> 32;
}

static int pool_remove(const struct folder *folder, const struct taken *taken,
		       const struct namespaces *namespaces)
{
	if (!namespaces || namespaces->unknown || namespaces_find(namespaces, taken->netns)) {
		close(taken->fd);
		return -EBUSY;
	}
	if (!folder->leftovers->dry)
		return unused_remove(folder->fd, taken->name, taken->fd);
	close(taken->fd);
	return 0;
}

static void taken_remove(struct folder *folder)
{
	struct namespaces now;
	bool known = folder->taken_count && !namespaces_read(&now);
	int i;

	for (i = 0; i < folder->taken_count; i++) {
		struct taken *taken = &folder->taken[i];

		file_add(folder, "pool", taken->name,
			 pool_remove(folder, taken, known ? &now : NULL),
			 "no process is in its network namespace or has it open");
		free(taken->name);
	}
	folder->taken_count = 0;
	if (known)
		namespaces_free(&now);
}

static void pool_take(struct folder *folder, const char *name, uint64_t netns)
{
	struct taken taken = {.netns = netns, .fd = unused_take(folder->fd, name)};

	if (taken.fd >= 0) {
		taken.name = strdup(name);
		if (taken.name) {
			folder->taken[folder->taken_count++] = taken;
			if (folder->taken_count == TAKEN)
				taken_remove(folder);
			return;
		}
		close(taken.fd);
		taken.fd = -ENOMEM;
	}
	file_add(folder, "pool", name, taken.fd, NULL);
}

static void pool_visit(struct folder *folder, const char *name, uint64_t netns,
		       unsigned int version)
{
	const struct namespaces *namespaces = folder->namespaces;
	struct leftovers *leftovers = folder->leftovers;
	char path[FILE_PATH_SIZE];
	const struct leftover where = {.path = file_path(folder, name, path)};
	pid_t pid;

	if (netns == folder->netns && version == POOL_VERSION)
		return;
	pid = netns == folder->netns ? getpid()
	      : namespaces	     ? namespaces_find(namespaces, netns)
				     : 0;
	if (pid && version != POOL_VERSION)
		leftover_add(leftovers, false, "pool", &where,
			     "it is of another version, whose programs may still start in its "
			     "network namespace");
	else if (pid)
		leftover_add(leftovers, false, "pool", &where,
			     "process %d is in its network namespace", (int)pid);
	else if (!namespaces || !users_visible(folder->fd, name))
		leftover_add(leftovers, false, "pool", &where,
			     "not all processes that may use it can be seen from this pid "
			     "namespace");
	else if (namespaces->unknown)
		leftover_add(leftovers, false, "pool", &where,
			     "process %d is in a network namespace that does not say whether it is "
			     "this one",
			     (int)namespaces->unknown);
	else
		pool_take(folder, name, netns);
}

/* The pool has got its name, and its maker did not come to take this one away. */
static bool is_second_name(int folder, const char *name)
{
	struct stat stat;

	return !fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) && S_ISREG(stat.st_mode) &&
	       stat.st_nlink > 1;
}

/* Whoever makes a pool has it open until it has its name. */
static void temporary_visit(struct folder *folder, const char *name)
{
	int fd, error;

	if (is_second_name(folder->fd, name)) {
		/* Of a pool that may be in use, which is no reason to keep it. */
		error = folder->leftovers->dry || !unlinkat(folder->fd, name, 0) ? 0 : -errno;
		file_add(folder, "temporary", name, error, "the pool has its name");
		return;
	}
	fd = unused_take(folder->fd, name);
	error = fd < 0 ? fd : 0;
	if (!error && !folder->leftovers->dry)
		error = unused_remove(folder->fd, name, fd);
	else if (!error)
		close(fd);
	file_add(folder, "temporary", name, error, "whoever was making a pool of it was killed");
}

static void pool_folder_visit(struct folder *folder, const char *name)
{
	unsigned int version;
	uint64_t netns;

	if (pool_name_parse(name, &netns, &version))
		pool_visit(folder, name, netns, version);
	else if (!strncmp(name, POOL_TEMPORARY, strlen(POOL_TEMPORARY)))
		temporary_visit(folder, name);
}

int leftovers_in_folder(struct leftovers *leftovers, const char *path, uint64_t netns,
			const struct namespaces *namespaces)
{
	struct folder folder = {.leftovers = leftovers, .netns = netns, .namespaces = namespaces};
	int error;

	folder.fd = pool_folder_open(path);
	if (folder.fd < 0)
		return folder.fd == -ENOENT ? 0 : folder.fd;
	error = folder_visit(&folder, pool_folder_visit);
	taken_remove(&folder);
	close(folder.fd);
	return error;
}

static void state_visit(struct folder *folder, const char *name)
{
	uint64_t netns;
	int error;

	if (!strcmp(name, STORE_TEMPORARY)) {
		error = store_tidy(folder->fd, folder->leftovers->dry);
		file_add(folder, "list", name, error, "its writer was killed");
		return;
	}
	if (!state_holder_parse(name, &netns) || netns == folder->netns || !folder->namespaces ||
	    namespaces_find(folder->namespaces, netns))
		return;
	/* Taking a lock file away is safe, whoever comes: they look whether it is still there. */
	if (folder->leftovers->dry)
		error = state_locked(folder->fd, name) ? -EBUSY : 0;
	else
		error = state_lock_remove(folder->fd, name);
	file_add(folder, "lock", name, error,
		 "no process is in its network namespace or has this lock");
}

int leftovers_in_state(struct leftovers *leftovers, uint64_t netns,
		       const struct namespaces *namespaces)
{
	struct folder folder = {.leftovers = leftovers, .netns = netns, .namespaces = namespaces};
	int error;

	folder.fd = state_open(false);
	if (folder.fd < 0)
		return folder.fd == -ENOENT ? 0 : folder.fd;
	error = folder_visit(&folder, state_visit);
	close(folder.fd);
	return error;
}
