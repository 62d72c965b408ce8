/* SPDX-License-Identifier: MIT */
/*
 * stranger FIRST LAST [near] - binds port 0, TCP and UDP in turn, until SIGTERM,
 * and now and then a port of the block FIRST to LAST by its number. It must never
 * get one of these. near: the kernel's choice is confined to the block and 20
 * ports on both sides (IP_LOCAL_PORT_RANGE), so that it cannot look elsewhere.
 * Says "ready" on standard error when it has begun.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

static volatile sig_atomic_t stop;

static void on_term(int signal)
{
	stop = signal;
}

/* The port that the kernel gave, 0 when it gave none. */
static int try_port(int type, int port, unsigned int window)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int got = 0;

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (window && setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &window, sizeof(window))) {
		printf("unsupported\n");
		exit(0);
	}
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&name, &size) == 0)
		got = ntohs(name.sin_port);
	close(fd);
	return got;
}

int main(int argc, char **argv)
{
	int first = argc > 2 ? atoi(argv[1]) : 0;
	int last = argc > 2 ? atoi(argv[2]) : 0;
	bool near = argc == 4 && !strcmp(argv[3], "near");
	unsigned int window = (unsigned int)(last + 20) << 16 | (unsigned int)(first - 20);
	long tries = 0, bound = 0, taken = 0;

	if (first < 21 || last < first || last > 65515)
		return 2;
	alarm(100); /* nothing of it outlives a test that was killed */
	signal(SIGTERM, on_term);
	if (nice(5) < 0)
		errno = 0;
	for (; !stop; tries++) {
		int wish = tries % 16 ? 0 : first + rand() % (last - first + 1);
		int got = try_port(tries & 1 ? SOCK_DGRAM : SOCK_STREAM, wish, near ? window : 0);

		bound += got != 0;
		taken += got >= first && got <= last;
		if (tries == 100)
			fprintf(stderr, "ready\n");
	}
	printf("tries=%ld bound=%ld taken=%ld\n", tries, bound, taken);
	return 0;
}
