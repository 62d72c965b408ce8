/* SPDX-License-Identifier: MIT */
/*
 * Programs close what they do not know: daemons at their start, shells and runtimes in
 * each child, by loops, ranges, /proc/self/fd, close-on-exec for all, dup2 over all. A
 * library that keeps a descriptor loses it that way, or, where it hides it too well,
 * keeps the program from using the number. Ours: its anchors look like numbers that are
 * not open, stay where nobody wants their number and move where somebody does.
 */
#include "modes.h"
#include <dirent.h>
#include <sys/resource.h>

enum { SOME = 40 }; /* the program's own files, to be closed as well */

static struct block block;

static int limit_of_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	/* where nobody would wait for the loop, the limit is set for it */
	if (limit.rlim_cur > 4096) {
		limit.rlim_cur = 4096;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return (int)limit.rlim_cur;
}

static void close_each(void)
{
	for (int fd = 3; fd < limit_of_files(); fd++)
		close(fd);
}

static void close_each_downwards(void)
{
	for (int fd = limit_of_files() - 1; fd > 2; fd--)
		close(fd);
}

static void close_the_range(void)
{
	close_range(3, ~0U, 0);
}

static void close_from(void)
{
	closefrom(3);
}

/* What the program finds in the folder, our anchors among it. */
static int listed(int fds[], int most)
{
	DIR *folder_stream = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while (folder_stream && (entry = readdir(folder_stream)))
		if (atoi(entry->d_name) > 2 && count < most)
			fds[count++] = atoi(entry->d_name);
	closedir(folder_stream);
	return count;
}

static void close_listed(void)
{
	int fds[4096], count = listed(fds, 4096);

	for (int i = 0; i < count; i++)
		close(fds[i]);
}

/* From the list to the exec. */
static void mark_listed(void)
{
	int fds[4096], count = listed(fds, 4096);

	for (int i = 0; i < count; i++)
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
}

static void mark_by_ioctl(void)
{
	for (int fd = 3; fd < limit_of_files(); fd++)
		ioctl(fd, FIOCLEX);
}

static void mark_the_range(void)
{
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
}

static int wrong_numbers;

static void put_over(int fd)
{
	if (dup2(STDERR_FILENO, fd) != fd)
		wrong_numbers++;
}

/* Each number is wanted, and then closed. */
static void replace_and_close_each(void)
{
	for (int fd = 3; fd < limit_of_files(); fd++) {
		put_over(fd);
		close(fd);
	}
}

static void replace_each_downwards(void)
{
	for (int fd = limit_of_files() - 1; fd > 2; fd--) {
		put_over(fd);
		close(fd);
	}
}

/* Far more than the anchor's number, and yet not all that the limit allows. */
static void replace_all(void)
{
	int end = limit_of_files() - 10;

	for (int fd = 3; fd < (end < 1010 ? end : 1010); fd++)
		put_over(fd);
	close_each();
}

static void close_streams(void)
{
	for (int fd = 3; fd < limit_of_files(); fd++) {
		/* a mode that the descriptor does not allow is refused */
		FILE *stream = fdopen(fd, fcntl(fd, F_GETFL) & O_WRONLY ? "w" : "r");

		if (stream)
			fclose(stream);
	}
}

static const struct {
	const char *name;
	void (*act)(void);
	int marks; /* closes nothing before an exec */
} ways[] = {
	{"a loop of close to the limit", close_each, 0},
	{"a loop from the limit down", close_each_downwards, 0},
	{"close_range", close_the_range, 0},
	{"closefrom", close_from, 0},
	{"all of /proc/self/fd", close_listed, 0},
	{"dup2 onto each number, and close", replace_and_close_each, 0},
	{"the same from above", replace_each_downwards, 0},
	{"dup2 onto a thousand numbers, then close", replace_all, 0},
	{"fclose of all", close_streams, 0},
	{"F_SETFD on all of /proc/self/fd, and exec", mark_listed, 1},
	{"FIOCLEX on all, and exec", mark_by_ioctl, 1},
	{"CLOSE_RANGE_CLOEXEC, and exec", mark_the_range, 1},
};

