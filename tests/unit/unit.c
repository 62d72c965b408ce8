/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "guard/guard.h"
#include "guard/held.h"
#include "pool/slot.h"
#include "unit.h"

char unit_folder[128];
static pid_t folder_owner;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	return remove(path);
}

static void folder_remove(void)
{
	if (getpid() == folder_owner)
		nftw(unit_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void took_too_long(int number)
{
	static const char text[] = "Bail out! the test hangs\n";

	(void)number;
	if (write(STDOUT_FILENO, text, sizeof text - 1) < 0)
		_exit(98);
	_exit(99);
}

/* Half a network would be worse than the one that all share: a child tries it first. */
static bool network_own(void)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid)
		_exit(unit_network() ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return false;
	if (unit_network())
		bail_out("a network of our own");
	return true;
}

bool unit_alone;
uint16_t unit_lowest = 5000, unit_highest = 31999; /* below the kernel's own */

/*
 * Where all tests share a network, each takes its ports from a slice of its own:
 * between looking for free ports and using them there is a moment. The name of an
 * abstract socket is the lock; with more tests than slices, some share.
 */
static void slice_take(void)
{
	enum { SLICES = 18, SIZE = 1500 };
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), slice = 0, length;

	for (int i = 0; i < SLICES; i++) {
		slice = (getpid() + i) % SLICES;
		length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "portres-unit-%d",
				  slice);
		if (!bind(fd, (struct sockaddr *)&name,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)))
			break;
	}
	unit_lowest = (uint16_t)(unit_lowest + slice * SIZE);
	unit_highest = (uint16_t)(unit_lowest + SIZE - 1);
}

int unit_main(const char *suite, CU_TestInfo *tests)
{
	CU_SuiteInfo suites[] = {{.pName = suite, .pTests = tests}, {.pName = NULL}};
	const char *folder = getenv("TMPDIR");

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, took_too_long);
	alarm(LONGEST);
	snprintf(unit_folder, sizeof unit_folder, "%s/portres-unit.XXXXXX",
		 folder && *folder && strlen(folder) < 80 ? folder : "/tmp");
	if (!mkdtemp(unit_folder))
		bail_out("mkdtemp");
	folder_owner = getpid();
	atexit(folder_remove);
	/* What the harness has open is in the way of tests that count. */
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	unit_alone = network_own();
	if (!unit_alone)
		slice_take();
	return cunit_tap_run(suites);
}

char *unit_path(char *buffer, size_t size)
{
	static unsigned int number;

	/* Child processes count on their own. */
	snprintf(buffer, size, "%s/%d-%u", unit_folder, getpid(), number++);
	return buffer;
}

struct pool *unit_pool(void)
{
	char path[PATH_SIZE];
	struct pool *pool;
	int error = pool_open(&pool, unit_path(path, sizeof path), guard_netns(), true);

	if (error) {
		errno = -error;
		bail_out("a pool");
	}
	return pool;
}

unsigned int unit_slots(const struct pool *pool)
{
	unsigned int slot, used = 0;

	for (slot = 0; slot < POOL_SLOTS; slot++)
		used += slot_token(pool, slot) != 0;
	return used;
}

unsigned int unit_words(const struct pool *pool)
{
	unsigned int protocol, port, used = 0;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		for (port = 0; port < POOL_PORTS; port++)
			used += atomic_load(&pool->words[protocol][port]) != 0;
	return used;
}

int unit_entries(const char *folder, char *name)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	int number = 0;

	if (!entries)
		return -1;
	while ((entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		number++;
		if (name)
			strcpy(name, entry->d_name);
	}
	closedir(entries);
	return number;
}

static bool block_free(uint16_t first, uint16_t count)
{
	for (int port = first; port < first + count; port++)
		if (stranger(TCP, everywhere(), port, 0) || stranger(UDP, everywhere(), port, 0))
			return false;
	return true;
}

uint16_t unit_block_in(uint16_t lowest, uint16_t highest, uint16_t count)
{
	for (int i = 0; i < 500; i++) {
		uint16_t first;

		if (getrandom(&first, sizeof first, 0) != sizeof first)
			break;
		first = (uint16_t)(lowest + first % (highest - lowest + 2 - count));
		if (block_free(first, count))
			return first;
	}
	bail_out("free ports");
}

uint16_t unit_block(uint16_t count)
{
	return unit_block_in(unit_lowest, unit_highest, count);
}

void unit_time_wait(uint16_t port, int flags)
{
	int server = listening("127.0.0.1", port, flags), accepted, client;
	char byte;

	client = socket_open(TCP, "127.0.0.1", 0);
	if (socket_connect(client, "127.0.0.1", port, 0))
		bail_out("connect");
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	close(server);
	close(accepted);
	/* Our end is behind the other's FIN now, and the other goes to TIME_WAIT. */
	if (read(client, &byte, 1))
		bail_out("the end of the connection");
	close(client);
}

int unit_descriptors(void)
{
	/* Less the one that reads the folder. */
	return unit_entries("/proc/self/fd", NULL) - 1;
}

void unit_limit(unsigned int soft)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		bail_out("getrlimit");
	limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		bail_out("setrlimit");
}

void *unit_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		bail_out("mmap");
	return memory;
}

void unit_holder_set(void)
{
	const char *build = getenv("top_builddir");
	char path[4096];

	if (!build)
		bail_out("top_builddir is not set (run me through make check)");
	snprintf(path, sizeof path, "%s/src/portres-hold", build);
	held_program_set(path);
}
