/* SPDX-License-Identifier: MIT */
/*
 * word-size - programs of 32 and of 64 bits on one reservation
 *
 *	word-size acquire COUNT PROGRAM...  acquires a TCP block, becomes PROGRAM
 *	word-size use [PROGRAM...]          binds a socket that it ties to this block
 *	word-size hold COUNT                acquires a TCP block, prints its first port and
 *	                                    its token, stays (a minute)
 *	word-size ask FIRST TOKEN           what it gets as a stranger to that block: for
 *	                                    a bind, one with SO_REUSEPORT, an ASSOCIATE
 *
 * Each line begins with the word size.
 */
#include "every-basics.h"

static int fail(const char *what)
{
	printf("%zu: %s: %s\n", 8 * sizeof(void *), what, strerror(errno));
	return 1;
}

static int become(char **argv)
{
	fflush(stdout);
	execvp(argv[0], argv);
	return fail("exec");
}

static int acquire(int count, INET_PORT_RESERVATION_INSTANCE *block)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 || every_acquire(fd, 0, count, block) ? -1 : fd;
}

static int acquire_and_become(char **argv)
{
	INET_PORT_RESERVATION_INSTANCE block;
	char text[64];

	if (acquire(atoi(argv[0]), &block) < 0)
		return fail("acquire");
	snprintf(text, sizeof text, "%u %u %llu", ntohs(block.StartPort), block.NumberOfPorts,
		 (unsigned long long)block.Token);
	setenv("WORD_SIZE_BLOCK", text, 1);
	return become(argv + 1);
}

static int use(char **argv)
{
	INET_PORT_RESERVATION_INSTANCE block = {.NumberOfPorts = 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	unsigned int first, count;
	unsigned long long token;

	if (sscanf(getenv("WORD_SIZE_BLOCK"), "%u %u %llu", &first, &count, &token) != 3)
		return fail("no block");
	block.Token = token;
	if (every_associate(fd, &block) || every_bind(fd, 0))
		return fail("associate, bind");
	printf("%zu: %s\n", 8 * sizeof(void *),
	       every_inside(fd, (int)first, (int)(first + count - 1)) ? "inside" : "outside");
	return argv[0] ? become(argv) : 0;
}

static int hold(int count)
{
	INET_PORT_RESERVATION_INSTANCE block;

	if (acquire(count, &block) < 0)
		return fail("acquire");
	printf("%u %llu\n", ntohs(block.StartPort), (unsigned long long)block.Token);
	fflush(stdout);
	/* A test that is killed leaves nothing behind for long. */
	alarm(60);
	for (;;)
		pause();
}

static const char *answer(int result)
{
	return result ? strerror(errno) : "done";
}

static int ask(int first, unsigned long long token)
{
	INET_PORT_RESERVATION_INSTANCE block = {.Token = token};
	int one = 1, plain = socket(AF_INET, SOCK_STREAM, 0);
	int sharing = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(sharing, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
	printf("%zu: ", 8 * sizeof(void *));
	printf("%s, ", answer(every_bind(plain, first)));
	printf("%s, ", answer(every_bind(sharing, first)));
	printf("%s\n", answer(every_associate(other, &block)));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "acquire") && argc > 3)
		return acquire_and_become(argv + 2);
	if (!strcmp(what, "use"))
		return use(argv + 2);
	if (!strcmp(what, "hold") && argc == 3)
		return hold(atoi(argv[2]));
	if (!strcmp(what, "ask") && argc == 4)
		return ask(atoi(argv[2]), strtoull(argv[3], NULL, 10));
	return 2;
}
