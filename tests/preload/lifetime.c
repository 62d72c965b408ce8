/* SPDX-License-Identifier: MIT */
/*
 * How long a reservation lives: until the last descriptor of the acquiring socket
 * closes in every process. dup, fork and exec keep it; close and exit end it, and
 * then strangers can have the ports at once. Sudden death is in killed.c.
 */
#include "process.h"

static int all_taken(const struct block *block)
{
	return taken_ports(block->type, block->start, block->count) == block->count;
}

static int all_free(const struct block *block)
{
	return taken_ports(block->type, block->start, block->count) == 0;
}

/* answers: lifetime-close */
static int ends_by_close(void *type)
{
	struct block block = reserve(*(int *)type, 20);
	int good = all_taken(&block);

	close(block.fd);
	return good && all_free(&block);
}

enum copying { DUP, DUP2, DUP3, F_DUP, F_DUP_CLOEXEC };

static int copy(int fd, enum copying how)
{
	int other;

	switch (how) {
	case DUP:
		return dup(fd);
	case F_DUP:
		return fcntl(fd, F_DUPFD, 200);
	case F_DUP_CLOEXEC:
		return fcntl(fd, F_DUPFD_CLOEXEC, 200);
	default:
		other = open("/dev/null", O_RDONLY);
		return how == DUP2 ? dup2(fd, other) : dup3(fd, other, O_CLOEXEC);
	}
}

/* answers: lifetime-dup */
static int kept_by_copy(void *how)
{
	struct block block = reserve(TCP, 5);
	int again = copy(block.fd, *(enum copying *)how);
	int good;

	close(block.fd);
	good = again >= 0 && all_taken(&block);
	close(again);
	return good && all_free(&block);
}

/* dup2 of something else over the only descriptor is a close. */
static int ends_by_dup2(void *unused)
{
	struct block block = reserve(UDP, 5);
	int other = open("/dev/null", O_RDONLY);
	int good = all_taken(&block) && dup2(other, block.fd) == block.fd && all_free(&block);

	(void)unused;
	close(block.fd);
	close(other);
	return good;
}

static int ends_by_close_range(void *unused)
{
	struct block block = reserve(TCP, 5);
	unsigned fd = (unsigned)block.fd;

	(void)unused;
	return all_taken(&block) && !close_range(fd, fd, 0) && all_free(&block);
}

/* answers: lifetime-fork */
static int kept_by_fork(void *unused)
{
	struct block block = reserve(TCP, 5);
	struct peer child = peer_start();
	int good;

	(void)unused;
	if (!child.pid) {
		hear(&child);
		close(block.fd);
		tell(&child, 0);
		hear(&child);
		_exit(0);
	}
	close(block.fd);
	good = all_taken(&block);
	tell(&child, 0);
	hear(&child);
	/* the child is alive, its copy is not */
	good = good && all_free(&block);
	tell(&child, 0);
	peer_end(&child);
	return good;
}

