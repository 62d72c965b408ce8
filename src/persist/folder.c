/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "persist/folder.h"

#define SYSTEM_FOLDER "/var/lib/portres"
/* What root reserves, everybody may read. */
#define SYSTEM_MODE 0755
#define OWN_MODE    0700

#define LOCK_PAUSE_NS  2000000
#define LOCKS_A_SECOND 500

static const char *variable(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

static const char *home(void)
{
	const char *value = variable("HOME");
	const struct passwd *user;

	if (value)
		return value;
	user = getpwuid(geteuid());
	return user && user->pw_dir && *user->pw_dir == '/' ? user->pw_dir : NULL;
}

int state_path(char *path, size_t size)
{
	const char *state = variable("PORTRES_STATE"), *base = variable("XDG_STATE_HOME");
	int length;

	if (state)
		length = snprintf(path, size, "%s", state);
	else if (!geteuid())
		length = snprintf(path, size, SYSTEM_FOLDER);
	else if (base && *base == '/') /* the XDG specification ignores a relative one */
		length = snprintf(path, size, "%s/portres", base);
	else if ((base = home()))
		length = snprintf(path, size, "%s/.local/state/portres", base);
	else
		return -ENOENT;
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

static mode_t folder_mode(void)
{
	return geteuid() || variable("PORTRES_STATE") ? OWN_MODE : SYSTEM_MODE;
}

/* Each folder on the way. */
static int folder_make(char *path)
{
	char *at;

	for (at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, OWN_MODE) && errno != EEXIST) {
			*at = '/';
			return -errno;
		}
		*at = '/';
	}
	if (mkdir(path, OWN_MODE))
		return errno == EEXIST ? 0 : -errno;
	/* Whatever the umask says. */
	return chmod(path, folder_mode()) ? -errno : 0;
}

static int folder_open(const char *path)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EACCES : -errno;
	/* In a sticky one others can add files, whose owner we look at, and replace none. */
	if (!fstat(fd, &stat) && stat.st_uid == geteuid() &&
	    (!(stat.st_mode & 022) || stat.st_mode & S_ISVTX))
		return fd;
	close(fd);
	return -EACCES;
}

int state_open(bool make)
{
	char path[PATH_MAX];
	int error = state_path(path, sizeof path), fd;

	if (error)
		return error;
	fd = folder_open(path);
	if (fd != -ENOENT || !make)
		return fd;
	error = folder_make(path);
	return error ? error : folder_open(path);
}

bool state_locked(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

int state_lock(int folder, const char *name, unsigned int seconds)
{
	unsigned int tries = seconds * LOCKS_A_SECOND;
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat stat;

	if (fd < 0)
		return errno == ELOOP ? -EACCES : -errno;
	if (fstat(fd, &stat) || stat.st_uid != geteuid()) {
		close(fd);
		return -EACCES;
	}
	/* In steps, so that one who was stopped in its midst does not stop all others for good. */
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		int error = errno;

		if (error == EINTR)
			continue;
		if (error != EWOULDBLOCK || !tries--) {
			close(fd);
			return error == EWOULDBLOCK ? -EBUSY : -error;
		}
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
	}
	return fd;
}

void state_holder_name(char name[HOLDER_NAME_SIZE], uint64_t netns)
{
	snprintf(name, HOLDER_NAME_SIZE, "holder-%llx", (unsigned long long)netns);
}