static int others_open(void)
{
	return open_descriptors() - truly_open(0) - truly_open(1) - truly_open(2);
}

/* The program's descriptors are gone, the reservation is there and can be used. */
static int left_alone(void)
{
	int fd, good, anchors = mode != BARE;

	good = others_open() == anchors && !wrong_numbers;
	if (!good)
		diag("%d descriptors are open, %d numbers were wrong", others_open(),
		     wrong_numbers);
	fd = member_bound(&block);
	if (fd != 3 || !belongs(&block, port_of(fd)))
		diag("bind: number %d, port %d, %s", fd, port_of(fd), strerrorname_np(errno));
	return good && fd == 3 && belongs(&block, port_of(fd)) &&
	       (mode == BARE || block_taken(&block));
}

static int image_check(char **argv)
{
	if (sscanf(argv[2], "%u %d %llu", &mode, &block.start,
		   (unsigned long long *)&block.token) != 3)
		return 1;
	block.type = TCP;
	block.count = mode == RESERVED ? RUN_PORTS : 4;
	return left_alone() ? 0 : 1;
}

/* Where the acquiring socket is standard input, the reservation is not to end. */
static void prepare(void)
{
	int null = open("/dev/null", O_RDWR);

	if (mode == PRELOADED) {
		dup2(block.fd, STDIN_FILENO);
		close(block.fd);
	}
	for (int i = 0; i < SOME; i++)
		fcntl(null, F_DUPFD, i * 20);
}

static int done_by(void *argument)
{
	int way = *(int *)argument;
	char state[64];

	prepare();
	ways[way].act();
	if (!ways[way].marks)
		return left_alone();
	snprintf(state, sizeof state, "%u %d %llu", mode, block.start,
		 (unsigned long long)block.token);
	exec_self((const char *[]){"check", state, NULL});
}

/* The same in a vfork child, which cannot note in our memory where the anchor went. */
static int by_a_vfork_child(void *unused)
{
	char state[64], self[] = "test", role[] = "check", *arguments[] = {self, role, state, NULL};
	pid_t pid;

	(void)unused;
	prepare();
	snprintf(state, sizeof state, "%u %d %llu", mode, block.start,
		 (unsigned long long)block.token);
	pid = vfork();
	if (!pid) {
		replace_and_close_each();
		close_each();
		execv("/proc/self/exe", arguments);
		_exit(127);
	}
	return child_end(pid) == 0;
}

/* What the program can ask about a number says that it is not open. */
static void looks_closed(void)
{
	int anchor = anchor_number(), count = open_descriptors();

	fails_with(close(anchor), EBADF, "close of the anchor");
	fails_with(dup(anchor), EBADF, "dup");
	fails_with(dup2(anchor, 50), EBADF, "dup2 from it");
	fails_with(fcntl(anchor, F_GETFD), EBADF, "F_GETFD");
	fails_with(fcntl(anchor, F_GETFL), EBADF, "F_GETFL");
	fails_with(fcntl(anchor, F_SETFD, FD_CLOEXEC), EBADF, "F_SETFD");
	fails_with(ioctl(anchor, FIOCLEX), EBADF, "FIOCLEX");
	fails_with(ioctl(anchor, FIONREAD, &count), EBADF, "FIONREAD");
	ok(!fdopen(anchor, "r") && errno == EBADF, "fdopen: EBADF");
	ok(truly_open(anchor) && anchor_number() == anchor, "it is, and stays");
	ok(block_taken(&block), "with its ports");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return image_check(argv);
	modes_begin(argv);
	block = mode_block(TCP, 4);
	for (int way = 0; way < (int)(sizeof ways / sizeof ways[0]); way++)
		ok(in_child(done_by, &way), "%s", ways[way].name);
	ok(in_child(by_a_vfork_child, NULL), "dup2 onto each, close all and exec in a vfork child");
	if (mode != BARE)
		looks_closed();
	close(block.fd);
	ok(mode != PRELOADED || settled(block_free, &block), "and in the end it is free");
	return modes_end(argv);
}
