/* SPDX-License-Identifier: MIT */
/*
 * Clients in a tree of portres-run: without --connect what they do is not the
 * reservation's business, and their source ports lie outside the block; with it each
 * way to connect or send takes a port of the block, and fails with Linux' error when
 * there is none, or goes on with the kernel's choice under --full pass. listen()
 * without bind() always takes one. One protocol's reservation leaves the other alone.
 */
#include "clients.h"
#include <sys/wait.h>

static int first, last;

static int inside(int port)
{
	return port >= first && port <= last;
}

/* 1: from a port of the block, 0: from another; -errno. The peer has seen it. */
static int reached_from(int way, const char *text)
{
	const char *server_text = strchr(text, '.') ? "127.0.0.1" : text;
	int server = client_server(way, server_text), result;
	int fd = socket_open(client_type(way), text, 0);

	if (client_reach(way, fd, text, port_of(server)))
		result = -errno;
	else
		result = client_seen(way, server) == port_of(fd) ? inside(port_of(fd)) : -ERANGE;
	socket_reset_at_close(fd, 0);
	close(fd);
	socket_close(server, RAW);
	return result;
}

static void expect(int way, const char *text, int expected, const char *what)
{
	int got = reached_from(way, text);

	ok(got == expected, "%s: %s %s, %s", what, type_name(client_type(way)), text,
	   client_names[way]);
	if (got != expected)
		diag("%s", got < 0 ? strerrorname_np(-got) : got ? "inside" : "outside");
}

/* answers: run-connect run-connect-not */
static void all_ways(int tcp, int udp, const char *what)
{
	for (int way = 0; way < CLIENT_WAYS; way++) {
		int expected = client_type(way) == TCP ? tcp : udp;

		expect(way, "127.0.0.1", expected, what);
		if (!ipv6_works())
			continue;
		expect(way, "::1", expected, what);
		expect(way, "::ffff:127.0.0.1", expected, what);
	}
}

/* answers: run-listen */
static void listens(int expected, const char *what)
{
	int fd = socket_open(TCP, everywhere(), 0);

	ok(!listen(fd, 1) && inside(port_of(fd)) == expected, "%s: listen without bind", what);
	close(fd);
}

/* All ports of the run are in use. */
/* answers: run-full-fail run-full-pass */
static void exhausted(int tcp, int udp, const char *what)
{
	int fds[64], count = 0;

	for (int type = TCP; type <= UDP; type++)
		for (int i = first; i <= last; i++)
			fds[count++] = bound(type, "127.0.0.1", i, 0);
	for (int way = 0; way < CLIENT_WAYS; way++)
		expect(way, "127.0.0.1", client_type(way) == TCP ? tcp : udp, what);
	while (count)
		close(fds[--count]);
}

/*
 * Of as many ports as the run has, each reaches each of two peers from each of two
 * addresses of the program's own: a port that other connections have is not in use for
 * this one as long as the two addresses of the connection differ.
 */
static void from_addresses(void)
{
	static const char *const sources[] = {"127.0.0.2", "127.0.0.3"};
	int servers[] = {listening("127.0.0.1", 0, RAW), listening("127.0.0.1", 0, RAW)};
	int fds[12], count = 0, fd, i, error;

	/* one of each kind, and again: the port that is next is not the one that is free */
	for (; count < 12; count++) {
		i = count % 4;
		fd = fds[count] = socket_open(TCP, "127.0.0.1", 0);
		option_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 0);
		error = 0;
		if (socket_bind(fd, sources[i / 2], 0, 0) ||
		    socket_connect(fd, "127.0.0.1", port_of(servers[i % 2]), 0))
			error = errno;
		else if (!inside(port_of(fd)) || !has_address(fd, sources[i / 2]))
			error = ERANGE;
		socket_reset_at_close(fd, 0);
		ok(error == (count < 8 ? 0 : EADDRNOTAVAIL),
		   "--connect: from %s to peer %d, time %d", sources[i / 2], i % 2, count / 4 + 1);
		if (error)
			diag("%s", strerrorname_np(error));
	}
	while (count)
		close(fds[--count]);
	socket_close(servers[0], RAW);
	socket_close(servers[1], RAW);
}

/* The program inside the run: its test is named by the first argument. */
static int in_run(const char *test, int tests_before)
{
	first = atoi(getenv("PORTRES_FIRST"));
	last = atoi(getenv("PORTRES_LAST"));
	tap_count = tests_before;
	if (!strcmp(test, "plain")) {
		all_ways(0, 0, "without --connect");
		listens(1, "without --connect");
		exhausted(0, 0, "without --connect, exhausted");
	} else if (!strcmp(test, "connect")) {
		all_ways(1, 1, "--connect");
		listens(1, "--connect");
		exhausted(-EADDRNOTAVAIL, -EAGAIN, "--connect, exhausted");
	} else if (!strcmp(test, "pass")) {
		exhausted(0, 0, "--connect --full pass, exhausted");
	} else if (!strcmp(test, "addresses")) {
		from_addresses();
	} else if (!strcmp(test, "tcp")) {
		all_ways(1, 0, "--connect --tcp");
		listens(1, "--connect --tcp");
	} else {
		all_ways(0, 1, "--connect --udp");
		listens(0, "--connect --udp");
	}
	return tap_failed ? 1 : 0;
}

/* Starts this program in a run; it goes on with our numbers. */
static void start(const char *test, const char *const *options)
{
	const char *argv[16] = {getenv("PORTRES_RUN"), "-n", "3"};
	char number[16], self[4096];
	int count = 3, lines[2], status;
	FILE *output;
	char *line = NULL;
	size_t size = 0;
	pid_t pid;
	size_t length = (size_t)readlink("/proc/self/exe", self, sizeof self - 1);

	if (!argv[0] || length >= sizeof self || pipe2(lines, O_CLOEXEC))
		bail_out("PORTRES_RUN, our name, or a pipe");
	self[length] = '\0';
	while (*options)
		argv[count++] = *options++;
	snprintf(number, sizeof number, "%d", tap_count);
	argv[count++] = "--";
	argv[count++] = self;
	argv[count++] = test;
	argv[count++] = number;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(lines[1], STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(lines[1]);
	output = fdopen(lines[0], "r");
	while (output && getline(&line, &size, output) > 0) {
		fputs(line, stdout);
		tap_count += !strncmp(line, "ok ", 3) || !strncmp(line, "not ok ", 7);
	}
	fclose(output);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		bail_out("a program in a run");
	tap_failed += status != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return in_run(argv[1], atoi(argv[2]));
	private_pool(argv);
	start("plain", (const char *const[]){NULL});
	start("connect", (const char *const[]){"--connect", NULL});
	start("pass", (const char *const[]){"--connect", "--full", "pass", NULL});
	start("addresses", (const char *const[]){"-n", "2", "--connect", NULL});
	start("tcp", (const char *const[]){"--connect", "--tcp", NULL});
	start("udp", (const char *const[]){"--connect", "--udp", NULL});
	return done_testing();
}
