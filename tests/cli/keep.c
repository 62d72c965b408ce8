/* SPDX-License-Identifier: MIT */
/*
 * keep [-u] [-a] [-6] [-l] [-c COUNT] [-f] [-w] PORT [ADDRESS] - a socket on a port, which it
 * says, until standard input ends
 *
 *	-u  UDP           -a  SO_REUSEADDR      -6  IPv6 without IPv4
 *	-l  listens       -c  so many connections to itself
 *	-f  in flight: in a message that nobody takes, and open nowhere
 *	-w  a connection from this port to itself that it closes first: TIME_WAIT, and ends
 *
 * A call that fails: the name of its errno, exit status 1.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct wish {
	bool udp, reuse, v6only, listens, flight, wait;
	int connections;
	const char *address;
	uint16_t port;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

__attribute__((noreturn)) static void failed(void)
{
	puts(strerrorname_np(errno));
	exit(1);
}

static void option(int fd, int level, int name)
{
	int one = 1;

	if (setsockopt(fd, level, name, &one, sizeof one))
		failed();
}

static int bound(const struct wish *wish)
{
	bool is_six = strchr(wish->address, ':');
	union address address = {.in4 = {.sin_family = AF_INET, .sin_port = htons(wish->port)}};
	int fd = socket(is_six ? AF_INET6 : AF_INET,
			(wish->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	if (fd < 0)
		failed();
	if (is_six)
		address.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
						    .sin6_port = htons(wish->port)};
	if (inet_pton(is_six ? AF_INET6 : AF_INET, wish->address,
		      is_six ? (void *)&address.in6.sin6_addr : (void *)&address.in4.sin_addr) != 1)
		exit(2);
	if (wish->reuse)
		option(fd, SOL_SOCKET, SO_REUSEADDR);
	if (wish->v6only)
		option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (bind(fd, &address.any, sizeof address))
		failed();
	return fd;
}

static uint16_t port_of(int fd)
{
	union address address;
	socklen_t length = sizeof address;

	if (getsockname(fd, &address.any, &length))
		failed();
	return ntohs(address.in4.sin_port);
}

/* A connection of two ends that both stay open, or, `wait`, both close, the far one first. */
static void connection(int listener, bool wait)
{
	union address peer = {.in4 = {.sin_family = AF_INET,
				      .sin_port = htons(port_of(listener)),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}}};
	int near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), far;
	char byte;

	if (near < 0 || connect(near, &peer.any, sizeof peer.in4))
		failed();
	far = accept(listener, NULL, NULL);
	if (far < 0)
		failed();
	if (!wait)
		return;
	/* Who closes first keeps the connection in mind. */
	close(far);
	while (read(near, &byte, 1) > 0)
		continue;
	close(near);
}

/* Into a message to ourselves. */
static int send_away(int fd)
{
	char data = 0;
	struct iovec vector = {&data, 1};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control.room};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		failed();
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	if (sendmsg(pair[0], &message, 0) != 1)
		failed();
	close(fd);
	return pair[1];
}

static void wish_read(struct wish *wish, int argc, char **argv)
{
	int letter;

	*wish = (struct wish){.address = "0.0.0.0"};
	while ((letter = getopt(argc, argv, "ua6lfwc:")) != -1) {
		wish->udp |= letter == 'u';
		wish->reuse |= letter == 'a';
		wish->flight |= letter == 'f';
		wish->wait |= letter == 'w';
		wish->listens |= letter == 'l' || letter == 'w' || letter == 'c';
		if (letter == '6') {
			wish->v6only = true;
			wish->address = "::";
		}
		if (letter == 'c')
			wish->connections = atoi(optarg);
		if (letter == '?')
			exit(2);
	}
	if (optind == argc)
		exit(2);
	wish->port = (uint16_t)atoi(argv[optind]);
	if (optind + 1 < argc)
		wish->address = argv[optind + 1];
}

int main(int argc, char **argv)
{
	struct wish wish;
	int fd, i;

	alarm(100); /* nothing of it outlives a test that was killed */
	wish_read(&wish, argc, argv);
	fd = bound(&wish);
	if (wish.listens && listen(fd, 100))
		failed();
	for (i = 0; i < wish.connections; i++)
		connection(fd, false);
	if (wish.wait)
		connection(fd, true);
	printf("%u\n", port_of(fd));
	fflush(stdout);
	if (wish.wait)
		return 0;
	if (wish.flight)
		send_away(fd);
	while (getchar() != EOF)
		continue;
	return 0;
}
