/* SPDX-License-Identifier: MIT */
/*
 * What a hooked call costs a program that uses no reservation, against the same call
 * of libc: both in one process, in turn, with medians.
 *
 *	LD_PRELOAD=src/.libs/libportres.so tests/bench/untracked
 *
 * The calls are the cheapest of their kind: whatever the library adds shows most.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 201
#define CALLS  4000

static int bound;
static struct sockaddr_in any = {.sin_family = AF_INET};

static void *next;

static void call_close(void)
{
	((int (*)(int))next)(-1);
}

static void call_ioctl(void)
{
	int size;

	((int (*)(int, unsigned long, ...))next)(bound, FIONREAD, &size);
}

static void call_bind(void)
{
	((int (*)(int, const struct sockaddr *, socklen_t))next)(bound, (struct sockaddr *)&any,
								 sizeof any);
}

static void call_dup(void)
{
	((int (*)(int))next)(-1);
}

static void call_fcntl(void)
{
	((int (*)(int, int, ...))next)(bound, F_GETFD);
}

static void call_sendto(void)
{
	((ssize_t(*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))next)(
		-1, "", 1, 0, NULL, 0);
}

static double time_of(void (*call)(void), void *function)
{
	struct timespec start, end;

	next = function;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < CALLS; i++)
		call();
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
	       CALLS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(void *libc, const char *name, void (*call)(void))
{
	static double bare[ROUNDS], hooked[ROUNDS], ratios[ROUNDS];
	void *hook = dlsym(RTLD_DEFAULT, name), *real = dlsym(libc, name);

	if (hook == real) {
		fprintf(stderr, "%s is libc's own: run me under the preload\n", name);
		exit(1);
	}
	for (int round = 0; round < ROUNDS; round++) {
		/* Each is the first one half of the time. */
		if (round % 2)
			hooked[round] = time_of(call, hook);
		bare[round] = time_of(call, real);
		if (round % 2 == 0)
			hooked[round] = time_of(call, hook);
		ratios[round] = hooked[round] / bare[round];
	}
	qsort(bare, ROUNDS, sizeof *bare, compare);
	qsort(hooked, ROUNDS, sizeof *hooked, compare);
	qsort(ratios, ROUNDS, sizeof *ratios, compare);
	printf("%-10s %8.1f %8.1f %8.3f\n", name, bare[ROUNDS / 2], hooked[ROUNDS / 2],
	       ratios[ROUNDS / 2]);
}

int main(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

	bound = socket(AF_INET, SOCK_DGRAM, 0);
	if (!libc || bound < 0 || bind(bound, (struct sockaddr *)&any, sizeof any)) {
		perror("set-up");
		return 1;
	}
	printf("%-10s %8s %8s %8s\n", "", "libc ns", "hook ns", "ratio");
	measure(libc, "close", call_close);
	measure(libc, "ioctl", call_ioctl);
	measure(libc, "bind", call_bind);
	measure(libc, "dup", call_dup);
	measure(libc, "fcntl", call_fcntl);
	measure(libc, "sendto", call_sendto);
	return 0;
}
