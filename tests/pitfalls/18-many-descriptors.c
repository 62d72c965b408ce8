/* SPDX-License-Identifier: MIT */
/*
 * A table with an entry for each descriptor that RLIMIT_NOFILE allows takes 128 MB in
 * each process where a container allows a million. And descriptors of the library's own
 * on low numbers push those of the program up, beyond what select() can take. Our table
 * grows by use, in pieces; what we keep open sits high, and the program's next number is
 * the lowest that is free.
 */
#include "modes.h"
#include <sys/resource.h>
#include <sys/select.h>

enum { HIGH = 60000 };

/* The limit, raised as far as this user may. */
static int limit_of_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		bail_out("getrlimit");
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	limit = (struct rlimit){1048576, 1048576};
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 1048576 ? 1048576 : (int)limit.rlim_cur;
}

/* In kB, of this process alone. */
struct memory {
	long size, own;
};

static struct memory memory_now(void)
{
	struct memory memory = {0};
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	long value;

	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "VmSize: %ld", &value) == 1)
			memory.size = value;
		if (sscanf(line, "RssAnon: %ld", &value) == 1)
			memory.own = value;
	}
	if (!file || !memory.size || fclose(file))
		bail_out("/proc/self/status");
	return memory;
}

/* Uses the library as programs do, then says what it takes. */
static int image_measure(char **argv)
{
	struct peer peer = {.in = atoi(argv[2]), .out = atoi(argv[3])};
	struct block block;
	struct memory memory;

	if (sscanf(argv[4], "%u", &mode) != 1)
		return 1;
	block = mode_block(TCP, 4);
	close(member_bound(&block));
	memory = memory_now();
	tell(&peer, (uint64_t)memory.size);
	tell(&peer, (uint64_t)memory.own);
	return 0;
}

static struct memory memory_under(rlim_t files)
{
	struct peer child = peer_start();
	struct memory memory;
	char in[16], out[16], mode_text[16];

	if (!child.pid) {
		struct rlimit limit = {files, files};

		setrlimit(RLIMIT_NOFILE, &limit);
		snprintf(in, sizeof in, "%d", child.in);
		snprintf(out, sizeof out, "%d", child.out);
		snprintf(mode_text, sizeof mode_text, "%d", mode);
		exec_self((const char *[]){"measure", in, out, mode_text, NULL});
	}
	memory.size = (long)hear(&child);
	memory.own = (long)hear(&child);
	peer_end(&child);
	return memory;
}

static void memory_and_limit(int limit)
{
	struct memory small = memory_under(1024), large = memory_under((rlim_t)limit);

	diag("limit 1024: %ld kB, %ld its own; limit %d: %ld kB, %ld", small.size, small.own, limit,
	     large.size, large.own);
	ok(labs(large.size - small.size) < 256 && labs(large.own - small.own) < 256,
	   "the memory of a process does not depend on the limit");
}

/* A descriptor on a high number is as good as any other. */
static void high_number(int number)
{
	struct block block = mode_block(TCP, 2);
	struct memory before = memory_now(), after;
	int fd = member(&block), port, again;

	ok(dup2(fd, number) == number && !close(fd), "a socket at number %d", number);
	ok(!socket_bind(number, "127.0.0.1", 0, 0) && belongs(&block, port_of(number)),
	   "its association came with it");
	port = port_of(number);
	close(number);
	again = member(&block);
	ok(mode == BARE || !socket_bind(again, "127.0.0.1", port, 0), "and its close was seen");
	close(again);
	if (mode == PRELOADED) {
		dup2(block.fd, number);
		close(block.fd);
		ok(block_taken(&block), "an acquiring socket there");
		close(number);
		ok(settled(block_free, &block), "and its close");
	}
	after = memory_now();
	ok(after.size - before.size < 1024 && after.own - before.own < 256,
	   "it takes little memory: %ld kB of addresses, %ld kB", after.size - before.size,
	   after.own - before.own);
}

/* The number that the next open has to give. */
static int lowest_free(void)
{
	int fd = 0;

	while (truly_open(fd))
		fd++;
	return fd;
}

static void low_numbers(void)
{
	int expected = lowest_free(), before = open_descriptors(), anchors, good = 1;
	struct block block = mode_block(TCP, 2);
	struct rlimit limit;
	fd_set set;
	int fds[20], top;

	anchors = open_descriptors() - before - (block.fd >= 0);
	ok(anchors == (mode == PRELOADED), "ACQUIRE opens one descriptor, and leaves none open");
	ok(mode != PRELOADED || block.fd == expected, "and not the lowest");
	/* at the soft limit or at 1,000, whichever is less */
	getrlimit(RLIMIT_NOFILE, &limit);
	top = limit.rlim_cur < 1000 ? (int)limit.rlim_cur : 1000;
	ok(mode == BARE || anchor_number() >= top - 20, "but one that sits high");
	for (int i = 0; i < 20; i++) {
		expected = lowest_free();
		fds[i] = i % 2 ? member_bound(&block) : open("/dev/null", O_RDONLY);
		good &= fds[i] == expected && fds[i] < FD_SETSIZE;
		if (i % 2)
			close(fds[i]);
	}
	ok(good, "each next number of the program's is the lowest that is free");
	FD_ZERO(&set);
	FD_SET(fds[18], &set);
	ok(select(fds[18] + 1, &set, NULL, NULL, &(struct timeval){30, 0}) == 1,
	   "select() can take it");
	for (int i = 0; i < 20; i += 2)
		close(fds[i]);
	close(block.fd);
	ok(open_descriptors() == before, "and all are closed in the end");
}

int main(int argc, char **argv)
{
	int limit;

	if (argc > 1)
		return image_measure(argv);
	modes_begin(argv);
	low_numbers();
	limit = limit_of_files();
	memory_and_limit(limit);
	if (limit > HIGH + 1)
		high_number(HIGH);
	high_number(limit - 1);
	return modes_end(argv);
}
