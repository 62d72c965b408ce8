/* SPDX-License-Identifier: MIT */
/*
 * ACQUIRE: what may be asked for and what comes back - any block, a block by its
 * number, where the library takes any block from, several on one socket, the two
 * protocols. The shapes of the code and of the structure are in acquire-shapes.c.
 */
#include "process.h"

/* Browsers refuse to connect to these. */
static int refused_by_browsers(int port)
{
	static const int refused[] = {6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080};

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (port == refused[i])
			return 1;
	return 0;
}

static int fit_for_anybody(const struct block *block)
{
	int low, high;

	ephemeral_range(&low, &high);
	for (int port = block->start; port < block->start + block->count; port++)
		if (port < 1024 || port > 65535 || (port >= low && port <= high) ||
		    refused_by_browsers(port))
			return 0;
	return 1;
}

/* answers: acquire-any acquire-any-outside-ephemeral acquire-writes-all struct-byte-order */
static void any_block(int type, int count)
{
	struct block block = try_reserve(type, 0, count);

	ok(block.fd >= 0 && block.count == count && block.token != 0,
	   "any block of %d %s ports: 0, its count and a token", count, type_name(type));
	if (block.fd < 0)
		return;
	ok(fit_for_anybody(&block),
	   "any block of %d: not below 1024, not in ip_local_port_range, none that browsers refuse",
	   count);
	ok(taken_ports(type, block.start, count) == count,
	   "any block of %d: strangers can have none of its %s ports", count, type_name(type));
	close(block.fd);
}

/*
 * In a network of its own the test may narrow what is left: the bits say which
 * promises held, 128 that such a network cannot be had. Each time a new process
 * and a new network, as what is read of it may be read once.
 */
/* answers: acquire-any-outside-reserved acquire-any-not-refused-by-browsers acquire-any-none-free
 */
static int in_narrow_network(const char *which)
{
	static const char reserved[] = "/proc/sys/net/ipv4/ip_local_reserved_ports";
	struct block block;
	int held = 0;

	if (own_network() || write_text(reserved, which))
		return 128;
	if (!strncmp(which, "1-5989", 6)) {
		/* 6000 lies between 5990-5999 and 6001-6008 */
		block = try_reserve(TCP, 0, 10);
		if (block.fd >= 0 && block.start == 5990)
			held |= 4;
		close(block.fd);
		block = try_reserve(TCP, 0, 11);
		if (block.fd < 0 && errno == EADDRINUSE)
			held |= 8;
		/* named by its number such a port is nobody's business but the program's */
		block = try_reserve(TCP, 5998, 4);
		if (block.fd >= 0 && block.start == 5998)
			held |= 16;
		return held;
	}
	block = try_reserve(TCP, 0, 100);
	if (block.fd >= 0 && block.start == 20000)
		held |= 1;
	close(block.fd);
	block = try_reserve(UDP, 0, 101);
	if (block.fd < 0 && errno == EADDRINUSE)
		held |= 2;
	return held;
}

static void narrow_network(void)
{
	static const char *const reserved[] = {"1-19999,20100-65535", "1-5989,6009-65535"};
	int held = 0;

	for (int i = 0; i < 2; i++) {
		struct peer child = peer_start();

		if (!child.pid)
			_exit(in_narrow_network(reserved[i]));
		held |= peer_end(&child);
	}
	if (held & 128) {
		skip("ip_local_reserved_ports", "no network of its own for the test");
		return;
	}
	ok(held & 1, "any block: outside ip_local_reserved_ports");
	ok(held & 2, "any block: EADDRINUSE when what is not reserved is too small");
	ok(held & 4, "any block: beside a port that browsers refuse");
	ok(held & 8, "any block: EADDRINUSE rather than one that browsers refuse");
	ok(held & 16, "a block by its number may hold ports that browsers refuse");
}

/* The program that private_range starts with PORTRES_RANGE set to 50 free ports. */
/* answers: env-range acquire-any-none-free */
static int in_private_range(int low)
{
	struct block first = try_reserve(TCP, 0, 20), second = try_reserve(TCP, 0, 20), third;
	int held = 0;

	if (first.fd >= 0 && first.start >= low && first.start + 20 <= low + 50)
		held |= 1;
	if (second.fd >= 0 && second.start >= low && second.start + 20 <= low + 50)
		held |= 2;
	/* at most ten in a row are left */
	third = try_reserve(TCP, 0, 20);
	if (third.fd < 0 && errno == EADDRINUSE)
		held |= 4;
	if (try_reserve(UDP, 0, 51).fd < 0 && errno == EADDRINUSE)
		held |= 8;
	return held;
}

static int private_range(void *seen)
{
	struct peer child;
	char low[16], range[32];
	int start = free_block(50);

	snprintf(low, sizeof low, "%d", start);
	snprintf(range, sizeof range, "%d-%d", start, start + 49);
	child = peer_start();
	if (!child.pid) {
		setenv("PORTRES_RANGE", range, 1);
		exec_self((const char *[]){"range", low, NULL});
	}
	*(int *)seen = peer_end(&child);
	return *(int *)seen == 15;
}

