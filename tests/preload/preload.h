/* SPDX-License-Identifier: MIT */
/*
 * What every black-box test needs: a pool folder of its own, the three calls,
 * blocks and sockets tied to them.
 */
#ifndef TESTS_PRELOAD_PRELOAD_H
#define TESTS_PRELOAD_PRELOAD_H

#include "sockets.h"
#include <ftw.h>
#include <portres.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

typedef INET_PORT_RESERVATION_INSTANCE instance;

struct block {
	int fd; /* the acquiring socket */
	int type, start, count;
	ULONG64 token;
};

/* The process that made the folders, and nobody it forks, removes them. */
static pid_t folder_owner;
static char *folder;

static int folder_remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	return remove(path);
}

static void folder_remove(void)
{
	if (getpid() == folder_owner)
		nftw(folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void took_too_long(int signal_number)
{
	static const char text[] = "Bail out! the test hangs\n";

	(void)signal_number;
	if (write(STDOUT_FILENO, text, sizeof text - 1) < 0)
		_exit(98);
	_exit(99);
}

/* A fresh pool folder for the given user becomes PORTRES_DIR. */
HELPER void pool_new(uid_t owner)
{
	char *path = NULL;

	if (asprintf(&path, "%s/pool.XXXXXX", folder) < 0 || !mkdtemp(path))
		bail_out("a pool folder");
	if (owner != geteuid() && chown(path, owner, (gid_t)-1))
		bail_out("chown");
	setenv("PORTRES_DIR", path, 1);
	free(path);
}

/*
 * First call of main: makes the pool folder before the library can look for it,
 * and comes back preloaded.
 */
HELPER void private_pool(char **argv)
{
	const char *parent = getenv("TMPDIR");
	char *state;

	if (!getenv("PORTRES_TEST_PRELOADED")) {
		if (asprintf(&folder, "%s/portres-test.XXXXXX", parent ? parent : "/tmp") < 0 ||
		    !mkdtemp(folder) || chmod(folder, 0711))
			bail_out("a folder for the test");
		setenv("PORTRES_TEST_FOLDER", folder, 1);
		if (asprintf(&state, "%s/state", folder) < 0)
			bail_out("memory");
		setenv("PORTRES_STATE", state, 1);
		free(state);
		pool_new(geteuid());
		under_preload(argv);
	}
	folder = getenv("PORTRES_TEST_FOLDER");
	folder_owner = getpid();
	atexit(folder_remove);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, took_too_long);
	alarm(150);
	srandom((unsigned)getpid());
}

/* The three calls. start: host byte order. */
HELPER int acquire(int fd, int start, int count, instance *result)
{
	memset(result, 0, sizeof *result);
	result->StartPort = htons((uint16_t)start);
	result->NumberOfPorts = (uint16_t)count;
	return ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, result);
}

HELPER int associate(int fd, ULONG64 token)
{
	return ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, &token);
}

HELPER int release(int fd, ULONG64 token)
{
	return ioctl(fd, SIO_RELEASE_PORT_RESERVATION, &token);
}

/* A block on a new IPv4 socket; fd is -1 and errno set where it cannot be had. */
HELPER struct block try_reserve(int type, int start, int count)
{
	struct block block = {.type = type};
	instance result;
	int error;

	block.fd = socket_open(type, "0.0.0.0", 0);
	if (acquire(block.fd, start, count, &result)) {
		error = errno;
		close(block.fd);
		block.fd = -1;
		errno = error;
		return block;
	}
	block.start = ntohs(result.StartPort);
	block.count = result.NumberOfPorts;
	block.token = result.Token;
	return block;
}

HELPER struct block reserve(int type, int count)
{
	struct block block = try_reserve(type, 0, count);

	if (block.fd < 0)
		bail_out("ACQUIRE");
	return block;
}

/* A random block between the two ports that is reserved by its number. */
HELPER struct block reserve_between(int type, int low, int high, int count)
{
	struct block block = {.fd = -1};

	for (int tries = 0; tries < 500 && block.fd < 0; tries++) {
		int start = low + (int)(random() % (high - low - count + 1));

		block = try_reserve(type, start, count);
		if (block.fd < 0 && errno != EADDRINUSE)
			break;
	}
	if (block.fd < 0)
		bail_out("ACQUIRE of a block by its number");
	return block;
}

HELPER int in_block(const struct block *block, int port)
{
	return port >= block->start && port < block->start + block->count;
}

/* A new socket tied to the block, not bound. */
HELPER int tied(const struct block *block, const char *text, int flags)
{
	int fd = socket_open(block->type, text, flags);

	if (associate(fd, block->token))
		bail_out("ASSOCIATE");
	return fd;
}

/* A new socket tied to the block and bound; -1 and bind's errno. Port 0 draws. */
HELPER int drawn(const struct block *block, const char *text, int port, int flags)
{
	int fd = tied(block, text, flags);
	int error;

	if (!socket_bind(fd, text, port, 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

HELPER void ephemeral_range(int *low, int *high)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (!file || fscanf(file, "%d %d", low, high) != 2)
		bail_out("ip_local_port_range");
	fclose(file);
}

/*
 * A run of ports that nobody uses now, in neither protocol, outside the range
 * that the kernel hands out from. Another test may take one any time: see settled().
 */
HELPER int free_block(int count)
{
	int low, high;

	ephemeral_range(&low, &high);
	for (int tries = 0; tries < 10000; tries++) {
		int start = 10240 + (int)(random() % (65536 - 10240 - count));

		if ((start > high || start + count <= low) && !taken_ports(TCP, start, count) &&
		    !taken_ports(UDP, start, count))
			return start;
	}
	bail_out("no run of free ports");
}

/*
 * "These ports are free now" can be spoilt by another test that takes one in the
 * meantime; a fault of ours spoils each round. A round returns 1 when all held.
 */
HELPER int settled(int (*round)(void *), void *argument)
{
	for (int tries = 0; tries < 5; tries++) {
		if (round(argument) == 1)
			return 1;
	}
	return 0;
}

#endif
