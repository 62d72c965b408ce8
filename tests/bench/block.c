/* SPDX-License-Identifier: MIT */
/*
 * What a port of a block costs against a port of the kernel's: rounds of each kind
 * in turn, medians, and ratios to the bare call of the same run.
 *
 *	LD_PRELOAD=src/.libs/libportres.so tests/bench/block
 *
 * "bare" is socket + bind(0.0.0.0:0) + close by system call, past any preload.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "portres.h"

#define ROUNDS 15
#define CALLS  2000

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static ULONG64 acquire(int fd, int count)
{
	INET_PORT_RESERVATION_INSTANCE instance;

	memset(&instance, 0, sizeof instance);
	instance.NumberOfPorts = (uint16_t)count;
	if (ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &instance))
		die("SIO_ACQUIRE_PORT_RESERVATION (run me under the preload)");
	return instance.Token;
}

static double bare(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	double start = now();

	for (int i = 0; i < CALLS; i++) {
		int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

		syscall(SYS_bind, fd, &any, sizeof any);
		syscall(SYS_close, fd);
	}
	return (now() - start) / CALLS;
}

/* `calls` binds from a block; where it has as many ports, each is a new one. */
static double draw(ULONG64 token, int calls)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	double start = now();

	for (int i = 0; i < calls; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, &token) ||
		    bind(fd, (struct sockaddr *)&any, sizeof any))
			die("draw");
		close(fd);
	}
	return (now() - start) / calls;
}

static double fresh(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double time = draw(acquire(fd, CALLS), CALLS);

	close(fd);
	return time;
}

static double used(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ULONG64 token = acquire(fd, 200);
	double time;

	draw(token, 200);
	time = draw(token, CALLS);
	close(fd);
	return time;
}

static double reserve(int count, int times)
{
	double start = now();

	for (int i = 0; i < times; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		acquire(fd, count);
		close(fd);
	}
	return (now() - start) / times / count;
}

static double reserve_20(void)
{
	return reserve(20, 50);
}

static double reserve_1000(void)
{
	return reserve(1000, 2);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static const struct {
		const char *what;
		double (*run)(void);
	} kinds[] = {
		{"bare socket + bind(0) + close", bare},
		{"a port of a block, never used", fresh},
		{"a port of a block, used before", used},
		{"ACQUIRE 20 and its end, per port", reserve_20},
		{"ACQUIRE 1000 and its end, per port", reserve_1000},
	};
	enum { KINDS = sizeof kinds / sizeof kinds[0] };
	double times[KINDS][ROUNDS], ratios[ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		for (int kind = 0; kind < KINDS; kind++)
			times[kind][round] = kinds[kind].run();
	printf("%-36s %8s %8s\n", "", "us", "ratio");
	for (int kind = 0; kind < KINDS; kind++) {
		for (int round = 0; round < ROUNDS; round++)
			ratios[round] = times[kind][round] / times[0][round];
		qsort(ratios, ROUNDS, sizeof *ratios, compare);
		if (kind)
			qsort(times[kind], ROUNDS, sizeof(double), compare);
		printf("%-36s %8.2f %8.2f\n", kinds[kind].what, times[kind][ROUNDS / 2],
		       ratios[ROUNDS / 2]);
	}
	return 0;
}
