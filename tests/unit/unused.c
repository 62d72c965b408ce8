/* SPDX-License-Identifier: MIT */
/* Removing a file that nobody uses, and who comes meanwhile. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "guard/guard.h"
#include "inspect/unused.h"
#include "unit.h"

static int folder;

static void file_make(const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, 8192))
		bail_out("a file");
	close(fd);
}

static bool is_there(const char *name)
{
	return !faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static int taken_and_removed(const char *name)
{
	int fd = unused_take(folder, name);

	return fd < 0 ? fd : unused_remove(folder, name, fd);
}

static bool begun(void)
{
	folder = open(unit_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder >= 0;
}

static void test_remove(void)
{
	int fd;

	OK_FATAL(begun());
	file_make("free");
	fd = unused_take(folder, "free");
	OK(fd >= 0);
	OK(is_there("free"));
	IS(unused_remove(folder, "free", fd), 0);
	OK(!is_there("free"));
	IS(unused_take(folder, "free"), -ENOENT);
	/* Given back, it is there for others as before. */
	file_make("free");
	close(unused_take(folder, "free"));
	fd = openat(folder, "free", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	OK(fd >= 0);
	close(fd);
	IS(taken_and_removed("free"), 0);
	close(folder);
}

struct use {
	int flags;
	bool map;
};

static void use(void *context)
{
	const struct use *how = context;
	int fd = openat(folder, "used", how->flags | O_CLOEXEC);

	if (fd < 0)
		_exit(97);
	if (!how->map)
		return;
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		_exit(97);
	close(fd);
}

static void test_used(void)
{
	struct use ways[] = {{O_RDWR, false}, {O_RDWR, true}, {O_RDONLY, false}, {O_WRONLY, false}};
	pid_t pid;

	OK_FATAL(begun());
	file_make("used");
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		pid = unit_idle(use, &ways[i]);
		IS(unused_take(folder, "used"), -EBUSY);
		OK(is_there("used"));
		unit_kill(pid);
	}
	IS(taken_and_removed("used"), 0);
	close(folder);
}

static void test_others(void)
{
	char path[PATH_SIZE];

	OK_FATAL(begun());
	IS(mkdirat(folder, "sub", 0700), 0);
	IS(unused_take(folder, "sub"), -EISDIR);
	IS(symlinkat("target", folder, "link"), 0);
	file_make("target");
	IS(unused_take(folder, "link"), -ELOOP);
	snprintf(path, sizeof path, "%s/pipe", unit_folder);
	IS(mkfifo(path, 0600), 0);
	IS(unused_take(folder, "pipe"), -EPERM);
	if (!geteuid()) {
		IS(fchownat(folder, "target", SOMEBODY, SOMEBODY, 0), 0);
		IS(unused_take(folder, "target"), -EPERM);
	}
	OK(is_there("sub") && is_there("link") && is_there("target") && is_there("pipe"));
	close(folder);
}

/* Whoever opens it in the meantime, as pool_open does, is told to come back, and has it. */
static void test_waited_for(void)
{
	int fd, other;

	OK_FATAL(begun());
	file_make("wanted");
	fd = unused_take(folder, "wanted");
	OK_FATAL(fd >= 0);
	other = openat(folder, "wanted", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	IS(other < 0 ? errno : 0, EWOULDBLOCK);
	IS(unused_remove(folder, "wanted", fd), -EBUSY);
	OK(is_there("wanted"));
	other = openat(folder, "wanted", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	OK(other >= 0);
	close(other);
	close(folder);
}

static char pool_path[PATH_SIZE];
static _Atomic bool opened;

static void *pool_opener(void *context)
{
	struct pool **pool = context;
	int error = pool_open(pool, pool_path, guard_netns(), true);

	atomic_store(&opened, true);
	return (void *)(intptr_t)error;
}

static bool lease_broken(void *context)
{
	return fcntl(*(int *)context, F_GETLEASE) != F_WRLCK;
}

/* A program that comes to a pool while it is being looked at waits for the outcome. */
static void test_pool_open(void)
{
	struct pool *made, *pool = NULL;
	char name[256];
	pthread_t thread;
	void *error;
	int fd;

	IS_FATAL(pool_open(&made, unit_path(pool_path, sizeof pool_path), guard_netns(), true), 0);
	folder = open(pool_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	IS_FATAL(unit_entries(pool_path, name), 1);
	IS(unused_take(folder, name), -EBUSY);
	pool_close(made);
	fd = unused_take(folder, name);
	OK_FATAL(fd >= 0);
	IS(pthread_create(&thread, NULL, pool_opener, &pool), 0);
	OK(unit_eventually(lease_broken, &fd));
	OK(!atomic_load(&opened));
	close(fd);
	IS(pthread_join(thread, &error), 0);
	IS((int)(intptr_t)error, 0);
	OK(pool && pool->netns == guard_netns());
	if (pool)
		pool_close(pool);
	close(folder);
}

static void run_on_overlay(void *context)
{
	char options[4 * PATH_SIZE], *path = context;

	if (unit_mounts())
		_exit(77);
	snprintf(options, sizeof options, "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w", path, path,
		 path);
	strcat(path, "/m");
	if (mount("overlay", path, "overlay", 0, options))
		_exit(77);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file_make("file");
	IS(unused_take(folder, "file"), -EOPNOTSUPP);
	OK(is_there("file"));
	close(folder);
	umount(path);
}

/* Where the kernel counts a mapping with another file, it cannot be asked. */
static void test_overlay(void)
{
	static const char *const parts[] = {"", "/l", "/u", "/w", "/m"};
	char path[2 * PATH_SIZE], part[3 * PATH_SIZE];
	int status;

	unit_path(path, PATH_SIZE);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(part, sizeof part, "%s%s", path, parts[i]);
		OK(!mkdir(part, 0700));
	}
	status = unit_in_child(run_on_overlay, path);
	if (status == 77)
		cunit_tap_skip("overlayfs cannot be mounted here");
	else
		IS(status, 0);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a file that nobody uses is taken and removed, or given back", test_remove},
		      {"one that is open or mapped anywhere is not", test_used},
		      {"nor what is no file of ours", test_others},
		      {"nor one that somebody waits for", test_waited_for},
		      {"who opens a pool waits until it is decided", test_pool_open},
		      {"a file system that does not see mappings is not believed", test_overlay});

	return unit_main("unused", tests);
}
