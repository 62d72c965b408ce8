/* SPDX-License-Identifier: MIT */
/*
 * sequence network COMMAND [ARG…]
 *	runs the command in a network of its own; status 77 where that cannot be
 * sequence run [OPTION…] FOLDER
 *	runs sequences, each in a process of its own, and writes what each call answered
 * sequence go FILE STEP END DEPTH
 *	for itself: the part of a sequence that comes behind an exec
 */
#include "sequence.h"
#include <getopt.h>
#include <net/if.h>
#include <portres.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct shared *shared;
const char *shared_path;

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "sequence: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static _Noreturn void skip(const char *why)
{
	fprintf(stderr, "%s\n", why);
	_exit(77);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static bool loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &request);

	if (fd >= 0)
		close(fd);
	return good;
}

/* Root's powers over this network only, so that the test is the same for every user. */
static bool network_new(void)
{
	char map[32], group_map[32];

	snprintf(map, sizeof map, "0 %u 1", geteuid());
	snprintf(group_map, sizeof group_map, "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return !geteuid() && !unshare(CLONE_NEWNET);
	return write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", map) && write_file("/proc/self/gid_map", group_map);
}

static _Noreturn void network(char **command)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max < LIMIT)
		skip("fewer than 1024 open files are allowed");
	limit.rlim_cur = LIMIT;
	if (setrlimit(RLIMIT_NOFILE, &limit) || !network_new() || !loopback_up())
		skip("a network of our own is not allowed");
	/* Many ports, so that the kernel rarely chooses one twice. */
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "10000 65535");
	/* "Nobody is there" always comes. Where these are missing they are not needed. */
	write_file("/proc/sys/net/ipv4/icmp_ratemask", "0");
	write_file("/proc/sys/net/ipv6/icmp/ratemask", "128");
	execvp(command[0], command);
	give_up(command[0]);
}

/* The file is open for a moment only: no number of the sequence's is in use. */
static void shared_map(const char *path)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof *shared))
		give_up(path);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		give_up(path);
	syscall(SYS_close, fd);
	shared_path = path;
}

static _Noreturn void go(char **arguments)
{
	shared_map(arguments[0]);
	memory_start();
	place.step = (unsigned int)atoi(arguments[1]);
	place.end = (unsigned int)atoi(arguments[2]);
	place.depth = (unsigned int)atoi(arguments[3]);
	alarm(60);
	say_state("survived exec");
	steps_run();
	sequence_end();
}

/*
 * Two sockets that the sequence knows nothing of. Where it is asked for, a reservation
 * lives with the first, and the second is bound to a port of it; with some sequences it
 * has one of its own as well.
 */
static void high_sockets(void)
{
	int type = shared->sequence % 2 ? SOCK_STREAM : SOCK_DGRAM;
	int copy = shared->sequence % 4 < 2 ? F_DUPFD : F_DUPFD_CLOEXEC, i;
	INET_PORT_RESERVATION_INSTANCE block = {.NumberOfPorts = 3}, other = block;
	struct sockaddr_in any = {.sin_family = AF_INET};

	for (i = 0; i < 2; i++) {
		int fd = socket(AF_INET, type, 0);

		if (fcntl(fd, copy, HIGH + i) != HIGH + i || close(fd))
			give_up("a socket with a high number");
	}
	if (!shared->reserve)
		return;
	if (shared->sequence / 8 % 2 && ioctl(HIGH + 1, SIO_ACQUIRE_PORT_RESERVATION, &other))
		give_up("another reservation");
	if (ioctl(HIGH, SIO_ACQUIRE_PORT_RESERVATION, &block) ||
	    ioctl(HIGH + 1, SIO_ASSOCIATE_PORT_RESERVATION, &block.Token) ||
	    bind(HIGH + 1, (struct sockaddr *)&any, sizeof any))
		give_up("the reservation beside the sequence");
}