/* answers: acquire-no-ports acquire-past-the-end acquire-failure-writes-nothing */
static void refused_requests(void)
{
	int fd = socket_open(TCP, "0.0.0.0", 0);
	instance result;

	fails_with(acquire(fd, 0, 0, &result), EINVAL, "NumberOfPorts 0, any block");
	fails_with(acquire(fd, 30000, 0, &result), EINVAL, "NumberOfPorts 0, by its number");
	fails_with(acquire(fd, 65535, 2, &result), EINVAL, "a block past 65535");
	fails_with(acquire(fd, 1024, 65535, &result), EINVAL, "a block of 65535 past 65535");
	memset(&result, 0x5a, sizeof result);
	result.StartPort = htons(65000);
	result.NumberOfPorts = 537;
	fails_with(ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &result), EINVAL,
		   "a block that ends at 65536");
	ok(result.StartPort == htons(65000) && result.NumberOfPorts == 537 &&
		   result.Token == 0x5a5a5a5a5a5a5a5aULL,
	   "a request that failed writes nothing into the 16 bytes");
	/* somebody may hold it; that it lies past the end nobody may say */
	ok(acquire(fd, 65535, 1, &result) == 0 || errno == EADDRINUSE,
	   "a block that ends at 65535 is not EINVAL");
	close(fd);
}

/* answers: acquire-protocols-apart acquire-families-one */
static int both_protocols(void *unused)
{
	int start = free_block(8);
	struct block tcp = try_reserve(TCP, start, 8), udp;
	int v6, good;
	instance result;

	(void)unused;
	if (tcp.fd < 0)
		return 0;
	udp = try_reserve(UDP, start, 8);
	v6 = ipv6_works() ? socket_open(TCP, "::1", 0) : socket_open(TCP, "0.0.0.0", 0);
	good = udp.fd >= 0 && udp.start == start && tcp.start == start && udp.token != tcp.token &&
	       acquire(v6, start, 8, &result) == -1 && errno == EADDRINUSE;
	close(v6);
	close(tcp.fd);
	close(udp.fd);
	return good;
}

/* answers: acquire-several */
static void several_on_one_socket(void)
{
	int fd = socket_open(UDP, "127.0.0.1", 0);
	instance first, second, third;

	ok(!acquire(fd, 0, 3, &first) && !acquire(fd, 0, 4, &second) && !acquire(fd, 0, 5, &third),
	   "several blocks on one socket: 0 each time");
	ok(first.Token != second.Token && second.Token != third.Token && first.Token != third.Token,
	   "several blocks on one socket: a token each");
	ok(taken_ports(UDP, ntohs(first.StartPort), 3) == 3 &&
		   taken_ports(UDP, ntohs(second.StartPort), 4) == 4 &&
		   taken_ports(UDP, ntohs(third.StartPort), 5) == 5,
	   "several blocks on one socket: all are kept from strangers");
	close(fd);
}

/* answers: acquire-token */
static void tokens(void)
{
	ULONG64 seen[100];
	int distinct = 1;

	for (int i = 0; i < 100; i++) {
		struct block block = reserve(TCP, 1);

		seen[i] = block.token;
		close(block.fd);
		for (int j = 0; j < i; j++)
			distinct &= seen[j] != seen[i];
		distinct &= seen[i] != 0;
	}
	ok(distinct, "100 tokens one after another: never 0, never one twice");
}

/* By an ordinary user; started before anybody used the library. */
/* answers: acquire-privileged */
static int as_somebody(void)
{
	become_user(SOMEBODY);
	return try_reserve(TCP, 600, 2).fd < 0 && errno == EACCES &&
	       try_reserve(UDP, 1023, 2).fd < 0 && errno == EACCES;
}

static void below_1024(void)
{
	struct peer child;
	int first = 1024;
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");

	if (file && fscanf(file, "%d", &first) == 1 && first != 1024) {
		fclose(file);
		skip("below ip_unprivileged_port_start", "it is not 1024 here");
		return;
	}
	child = peer_start();
	if (!child.pid) {
		pool_new(geteuid() ? geteuid() : SOMEBODY);
		exec_self((const char *[]){"somebody", NULL});
	}
	ok(peer_end(&child) == 1, "below ip_unprivileged_port_start as an ordinary user: EACCES");
}

int main(int argc, char **argv)
{
	int seen = 0;

	if (argc == 3 && !strcmp(argv[1], "range"))
		return in_private_range(atoi(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "somebody"))
		return as_somebody();
	private_pool(argv);
	below_1024();
	any_block(TCP, 1);
	any_block(TCP, 20);
	any_block(TCP, 250);
	any_block(UDP, 20);
	narrow_network();
	settled(private_range, &seen);
	ok(seen & 1, "PORTRES_RANGE: the first block lies in it");
	ok(seen & 2, "PORTRES_RANGE: the second block lies in it");
	ok(seen & 4, "PORTRES_RANGE: EADDRINUSE when what is left is too small");
	ok(seen & 8, "PORTRES_RANGE: EADDRINUSE when it is smaller than the block");
	refused_requests();
	ok(settled(both_protocols, NULL),
	   "TCP and UDP take the same numbers apart; IPv4 and IPv6 are one: EADDRINUSE");
	several_on_one_socket();
	tokens();
	return done_testing();
}
