/* SPDX-License-Identifier: MIT */
/*
 * The three calls on a descriptor or with a pointer that will not do: EBADF,
 * ENOTSOCK, EOPNOTSUPP, EFAULT - and a call that failed has reserved nothing.
 */
#include "process.h"
#include <sys/mman.h>

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

static const struct {
	const char *name;
	unsigned code;
} calls[] = {
	{"ACQUIRE", SIO_ACQUIRE_PORT_RESERVATION},
	{"ASSOCIATE", SIO_ASSOCIATE_PORT_RESERVATION},
	{"RELEASE", SIO_RELEASE_PORT_RESERVATION},
};

static ULONG64 good_token;

/* A perfect request on a descriptor that will not do. */
static void refused(int fd, int expected, const char *what)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		instance request = {.NumberOfPorts = 2};
		char text[80];

		if (calls[i].code != SIO_ACQUIRE_PORT_RESERVATION)
			memcpy(&request, &good_token, sizeof good_token);
		snprintf(text, sizeof text, "%s on %s", calls[i].name, what);
		fails_with(ioctl(fd, calls[i].code, &request), expected, text);
	}
	if (fd >= 0)
		close(fd);
}

static void refused_kind(int family, int type, int protocol, const char *what)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		skip(what, "no such socket here");
	else
		refused(fd, EOPNOTSUPP, what);
}

/* ICMP sockets need a sysctl that nobody should touch outside a network of his own. */
static void icmp(void)
{
	struct peer child = peer_start();
	instance request = {.NumberOfPorts = 2};
	int fd, result;

	if (!child.pid) {
		char range[32];

		if (own_network())
			_exit(2);
		snprintf(range, sizeof range, "%u %u", getegid(), getegid());
		write_text("/proc/sys/net/ipv4/ping_group_range", range);
		fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
		if (fd < 0)
			_exit(2);
		result = ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &request);
		_exit(result == -1 && errno == EOPNOTSUPP);
	}
	result = peer_end(&child);
	if (result == 2)
		skip("ACQUIRE on an ICMP datagram socket", "no such socket here");
	else
		ok(result == 1, "ACQUIRE on an ICMP datagram socket: EOPNOTSUPP");
}

/* answers: acquire-not-open acquire-no-socket acquire-other-socket associate-bad-socket */
/* answers: release-bad-socket */
static void descriptors(void)
{
	int pipes[2], closed = socket_open(TCP, "0.0.0.0", 0);

	close(closed);
	refused(-1, EBADF, "-1");
	refused(closed, EBADF, "a closed descriptor");
	refused(1 << 20, EBADF, "a number far beyond the limit");
	if (pipe(pipes))
		bail_out("pipe");
	refused(pipes[0], ENOTSOCK, "a pipe");
	close(pipes[1]);
	refused(open("/dev/null", O_RDWR), ENOTSOCK, "a device");
	refused_kind(AF_UNIX, SOCK_STREAM, 0, "an AF_UNIX stream socket");
	refused_kind(AF_UNIX, SOCK_DGRAM, 0, "an AF_UNIX datagram socket");
	refused_kind(AF_NETLINK, SOCK_RAW, 0, "a netlink socket");
	refused_kind(AF_INET, SOCK_RAW, IPPROTO_UDP, "a raw socket");
	refused_kind(AF_INET6, SOCK_RAW, IPPROTO_TCP, "a raw IPv6 socket");
	refused_kind(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, "a UDP-Lite socket");
	refused_kind(AF_INET, SOCK_STREAM, IPPROTO_SCTP, "an SCTP socket");
	icmp();
}

/* answers: acquire-mptcp */
static void mptcp(void)
{
	struct block block = {.type = TCP};
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), tcp, other;
	instance result;

	if (fd < 0) {
		skip("MPTCP counts as TCP", "no MPTCP here");
		return;
	}
	ok(!acquire(fd, 0, 4, &result), "ACQUIRE on an MPTCP socket: 0");
	block.start = ntohs(result.StartPort);
	block.count = result.NumberOfPorts;
	block.token = result.Token;
	tcp = drawn(&block, "127.0.0.1", 0, 0);
	ok(tcp >= 0 && in_block(&block, port_of(tcp)), "a TCP socket draws from its block");
	other = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	ok(!associate(other, block.token) && !socket_bind(other, "127.0.0.1", 0, 0) &&
		   in_block(&block, port_of(other)),
	   "another MPTCP socket draws from its block");
	ok(!socket_listen(other, 0), "and listens on the port");
	close(other);
	close(tcp);
	close(fd);
}

