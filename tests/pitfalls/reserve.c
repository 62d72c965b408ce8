/* SPDX-License-Identifier: MIT */
/*
 * reserve [-u] COUNT - a program with a reservation, told what to do line by line
 *
 *	acquire    reserves a block of COUNT ports, prints its first port
 *	draw       binds sockets to port 0 until there is no port left, prints how many
 *	           got one of the block; keeps them
 *	close      closes them
 *
 * A call that fails: the name of its errno instead. Ends with its input.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <portres.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int type = SOCK_STREAM;
static int drawn[4096], drawn_count;
static INET_PORT_RESERVATION_INSTANCE instance;

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void say_number(int number)
{
	printf("%d\n", number);
	fflush(stdout);
}

static void acquire(int count)
{
	int fd = socket(AF_INET, type, 0);

	instance = (INET_PORT_RESERVATION_INSTANCE){.NumberOfPorts = (uint16_t)count};
	if (fd < 0 || ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &instance))
		say(strerrorname_np(errno));
	else
		say_number(ntohs(instance.StartPort));
}

/* A socket on a port of the block; -1 and errno. */
static int draw_one(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t size = sizeof name;
	int fd = socket(AF_INET, type, 0), port;

	if (fd < 0 || ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, &instance.Token) ||
	    bind(fd, (struct sockaddr *)&name, sizeof name))
		return -1;
	if (getsockname(fd, (struct sockaddr *)&name, &size))
		return -1;
	port = ntohs(name.sin_port) - ntohs(instance.StartPort);
	errno = ERANGE;
	return port >= 0 && port < instance.NumberOfPorts ? fd : -1;
}

static void draw(void)
{
	int fd;

	while (drawn_count < 4096 && (fd = draw_one()) >= 0)
		drawn[drawn_count++] = fd;
	if (errno == EADDRINUSE)
		say_number(drawn_count);
	else
		say(strerrorname_np(errno));
}

int main(int argc, char **argv)
{
	char line[32];
	int count = atoi(argc > 1 ? argv[argc - 1] : "");

	if (argc == 3 && !strcmp(argv[1], "-u"))
		type = SOCK_DGRAM;
	if (count < 1 || count > 4096)
		return 2;
	/* A test that is killed leaves nothing behind for long. */
	alarm(120);
	while (fgets(line, sizeof line, stdin)) {
		if (!strcmp(line, "acquire\n"))
			acquire(count);
		else if (!strcmp(line, "draw\n"))
			draw();
		else if (!strcmp(line, "close\n"))
			while (drawn_count)
				close(drawn[--drawn_count]);
		else
			return 2;
	}
	return 0;
}
