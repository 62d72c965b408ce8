/* SPDX-License-Identifier: MIT */
/*
 * ACQUIRE where something runs out, or a setting is wrong: the error says which, nothing
 * is written, and once there is room the same socket can acquire.
 */
#include "sandbox.h"
#include <sys/resource.h>

static int untouched(int fd, int error)
{
	instance request, before;

	memset(&request, 0x5a, sizeof request);
	request.StartPort = 0;
	request.NumberOfPorts = 4;
	before = request;
	if (ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &request) != -1 || errno != error) {
		diag("%s", strerrorname_np(errno));
		return 0;
	}
	return !memcmp(&request, &before, sizeof before);
}

/* answers: acquire-no-descriptor acquire-failure-writes-nothing */
static void out_of_descriptors(void)
{
	int fd = socket_open(TCP, "0.0.0.0", 0);
	struct block block = reserve(TCP, 1); /* the pool is open */
	struct rlimit limit, none;
	instance result;
	int good;

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)block.fd + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	good = untouched(fd, EMFILE);
	setrlimit(RLIMIT_NOFILE, &limit);
	ok(good, "no descriptor is free: EMFILE, nothing is written");
	ok(!acquire(fd, 0, 4, &result), "then there are some: 0");
	close(fd);
	close(block.fd);
}

/* answers: acquire-no-descriptor acquire-no-memory */
static int no_socket(void *error)
{
	int fd = socket_open(TCP, "0.0.0.0", 0);

	forbid(SYS_socket, SECCOMP_RET_ERRNO | (uint32_t) * (int *)error);
	return untouched(fd, *(int *)error);
}

/* The program that malformed_range starts with PORTRES_RANGE set to no range. */
static int in_malformed_range(void)
{
	int fd = socket_open(TCP, "0.0.0.0", 0), held = untouched(fd, EINVAL);
	struct block given;

	/* a block by its number is not looked for */
	for (int tries = 0; tries < 5 && !(held & 2); tries++) {
		given = try_reserve(TCP, free_block(2), 2);
		if (given.fd >= 0)
			held |= 2;
	}
	return held;
}

/* answers: env-range-malformed */
static void malformed_range(void)
{
	struct peer child = peer_start();
	int held;

	if (!child.pid) {
		setenv("PORTRES_RANGE", "20000-", 1);
		exec_self((const char *[]){"range", NULL});
	}
	held = peer_end(&child);
	ok(held & 1, "a malformed PORTRES_RANGE: any block is EINVAL, nothing is written");
	ok(held & 2, "a malformed PORTRES_RANGE: a block by its number is 0");
}

int main(int argc, char **argv)
{
	static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
	char what[100];

	if (argc == 2)
		return in_malformed_range();
	private_pool(argv);
	out_of_descriptors();
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		int error = errors[i];

		snprintf(what, sizeof what, "the kernel gives no socket: %s, nothing is written",
			 strerrorname_np(error));
		confined(no_socket, &error, what);
	}
	malformed_range();
	return done_testing();
}
