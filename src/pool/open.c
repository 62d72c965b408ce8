/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pool/create.h"
#include "pool/pool.h"
#include "real/real.h"
#include "real/text.h"

uint64_t pool_signature(void)
{
	return ((uint64_t)sizeof(struct pool) << 32) ^ ((uint64_t)sizeof(struct pool_slot) << 16) ^
	       ((uint64_t)POOL_SLOTS << 4) ^ PROTOCOLS ^ offsetof(struct pool, words);
}

/* Ours, a folder, and closed to others. */
static int folder_open(const char *path)
{
	struct stat stat;
	int fd = real_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EACCES : -errno;
	if (real_fstat(fd, &stat) || stat.st_uid != geteuid() || stat.st_mode & 022) {
		real_close(fd);
		return -EACCES;
	}
	return fd;
}

static int folder_make(const char *path)
{
	if (mkdir(path, 0700))
		return errno == EEXIST ? folder_open(path) : -errno;
	/*
	 * The umask may have taken our own rights away. Whoever may write to the folder above
	 * can have put a link there: what that leads to is not ours to open up. Without /proc
	 * this does nothing, and a strange umask is the user's to mend.
	 */
	if (fchmodat(AT_FDCWD, path, 0700, AT_SYMLINK_NOFOLLOW) && errno != EOPNOTSUPP)
		return -errno;
	return folder_open(path);
}

void pool_folder_path(char path[POOL_PATH_SIZE], unsigned int suffix)
{
	struct text text = {.buffer = path, .size = POOL_PATH_SIZE};

	text_add(&text, "/dev/shm/portres-");
	text_add_number(&text, geteuid(), 10);
	if (suffix) {
		text_add(&text, ".");
		text_add_number(&text, suffix, 10);
	}
}

/*
 * The user's own folder in /dev/shm: the first that is ours. Where a stranger made
 * one of that name before us, the next suffix is used.
 */
static int folder_default(bool create)
{
	char path[POOL_PATH_SIZE];
	unsigned int suffix;
	int fd = -ENOENT;

	for (suffix = 0; suffix < POOL_FOLDERS; suffix++) {
		pool_folder_path(path, suffix);
		fd = folder_open(path);
		if (fd >= 0 || fd == -EMFILE || fd == -ENFILE)
			return fd;
	}
	for (suffix = 0; create && suffix < POOL_FOLDERS; suffix++) {
		pool_folder_path(path, suffix);
		fd = folder_make(path);
		if (fd != -EACCES)
			break;
	}
	return fd;
}

static int file_check(int fd, const struct pool *pool, uint64_t netns)
{
	struct stat stat;

	if (real_fstat(fd, &stat))
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EBADMSG;
	if (stat.st_uid != geteuid() || stat.st_mode & 077)
		return -EACCES;
	if (stat.st_size != (off_t)sizeof *pool)
		return -EBADMSG;
	if (!pool)
		return 0;
	if (pool->magic != POOL_MAGIC || pool->version != POOL_VERSION ||
	    pool->size != sizeof *pool || pool->signature != pool_signature() ||
	    pool->netns != netns || pool->claim_index % 2 == 0 || pool->claim_index > INT32_MAX)
		return -EBADMSG;
	return 0;
}

/*
 * Who removes a file that nobody uses (portres prune) keeps us from opening it while he makes
 * sure of that.
 */
#define REMOVAL_TRIES	 1000
#define REMOVAL_PAUSE_NS 1000000

static int file_open(int folder, const char *name, uint64_t netns)
{
	int fd, tries, error;

	for (tries = 0;; tries++) {
		fd = real_openat(folder, name,
				 O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
		if (fd >= 0 || errno != EWOULDBLOCK || tries == REMOVAL_TRIES)
			break;
		nanosleep(&(struct timespec){.tv_nsec = REMOVAL_PAUSE_NS}, NULL);
	}
	if (fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EBADMSG : -errno;
	error = file_check(fd, NULL, netns);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

#ifdef SYS_mmap2 /* counts its offset in pages */
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif

static int file_map(struct pool **pool, int folder, const char *name, uint64_t netns)
{
	int fd = file_open(folder, name, netns), error = 0;
	struct pool *mapped;

	if (fd < 0)
		return fd;
	/*
	 * Like the calls that open and close it, not by what stands in front of libc: a thread
	 * sanitizer that knew of this descriptor would find the next one of its number in a race.
	 */
	mapped = (struct pool *)syscall(MMAP, NULL, sizeof *mapped, (long)(PROT_READ | PROT_WRITE),
					(long)MAP_SHARED, (long)fd, 0L);
	if (mapped == MAP_FAILED) {
		error = -errno;
	} else {
		error = file_check(fd, mapped, netns);
		if (error)
			munmap(mapped, sizeof *mapped);
		else
			*pool = mapped;
	}
	real_close(fd);
	return error;
}

#define NAME_BEGIN   "netns-"
#define NAME_VERSION ".v"

/* The version is in the name: programs of two versions do not meet here. */
void pool_file_name(char name[POOL_PATH_SIZE], uint64_t netns)
{
	struct text text = {.buffer = name, .size = POOL_PATH_SIZE};

	text_add(&text, NAME_BEGIN);
	text_add_number(&text, netns, 16);
	text_add(&text, NAME_VERSION);
	text_add_number(&text, POOL_VERSION, 10);
}

bool pool_name_parse(const char *name, uint64_t *netns, unsigned int *version)
{
	uint64_t number;

	if (strncmp(name, NAME_BEGIN, strlen(NAME_BEGIN)) != 0)
		return false;
	name += strlen(NAME_BEGIN);
	if (!text_number(&name, 16, UINT64_MAX, netns) ||
	    strncmp(name, NAME_VERSION, strlen(NAME_VERSION)) != 0)
		return false;
	name += strlen(NAME_VERSION);
	if (!text_number(&name, 10, UINT32_MAX, &number) || *name)
		return false;
	*version = (unsigned int)number;
	return true;
}

int pool_folder_open(const char *folder)
{
	return folder ? folder_open(folder) : folder_default(false);
}

int pool_open(struct pool **pool, const char *folder, uint64_t netns, bool create)
{
	char name[POOL_PATH_SIZE];
	int fd, error;

	pool_file_name(name, netns);
	if (!folder)
		fd = folder_default(create);
	else
		fd = create ? folder_make(folder) : folder_open(folder);
	if (fd < 0)
		return fd;
	error = file_map(pool, fd, name, netns);
	if (error == -ENOENT && create) {
		error = pool_create(fd, name, netns, pool_claim_index());
		if (!error)
			error = file_map(pool, fd, name, netns);
	}
	real_close(fd);
	return error;
}

void pool_close(struct pool *pool)
{
	munmap(pool, sizeof *pool);
}

#define LOCK_TRIES    5000
#define LOCK_PAUSE_NS 1000000

int pool_lock(const char *folder, uint64_t netns)
{
	char name[POOL_PATH_SIZE];
	int fd = pool_folder_open(folder), file, tries;

	if (fd < 0)
		return fd;
	pool_file_name(name, netns);
	file = file_open(fd, name, netns);
	real_close(fd);
	for (tries = 0; file >= 0 && flock(file, LOCK_EX | LOCK_NB); tries++) {
		if (tries == LOCK_TRIES || (errno != EWOULDBLOCK && errno != EINTR)) {
			real_close(file);
			return -EBUSY;
		}
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
	}
	return file;
}
