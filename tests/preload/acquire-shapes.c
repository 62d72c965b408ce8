/* SPDX-License-Identifier: MIT */
/*
 * The shapes in which a request comes and its answer goes: the code in the width of
 * ioctl's argument, codes beside the three, the 16 bytes; and that an answer comes at
 * once, but where a holder process is just about to let the ports go.
 */
#include "process.h"
#include <sys/resource.h>

/* answers: number-sign-extended */
static void sign_extended(void)
{
	int holder = socket_open(TCP, "0.0.0.0", 0), fd = socket_open(TCP, "127.0.0.1", 0);
	instance result = {.NumberOfPorts = 2};
	struct block block = {.type = TCP, .count = 2};

	ok(!ioctl(holder, (unsigned long)(long)(int)SIO_ACQUIRE_PORT_RESERVATION, &result) &&
		   result.Token != 0,
	   "ACQUIRE sign-extended from 32 bits");
	block.start = ntohs(result.StartPort);
	ok(!ioctl(fd, (unsigned long)(long)(int)SIO_ASSOCIATE_PORT_RESERVATION, &result.Token) &&
		   !socket_bind(fd, "127.0.0.1", 0, 0) && in_block(&block, port_of(fd)),
	   "ASSOCIATE sign-extended from 32 bits");
	ok(!ioctl(fd, (unsigned long)(long)(int)SIO_RELEASE_PORT_RESERVATION, &result.Token),
	   "RELEASE sign-extended from 32 bits");
	fails_with(release(fd, result.Token), EINVAL, "a second RELEASE");
	close(fd);
	close(holder);
}

/* answers: number-other */
static void other_codes(void)
{
	static const unsigned long codes[] = {0x98000063, 0x98000067, 0xD8000064,
					      0xD8000065, 0xD8000066, 0x18000064};
	int fd = socket_open(TCP, "0.0.0.0", 0), waiting = -1;
	instance result = {.NumberOfPorts = 2};
	char text[80];

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		snprintf(text, sizeof text, "0x%lX goes to the kernel", codes[i]);
		fails_with(ioctl(fd, codes[i], &result), ENOTTY, text);
	}
	ok(!result.StartPort && !result.Token, "and nothing is written");
	close(fd);
	fd = bound(UDP, "127.0.0.1", 0, 0);
	ok(!ioctl(fd, FIONREAD, &waiting) && waiting == 0, "FIONREAD goes to the kernel");
	close(fd);
}

/* answers: acquire-reads-four-bytes acquire-writes-all */
static void sixteen_bytes(void)
{
	static const unsigned char fills[] = {0, 0x5a, 0xff};
	int fd = socket_open(TCP, "0.0.0.0", 0), tied_one;
	int good = 1, written = 1;

	for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
		struct block block = {.type = TCP, .count = 3};
		unsigned char bytes[20];
		instance result;

		memset(bytes, fills[i], sizeof bytes);
		memcpy(bytes, (uint16_t[]){0, 3}, 4);
		good &= !ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, bytes);
		memcpy(&result, bytes, sizeof result);
		block.start = ntohs(result.StartPort);
		block.token = result.Token;
		good &= result.NumberOfPorts == 3 && taken_ports(TCP, block.start, 3) == 3;
		tied_one = drawn(&block, "127.0.0.1", 0, 0);
		good &= tied_one >= 0 && in_block(&block, port_of(tied_one));
		close(tied_one);
		/* what lies between the block and the token, and what behind them */
		written &= !memcmp(bytes + 4, (char[4]){0}, 4);
		for (int j = 16; j < 20; j++)
			written &= bytes[j] == fills[i];
	}
	ok(good, "whatever stands behind the first 4 bytes: the block and its token come back");
	ok(written, "all of 16 bytes are written, and no more");
	close(fd);
}

/* answers: acquire-given struct-byte-order */
static int by_number(void *type)
{
	int start = free_block(5), fd = socket_open(*(int *)type, "0.0.0.0", 0), good;
	unsigned char bytes[16] = {(unsigned char)(start >> 8), (unsigned char)start};
	uint16_t count = 5;

	memcpy(bytes + 2, &count, sizeof count);
	good = !ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, bytes) && bytes[0] == start >> 8 &&
	       bytes[1] == (start & 255) && !memcmp(bytes + 2, &count, sizeof count) &&
	       taken_ports(*(int *)type, start, 5) == 5;
	close(fd);
	return good;
}

/* What waited for the ports would wait for ever: they are taken until the end. */
/* answers: acquire-at-once */
static void at_once(void)
{
	struct block block = reserve(TCP, 4);
	int server = bound(UDP, "0.0.0.0", 0, RAW), fd;
	instance result;

	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		const char *kind = flags ? "a non-blocking socket" : "a blocking socket";

		fd = socket_open(TCP, "0.0.0.0", 0);
		fcntl(fd, F_SETFL, flags);
		fails_with(acquire(fd, block.start, 4, &result), EADDRINUSE, kind);
		ok(!acquire(fd, 0, 2, &result), "%s: a block that is free: 0", kind);
		close(fd);
		fd = bound(UDP, "127.0.0.1", 0, 0);
		fcntl(fd, F_SETFL, flags);
		fails_with(acquire(fd, port_of(server), 1, &result), EADDRINUSE, kind);
		ok(!acquire(fd, 0, 2, &result), "%s that is bound: 0", kind);
		close(fd);
	}
	socket_close(server, RAW);
	close(block.fd);
}

enum { HELD = 300, TIMES = 20, NO_HOLDER = 77 };

/*
 * By an ordinary user, for whom so many guards are more than may be parked. The holder lets
 * them go one by one, and the next reservation, of the last port, needs none: it is faster.
 */
static int again_after_a_holder(void)
{
	struct rlimit limit;
	int good = 0;

	become_user(SOMEBODY);
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max < 2 * HELD)
		return NO_HOLDER;
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < TIMES; i++) {
		struct block block = try_reserve(UDP, 0, HELD), again;

		/* the build tree is out of this user's reach */
		if (block.fd < 0 && errno == EOPNOTSUPP)
			return NO_HOLDER;
		close(block.fd);
		again = try_reserve(UDP, block.start + HELD - 1, 1);
		good += block.fd >= 0 && again.fd >= 0;
		close(again.fd);
	}
	return good;
}

/* answers: acquire-after-a-holder */
static void after_a_holder(void)
{
	struct peer child = peer_start();
	int good;

	if (!child.pid) {
		pool_new(geteuid() ? geteuid() : SOMEBODY);
		exec_self((const char *[]){"holder", NULL});
	}
	good = peer_end(&child);
	if (good == NO_HOLDER)
		skip("a block that a holder kept",
		     "portres-hold is out of reach, or the limit low");
	/* another test may take such a port now and then */
	else if (!ok(good >= TIMES - 2, "a block that a holder kept until now: 0"))
		diag("%d of %d times", good, TIMES);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return again_after_a_holder();
	private_pool(argv);
	sign_extended();
	other_codes();
	sixteen_bytes();
	ok(settled(by_number, &(int){TCP}),
	   "a TCP block by its number, in network order: this one");
	ok(settled(by_number, &(int){UDP}),
	   "a UDP block by its number, in network order: this one");
	at_once();
	after_a_holder();
	return done_testing();
}