/* Two pages of which the second cannot be touched; the end of the first is returned. */
static char *page_end(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + size, size, PROT_NONE))
		bail_out("mmap");
	return pages + size;
}

/* ACQUIRE with a pointer that will not do, of a block by its number: nobody has it afterwards. */
static void bad_request(void *request, int fill, const char *what)
{
	int fd = socket_open(TCP, "0.0.0.0", 0);
	int start = 0, freed = 0, result = 0, error = 0;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = (char *)((uintptr_t)request & ~(size - 1));
	uint16_t words[2] = {0, 3};

	for (int tries = 0; tries < 5 && !freed; tries++) {
		start = free_block(3);
		words[0] = htons((uint16_t)start);
		if (fill) {
			mprotect(page, size, PROT_READ | PROT_WRITE);
			memcpy(request, words, sizeof words);
			if (fill == PROT_READ)
				mprotect(page, size, PROT_READ);
		}
		result = ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, request);
		error = errno;
		freed = !taken_ports(TCP, start, 3);
	}
	errno = error;
	fails_with(result, EFAULT, what);
	if (fill)
		ok(freed, "%s: nothing is reserved", what);
	close(fd);
}

/* answers: acquire-bad-pointer associate-bad-pointer release-bad-pointer */
static void pointers(void)
{
	int fd = socket_open(TCP, "0.0.0.0", 0);
	ULONG64 token = 0;
	char *end = page_end();
	char *nowhere = end + 64;
	struct block block = reserve(TCP, 2);

	bad_request(NULL, 0, "ACQUIRE with NULL");
	bad_request(nowhere, 0, "ACQUIRE with unmapped memory");
	bad_request(end - 2, 0, "ACQUIRE with a request of 2 bytes before the end of a page");
	bad_request(end - 4, PROT_WRITE, "ACQUIRE with a result buffer that ends after 4 bytes");
	bad_request(end - 8, PROT_WRITE, "ACQUIRE with a result buffer that ends after 8 bytes");
	bad_request(end - 512, PROT_READ, "ACQUIRE with a read-only result buffer");
	mprotect(end - sysconf(_SC_PAGESIZE), (size_t)sysconf(_SC_PAGESIZE),
		 PROT_READ | PROT_WRITE);

	memset(end - 16, 0, 16);
	((uint16_t *)(void *)(end - 16))[1] = 2;
	ok(!ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, end - 16), "16 bytes at the end of a page: 0");
	memcpy(&token, end - 8, sizeof token);
	ok(token != 0, "16 bytes at the end of a page: the token is their last 8");
	memcpy(end - 8, &block.token, sizeof token);
	fails_with(ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, NULL), EFAULT, "ASSOCIATE with NULL");
	fails_with(ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, nowhere), EFAULT,
		   "ASSOCIATE with unmapped memory");
	fails_with(ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, end - 7), EFAULT,
		   "ASSOCIATE with a token of 7 bytes before the end of a page");
	mprotect(end - sysconf(_SC_PAGESIZE), (size_t)sysconf(_SC_PAGESIZE), PROT_READ);
	ok(!ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, end - 8),
	   "ASSOCIATE with a token that can only be read, at the end of a page: 0");
	fails_with(ioctl(fd, SIO_RELEASE_PORT_RESERVATION, NULL), EFAULT, "RELEASE with NULL");
	fails_with(ioctl(fd, SIO_RELEASE_PORT_RESERVATION, nowhere), EFAULT,
		   "RELEASE with unmapped memory");
	fails_with(ioctl(fd, SIO_RELEASE_PORT_RESERVATION, end - 7), EFAULT,
		   "RELEASE with a token of 7 bytes before the end of a page");
	ok(!ioctl(fd, SIO_RELEASE_PORT_RESERVATION, end - 8),
	   "RELEASE with a token that can only be read, at the end of a page: 0");
	close(block.fd);
	close(fd);
}

int main(int argc, char **argv)
{
	struct block block;

	(void)argc;
	private_pool(argv);
	block = reserve(TCP, 2);
	good_token = block.token;
	descriptors();
	ok(taken_ports(TCP, block.start, 2) == 2, "none of these calls touched the reservation");
	close(block.fd);
	mptcp();
	pointers();
	return done_testing();
}
