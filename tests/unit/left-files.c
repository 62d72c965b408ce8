/* SPDX-License-Identifier: MIT */
/* The files that are left behind: which go, which stay, and what is said of them. */
#include <sys/file.h>
#include <sys/stat.h>

#include "guard/guard.h"
#include "inspect/leftovers.h"
#include "persist/folder.h"
#include "persist/store.h"
#include "unit.h"

/* The folder of the test that runs, and no namespace's number. */
static char folder[PATH_SIZE];
#define NOBODYS 0xdead0000

static struct leftovers found;

static void begin(void)
{
	unit_path(folder, sizeof folder);
	IS_FATAL(mkdir(folder, 0700), 0);
	IS_FATAL(setenv("PORTRES_STATE", folder, 1), 0);
}

static char *path_of(const char *name)
{
	static char path[2 * PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static int file_make(const char *name)
{
	int fd = open(path_of(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	OK_FATAL(fd >= 0);
	return fd;
}

static struct pool *pool_make(uint64_t netns)
{
	struct pool *pool;

	IS_FATAL(pool_open(&pool, folder, netns, true), 0);
	return pool;
}

static char *pool_name(uint64_t netns, unsigned int version)
{
	static char name[64];

	snprintf(name, sizeof name, "netns-%llx.v%u", (unsigned long long)netns, version);
	return name;
}

static bool is_there(const char *name)
{
	return !access(path_of(name), F_OK);
}

static bool pool_is_there(uint64_t netns)
{
	return is_there(pool_name(netns, POOL_VERSION));
}

static void look(bool dry)
{
	struct namespaces namespaces;

	leftovers_free(&found);
	found.dry = dry;
	IS_FATAL(namespaces_read(&namespaces), 0);
	IS(leftovers_in_folder(&found, folder, guard_netns(), &namespaces), 0);
	IS(leftovers_in_state(&found, guard_netns(), &namespaces), 0);
	OK(!found.failed);
	namespaces_free(&namespaces);
}

/* What is said of a file: 1 cleared, 0 kept, -1 nothing. */
static int said(const char *name)
{
	for (size_t i = 0; i < found.count; i++)
		if (found.list[i].path && !strcmp(strrchr(found.list[i].path, '/') + 1, name))
			return found.list[i].cleared;
	return -1;
}

/* Where processes of other namespaces cannot be asked, no pool is removed; not so as root. */
static bool asked(void)
{
	struct namespaces namespaces;
	bool all = !namespaces_read(&namespaces) && !namespaces.unknown;

	namespaces_free(&namespaces);
	if (!all)
		cunit_tap_skip("there are namespaces that cannot be asked");
	return all;
}

static void test_pools(void)
{
	struct pool *mapped;

	if (!asked())
		return;
	begin();
	pool_close(pool_make(guard_netns()));
	pool_close(pool_make(NOBODYS));
	mapped = pool_make(NOBODYS + 1);
	close(file_make("netns-what"));
	close(file_make("netns-dead.v1.old"));
	close(file_make("mine"));
	look(true);
	IS(found.count, 2);
	IS(said(pool_name(NOBODYS, POOL_VERSION)), 1);
	IS(said(pool_name(NOBODYS + 1, POOL_VERSION)), 0);
	OK(pool_is_there(NOBODYS));
	look(false);
	IS(found.count, 2);
	IS(said(pool_name(NOBODYS, POOL_VERSION)), 1);
	OK(!pool_is_there(NOBODYS));
	OK(pool_is_there(NOBODYS + 1) && pool_is_there(guard_netns()));
	OK(is_there("netns-what") && is_there("netns-dead.v1.old") && is_there("mine"));
	/* A new one takes its place as if there had been none. */
	pool_close(pool_make(NOBODYS));
	OK(pool_is_there(NOBODYS));
	pool_close(mapped);
	look(false);
	IS(said(pool_name(NOBODYS + 1, POOL_VERSION)), 1);
}

/* More than are made sure of at once. */
static void test_many(void)
{
	enum { MANY = 130 };
	int left = 0;

	if (!asked())
		return;
	begin();
	for (int i = 0; i < MANY; i++)
		close(file_make(pool_name((uint64_t)(NOBODYS + i), POOL_VERSION)));
	look(false);
	IS(found.count, MANY);
	for (int i = 0; i < MANY; i++)
		left += pool_is_there((uint64_t)(NOBODYS + i));
	IS(left, 0);
}

static void enter(void *context)
{
	uint64_t *netns = context;

	if (unit_network())
		return;
	*netns = guard_netns();
	pool_close(pool_make(*netns));
}

static void test_lived_in(void)
{
	uint64_t *netns = unit_shared(sizeof *netns);
	pid_t pid;

	if (!asked())
		return;
	begin();
	pid = unit_idle(enter, netns);
	if (!*netns) {
		cunit_tap_skip("a network of its own is not allowed here");
	} else {
		look(false);
		IS(said(pool_name(*netns, POOL_VERSION)), 0);
		OK(pool_is_there(*netns));
	}
	unit_kill(pid);
	if (*netns) {
		look(false);
		IS(said(pool_name(*netns, POOL_VERSION)), 1);
		OK(!pool_is_there(*netns));
	}
}

/* Somebody comes into the namespace behind our back: it is looked at twice. */
static void test_lately(void)
{
	struct namespaces before = {.list = NULL};
	uint64_t *netns = unit_shared(sizeof *netns);
	pid_t pid;

	if (!asked())
		return;
	begin();
	pid = unit_idle(enter, netns);
	if (*netns) {
		leftovers_free(&found);
		found.dry = false;
		IS(leftovers_in_folder(&found, folder, guard_netns(), &before), 0);
		IS(said(pool_name(*netns, POOL_VERSION)), 0);
		OK(pool_is_there(*netns));
	} else {
		cunit_tap_skip("a network of its own is not allowed here");
	}
	unit_kill(pid);
}

static void test_versions(void)
{
	char own[64], other[64];

	if (!asked())
		return;
	begin();
	strcpy(own, pool_name(guard_netns(), POOL_VERSION + 1));
	strcpy(other, pool_name(NOBODYS, POOL_VERSION + 1));
	close(file_make(own));
	close(file_make(other));
	look(false);
	IS(said(own), 0);
	IS(said(other), 1);
	OK(is_there(own) && !is_there(other));
}

/* From a pid namespace of its own not all who may use a pool can be seen. */
static void test_other_pids(void)
{
	struct stat namespace;
	struct pool *pool;
	bool first;

	if (!asked())
		return;
	begin();
	pool = pool_make(NOBODYS);
	OK(pool->namespace != 0);
	pool->namespace ^= UINT64_C(1) << 40;
	pool_close(pool);
	first = !stat("/proc/self/ns/pid", &namespace) && namespace.st_ino == 0xEFFFFFFC;
	look(false);
	IS(said(pool_name(NOBODYS, POOL_VERSION)), first);
}

static void test_unseen(void)
{
	struct namespaces unknown = {.unknown = getpid()};

	begin();
	pool_close(pool_make(NOBODYS));
	leftovers_free(&found);
	found.dry = false;
	IS(leftovers_in_folder(&found, folder, guard_netns(), NULL), 0);
	IS(said(pool_name(NOBODYS, POOL_VERSION)), 0);
	leftovers_free(&found);
	IS(leftovers_in_folder(&found, folder, guard_netns(), &unknown), 0);
	IS(said(pool_name(NOBODYS, POOL_VERSION)), 0);
	OK(pool_is_there(NOBODYS));
}

static void test_temporary(void)
{
	int fd;

	begin();
	close(file_make(".new-1234"));
	fd = file_make(".new-5678");
	look(true);
	OK(is_there(".new-1234"));
	look(false);
	IS(said(".new-1234"), 1);
	IS(said(".new-5678"), 0);
	OK(!is_there(".new-1234") && is_there(".new-5678"));
	close(fd);
	look(false);
	OK(!is_there(".new-5678"));
}

/* Its maker was killed between the two names; and the pool is in use. */
static void test_second_name(void)
{
	struct pool *pool;
	char *name;

	begin();
	pool = pool_make(guard_netns());
	name = strdupa(path_of(pool_name(guard_netns(), POOL_VERSION)));
	IS_FATAL(link(name, path_of(".new-1234")), 0);
	look(true);
	IS(said(".new-1234"), 1);
	OK(is_there(".new-1234"));
	look(false);
	IS(said(".new-1234"), 1);
	OK(!is_there(".new-1234") && pool_is_there(guard_netns()));
	pool_close(pool);
}

static void test_locks(void)
{
	char own[HOLDER_NAME_SIZE], held[HOLDER_NAME_SIZE], left[HOLDER_NAME_SIZE];
	int state, fd;

	begin();
	state_holder_name(own, guard_netns());
	state_holder_name(held, NOBODYS);
	state_holder_name(left, NOBODYS + 1);
	state = state_open(false);
	close(state_lock(state, own, 0));
	close(state_lock(state, left, 0));
	fd = state_lock(state, held, 0);
	OK_FATAL(fd >= 0);
	close(file_make("holder-x"));
	look(true);
	IS(found.count, 2);
	OK(is_there(left));
	look(false);
	IS(found.count, 2);
	IS(said(left), 1);
	IS(said(held), 0);
	OK(!is_there(left) && is_there(held) && is_there(own) && is_there("holder-x"));
	close(fd);
	close(state);
}

static bool is_set(void *context)
{
	return atomic_load((_Atomic bool *)context);
}

static void lock_wait(void *context)
{
	struct stat stat, now;
	int state, fd;

	OK_FATAL(unit_eventually(is_set, context));
	state = state_open(false);
	fd = state_lock(state, "holder-1", 20);
	OK_FATAL(fd >= 0);
	IS(fstat(fd, &stat), 0);
	IS(fstatat(state, "holder-1", &now, 0), 0);
	OK(stat.st_ino == now.st_ino);
}

static char *lock_path;

/* Whether a process has it open: it waits for the lock. */
static bool has_open(void *context)
{
	char link[64], target[2 * PATH_SIZE];

	for (int fd = 3; fd < 64; fd++) {
		ssize_t length;

		snprintf(link, sizeof link, "/proc/%d/fd/%d", *(pid_t *)context, fd);
		length = readlink(link, target, sizeof target - 1);
		if (length > 0 && !strncmp(target, lock_path, (size_t)length) &&
		    strlen(lock_path) == (size_t)length)
			return true;
	}
	return false;
}

/* Who waits for a lock whose file is taken away meanwhile gets one that others see. */
static void test_lock_removed(void)
{
	_Atomic bool *held = unit_shared(sizeof *held);
	int state, fd;
	pid_t pid;

	begin();
	/* Before there is a descriptor that it would inherit. */
	pid = unit_begin(lock_wait, (void *)held);
	state = state_open(false);
	fd = state_lock(state, "holder-1", 0);
	OK_FATAL(fd >= 0);
	IS(state_lock_remove(state, "holder-1"), -EBUSY);
	atomic_store(held, true);
	lock_path = path_of("holder-1");
	OK(unit_eventually(has_open, &pid));
	/* As state_lock_remove does, under the lock. */
	IS(unlinkat(state, "holder-1", 0), 0);
	close(fd);
	IS(unit_end(pid), 0);
	IS(state_lock_remove(state, "holder-1"), 0);
	OK(!is_there("holder-1"));
	close(state);
}

static void test_list(void)
{
	int state, fd;

	begin();
	close(file_make(STORE_TEMPORARY));
	state = state_open(false);
	fd = state_lock(state, "lock", 0);
	OK_FATAL(fd >= 0);
	look(false);
	IS(said(STORE_TEMPORARY), 0);
	close(fd);
	look(true);
	IS(said(STORE_TEMPORARY), 1);
	OK(is_there(STORE_TEMPORARY));
	look(false);
	IS(said(STORE_TEMPORARY), 1);
	OK(!is_there(STORE_TEMPORARY));
	look(false);
	IS(found.count, 0);
	close(state);
}

static void test_no_folders(void)
{
	begin();
	rmdir(folder);
	look(false);
	IS(found.count, 0);
	OK(access(folder, F_OK));
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a pool that nobody uses goes, others stay", test_pools},
		      {"any number of them", test_many},
		      {"the pool of a namespace with processes stays", test_lived_in},
		      {"also where they came late", test_lately},
		      {"pools of other versions", test_versions},
		      {"pools of another pid namespace", test_other_pids},
		      {"where not all processes are seen, pools stay", test_unseen},
		      {"a pool in the making goes with its maker", test_temporary},
		      {"a pool has its name alone, also while it is in use", test_second_name},
		      {"locks that nobody has go", test_locks},
		      {"a lock that is waited for is one that others see", test_lock_removed},
		      {"the file of a dead writer goes", test_list},
		      {"what is not there is not made", test_no_folders});

	return unit_main("left-files", tests);
}
