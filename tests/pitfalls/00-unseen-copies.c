/* SPDX-License-Identifier: MIT */
/*
 * A socket has copies that no hook has seen made: from before an exec, out of a message,
 * by a raw system call, in a thread that has its own table of descriptors. What was tied
 * to the socket holds for them, and a reservation lives until the last of them closes.
 */
#include "modes.h"
#include <pthread.h>
#include <sys/resource.h>

enum { FIRST = 20, SECOND = 21, HIGH = 2000, COUNT = 3 };

static int binds_inside(const struct block *block, int fd)
{
	return !socket_bind(fd, "127.0.0.1", 0, 0) && in_block(block, port_of(fd));
}

/* The reservation is there after the close of one descriptor, and gone after the other's. */
static int ends_with(struct block *block, int fd, int last)
{
	struct block other;
	int good = !close(fd);

	/* who acquires looks for reservations that have lost their sockets */
	other = reserve(UDP, 2);
	close(other.fd);
	good &= block_taken(block) && truly_open(last);
	close(last);
	return good && settled(block_free, block);
}

static int acquired_on(struct block *block, int fd)
{
	instance result;

	if (acquire(fd, 0, COUNT, &result))
		return 0;
	*block = (struct block){.fd = fd, .type = TCP, .count = COUNT, .token = result.Token};
	block->start = ntohs(result.StartPort);
	return 1;
}

static int image(const char *what)
{
	struct block block;

	if (!strcmp(what, "acquire"))
		return !acquired_on(&block, FIRST) || !ends_with(&block, FIRST, SECOND);
	block = reserve(TCP, COUNT);
	return associate(FIRST, block.token) || !binds_inside(&block, SECOND);
}

/* Two descriptors of one socket come over an exec. */
static int over_exec(void *what)
{
	int fd = socket_open(TCP, "127.0.0.1", 0);

	alarm(60);
	if (dup2(fd, FIRST) != FIRST || dup2(fd, SECOND) != SECOND || close(fd))
		bail_out("dup2");
	exec_self((const char *[]){what, NULL});
}

static void message_send(int to, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec part = {&(char){0}, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	if (sendmsg(to, &message, 0) != 1)
		bail_out("sendmsg");
}

static int message_receive(int from)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {&(char){0}, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	int fd;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1)
		bail_out("recvmsg");
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

static int message_to_itself(int fd)
{
	int pair[2], copy;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		bail_out("socketpair");
	message_send(pair[0], fd);
	copy = message_receive(pair[1]);
	close(pair[0]);
	close(pair[1]);
	return copy;
}

static int associated_by_message(void *unused)
{
	struct block block = reserve(TCP, COUNT);

	(void)unused;
	return binds_inside(&block, message_to_itself(tied(&block, "127.0.0.1", 0)));
}

static int acquirer_by_message(void *unused)
{
	struct block block = reserve(TCP, COUNT);

	(void)unused;
	return ends_with(&block, block.fd, message_to_itself(block.fd));
}

static int acquirer_copied_high(void *unused)
{
	int fd = socket_open(TCP, "127.0.0.1", 0);
	struct block block;

	(void)unused;
	return dup2(fd, HIGH) == HIGH && acquired_on(&block, fd) && ends_with(&block, fd, HIGH);
}

static int acquirer_by_raw_call(void *unused)
{
	struct block block = reserve(TCP, COUNT);

	(void)unused;
	return ends_with(&block, block.fd, (int)syscall(SYS_dup, block.fd));
}

struct own_table {
	struct block block;
	int fd, good;
};

static void *bind_in_own_table(void *argument)
{
	struct own_table *own = argument;

	if (unshare(CLONE_FILES))
		bail_out("unshare(CLONE_FILES)");
	own->good = binds_inside(&own->block, dup(own->fd));
	return NULL;
}

static int associated_in_own_table(void *unused)
{
	struct own_table own = {.block = reserve(TCP, COUNT)};
	pthread_t thread;

	(void)unused;
	own.fd = tied(&own.block, "127.0.0.1", 0);
	if (pthread_create(&thread, NULL, bind_in_own_table, &own) || pthread_join(thread, NULL))
		bail_out("a thread");
	return own.good;
}

int main(int argc, char **argv)
{
	static char associates[] = "associate", acquires[] = "acquire";
	struct rlimit limit;

	if (argc > 1)
		return image(argv[1]);
	private_pool(argv);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < HIGH + 100 ? limit.rlim_max : HIGH + 100;
	setrlimit(RLIMIT_NOFILE, &limit);
	ok(in_child(over_exec, associates), "associated, a copy from before an exec binds inside");
	ok(in_child(associated_by_message, NULL),
	   "associated, a copy out of a message binds inside");
	ok(in_child(associated_in_own_table, NULL),
	   "associated, a copy in a thread with a table of its own binds inside");
	ok(in_child(over_exec, acquires), "acquiring, a copy from before an exec keeps it");
	ok(in_child(acquirer_by_message, NULL), "acquiring, a copy out of a message keeps it");
	ok(in_child(acquirer_by_raw_call, NULL), "acquiring, a copy by a raw call keeps it");
	if (limit.rlim_cur > HIGH)
		ok(in_child(acquirer_copied_high, NULL), "acquiring, a copy at %d keeps it", HIGH);
	else
		skip("a copy at a high number", "the limit of open files is too low");
	return done_testing();
}
