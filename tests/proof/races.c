/* SPDX-License-Identifier: MIT */
/*
 * Somebody swaps what stands at a path while we make the pool, or the folder of the list of
 * persistent reservations, there: a symbolic link, so that we would change what it leads to;
 * a FIFO, at which we would wait; what is open to others, or theirs.
 *
 * A process that makes it is stopped before each of its system calls, one after the other,
 * and each swap is done there. Then threads swap at random, which also meets the midst of a
 * call. Either it is served, or it gets an errno; nothing behind a link changes.
 */
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "persist/folder.h"
#include "pool/pool.h"
#include "races.h"

#define NETNS	   UINT64_C(0x1234567890abcdef)
#define CALLS_MOST 1000 /* of one making; some thirty are usual */
#define ROUNDS	   (getenv("PORTRES_LONG") ? 20000 : 1000)

struct target {
	const char *name;
	int (*make)(const char *folder);
	bool file; /* it is the file in the folder that is swapped */
};

static int pool_make(const char *path)
{
	struct pool *pool = NULL;
	int error = pool_open(&pool, path, NETNS, true);

	if (!error)
		pool_close(pool);
	return error;
}

static int state_make(const char *path)
{
	int fd;

	setenv("PORTRES_STATE", path, 1);
	fd = state_open(true);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static const struct target targets[] = {
	{"the folder of the pool", pool_make, false},
	{"the file of the pool", pool_make, true},
	{"the folder of the list", state_make, false},
};

/* An errno that says what is wrong there, to whom it may concern. */
static bool answered(int error)
{
	switch (-error) {
	case 0:
	case EACCES:
	case EBADMSG:
	case EEXIST:
	case ENOENT:
	case ENOTDIR:
	case EOPNOTSUPP:
		return true;
	default:
		diag("answered %s", strerrorname_np(-error));
		return false;
	}
}

static char folder[200];

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	return remove(path);
}

static void tree_remove(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct place {
	char folder[256], path[300], at[400];
	struct victim victim;
};

static void place_new(struct place *place, const struct target *target)
{
	char name[POOL_PATH_SIZE];

	snprintf(place->folder, sizeof place->folder, "%s/place.XXXXXX", folder);
	if (!mkdtemp(place->folder))
		bail_out("mkdtemp");
	victim_make(&place->victim, place->folder);
	snprintf(place->path, sizeof place->path, "%s/ours", place->folder);
	pool_file_name(name, NETNS);
	snprintf(place->at, sizeof place->at, target->file ? "%s/%s" : "%s", place->path, name);
}

static pid_t maker_start(const struct target *target, const struct place *place)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		alarm(10); /* what waits at a FIFO is a failure, not a wait */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(255);
		raise(SIGSTOP);
		_exit(-target->make(place->path));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail_out("a process to be traced");
	if (!WIFSTOPPED(status))
		return 0;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		bail_out("ptrace");
	return pid;
}

/* Lets the maker run to its end, and swaps before its call nth. -1: it has not so many. */
static int one_swap(const struct target *target, enum swap what, int nth, unsigned long *bad)
{
	struct place place;
	pid_t pid;
	int status, stops, answer, swapped = 0;

	place_new(&place, target);
	pid = maker_start(target, &place);
	for (stops = 0; stops < 2 * CALLS_MOST; stops++) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
			bail_out("ptrace");
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
			break;
		/* at its entry, then at its end */
		if (stops == 2 * nth) {
			swap(place.at, what, target->file, &place.victim);
			swapped = 1;
		}
	}
	if (!WIFEXITED(status)) {
		diag("%s, %s before call %d: it did not end, status %x", target->name,
		     swap_names[what], nth, status);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		answer = 0;
	} else {
		answer = answered(-WEXITSTATUS(status));
	}
	if (!answer || !victim_unharmed(&place.victim)) {
		diag("%s, %s before call %d", target->name, swap_names[what], nth);
		++*bad;
	}
	tree_remove(place.folder);
	return swapped ? 0 : -1;
}

static void at_each_call(const struct target *target)
{
	unsigned long cases = 0, bad = 0;
	char row[128];
	int what, nth, most = 0;

	for (what = 0; what < SWAPS; what++) {
		for (nth = 0; nth < CALLS_MOST && !one_swap(target, what, nth, &bad); nth++)
			cases++;
		most = nth > most ? nth : most;
	}
	ok(!bad && most > 3, "%s, swapped before each of %d calls", target->name, most);
	snprintf(row, sizeof row, "swapped before each system call: %s", target->name);
	proved(row, cases, bad);
}

struct racer {
	struct place *place;
	const struct target *target;
	_Atomic bool stop;
	unsigned int seed;
};

static void *race(void *argument)
{
	struct racer *racer = argument;

	while (!racer->stop)
		swap(racer->place->at, rand_r(&racer->seed) % SWAPS, racer->target->file,
		     &racer->place->victim);
	return NULL;
}

static void at_random(const struct target *target)
{
	unsigned long bad = 0, served = 0;
	int rounds = ROUNDS, round, error;
	struct racer racer = {.target = target, .seed = (unsigned int)random()};
	struct place place;
	pthread_t thread;
	char row[128];

	diag("seed %u", racer.seed);
	for (round = 0; round < rounds;) {
		int end = round + 100; /* so that what was moved away does not pile up */

		place_new(&place, target);
		racer.place = &place;
		racer.stop = false;
		if (pthread_create(&thread, NULL, race, &racer))
			bail_out("pthread_create");
		for (; round < end; round++) {
			error = target->make(place.path);
			served += !error;
			bad += !answered(error);
		}
		racer.stop = true;
		pthread_join(thread, NULL);
		bad += !victim_unharmed(&place.victim);
		tree_remove(place.folder);
	}
	ok(!bad, "%s, swapped at random (served %lu times of %d)", target->name, served, rounds);
	snprintf(row, sizeof row, "swapped at random: %s", target->name);
	proved(row, (unsigned long)rounds, bad);
}

static bool traceable(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? 1 : 0);
	return waitpid(pid, &status, 0) == pid && !status;
}

int main(void)
{
	const char *parent = getenv("TMPDIR");
	size_t i;

	snprintf(folder, sizeof folder, "%s/portres-test.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(folder))
		bail_out("a folder for the test");
	srandom((unsigned)getpid());
	for (i = 0; i < sizeof targets / sizeof *targets; i++) {
		if (traceable())
			at_each_call(&targets[i]);
		else
			skip("swapped before each call", "ptrace is not allowed here");
		at_random(&targets[i]);
	}
	tree_remove(folder);
	return done_testing();
}