static void sequence_properties(enum flavour flavour)
{
	random_start(shared->seed, shared->sequence, UINT_MAX);
	shared->flavour = flavour;
	shared->wild = chance(40);
	shared->sharing = chance(35);
	shared->dialogue = chance(60);
	shared->dialogue_type = chance(65) ? SOCK_STREAM : SOCK_DGRAM;
	if (flavour == TCP_ONLY)
		shared->dialogue_type = SOCK_STREAM;
	else if (flavour == UDP_ONLY)
		shared->dialogue_type = SOCK_DGRAM;
	shared->dialogue_family = chance(60) ? AF_INET : AF_INET6;
	place = (struct place){.end = 5 + pick(36)};
}

static _Noreturn void sequence_start(void)
{
	int fd, nothing;

	syscall(SYS_close_range, 3, HIGH - 1, 0);
	alarm(60);
	high_sockets();
	nothing = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	for (fd = 0; fd < 3; fd++)
		syscall(SYS_dup3, nothing, fd, 0);
	syscall(SYS_close, nothing);
	steps_run();
	sequence_end();
}

static void sequence_run(unsigned int number, enum flavour flavour)
{
	int status;
	pid_t pid;

	shared->sequence = number;
	shared->length = shared->port_count = shared->cookie_count = 0;
	sequence_properties(flavour);
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (!pid)
		sequence_start();
	if (waitpid(pid, &status, 0) != pid)
		give_up("waitpid");
	if (status && shared->length && shared->text[shared->length - 1] != '\n')
		say("\n");
	if (WIFSIGNALED(status))
		say("%u.-- killed by signal %d\n", number, WTERMSIG(status));
	else if (status)
		say("%u.-- ended with status %d\n", number, WEXITSTATUS(status));
	if (fwrite(shared->text, 1, shared->length, stdout) != shared->length)
		give_up("writing");
}

/* Every number has its flavour, so that runs of one flavour are a part of the whole. */
static enum flavour flavour_of(unsigned int number)
{
	static const enum flavour flavours[] = {ANY, ANY,      ANY,	 ANY,
						ANY, TCP_ONLY, UDP_ONLY, NO_DRAW};

	return flavours[number % 8];
}

static int run(int count, char **arguments)
{
	unsigned int first = 0, end = 100, number;
	int option, only = -1, perturbed = -1, step = 0;
	bool reserve = false;
	uint64_t seed = 1;
	char *path;

	while ((option = getopt(count, arguments, "s:f:e:o:p:r")) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'f')
			first = (unsigned int)atoi(optarg);
		else if (option == 'e')
			end = (unsigned int)atoi(optarg);
		else if (option == 'o')
			only = atoi(optarg);
		else if (option == 'r')
			reserve = true;
		else if (option != 'p' || sscanf(optarg, "%d.%d", &perturbed, &step) != 2)
			return 2;
	}
	if (optind != count - 1 || asprintf(&path, "%s/shared.%d", arguments[optind], getpid()) < 0)
		return 2;
	shared_map(path);
	memory_start();
	signal(SIGPIPE, SIG_IGN);
	shared->seed = seed;
	shared->reserve = reserve;
	for (number = first; number < end; number++) {
		if (only >= 0 && flavour_of(number) != (enum flavour)only)
			continue;
		shared->perturbed = (int)number == perturbed ? (unsigned int)step + 1 : 0;
		sequence_run(number, flavour_of(number));
	}
	if (fflush(stdout))
		give_up("writing");
	unlink(path);
	return 0;
}

int main(int count, char **arguments)
{
	if (count > 2 && !strcmp(arguments[1], "network"))
		network(arguments + 2);
	if (count == 6 && !strcmp(arguments[1], "go"))
		go(arguments + 2);
	if (count > 2 && !strcmp(arguments[1], "run"))
		return run(count - 1, arguments + 1);
	fprintf(stderr, "usage: sequence network COMMAND...\n"
			"       sequence run [-s SEED] [-f FIRST] [-e END] [-o FLAVOUR] [-r] "
			"[-p SEQUENCE.STEP] FOLDER\n");
	return 2;
}
