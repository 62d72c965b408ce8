/* SPDX-License-Identifier: MIT */
/*
 * When a shared table is full, libraries abort, or write past its end. Ours says ENOSPC to
 * the one who asked, and everything that was there goes on; as soon as one reservation
 * ends there is room for another.
 *
 * Thousands of guards in flight count for the whole user, so this is done as a user whom
 * no other test is.
 */
#include "modes.h"
#include <sys/resource.h>

enum { SLOTS = 4096, LONELY_USER = 64321, FILES = 4 * (SLOTS + 100) };

static int fill(int fd, instance *last)
{
	instance result;
	int count = 0;

	while (count <= SLOTS && !acquire(fd, 0, 1, &result)) {
		*last = result;
		count++;
	}
	return count;
}

/* answers: acquire-no-room */
static int image_full(void)
{
	int first = socket_open(TCP, "0.0.0.0", 0), second = socket_open(UDP, "0.0.0.0", 0), fd;
	instance mine, last = {0}, more;
	struct block block = {.type = TCP, .count = 1};
	int count;

	if (acquire(first, 0, 1, &mine)) {
		skip("a full pool", "the library is out of this user's reach");
		return done_testing();
	}
	block.start = ntohs(mine.StartPort);
	block.token = mine.Token;
	count = fill(second, &last);
	ok(count == SLOTS - 1, "the pool takes %d reservations", SLOTS);
	if (count != SLOTS - 1)
		diag("%d, then %s", count + 1, strerrorname_np(errno));
	fails_with(acquire(second, 0, 1, &more), ENOSPC, "one more");
	fd = drawn(&block, "127.0.0.1", 0, 0);
	ok(fd >= 0 && !listen(fd, 1) && block_taken(&block), "what was there can be used");
	close(fd);
	ok(!release(second, last.Token), "one ends");
	ok(!acquire(second, 0, 1, &more), "then there is room for another");
	close(second);
	ok(block_taken(&block) && !acquire(first, 0, 1000, &more),
	   "the rest ends, and leaves room");
	close(first);
	ok(settled(block_free, &block), "and in the end it is empty");
	return done_testing();
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct peer child;

	if (argc > 1)
		return image_full();
	private_pool(argv);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (geteuid() || limit.rlim_max < FILES) {
		printf("1..0 # SKIP %s\n",
		       geteuid() ? "not root" : "the limit of open files is low");
		return 0;
	}
	limit.rlim_cur = FILES;
	setrlimit(RLIMIT_NOFILE, &limit);
	pool_new(LONELY_USER);
	child = peer_start();
	if (!child.pid) {
		become_user(LONELY_USER);
		exec_self((const char *[]){"full", NULL});
	}
	return peer_end(&child);
}
