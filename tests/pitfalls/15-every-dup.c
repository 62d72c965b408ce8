/* SPDX-License-Identifier: MIT */
/*
 * A descriptor has more ways to get a second number than dup(): dup2, dup3, F_DUPFD,
 * F_DUPFD_CLOEXEC, each through fcntl and fcntl64. A library that forgets one of them
 * answers for another socket than the one it is asked about. Ours has one function that
 * all of them come to: what is known of a socket follows each copy, the real call comes
 * first, and its answer is the program's.
 */
#include "modes.h"
#include <sys/resource.h>

#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#endif

enum way { DUP, DUP2, DUP3, DUP3_CLOEXEC, F_DUP, F_DUP_CLOEXEC, F_DUP64, F_DUP64_CLOEXEC, WAYS };

static const char *const names[] = {"dup",
				    "dup2",
				    "dup3",
				    "dup3 with O_CLOEXEC",
				    "F_DUPFD",
				    "F_DUPFD_CLOEXEC",
				    "fcntl64 F_DUPFD",
				    "fcntl64 F_DUPFD_CLOEXEC"};

/* A copy on a number that the caller wants, as far as it can say so. */
static int copy(enum way way, int fd, int wanted)
{
	switch (way) {
	case DUP:
		return dup(fd);
	case DUP2:
		return dup2(fd, wanted);
	case DUP3:
		return dup3(fd, wanted, 0);
	case DUP3_CLOEXEC:
		return dup3(fd, wanted, O_CLOEXEC);
	case F_DUP:
		return fcntl(fd, F_DUPFD, wanted);
	case F_DUP_CLOEXEC:
		return fcntl(fd, F_DUPFD_CLOEXEC, wanted);
	case F_DUP64:
		return fcntl64(fd, F_DUPFD, wanted);
	default:
		return fcntl64(fd, F_DUPFD_CLOEXEC, wanted);
	}
}

static int wants_cloexec(enum way way)
{
	return way == DUP3_CLOEXEC || way == F_DUP_CLOEXEC || way == F_DUP64_CLOEXEC;
}

static void follows(enum way way, int type)
{
	struct block block = mode_block(type, 2);
	int fd = member(&block), other = copy(way, fd, 100), port, again;

	ok(way == DUP ? other == fd + 1 : other == 100, "%s: the number is what was asked for",
	   names[way]);
	ok(fcntl(other, F_GETFD) == (wants_cloexec(way) ? FD_CLOEXEC : 0),
	   "%s: so is the close-on-exec flag", names[way]);
	close(fd);
	ok(!socket_bind(other, "127.0.0.1", 0, 0) && belongs(&block, port_of(other)),
	   "%s: the association follows", names[way]);
	port = port_of(other);
	again = copy(way, other, 101);
	close(other);
	fd = member(&block);
	ok(socket_bind(fd, "127.0.0.1", port, 0) == -1 && errno == EADDRINUSE,
	   "%s: the port is in use as long as one copy is open", names[way]);
	close(again);
	/* a free port of the kernel's can be anybody's in the meantime */
	ok(mode == BARE || !socket_bind(fd, "127.0.0.1", port, 0), "%s: and not longer",
	   names[way]);
	close(fd);
	close(block.fd);
}

static void acquirer_follows(enum way way)
{
	struct block block = reserve(TCP, 3);
	int other = copy(way, block.fd, 100), same = copy(way, other, 102);

	close(block.fd);
	close(other);
	ok(block_taken(&block), "%s: the reservation lives with its last copy", names[way]);
	close(same);
	ok(settled(block_free, &block), "%s: and not longer", names[way]);
}