/* answers: lifetime-close */
static int ends_by_exit(void *by_exec)
{
	struct peer child = peer_start();
	struct block block = {.type = TCP, .count = 5};
	int good;

	if (!child.pid) {
		block = reserve(TCP, 5);
		tell(&child, (uint64_t)block.start);
		hear(&child);
		if (*(int *)by_exec)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	block.start = (int)hear(&child);
	good = all_taken(&block);
	tell(&child, 0);
	peer_end(&child);
	return good && all_free(&block);
}

/* The child of a parent that goes first: the last of the two counts. */
static int outlives_the_parent(void *unused)
{
	struct peer parent = peer_start(), child;
	struct block block = {.type = UDP, .count = 5};
	int good;

	(void)unused;
	if (!parent.pid) {
		block = reserve(UDP, 5);
		child = peer_start();
		if (!child.pid) {
			/* the test ends it, through the pipe, and not the parent's death */
			prctl(PR_SET_PDEATHSIG, 0);
			tell(&child, 0);
			tell(&parent, (uint64_t)block.start);
			hear(&parent);
			_exit(0);
		}
		hear(&child);
		_exit(0);
	}
	block.start = (int)hear(&parent);
	if (waitpid(parent.pid, NULL, 0) != parent.pid)
		bail_out("waitpid");
	good = all_taken(&block);
	tell(&parent, 0);
	/* the end of the pipe tells that the grandchild has gone */
	close(parent.out);
	while (read(parent.in, &(char){0}, 1) > 0)
		;
	close(parent.in);
	return good && comes_true(all_free(&block));
}

enum { EXEC_KEEPS, CLOSE_AFTER_EXEC, EXEC_ENDS, EXEC_ENDS_LATER };

/* The next program image says when it runs, closes the socket, says so, and waits. */
static int next_image(char **argv)
{
	struct peer parent = {.in = atoi(argv[2]), .out = atoi(argv[3])};

	tell(&parent, 0);
	hear(&parent);
	close(atoi(argv[4]));
	tell(&parent, 0);
	hear(&parent);
	return 0;
}

/* answers: lifetime-exec */
static int over_exec(void *how)
{
	struct block block = {.type = TCP, .count = 5};
	struct peer child = peer_start();
	char in[16], out[16], fd[16];
	int good;

	if (!child.pid) {
		instance result;
		int mode = *(int *)how == EXEC_ENDS ? SOCK_CLOEXEC : 0;

		block.fd = socket(AF_INET, SOCK_STREAM | mode, 0);
		if (acquire(block.fd, 0, 5, &result))
			bail_out("ACQUIRE");
		if (*(int *)how == EXEC_ENDS_LATER)
			fcntl(block.fd, F_SETFD, FD_CLOEXEC);
		tell(&child, ntohs(result.StartPort));
		snprintf(in, sizeof in, "%d", child.in);
		snprintf(out, sizeof out, "%d", child.out);
		snprintf(fd, sizeof fd, "%d", block.fd);
		exec_self((const char *[]){"next", in, out, fd, NULL});
	}
	block.start = (int)hear(&child);
	hear(&child);
	good = *(int *)how < EXEC_ENDS ? all_taken(&block) : all_free(&block);
	tell(&child, 0);
	hear(&child);
	if (*(int *)how == CLOSE_AFTER_EXEC)
		good = good && all_free(&block);
	tell(&child, 0);
	peer_end(&child);
	return good;
}

/* Blocks of one socket end together, blocks of two do not. */
static int several(void *unused)
{
	struct block one = reserve(TCP, 3), other = reserve(TCP, 3), second = {.type = TCP};
	instance result;
	int good = !acquire(one.fd, 0, 3, &result);

	(void)unused;
	second.start = ntohs(result.StartPort);
	second.count = 3;
	good = good && all_taken(&one) && all_taken(&second);
	close(one.fd);
	good = good && all_free(&one) && all_free(&second) && all_taken(&other);
	close(other.fd);
	return good;
}

int main(int argc, char **argv)
{
	static const char *copies[] = {"dup", "dup2", "dup3", "F_DUPFD", "F_DUPFD_CLOEXEC"};

	if (argc == 5)
		return next_image(argv);
	private_pool(argv);
	ok(settled(ends_by_close, &(int){TCP}), "close ends it, TCP: strangers can have it all");
	ok(settled(ends_by_close, &(int){UDP}), "close ends it, UDP: strangers can have it all");
	for (int how = DUP; how <= F_DUP_CLOEXEC; how++)
		ok(settled(kept_by_copy, &how), "%s keeps it until the copy closes", copies[how]);
	ok(settled(ends_by_dup2, NULL), "dup2 over the last descriptor ends it");
	ok(settled(ends_by_close_range, NULL), "close_range of the last descriptor ends it");
	ok(settled(kept_by_fork, NULL), "fork keeps it until the child's copy closes");
	ok(settled(ends_by_exit, &(int){0}), "the end of the process ends it");
	ok(settled(outlives_the_parent, NULL), "a child that outlives its parent keeps it");
	ok(settled(over_exec, &(int){EXEC_KEEPS}), "exec keeps it");
	ok(settled(over_exec, &(int){CLOSE_AFTER_EXEC}), "the next program image's close ends it");
	ok(settled(over_exec, &(int){EXEC_ENDS}), "exec ends it where the socket is SOCK_CLOEXEC");
	ok(settled(over_exec, &(int){EXEC_ENDS_LATER}),
	   "exec ends it where FD_CLOEXEC was set after ACQUIRE");
	ok(settled(several, NULL), "the blocks of one socket end together and no other with them");
	return done_testing();
}
