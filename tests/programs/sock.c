/* SPDX-License-Identifier: MIT */
/*
 * sock - the socket calls that the program tests need, one a command:
 *
 *	sock bind [OPTIONS] PORT [ADDRESS]     binds, prints the port, ends
 *	sock hold [OPTIONS] PORT [ADDRESS]     the same, listens, stays (a minute)
 *	sock connect PORT                      to 127.0.0.1, prints its own port
 *	sock refused PROTO FIRST LAST          a stranger gets no port of these
 *	sock free PROTO FIRST LAST             a stranger gets each of them
 *	sock gap COUNT                         a block that is free in TCP and UDP
 *	sock status COMMAND [ARG...]           prints how it ended: exit N, signal N
 *
 * OPTIONS: -u UDP, -a SO_REUSEADDR, -p SO_REUSEPORT, -w FIRST-LAST the kernel's choice is
 * made there (IP_LOCAL_PORT_RANGE). A call that fails: the name of its errno on
 * standard output, exit status 1. Started without the preload it is a stranger,
 * under it a program of the tree.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

struct how {
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	bool reuse, share;
	unsigned int window; /* IP_LOCAL_PORT_RANGE's value: last << 16 | first */
};

static int usage(void)
{
	fputs("sock: see the head of sock.c\n", stderr);
	return 2;
}

/* The numbers of a script: strict, so that an empty variable is an error. */
static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 65535) {
		fprintf(stderr, "sock: '%s' is not a port\n", text);
		exit(2);
	}
	return value;
}

static int failed(void)
{
	printf("%s\n", strerrorname_np(errno));
	return 1;
}

/* A socket bound as told, or -1 and errno. */
static int bound(const struct how *how, const char *address, long port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool is_v6 = strchr(address, ':') != NULL;
	int one = 1;
	int fd;

	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, address,
		      is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1) {
		fprintf(stderr, "sock: '%s' is not an address\n", address);
		exit(2);
	}
	fd = socket(is_v6 ? AF_INET6 : AF_INET, how->type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if ((how->reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one))) ||
	    (how->share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one))) ||
	    (how->window && setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &how->window,
				       sizeof(how->window))) ||
	    bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
		 is_v6 ? sizeof(v6) : sizeof(v4))) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &size))
		return -1;
	/* The port is at the same place in both families. */
	return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

static int bind_or_hold(int argc, char **argv, bool hold)
{
	struct how how = { .type = SOCK_STREAM };
	const char *address;
	int option;
	int fd;

	while ((option = getopt(argc, argv, "+uapw:")) != -1) {
		unsigned int first;
		unsigned int last;

		if (option == 'u')
			how.type = SOCK_DGRAM;
		else if (option == 'a')
			how.reuse = true;
		else if (option == 'p')
			how.share = true;
		else if (option == 'w' && sscanf(optarg, "%u-%u", &first, &last) == 2)
			how.window = last << 16 | first;
		else
			return usage();
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage();
	address = argc - optind == 2 ? argv[optind + 1] : "0.0.0.0";
	fd = bound(&how, address, number(argv[optind]));
	if (fd < 0)
		return failed();
	if (hold && how.type == SOCK_STREAM && listen(fd, 16))
		return failed();
	printf("%d\n", port_of(fd));
	fflush(stdout);
	if (hold) {
		/* A test that is killed leaves nothing behind for long. */
		alarm(60);
		for (;;)
			pause();
	}
	return 0;
}

static int connect_to(long port)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&peer, sizeof(peer)))
		return failed();
	printf("%d\n", port_of(fd));
	return 0;
}

static const char *const addresses[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };

/*
 * refused: each port, each address, with and without SO_REUSEADDR, must be
 * EADDRINUSE. free: each port can be taken; with SO_REUSEADDR, for the program
 * that was there may have left connections in TIME_WAIT.
 */
static int ask_block(const char *protocol, long first, long last, bool want_free)
{
	struct how how = { .type = strcmp(protocol, "udp") ? SOCK_STREAM : SOCK_DGRAM };
	int wrong = 0;

	if (strcmp(protocol, "udp") && strcmp(protocol, "tcp"))
		return usage();
	if (first < 1 || last < first)
		return usage();
	for (long port = first; port <= last; port++) {
		for (int n = 0; n < 8; n++) {
			int fd;

			/* 0.0.0.0 and :: meet everything that could be there. */
			if (want_free && n != 1 && n != 5)
				continue;
			how.reuse = (n & 1) && !(want_free && how.type == SOCK_DGRAM);
			fd = bound(&how, addresses[n / 2], port);
			if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) && n >= 4)
				continue; /* a host without IPv6, or without its loopback */
			if (want_free ? fd < 0 : (fd >= 0 || errno != EADDRINUSE)) {
				printf("%s %ld at %s%s: %s\n", protocol, port, addresses[n / 2],
				       how.reuse ? " with SO_REUSEADDR" : "",
				       fd < 0 ? strerrorname_np(errno) : "bound");
				wrong++;
			}
			if (fd >= 0)
				close(fd);
		}
	}
	return wrong ? 1 : 0;
}

static bool is_free(long port)
{
	struct how how = { .type = SOCK_STREAM };
	int tcp = bound(&how, "0.0.0.0", port);
	int udp;

	how.type = SOCK_DGRAM;
	udp = bound(&how, "0.0.0.0", port);
	if (tcp >= 0)
		close(tcp);
	if (udp >= 0)
		close(udp);
	return tcp >= 0 && udp >= 0;
}

/*
 * Below 32768: outside the ephemeral range, where nobody walks in by chance, and
 * not near 20000, where blocks that may be anywhere are looked for first.
 */
static int gap(long count)
{
	for (int tries = 0; tries < 1000; tries++) {
		unsigned int random;
		long first;
		long n = 0;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return failed();
		first = 24000 + (long)(random % (unsigned int)(32767 - 24000 - count));
		while (n < count && is_free(first + n))
			n++;
		if (n == count) {
			printf("%ld\n", first);
			return 0;
		}
	}
	errno = EADDRINUSE;
	return failed();
}

static int status_of(char **argv)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execvp(argv[0], argv);
		_exit(99);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return failed();
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (!strcmp(command, "bind") || !strcmp(command, "hold"))
		return bind_or_hold(argc - 1, argv + 1, !strcmp(command, "hold"));
	if (!strcmp(command, "connect") && argc == 3)
		return connect_to(number(argv[2]));
	if ((!strcmp(command, "refused") || !strcmp(command, "free")) && argc == 5)
		return ask_block(argv[2], number(argv[3]), number(argv[4]), !strcmp(command, "free"));
	if (!strcmp(command, "gap") && argc == 3)
		return gap(number(argv[2]));
	if (!strcmp(command, "status") && argc > 2)
		return status_of(argv + 2);
	return usage();
}
