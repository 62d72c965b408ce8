/* SPDX-License-Identifier: MIT */
/*
 * A successful call does not touch errno, and a hook makes many calls of its own on the
 * way, some of which fail by design. A library that lets their errno through, or the one
 * of its clean-up over that of the call, misleads whoever looks at errno afterwards. Ours
 * leaves it alone on success and gives that of the program's call on failure.
 */
#include "modes.h"
#include <linux/close_range.h>
#include <sched.h>
#include <spawn.h>

enum { SENTINEL = 4711 };

/* Nothing else fails: a call that succeeds, and errno is what it was. */
#define KEEPS(what, expression)                                                                    \
	do {                                                                                       \
		errno = SENTINEL;                                                                  \
		int good_ = (expression) ? 1 : 0, error_ = errno;                                  \
		if (!ok(good_ && error_ == SENTINEL, "%s", what))                                  \
			diag("%s, errno %d", good_ ? "succeeded" : "failed", error_);              \
	} while (0)

/* How a libc function fails: -1 and this errno, whatever was there before. */
#define FAILS(what, expression, expected)                                                          \
	do {                                                                                       \
		errno = SENTINEL;                                                                  \
		fails_with((int)(expression), expected, what);                                     \
	} while (0)

static struct block block;

/* Each way that a bind goes: unused port, used port, explicit, shared, IPv6, exhausted. */
static void binds(int type)
{
	int fd = member(&block), port, other, count = 0;
	int fds[RUN_PORTS];

	KEEPS("bind to port 0, an unused port", !socket_bind(fd, "127.0.0.1", 0, 0));
	port = port_of(fd);
	KEEPS("close of a bound socket", !close(fd));
	fd = member(&block);
	KEEPS("bind to a port by its number, used before", !socket_bind(fd, "0.0.0.0", port, 0));
	if (type == TCP) {
		KEEPS("listen on it", !listen(fd, 1));
		KEEPS("listen again", !listen(fd, 2));
	}
	other = member(&block);
	FAILS("bind to its port", socket_bind(other, "127.0.0.1", port, 0), EADDRINUSE);
	FAILS("bind to what is no address of ours", socket_bind(other, "192.0.2.1", 0, 0),
	      EADDRNOTAVAIL);
	FAILS("bind with a short address", bind(other, (struct sockaddr *)&block, 3), EINVAL);
	FAILS("bind with a bad pointer", bind(other, (void *)8, sizeof(struct sockaddr_in)),
	      EFAULT);
	FAILS("bind of what is bound", socket_bind(fd, "127.0.0.1", 0, 0), EINVAL);
	FAILS("bind of -1", socket_bind(-1, "127.0.0.1", 0, 0), EBADF);
	FAILS("bind of a file", socket_bind(STDERR_FILENO, "127.0.0.1", 0, 0), ENOTSOCK);
	if (mode == PRELOADED)
		FAILS("bind outside the block", socket_bind(other, "127.0.0.1", 1023, 0),
		      EADDRNOTAVAIL);
	close(fd);
	close(other);
	if (mode == BARE)
		return;
	while (count < RUN_PORTS && (fds[count] = member_bound(&block)) >= 0)
		count++;
	fd = member(&block);
	FAILS("bind to port 0 in an exhausted block", socket_bind(fd, "127.0.0.1", 0, 0),
	      EADDRINUSE);
	while (count--)
		close(fds[count]);
	KEEPS("bind to port 0 where all ports were used", !socket_bind(fd, "127.0.0.1", 0, 0));
	close(fd);
}

static void listens_by_itself(void)
{
	int fd = member(&block);

	KEEPS("listen on an unbound socket", !listen(fd, 1));
	close(fd);
	FAILS("listen on -1", listen(-1, 1), EBADF);
	FAILS("listen on a file", listen(STDERR_FILENO, 1), ENOTSOCK);
}

static void connects(void)
{
	int server = listening("127.0.0.1", 0, RAW), port = port_of(server), fd;
	struct sockaddr_in sink = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_name = &sink, .msg_namelen = sizeof sink, .msg_iov = &data, .msg_iovlen = 1};
	struct mmsghdr messages = {.msg_hdr = message};

	inet_pton(AF_INET, "127.0.0.1", &sink.sin_addr);
	fd = member(&block);
	if (block.type == TCP) {
		KEEPS("connect", !connect(fd, (struct sockaddr *)&sink, sizeof sink));
		FAILS("connect again", connect(fd, (struct sockaddr *)&sink, sizeof sink), EISCONN);
		KEEPS("sendto on a connection", sendto(fd, "x", 1, 0, NULL, 0) == 1);
		socket_reset_at_close(fd, 0);
		close(fd);
		close(server);
		fd = member(&block);
		FAILS("connect to nobody", connect(fd, (struct sockaddr *)&sink, sizeof sink),
		      ECONNREFUSED);
		FAILS("send without a connection", sendto(fd, "x", 1, MSG_NOSIGNAL, NULL, 0),
		      EPIPE);
	} else {
		KEEPS("sendto", sendto(fd, "x", 1, 0, (struct sockaddr *)&sink, sizeof sink) == 1);
		close(fd);
		fd = member(&block);
		KEEPS("sendmsg", sendmsg(fd, &message, 0) == 1);
		close(fd);
		fd = member(&block);
		KEEPS("sendmmsg", sendmmsg(fd, &messages, 1, 0) == 1);
		close(fd);
		fd = member(&block);
		KEEPS("connect of UDP", !connect(fd, (struct sockaddr *)&sink, sizeof sink));
		close(fd);
		fd = member(&block);
		FAILS("sendto nobody", sendto(fd, "x", 1, 0, NULL, 0), EDESTADDRREQ);
		FAILS("sendmsg with a bad pointer", sendmsg(fd, (void *)8, 0), EFAULT);
		close(server);
	}
	FAILS("connect with a bad pointer", connect(fd, (void *)8, sizeof sink), EFAULT);
	FAILS("connect of -1", connect(-1, (struct sockaddr *)&sink, sizeof sink), EBADF);
	close(fd);
}

