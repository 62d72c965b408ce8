/* SPDX-License-Identifier: MIT */
/*
 * Where something runs out, or is not there: at each amount of it a program gets what it
 * asked for, as the kernel confirms, or the errno that says what is missing. Descriptors,
 * address space, processes, room in shared memory, /dev/shm, /proc, IPv6, slots, ports.
 */
#include "../pitfalls/network.h"
#include "../preload/sandbox.h"
#include "files.h"
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>

enum { SLOTS = 4096, LONELY_USER = 64322, EVERY_PORT = 65535, BLOCK_PORTS = 16 };

/* Of all processes of this test. */
static struct {
	unsigned long cases, served;
} * count;

static bool every_step;

static void limit_set(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		_exit(2);
	limit.rlim_cur = value;
	if (setrlimit(resource, &limit))
		_exit(2);
}

/* A newcomer of each protocol is served, or gets one of these. */
static bool served_or(const int *errors)
{
	bool good = true;

	for (int type = TCP; type <= UDP; type++) {
		int error = newcomer(type, NULL, 0), allowed = !error;

		count->cases++;
		count->served += !error;
		for (const int *it = errors; *it; it++)
			allowed |= error == *it;
		if (!allowed)
			diag("%s: %s", type_name(type), strerrorname_np(error));
		good &= allowed;
	}
	return good && !files_wrong;
}

#define OR(...) ((const int[]){__VA_ARGS__, 0})

/* Checks in processes of their own; how many of them failed. */
static unsigned long failures;

static void try(int (*check)(void *), void *argument, const char *what)
{
	failures += !confined(check, argument, what);
}

static void row(const char *what, bool some)
{
	ok(!some || count->served > 0, "%s: some were served", what);
	proved(what, count->cases, failures);
	count->cases = count->served = failures = 0;
}

static int lowest_free(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}

/* 20 of them, and fewer: down to none that is free. */
static int few_descriptors(void *unused)
{
	bool good = true;

	(void)unused;
	for (int limit = 20; limit > lowest_free() + 1; limit--) {
		limit_set(RLIMIT_NOFILE, (rlim_t)limit);
		good &= served_or(OR(EMFILE));
	}
	return good;
}

static long memory_mapped(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file || fscanf(file, "%ld", &pages) != 1)
		_exit(2);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static int little_memory(void *bytes)
{
	limit_set(RLIMIT_AS, (rlim_t)(memory_mapped() + *(long *)bytes));
	return served_or(OR(ENOMEM));
}

/* A holder cannot be started: only where one is needed is that an error. */
static int no_process(void *unused)
{
	struct block block;
	int error;

	(void)unused;
	become_user(LONELY_USER);
	limit_set(RLIMIT_NOFILE, 64);
	limit_set(RLIMIT_NPROC, 1);
	block = try_reserve(TCP, 0, 200);
	error = block.fd < 0 ? errno : 0;
	count->cases++;
	if (error == EACCES)
		_exit(NO_SANDBOX); /* the library is out of this user's reach */
	if (error != EAGAIN && error != ENOMEM && error != ENOBUFS && error != EMFILE)
		diag("a block that needs a holder: %s", error ? strerrorname_np(error) : "0");
	return error && error != EACCES && served_or(OR(0));
}

static int small_folder(void *bytes)
{
	char options[64];
	const char *place = getenv("PORTRES_DIR");

	if (own_namespace(CLONE_NEWNS))
		_exit(NO_SANDBOX);
	snprintf(options, sizeof options, "size=%ld,mode=700", *(long *)bytes);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", place, "tmpfs", 0, options))
		_exit(NO_SANDBOX);
	return served_or(OR(ENOSPC));
}

