/* SPDX-License-Identifier: MIT */
/* Making a pool where the means are short, or many do it at once. */
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "pool-file.h"

#define NOT_RUN 77

static int in_own_mounts(void (*run)(void *))
{
	int status = unit_in_child(run, NULL);

	if (status == NOT_RUN) {
		cunit_tap_skip("mounting is not allowed here");
		status = 0;
	}
	return status;
}

static void mount_tmpfs(const char *path, const char *options)
{
	if (unit_mounts() || mount("portres", path, "tmpfs", 0, options))
		_exit(NOT_RUN);
}

static void create_in_full(const char *options)
{
	char path[PATH_SIZE];
	struct statfs before, after;
	struct pool *pool;

	OK(!mkdir(unit_path(path, sizeof path), 0700));
	mount_tmpfs(path, options);
	strcat(strcpy(folder, path), "/pool");
	OK(!mkdir(folder, 0700));
	OK(!statfs(path, &before));
	IS(open_there(true), -ENOSPC);
	IS(unit_entries(folder, NULL), 0);
	OK(!statfs(path, &after));
	IS(after.f_bfree, before.f_bfree);
	IS(after.f_ffree, before.f_ffree);
	/* With room, the same call works. */
	OK(!mount(NULL, path, NULL, MS_REMOUNT, "size=4M,nr_inodes=10"));
	IS_FATAL(pool_open(&pool, folder, NETNS, true), 0);
	pool_close(pool);
}

static void run_full_blocks(void *none)
{
	(void)none;
	create_in_full("size=512k");
}

static void run_full_inodes(void *none)
{
	(void)none;
	create_in_full("size=4M,nr_inodes=2");
}

static void test_full_blocks(void)
{
	IS(in_own_mounts(run_full_blocks), 0);
}

static void test_full_inodes(void)
{
	IS(in_own_mounts(run_full_inodes), 0);
}

/* No link into place by way of /proc: the way with a temporary name. */
static void run_without_proc(void *none)
{
	struct pool *first, *second;
	char name[PATH_SIZE];

	(void)none;
	unit_path(folder, sizeof folder);
	mount_tmpfs("/proc", "size=4k");
	IS_FATAL(pool_open(&first, folder, NETNS, true), 0);
	IS(unit_entries(folder, name), 1);
	IS(name[0] == '.', 0);
	IS_FATAL(pool_open(&second, folder, NETNS, true), 0);
	atomic_store(&first->words[PROTOCOL_TCP][1], 1);
	IS(atomic_load(&second->words[PROTOCOL_TCP][1]), 1);
}

static void test_without_proc(void)
{
	IS(in_own_mounts(run_without_proc), 0);
}

static void run_file_limit(void *none)
{
	struct rlimit limit = {sizeof(struct pool) - 1, sizeof(struct pool)};

	(void)none;
	unit_path(folder, sizeof folder);
	OK(!mkdir(folder, 0700));
	OK(!setrlimit(RLIMIT_FSIZE, &limit));
	IS(open_there(true), -ENOSPC);
	IS(unit_entries(folder, NULL), 0);
	limit.rlim_cur = limit.rlim_max;
	OK(!setrlimit(RLIMIT_FSIZE, &limit));
	IS(open_there(true), 0);
}

/* The signal of a write past the limit would end the child. */
static void test_file_limit(void)
{
	IS(unit_in_child(run_file_limit, NULL), 0);
}