static void copies(void)
{
	int fd = member(&block), other = open("/dev/null", O_RDONLY), copy = -1;

	KEEPS("dup", (copy = dup(fd)) >= 0);
	KEEPS("dup2 over it", dup2(other, copy) == copy);
	KEEPS("dup2 back", dup2(fd, copy) == copy);
	KEEPS("dup3 over it", dup3(other, copy, O_CLOEXEC) == copy);
	KEEPS("close of the copy", !close(copy));
	KEEPS("F_DUPFD", (copy = fcntl(fd, F_DUPFD, 50)) >= 50);
	KEEPS("F_SETFD", !fcntl(copy, F_SETFD, FD_CLOEXEC));
	KEEPS("F_GETFD", fcntl(copy, F_GETFD) == FD_CLOEXEC);
	KEEPS("FIONCLEX", !ioctl(copy, FIONCLEX));
	KEEPS("close_range of it", !close_range((unsigned)copy, (unsigned)copy, 0));
	KEEPS("close_range of nothing", !close_range((unsigned)copy, (unsigned)copy, 0));
	KEEPS("close_range on the anchor's number and the others there",
	      !close_range(900, 999, CLOSE_RANGE_CLOEXEC));
	KEEPS("setsockopt", !option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, 0));
	KEEPS("unshare", !unshare(0));
	FAILS("close of -1", close(-1), EBADF);
	FAILS("setsockopt of nothing", setsockopt(fd, SOL_SOCKET, -1, &copy, sizeof copy),
	      ENOPROTOOPT);
	errno = SENTINEL;
	closefrom(1000);
	ok(errno == SENTINEL, "closefrom");
	close(other);
	close(fd);
}

/* Results of their own, errno untouched, also where they fail. */
static void file_actions(void)
{
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	KEEPS("addclose", !posix_spawn_file_actions_addclose(&actions, 5));
	KEEPS("addclose of -1", posix_spawn_file_actions_addclose(&actions, -1) == EBADF);
	KEEPS("adddup2", !posix_spawn_file_actions_adddup2(&actions, 2, 5));
	KEEPS("adddup2 of the acquiring socket",
	      !posix_spawn_file_actions_adddup2(&actions, block.fd < 0 ? 0 : block.fd, 6));
	KEEPS("adddup2 of -1", posix_spawn_file_actions_adddup2(&actions, -1, 5) == EBADF);
	KEEPS("addopen", !posix_spawn_file_actions_addopen(&actions, 7, "/", O_RDONLY, 0));
	KEEPS("addclosefrom_np", !posix_spawn_file_actions_addclosefrom_np(&actions, 3));
	posix_spawn_file_actions_destroy(&actions);
}

static void streams(void)
{
	int fd = member_bound(&block);
	FILE *stream = NULL;

	KEEPS("fdopen of a bound socket", (stream = fdopen(fd, "r+")) != NULL);
	KEEPS("fclose of it", !fclose(stream));
	stream = fdopen(member(&block), "r+");
	KEEPS("freopen over a socket", freopen("/dev/null", "r", stream) == stream);
	fclose(stream);
}

static void calls(void)
{
	int fd = socket_open(block.type, "0.0.0.0", 0), copy;
	ULONG64 unknown = 1;
	instance result;

	KEEPS("ACQUIRE", !acquire(fd, 0, 3, &result));
	KEEPS("ASSOCIATE", !associate(fd, result.Token));
	KEEPS("RELEASE", !release(fd, result.Token));
	FAILS("RELEASE again", release(fd, result.Token), EINVAL);
	FAILS("ASSOCIATE with it", associate(fd, result.Token), EINVAL);
	FAILS("ASSOCIATE with an unknown token", associate(fd, unknown), EINVAL);
	FAILS("ACQUIRE of nothing", acquire(fd, 0, 0, &result), EINVAL);
	FAILS("ACQUIRE with a bad pointer", ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, 8), EFAULT);
	FAILS("ACQUIRE of what is held", acquire(fd, block.start, 1, &result), EADDRINUSE);
	FAILS("ACQUIRE on a file", acquire(STDERR_FILENO, 0, 3, &result), ENOTSOCK);
	FAILS("ACQUIRE on -1", acquire(-1, 0, 3, &result), EBADF);
	acquire(fd, 0, 3, &result);
	KEEPS("dup of an acquiring socket", (copy = dup(fd)) >= 0);
	KEEPS("its close", !close(fd));
	KEEPS("the last close, which ends the reservation", !close(copy));
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	for (int type = TCP; type <= UDP; type++) {
		diag("%s", type_name(type));
		block = mode_block(type, 4);
		binds(type);
		if (type == TCP)
			listens_by_itself();
		connects();
		copies();
		file_actions();
		streams();
		if (mode == PRELOADED)
			calls();
		close(block.fd);
	}
	return modes_end(argv);
}