/* The reservation and the tie are the socket's: a copy that was there before has them, too. */
static void copied_before(void)
{
	int acquirer = socket_open(TCP, "0.0.0.0", 0), before = dup(acquirer), fd, other;
	struct block block = {.type = TCP, .count = 3};
	instance result;

	if (acquire(acquirer, 0, 3, &result))
		bail_out("ACQUIRE");
	block.start = ntohs(result.StartPort);
	block.token = result.Token;
	fd = socket_open(TCP, "0.0.0.0", 0);
	other = dup(fd);
	associate(fd, block.token);
	ok(!socket_bind(other, "127.0.0.1", 0, 0) && in_block(&block, port_of(other)),
	   "a copy made before ASSOCIATE is tied, too");
	close(fd);
	close(other);
	close(acquirer);
	ok(block_taken(&block), "a copy made before ACQUIRE keeps the reservation");
	close(before);
	ok(settled(block_free, &block), "until it closes");
}

/* What was on the number is closed, whatever it was. */
static void replaces(enum way way)
{
	struct block block = mode_block(UDP, 2);
	int null = open("/dev/null", O_RDONLY), fd = member_bound(&block), port = port_of(fd), next;

	ok(copy(way, null, fd) == fd, "%s onto a bound socket", names[way]);
	next = member(&block);
	ok(mode == BARE || !socket_bind(next, "127.0.0.1", port, 0), "%s gives its port back",
	   names[way]);
	close(next);
	close(fd);
	if (mode == PRELOADED) {
		ok(copy(way, null, block.fd) == block.fd && settled(block_free, &block),
		   "%s onto the acquiring socket ends the reservation", names[way]);
		close(block.fd);
	}
	close(null);
}

static void itself(void)
{
	struct block block = mode_block(TCP, 2);
	int fd = member(&block), closed = dup(fd);

	close(closed);
	ok(dup2(fd, fd) == fd, "dup2 onto itself");
	fails_with(dup3(fd, fd, 0), EINVAL, "dup3 onto itself");
	fails_with(dup2(closed, closed), EBADF, "dup2 onto itself of what is not open");
	fails_with(dup3(closed, closed, 0), EINVAL, "dup3 of it");
	ok(!socket_bind(fd, "127.0.0.1", 0, 0) && belongs(&block, port_of(fd)), "all is as before");
	close(fd);
	if (mode == PRELOADED) {
		ok(dup2(block.fd, block.fd) == block.fd && block_taken(&block),
		   "the acquiring socket onto itself");
		close(block.fd);
		ok(settled(block_free, &block), "which its close still ends");
	}
}

static void errors(void)
{
	struct block block = mode_block(TCP, 2);
	int fd = member(&block), before = open_descriptors();

	fails_with(dup(-1), EBADF, "dup of -1");
	fails_with(dup2(-1, fd), EBADF, "dup2 of -1");
	fails_with(dup2(fd, -1), EBADF, "dup2 onto -1");
	fails_with(dup2(fd, 1 << 30), EBADF, "dup2 onto what no limit allows");
	fails_with(dup3(fd, 100, O_NONBLOCK), EINVAL, "dup3 with another flag");
	fails_with(dup3(-1, fd, 0), EBADF, "dup3 of -1");
	fails_with(dup3(fd, -1, 0), EBADF, "dup3 onto -1");
	fails_with(fcntl(-1, F_DUPFD, 0), EBADF, "F_DUPFD of -1");
	fails_with(fcntl(fd, F_DUPFD, -1), EINVAL, "F_DUPFD from -1");
	fails_with(fcntl(fd, F_DUPFD_CLOEXEC, 1 << 30), EINVAL, "F_DUPFD from beyond the limit");
	fails_with(fcntl(fd, 0x7777), EINVAL, "an unknown command");
	fails_with(fcntl(-1, 0x7777), EBADF, "an unknown command on -1");
	ok(open_descriptors() == before, "no descriptor came of it");
	ok(!socket_bind(fd, "127.0.0.1", 0, 0) && belongs(&block, port_of(fd)), "nor went");
	close(fd);
	close(block.fd);
}

