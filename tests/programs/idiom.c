/* SPDX-License-Identifier: MIT */
/*
 * idiom - what test harnesses do to find a port: bind port 0, look at the number,
 * close, and start a server on that number, hoping that nobody was faster.
 *
 *	idiom work ROUNDS WORKERS EVERY   the harness, in a run of portres-run
 *	idiom serve                       its server, told what to do over a pipe
 *	idiom once TYPE PORT              its server, started for one round
 *
 * Every EVERYth round starts a program, the others hand the number to a server
 * process that was started before. One round in four is UDP.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct order {
	int type;
	int port;
};

/* What the workers found, in memory that they share with their parent. */
static struct tally {
	_Atomic int rounds, started, lost, outside;
} *tally;

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return name;
}

static int port_of(int fd)
{
	struct sockaddr_in name;
	socklen_t size = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &size) ? -1 : ntohs(name.sin_port);
}

/* A socket on 127.0.0.1, as servers make it: SO_REUSEADDR for TCP. */
static int bound(int type, int port, bool reuse)
{
	struct sockaddr_in name = loopback(port);
	int one = 1;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if ((reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one))) ||
	    bind(fd, (struct sockaddr *)&name, sizeof(name))) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Writes 0 or an errno when it is ready, then answers one client with its pid. */
static void serve_one(struct order order, int report)
{
	int fd = bound(order.type, order.port, order.type == SOCK_STREAM);
	int error = 0;
	pid_t pid = getpid();
	char byte;

	if (fd < 0 || (order.type == SOCK_STREAM && listen(fd, 4)))
		error = errno;
	if (write(report, &error, sizeof(error)) != sizeof(error))
		exit(3);
	if (!error && order.type == SOCK_STREAM) {
		int client = accept(fd, NULL, NULL);

		/* The client goes first: no TIME_WAIT, the next round is like this one. */
		if (client >= 0 && write(client, &pid, sizeof(pid)) == sizeof(pid))
			while (read(client, &byte, 1) > 0)
				;
		close(client);
	} else if (!error) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);

		if (recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &size) == 1)
			sendto(fd, &pid, sizeof(pid), 0, (struct sockaddr *)&from, size);
	}
	if (fd >= 0)
		close(fd);
	/* The second word: the port is given back. */
	if (write(report, &error, sizeof(error)) != sizeof(error))
		exit(3);
}

/* Who answers at the port: its pid, or -1. */
static pid_t who_answers(struct order order)
{
	struct sockaddr_in name = loopback(order.port);
	struct linger reset = { .l_onoff = 1 };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, order.type | SOCK_CLOEXEC, 0);
	pid_t pid = -1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 &&
	    (order.type == SOCK_STREAM || send(fd, "?", 1, 0) == 1) &&
	    recv(fd, &pid, sizeof(pid), 0) != sizeof(pid))
		pid = -1;
	close(fd);
	return pid;
}

/* Starts this program as a server with its standard input and output on pipes. */
static pid_t start(const char *const argv[], int *to, int *from)
{
	posix_spawn_file_actions_t actions;
	int input[2];
	int output[2];
	pid_t pid;

	if (pipe(input) || pipe(output))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input[0], 0);
	posix_spawn_file_actions_adddup2(&actions, output[1], 1);
	for (int n = 0; n < 2; n++) {
		posix_spawn_file_actions_addclose(&actions, input[n]);
		posix_spawn_file_actions_addclose(&actions, output[n]);
	}
	if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char *const *)argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(input[0]);
	close(output[1]);
	*to = input[1];
	*from = output[0];
	return pid;
}

static void lost(struct order order, const char *what, int error)
{
	if (tally->lost++ < 10)
		fprintf(stderr, "%s port %d: %s (%s)\n", order.type == SOCK_STREAM ? "TCP" : "UDP",
			order.port, what, error ? strerrorname_np(error) : "no errno");
}

/* The round after the number is known: 0, or -1 when the pipes broke. */
static int serve_round(struct order order, pid_t server, int from)
{
	int error;

	if (read(from, &error, sizeof(error)) != sizeof(error))
		return -1;
	if (error)
		lost(order, "the server could not bind or listen", error);
	else if (who_answers(order) != server)
		lost(order, "another one answered", 0);
	return read(from, &error, sizeof(error)) == sizeof(error) ? 0 : -1;
}

static int worker(int rounds, int every, int first, int last)
{
	const char *serve[] = { "idiom", "serve", NULL };
	int to, from, round;
	pid_t server = start(serve, &to, &from);

	if (server < 0)
		return 1;
	for (round = 0; round < rounds; round++, tally->rounds++) {
		struct order order = { .type = round % 4 == 3 ? SOCK_DGRAM : SOCK_STREAM };
		int fd = bound(order.type, 0, false);

		order.port = fd < 0 ? -1 : port_of(fd);
		if (fd < 0) {
			lost(order, "bind to port 0", errno);
			continue;
		}
		close(fd);
		if (order.port < first || order.port > last)
			tally->outside++;
		if (round % every) {
			if (write(to, &order, sizeof(order)) != sizeof(order) ||
			    serve_round(order, server, from))
				return 1;
		} else {
			char type[12], port[12];
			const char *once[] = { "idiom", "once", type, port, NULL };
			int once_to, once_from;
			pid_t pid;

			snprintf(type, sizeof(type), "%d", order.type);
			snprintf(port, sizeof(port), "%d", order.port);
			pid = start(once, &once_to, &once_from);
			if (pid < 0 || serve_round(order, pid, once_from))
				return 1;
			close(once_to);
			close(once_from);
			waitpid(pid, NULL, 0);
			tally->started++;
		}
	}
	close(to);
	waitpid(server, NULL, 0);
	return 0;
}

static int work(int rounds, int workers, int every)
{
	const char *first = getenv("PORTRES_FIRST");
	const char *last = getenv("PORTRES_LAST");
	int status = 0;
	int one;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!first || !last || tally == MAP_FAILED || rounds < 1 || workers < 1 || every < 1)
		return 2;
	for (int n = 0; n < workers; n++)
		if (fork() == 0)
			_exit(worker(rounds / workers, every, atoi(first), atoi(last)));
	while (wait(&one) > 0)
		status |= one;
	printf("rounds=%d started=%d lost=%d outside=%d workers=%s\n", tally->rounds, tally->started,
	       tally->lost, tally->outside, status ? "failed" : "fine");
	return status ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	struct order order;

	alarm(100); /* nothing of it outlives a test that was killed */
	if (!strcmp(command, "work") && argc == 5)
		return work(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(command, "once") && argc == 4) {
		order = (struct order){ .type = atoi(argv[2]), .port = atoi(argv[3]) };
		serve_one(order, 1);
		return 0;
	}
	if (strcmp(command, "serve"))
		return 2;
	while (read(0, &order, sizeof(order)) == sizeof(order))
		serve_one(order, 1);
	return 0;
}
