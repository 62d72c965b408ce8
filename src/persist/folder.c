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
#include "real/text.h"

#define HOLDER_BEGIN "holder-"

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

/* Of the user database, where the environment does not tell. */
static const char *home(char *buffer, size_t size)
{
	const char *value = variable("HOME");
	struct passwd user, *found;

	if (value)
		return value;
	if (getpwuid_r(geteuid(), &user, buffer, size, &found) || !found || !user.pw_dir ||
	    *user.pw_dir != '/')
		return NULL;
	return user.pw_dir;
}

int state_path(char *path, size_t size)
{
	const char *state = variable("PORTRES_STATE"), *base = variable("XDG_STATE_HOME");
	char buffer[4096];
	int length;

	if (state)
		length = snprintf(path, size, "%s", state);
	else if (!geteuid())
		length = snprintf(path, size, SYSTEM_FOLDER);
	else if (base && *base == '/') /* the XDG specification ignores a relative one */
		length = snprintf(path, size, "%s/portres", base);
	else if ((base = home(buffer, sizeof buffer)))
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
	/* Whatever the umask says; and not what a link leads to that others put there. */
	return fchmodat(AT_FDCWD, path, folder_mode(), AT_SYMLINK_NOFOLLOW) && errno != EOPNOTSUPP
		       ? -errno
		       : 0;
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

static int lock_take(int folder, const char *name, unsigned int tries)
{
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

int state_lock(int folder, const char *name, unsigned int seconds)
{
	struct stat stat;
	int fd;

	/* Another one may have removed it between our opening and our locking it. */
	while ((fd = lock_take(folder, name, seconds * LOCKS_A_SECOND)) >= 0 && !fstat(fd, &stat) &&
	       !stat.st_nlink)
		close(fd);
	return fd;
}

int state_lock_remove(int folder, const char *name)
{
	int fd = state_lock(folder, name, 0), error = 0;

	if (fd < 0)
		return fd;
	if (unlinkat(folder, name, 0))
		error = -errno;
	close(fd);
	return error;
}

#define NOTE_MOST 64

void holder_note(int lock, const void *identity, size_t size)
{
	/* Without room for it, who waits for it waits for as long as he likes. */
	if (pwrite(lock, identity, size, 0) != (ssize_t)size && ftruncate(lock, 0))
		return;
}

bool holder_noted(int folder, const char *name, const void *identity, size_t size)
{
	char note[NOTE_MOST];
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool same = fd >= 0 && size <= sizeof note && pread(fd, note, size, 0) == (ssize_t)size &&
		    !memcmp(note, identity, size);

	if (fd >= 0)
		close(fd);
	return same;
}

void state_holder_name(char name[HOLDER_NAME_SIZE], uint64_t netns)
{
	snprintf(name, HOLDER_NAME_SIZE, HOLDER_BEGIN "%llx", (unsigned long long)netns);
}

bool state_holder_parse(const char *name, uint64_t *netns)
{
	if (strncmp(name, HOLDER_BEGIN, strlen(HOLDER_BEGIN)) != 0)
		return false;
	name += strlen(HOLDER_BEGIN);
	return text_number(&name, 16, UINT64_MAX, netns) && !*name;
}
