/* SPDX-License-Identifier: MIT */
/* The user's own folder in /dev/shm, and who may have been there first. */
#include <sys/mount.h>
#include <sys/stat.h>

#include "pool-file.h"

#define NOT_RUN 77

static char home[64];

/* A /dev/shm of our own: the running user's is left alone. */
static void shm_own(void)
{
	if (unit_mounts() || mount("portres", "/dev/shm", "tmpfs", 0, "size=64M,mode=1777"))
		_exit(NOT_RUN);
	snprintf(home, sizeof home, "/dev/shm/portres-%u", geteuid());
}

static void in_shm(void (*run)(void *))
{
	int status = unit_in_child(run, NULL);

	if (status == NOT_RUN)
		cunit_tap_skip("mounting is not allowed here");
	else
		IS(status, 0);
}

/* Opens the default pool and says that it lies in home plus a suffix. */
static void made_in(const char *suffix)
{
	struct pool *pool;
	struct stat info;
	char path[128];

	IS_FATAL(pool_open(&pool, NULL, NETNS, true), 0);
	pool_close(pool);
	snprintf(path, sizeof path, "%s%s", home, suffix);
	IS(unit_entries(path, NULL), 1);
	OK(!lstat(path, &info));
	OK(S_ISDIR(info.st_mode));
	IS(info.st_mode & 07777, 0700);
	IS(info.st_uid, geteuid());
	IS(pool_open(&pool, NULL, NETNS, false), 0);
}

static void run_plain(void *none)
{
	struct pool *pool;

	(void)none;
	shm_own();
	IS(pool_open(&pool, NULL, NETNS, false), -ENOENT);
	IS(unit_entries("/dev/shm", NULL), 0);
	made_in("");
	IS(unit_entries("/dev/shm", NULL), 1);
}

static void test_plain(void)
{
	in_shm(run_plain);
}

static void run_other_owner(void *none)
{
	(void)none;
	shm_own();
	OK(!mkdir(home, 0700));
	OK(!chown(home, SOMEBODY, (gid_t)-1));
	made_in(".1");
	IS(unit_entries(home, NULL), 0);
}

static void test_other_owner(void)
{
	if (geteuid()) {
		cunit_tap_skip("only root gives folders away");
		return;
	}
	in_shm(run_other_owner);
}

static void run_open_folder(void *none)
{
	(void)none;
	shm_own();
	OK(!mkdir(home, 0700));
	OK(!chmod(home, 0777));
	made_in(".1");
	IS(unit_entries(home, NULL), 0);
}

static void test_open_folder(void)
{
	in_shm(run_open_folder);
}

static void run_link_and_file(void *none)
{
	char path[128];
	int fd;

	(void)none;
	shm_own();
	OK(!mkdir("/dev/shm/elsewhere", 0700));
	OK(!symlink("/dev/shm/elsewhere", home));
	snprintf(path, sizeof path, "%s.1", home);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	OK(fd >= 0);
	close(fd);
	made_in(".2");
	IS(unit_entries("/dev/shm/elsewhere", NULL), 0);
}

static void test_link_and_file(void)
{
	in_shm(run_link_and_file);
}

/* Those who came before and after the squatter went must not miss each other. */
static void run_squatter_goes(void *none)
{
	struct pool *before, *after;

	(void)none;
	shm_own();
	OK(!mkdir(home, 0700));
	OK(!chmod(home, 0777));
	IS_FATAL(pool_open(&before, NULL, NETNS, true), 0);
	OK(!rmdir(home));
	IS_FATAL(pool_open(&after, NULL, NETNS, true), 0);
	atomic_store(&before->words[PROTOCOL_TCP][1], 4711);
	IS(atomic_load(&after->words[PROTOCOL_TCP][1]), 4711);
	IS(unit_entries("/dev/shm", NULL), 1);
}

static void test_squatter_goes(void)
{
	in_shm(run_squatter_goes);
}

static void run_all_squatted(void *none)
{
	struct pool *pool;
	char path[128];

	(void)none;
	shm_own();
	for (int suffix = 0; suffix < 16; suffix++) {
		if (suffix)
			snprintf(path, sizeof path, "%s.%d", home, suffix);
		else
			snprintf(path, sizeof path, "%s", home);
		OK(!mkdir(path, 0700));
		OK(!chmod(path, 0777));
	}
	IS(pool_open(&pool, NULL, NETNS, true), -EACCES);
	OK(pool_open(&pool, NULL, NETNS, false) < 0);
}

static void test_all_squatted(void)
{
	in_shm(run_all_squatted);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"it is made with create only, 0700, under the user's number", test_plain},
		{"where another user made it first: the next suffix", test_other_owner},
		{"where it is open to others: the next suffix", test_open_folder},
		{"a link and a file of its name are passed over", test_link_and_file},
		{"a folder with a suffix stays in use when the squatter goes", test_squatter_goes},
		{"all names squatted: EACCES", test_all_squatted});

	return unit_main("pool-default", tests);
}