/* Puts an empty folder over one. */
static void cover(const char *place)
{
	if (own_namespace(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", place, "tmpfs", 0, "mode=755"))
		_exit(NO_SANDBOX);
}

/* As another image, which reads its settings anew. */
static int no_shared_memory(void *unused)
{
	(void)unused;
	cover("/dev");
	unsetenv("PORTRES_DIR");
	count->cases++;
	exec_self((const char *[]){"no-shm", NULL});
}

static int elsewhere(void *unused)
{
	(void)unused;
	cover("/dev");
	return served_or(OR(0));
}

static int no_proc(void *unused)
{
	(void)unused;
	cover("/proc");
	return served_or(OR(0));
}

static int ipv6_disabled(void *unused)
{
	(void)unused;
	if (quiet_network() || write_text("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"))
		_exit(NO_SANDBOX);
	return served_or(OR(0));
}

static int ipv6_refused(void *unused)
{
	(void)unused;
	forbid_first(SYS_socket, AF_INET6, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	return served_or(OR(0));
}

static bool refused_to_all(int type)
{
	int taken = taken_ports(type, 1, EVERY_PORT);

	count->cases += EVERY_PORT;
	if (taken != EVERY_PORT)
		diag("%s: %d ports are taken", type_name(type), taken);
	return taken == EVERY_PORT;
}

static void room_for_all(void)
{
	struct rlimit limit;

	if (quiet_network() || getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max < 2 * SLOTS)
		_exit(NO_SANDBOX);
	limit_set(RLIMIT_NOFILE, limit.rlim_max);
}

static int one_block(void *type)
{
	struct block block, none;
	bool good;

	room_for_all();
	block = try_reserve(*(int *)type, 1, EVERY_PORT);
	if (block.fd < 0)
		_exit(errno == EACCES ? NO_SANDBOX : 3);
	good = refused_to_all(block.type);
	good &= draw_and_check(&block, NULL, 0, 16) == 16;
	for (int port = 1; port <= EVERY_PORT; port += EVERY_PORT - 1) {
		int fd = drawn(&block, "127.0.0.1", port, 0);

		good &= port_of(fd) == port;
		close(fd);
	}
	none = try_reserve(block.type, 0, 1);
	good &= none.fd < 0 && errno == EADDRINUSE;
	close(block.fd);
	return good && !files_wrong && taken_ports(block.type, 1, EVERY_PORT) == 0;
}

/* As many reservations as there are slots, which have all ports; and one more. */
static int many_blocks(void *unused)
{
	int fd = socket_open(TCP, "127.0.0.1", 0), udp, got = 0;
	instance result;
	bool good;

	(void)unused;
	close(fd);
	room_for_all();
	fd = socket_open(TCP, "127.0.0.1", 0);
	for (; got < SLOTS; got++) {
		int start = 1 + got * BLOCK_PORTS, left = EVERY_PORT - start + 1;

		if (acquire(fd, start, left < BLOCK_PORTS ? left : BLOCK_PORTS, &result))
			break;
		count->cases++;
	}
	if (got < SLOTS)
		diag("%d reservations, then %s", got, strerrorname_np(errno));
	good = got == SLOTS && refused_to_all(TCP);
	udp = socket_open(UDP, "127.0.0.1", 0);
	good &= acquire(udp, 0, 1, &result) == -1 && errno == ENOSPC;
	good &= !release(fd, result.Token) || errno == EINVAL;
	close(fd);
	good &= !acquire(udp, 0, 1, &result);
	close(udp);
	return good && taken_ports(TCP, 1, EVERY_PORT) == 0;
}

/* Privileged in the first user namespace: then nothing limits descriptors in flight. */
static bool truly_root(void)
{
	char line[64] = "";
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long first, outside, all;
	bool whole = file && fgets(line, sizeof line, file) &&
		     sscanf(line, "%lu %lu %lu", &first, &outside, &all) == 3 && all > 65536;

	if (file)
		fclose(file);
	return whole && !geteuid();
}

static void ports_and_slots(void)
{
	int types[] = {TCP, UDP};

	if (!truly_root()) {
		skip("all ports in one block and in many", "not root");
		return;
	}
	for (int i = 0; i < 2; i++)
		try(one_block, &types[i],
		    i ? "all UDP ports in one block" : "all TCP ports in one block");
	row("limits: all 65,535 ports in one block", false);
	try(many_blocks, NULL, "all TCP ports in 4,096 blocks, and not one more");
	row("limits: 4,096 reservations of all ports", false);
}

static void no_processes(void)
{
	if (geteuid()) {
		skip("RLIMIT_NPROC", "not root");
		return;
	}
	pool_new(LONELY_USER);
	try(no_process, NULL, "no process can be started");
	row("limits: RLIMIT_NPROC", false);
	pool_new(geteuid());
}

int main(int argc, char **argv)
{
	const long most = 2L << 20;
	char what[80];

	if (argc == 2)
		return newcomer(TCP, NULL, 0) == ENOENT ? 0 : 1;
	private_pool(argv);
	alarm(600);
	every_step = getenv("PORTRES_LONG") != NULL;
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	try(few_descriptors, NULL, "20 descriptors, and fewer");
	row("limits: RLIMIT_NOFILE", true);
	for (long bytes = 0; bytes <= most; bytes += every_step ? 4096 : 65536) {
		snprintf(what, sizeof what, "%ld kB more of address space", bytes / 1024);
		try(little_memory, &bytes, what);
	}
	row("limits: RLIMIT_AS", true);
	no_processes();
	for (long bytes = 4096; bytes <= most; bytes += every_step ? 4096 : 65536) {
		snprintf(what, sizeof what, "%ld kB of shared memory", bytes / 1024);
		try(small_folder, &bytes, what);
	}
	row("limits: a full shared memory", false);
	try(no_shared_memory, NULL, "no /dev/shm: ENOENT");
	try(elsewhere, NULL, "no /dev/shm, and PORTRES_DIR");
	row("limits: no /dev/shm", false);
	try(no_proc, NULL, "no /proc");
	row("limits: no /proc", false);
	try(ipv6_disabled, NULL, "IPv6 is disabled by sysctl");
	try(ipv6_refused, NULL, "AF_INET6 is refused");
	row("limits: IPv6 off", false);
	ports_and_slots();
	return done_testing();
}