/* fcntl has arguments of any sort, or none: each comes through as it is. */
static void other_commands(void)
{
	struct block block = mode_block(TCP, 2);
	struct f_owner_ex owner = {.type = F_OWNER_PID, .pid = getpid()}, read_back = {0};
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 7};
	FILE *file = tmpfile();
	int fd = member(&block), twin = dup(fd), query;

	ok(!fcntl(fd, F_SETFL, O_NONBLOCK) && fcntl(twin, F_GETFL) & O_NONBLOCK,
	   "F_SETFL, F_GETFL");
	ok(!fcntl(fd, F_SETOWN_EX, &owner) && !fcntl(fd, F_GETOWN_EX, &read_back) &&
		   read_back.pid == getpid(),
	   "F_SETOWN_EX, F_GETOWN_EX");
	ok(!fcntl(fileno(file), F_SETLK, &lock) && !fcntl64(fileno(file), F_GETLK, &lock) &&
		   lock.l_type == F_UNLCK,
	   "F_SETLK, F_GETLK");
	fails_with(fcntl(fileno(file), F_GETLK, (void *)8), EFAULT, "F_GETLK to a bad pointer");
	query = fcntl(fd, F_DUPFD_QUERY, twin);
	if (query < 0 && errno == EINVAL)
		skip("F_DUPFD_QUERY", "Linux before 6.10");
	else
		ok(query == 1 && !fcntl(fd, F_DUPFD_QUERY, fileno(file)), "F_DUPFD_QUERY");
	fclose(file);
	close(fd);
	close(twin);
	close(block.fd);
}

/* The number of our anchor is as good as any other to the program. */
static void onto_the_anchor(enum way way)
{
	struct block block = mode_block(TCP, 2);
	int fd = member(&block), anchor = anchor_number(), null = open("/dev/null", O_RDONLY);

	fails_with(dup(anchor), EBADF, "dup of the anchor");
	fails_with(dup2(anchor, 100), EBADF, "dup2 of it");
	fails_with(fcntl(anchor, F_DUPFD_CLOEXEC, 3), EBADF, "F_DUPFD_CLOEXEC of it");
	fails_with(fcntl(anchor, F_DUPFD_QUERY, fd), EBADF, "F_DUPFD_QUERY of it");
	fails_with(way == DUP2 ? dup2(-1, anchor) : dup3(-1, anchor, 0), EBADF,
		   "dup2 of -1 onto the anchor");
	fails_with(dup3(fd, anchor, O_NONBLOCK), EINVAL, "dup3 with another flag onto it");
	ok(anchor_number() == anchor, "it is where it was");
	ok(copy(way, fd, anchor) == anchor, "%s onto it gives its number", names[way]);
	close(fd);
	ok(!socket_bind(anchor, "127.0.0.1", 0, 0) && belongs(&block, port_of(anchor)),
	   "what is there is the program's socket");
	ok(copy(way, null, anchor) == anchor && !close(anchor), "it can be replaced and closed");
	fails_with(close(anchor), EBADF, "a second time it is not open");
	fd = member_bound(&block);
	ok(fd >= 0 && block_taken(&block), "the reservation goes on");
	close(fd);
	close(null);
	close(block.fd);
	ok(mode != PRELOADED || settled(block_free, &block), "until its end");
}

/* With a low limit the anchor sits on the highest number that there is. */
static int low_limit(void *unused)
{
	struct rlimit limit = {64, 64};
	struct block block = {.fd = -1};
	int fd, top;

	(void)unused;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	if (mode == PRELOADED)
		block = reserve(TCP, 2);
	fd = open("/dev/null", O_RDONLY);
	top = fcntl(fd, F_DUPFD, 63);
	if (top != 63)
		diag("F_DUPFD from 63: %d, %s", top, strerrorname_np(errno));
	return top == 63 && dup2(fd, 62) == 62 && !close(62) && !close(63) &&
	       (mode != PRELOADED || block_taken(&block));
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	for (enum way way = DUP; way < WAYS; way++) {
		follows(way, way % 2 ? TCP : UDP);
		if (mode == PRELOADED)
			acquirer_follows(way);
	}
	if (mode == PRELOADED)
		copied_before();
	for (enum way way = DUP2; way <= DUP3_CLOEXEC; way++) {
		replaces(way);
		if (mode != BARE)
			onto_the_anchor(way);
	}
	itself();
	errors();
	other_commands();
	ok(in_child(low_limit, NULL), "under a low limit every number can be asked for");
	return modes_end(argv);
}