static void run_descriptors(void *none)
{
	unsigned int highest = 0, spare;

	(void)none;
	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			highest = (unsigned int)fd;
	for (int fd = 0; fd < (int)highest; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			dup2(STDOUT_FILENO, fd);
	for (spare = 0; spare < 2; spare++) {
		struct pool *pool;

		unit_path(folder, sizeof folder);
		unit_limit(highest + 1 + spare);
		IS(pool_open(&pool, folder, NETNS, true), -EMFILE);
		unit_limit(256);
		/* A folder may have come of it, but no file that is not whole. */
		OK(unit_entries(folder, NULL) <= 0);
		IS(open_there(true), 0);
		unit_limit(highest + 1 + spare);
		IS(pool_open(&pool, folder, NETNS, false), -EMFILE);
		unit_limit(256);
	}
}

static void test_descriptors(void)
{
	IS(unit_in_child(run_descriptors, NULL), 0);
}

static void run_umask(void *user)
{
	char name[PATH_SIZE], path[2 * PATH_SIZE];
	struct stat info;

	if (user &&
	    (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY)))
		_exit(NOT_RUN);
	umask(0777);
	IS(open_there(true), 0);
	IS(open_there(false), 0);
	OK(!stat(folder, &info));
	IS(info.st_mode & 07777, 0700);
	IS_FATAL(unit_entries(folder, name), 1);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	OK(!stat(path, &info));
	IS(info.st_mode & 07777, 0600);
}

static void test_umask(void)
{
	unit_path(folder, sizeof folder);
	IS(unit_in_child(run_umask, NULL), 0);
}

/* Whom the modes of files hold back, as they do not root. */
static void test_umask_unprivileged(void)
{
	char above[PATH_SIZE];

	if (geteuid()) {
		cunit_tap_skip("the tests run as an ordinary user anyway");
		return;
	}
	OK(!chmod(unit_folder, 0711));
	OK(!mkdir(unit_path(above, sizeof above), 0700));
	OK(!chmod(above, 0777));
	strcat(strcpy(folder, above), "/pool");
	IS(unit_in_child(run_umask, folder), 0);
}

enum { RACERS = 16, ROUNDS = 200 };

struct race {
	pthread_barrier_t barrier;
	char name[PATH_SIZE / 2];
	_Atomic int failed, apart;
};

static void race_round(struct race *race, int round, bool first)
{
	struct pool *pool = NULL;
	char name[PATH_SIZE], path[2 * PATH_SIZE];

	snprintf(folder, sizeof folder, "%s.%d", race->name, round);
	pthread_barrier_wait(&race->barrier);
	if (pool_open(&pool, folder, NETNS, true))
		atomic_fetch_add(&race->failed, 1);
	else
		atomic_fetch_add(&pool->words[PROTOCOL_TCP][1], 1);
	pthread_barrier_wait(&race->barrier);
	if (pool) {
		if (atomic_load(&pool->words[PROTOCOL_TCP][1]) != RACERS)
			atomic_fetch_add(&race->apart, 1);
		pool_close(pool);
	}
	if (first) {
		IS(unit_entries(folder, name), 1);
		snprintf(path, sizeof path, "%s/%s", folder, name);
		OK(!unlink(path));
	}
}

static void run_racer(void *context)
{
	struct race *race = context;

	for (int round = 0; round < ROUNDS; round++)
		race_round(race, round, false);
}

static void test_race(void)
{
	struct race *race = unit_shared(sizeof *race);
	pthread_barrierattr_t shared;
	pid_t racers[RACERS];

	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&race->barrier, &shared, RACERS);
	unit_path(race->name, sizeof race->name);
	for (int i = 1; i < RACERS; i++)
		racers[i] = unit_begin(run_racer, race);
	for (int round = 0; round < ROUNDS; round++)
		race_round(race, round, true);
	for (int i = 1; i < RACERS; i++)
		IS(unit_end(racers[i]), 0);
	IS(race->failed, 0);
	IS(race->apart, 0);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"no room for the file: ENOSPC, and nothing is left of it", test_full_blocks},
		{"no inode for the file: ENOSPC, and nothing is left of it", test_full_inodes},
		{"without /proc it is made, too, and no temporary name stays", test_without_proc},
		{"past RLIMIT_FSIZE: ENOSPC, no signal", test_file_limit},
		{"no descriptor free, or only one: EMFILE", test_descriptors},
		{"a umask of 0777 takes nothing away", test_umask},
		{"a umask of 0777 takes nothing from an ordinary user", test_umask_unprivileged},
		{"16 processes at once, 200 times: all map the one file", test_race});

	return unit_main("pool-create", tests);
}
