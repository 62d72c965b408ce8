/* SPDX-License-Identifier: MIT */
/*
 * Chaos: 64 processes and their children on overlapping blocks of TCP and UDP ports. They
 * acquire, draw, bind, listen, connect, send, pass sockets, fork, exec, release; they are
 * killed, stopped and continued at any instruction; some are trees of portres-run, some
 * may park no guard of theirs. No port and no block is ever held by two, whoever is met on
 * a port is who said so, and a judge outside, who trusts the kernel alone, gets no port
 * that is held. When all are gone, every port there is is free and the pool is empty.
 *
 * In a network and a pid namespace of its own, so that nothing can outlive it.
 * PORTRES_CHAOS_SECONDS: how long (30, with PORTRES_LONG 600). PORTRES_SEED repeats a run as
 * far as scheduling allows.
 */
#include "../pitfalls/network.h"
#include "chaos-end.h"
#include "chaos-judge.h"
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

struct ledger *ledger;
bool judging;

/* What takes the limit on descriptors in flight off: CAP_SYS_RESOURCE, CAP_SYS_ADMIN. */
enum { NO_RESOURCE = 24, NO_ADMIN = 21 };

enum { RUN_SEATS = 8, PAUSE_US = 8000, HANG_SECONDS = 90, LEFT_SECONDS = 20 };

static struct random chance;
static char worker[4096], ledger_path[4096];
static unsigned int duration;

/* What the controller knows of a place beside the ledger. */
static struct {
	pid_t pid, stopped;
	double continues, since, moved;
	uint64_t steps;
} seats[PLACES];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void place_clear(int number)
{
	struct place *place = &ledger->places[number];

	for (int i = 0; i < REPORTS; i++) {
		report_withdraw(&place->reports[i]);
		atomic_store(&place->reports[i].fd, -1);
	}
	atomic_fetch_add(&place->life, 1);
	atomic_store(&place->pid, 0);
	seats[number].pid = seats[number].stopped = 0;
	seats[number].since = 0;
	atomic_store(&place->state, EMPTY);
}

/* As a process that the kernel lets park few descriptors: its guards go to a holder. */
static void become_small(void)
{
	struct rlimit limit = {.rlim_cur = 256, .rlim_max = 1024};

	if (prctl(PR_CAPBSET_DROP, NO_RESOURCE, 0, 0, 0) ||
	    prctl(PR_CAPBSET_DROP, NO_ADMIN, 0, 0, 0) || setrlimit(RLIMIT_NOFILE, &limit))
		_exit(126);
}

__attribute__((noreturn)) static void seat_exec(int number, uint64_t seed)
{
	char place[16], seed_text[32], range[32];
	const char *run[] = {getenv("PORTRES_RUN"), "-n",  "12",      "--", worker,
			     ledger_path,	    place, seed_text, NULL};

	snprintf(place, sizeof place, "%d", number);
	snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)seed);
	/* Where the others' given blocks are, or where nobody is. */
	snprintf(range, sizeof range, "%s", number % 2 ? "21000-21599" : "30000-45000");
	setenv("PORTRES_RANGE", range, 1);
	alarm(duration + 300);
	if (number >= SEATS - RUN_SEATS) {
		execv(run[0], (char *const *)(uintptr_t)run);
		_exit(126);
	}
	if (number % 4 == 1)
		become_small();
	setenv("LD_PRELOAD", getenv("PORTRES_LIB"), 1);
	execv(worker, (char *const *)(uintptr_t)(run + 4));
	_exit(126);
}

static void seat_start(int number)
{
	struct place *place = &ledger->places[number];
	uint64_t seed = (uint64_t)roll(&chance, 1U << 31) << 20 | (uint64_t)number;

	atomic_store(&place->state, STARTING);
	seats[number].pid = fork();
	if (!seats[number].pid)
		seat_exec(number, seed);
	if (seats[number].pid < 0)
		bail_out("fork");
}

static int place_of(pid_t pid)
{
	for (int i = 0; i < PLACES; i++)
		if (seats[i].pid == pid || (atomic_load(&ledger->places[i].pid) == pid &&
					    atomic_load(&ledger->places[i].state) != EMPTY))
			return i;
	return -1;
}

/* The end of a process: announced, or a finding. Status -1: its parent has got that. */
static void place_ended(int number, int status)
{
	uint32_t state = atomic_load(&ledger->places[number].state);
	bool refused = state == STARTING && status >= 0 && WIFEXITED(status) &&
		       WEXITSTATUS(status) == 125; /* portres-run got no block */

	if (refused)
		did(REFUSED);
	else if (state != DOOMED && (state != GONE || status > 0))
		complain("process %d at place %d ended with status %x in state %u",
			 atomic_load(&ledger->places[number].pid), number, (unsigned int)status,
			 state);
	place_clear(number);
}

static void reap(void)
{
	int status, number;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		number = place_of(pid);
		if (number >= 0)
			place_ended(number, status);
	}
	/* Children of others: nobody tells. */
	for (number = SEATS; number < PLACES; number++) {
		struct place *place = &ledger->places[number];
		uint32_t state = atomic_load(&place->state);

		pid = atomic_load(&place->pid);
		if (pid && state != EMPTY && state != STARTING && kill(pid, 0) && errno == ESRCH)
			place_ended(number, -1);
		if (state != STARTING || pid)
			seats[number].since = 0;
		else if (!seats[number].since)
			seats[number].since = now();
		else if (now() > seats[number].since + LEFT_SECONDS)
			place_clear(number); /* its parent was killed before it could fork */
	}
}

static void disturb(void)
{
	int number = (int)roll(&chance, PLACES);
	struct place *place = &ledger->places[number];
	uint32_t live = LIVE;
	pid_t pid = atomic_load(&place->pid);

	if (atomic_load(&place->state) != LIVE || !pid)
		return;
	if (roll(&chance, 2)) {
		/* First the mark: from now on its reports are worth nothing. */
		if (!atomic_compare_exchange_strong(&place->state, &live, DOOMED))
			return;
		kill(pid, SIGKILL);
		did(KILLED);
	} else if (!seats[number].stopped && !kill(pid, SIGSTOP)) {
		seats[number].stopped = pid;
		seats[number].continues = now() + (double)roll(&chance, 400) / 1000;
		did(STOPPED);
	}
}

static void continue_stopped(bool all)
{
	for (int i = 0; i < PLACES; i++)
		if (seats[i].stopped && (all || now() > seats[i].continues)) {
			kill(seats[i].stopped, SIGCONT);
			seats[i].stopped = 0;
		}
}

static void find_hanging(void)
{
	for (int i = 0; i < PLACES; i++) {
		uint64_t steps = atomic_load(&ledger->places[i].steps);

		if (steps != seats[i].steps || atomic_load(&ledger->places[i].state) != LIVE ||
		    seats[i].stopped || !seats[i].moved) {
			seats[i].steps = steps;
			seats[i].moved = now();
		} else if (now() > seats[i].moved + HANG_SECONDS) {
			complain("process %d at place %d hangs",
				 atomic_load(&ledger->places[i].pid), i);
			seats[i].moved = 0;
		}
	}
}

/* Bounded by its time; what happens in it, by nothing. */
static void run(void)
{
	double end = now() + duration;

	while (now() < end) {
		for (int i = 0; i < SEATS; i++)
			if (atomic_load(&ledger->places[i].state) == EMPTY)
				seat_start(i);
		disturb();
		continue_stopped(false);
		reap();
		find_hanging();
		usleep(PAUSE_US);
	}
	atomic_store(&ledger->stop, true);
}

static bool nobody_left(void)
{
	continue_stopped(true);
	reap();
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void say_deeds(void)
{
	uint64_t operations = 0;

	for (int i = 0; i < DEEDS; i++) {
		diag("%s: %llu", deed_names[i], (unsigned long long)atomic_load(&ledger->deeds[i]));
		if (i < REFUSED)
			operations += atomic_load(&ledger->deeds[i]);
		ok(i == REFUSED || atomic_load(&ledger->deeds[i]) > 0, "something was %s",
		   deed_names[i]);
	}
	for (uint32_t i = 0; i < COMPLAINTS && i < atomic_load(&ledger->complaints); i++)
		diag("%s", ledger->complaint[i]);
	proved("chaos: operations of 64 processes and their children", operations,
	       atomic_load(&ledger->complaints) - atomic_load(&ledger->by_judge));
	proved("chaos: processes killed or stopped amid them",
	       atomic_load(&ledger->deeds[KILLED]) + atomic_load(&ledger->deeds[STOPPED]), 0);
	proved("chaos: binds of the judge to held ports", atomic_load(&ledger->deeds[JUDGED]),
	       atomic_load(&ledger->by_judge));
	proved("chaos: held ports looked up in the kernel", atomic_load(&ledger->deeds[ASKED]), 0);
}

static void check_ports(void)
{
	struct census census = census_take();

	/* A holder needs some milliseconds, and is no longer there: all is free at once. */
	diag("%lu ports are bound, %lu more behind TIME_WAIT; that alone keeps %lu, others %lu",
	     census.free, census.ended, census.waiting, census.taken);
	ok(census.free + census.ended + census.waiting == 2UL * UINT16_MAX,
	   "every port from 1 to 65,535 is free again, TCP and UDP");
	proved("chaos: ports free in the end", 2UL * UINT16_MAX, census.taken);
}

static void check_pool(void)
{
	const char *pool = getenv("PORTRES_DIR"), *portres = getenv("PORTRES");
	char output[4200];
	struct pool_left left;
	bool room;

	snprintf(output, sizeof output, "%s/output", folder);
	setenv("LD_PRELOAD", getenv("PORTRES_LIB"), 1);
	/* Also where somebody was killed amid it less than a minute ago. */
	room = !command_run(output, (const char *[]){worker, "room", "4096", NULL});
	unsetenv("LD_PRELOAD");
	if (!room)
		output_has(output, "\n\n");
	ok(room, "the pool has room for 4,096 reservations");
	if (!portres || access(portres, X_OK)) {
		skip("the pool is empty", "the portres command is not built");
		return;
	}
	ok(!command_run(output, (const char *[]){portres, "prune", NULL}), "portres prune");
	ok(!command_run(output, (const char *[]){portres, "list", "--json", NULL}) &&
		   output_has(output, "\"reservations\": []"),
	   "portres list shows no reservation");
	left = pool_left(pool);
	ok(left.slots == 0 && left.words == 0, "no slot and no word of the pool is in use");
	ok(left.files == 1, "and no file is left beside it");
	diag("%d slots, %d words, %d files", left.slots, left.words, left.files);
	proved("chaos: slots and port words free in the end", 4096 + 2 * 65536,
	       (unsigned long)(left.slots + left.words));
}

static int chaos(void)
{
	const char *seed = getenv("PORTRES_SEED"), *seconds = getenv("PORTRES_CHAOS_SECONDS");
	struct rlimit files;
	pid_t judge_pid;

	duration = seconds ? (unsigned int)atoi(seconds) : getenv("PORTRES_LONG") ? 600 : 30;
	alarm(duration + 300);
	chance.state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL) % 1000000;
	diag("PORTRES_SEED=%llu, %u seconds", (unsigned long long)chance.state, duration);
	/* For 4,096 reservations at once. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (int i = 0; i < PLACES; i++)
		place_clear(i);
	judge_pid = fork();
	if (!judge_pid) {
		judging = true;
		judge(chance.state);
		_exit(0);
	}
	if (judge_pid < 0)
		bail_out("fork");
	run();
	ok(comes_true(nobody_left()) || comes_true(nobody_left()), "all processes end");
	ok(!atomic_load(&ledger->complaints), "nothing was ever held twice, nobody met another");
	say_deeds();
	check_ports();
	check_pool();
	return done_testing();
}

/* Goes on as the first process of a pid namespace: with it everybody ends. */
static int in_own_world(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL) || quiet_network()) {
		skip("chaos", "no namespaces of its own");
		return done_testing();
	}
	return chaos();
}

int main(void)
{
	pid_t child;
	ssize_t length = readlink("/proc/self/exe", worker, sizeof worker - 8);
	char *state;
	int status;

	if (length < 0 || !getenv("PORTRES_LIB") || !getenv("PORTRES_RUN"))
		bail_out("run me through make check");
	strcpy(worker + length, "-worker");
	folder_owner = getpid();
	if (asprintf(&folder, "%s/portres-test.XXXXXX",
		     getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp") < 0 ||
	    !mkdtemp(folder) || asprintf(&state, "%s/state", folder) < 0)
		bail_out("a folder");
	atexit(folder_remove);
	setenv("PORTRES_STATE", state, 1);
	pool_new(geteuid());
	snprintf(ledger_path, sizeof ledger_path, "%s/ledger", folder);
	ledger_map(ledger_path);
	if (own_namespace(CLONE_NEWPID | CLONE_NEWNS)) {
		skip("chaos", "no namespaces of its own");
		return done_testing();
	}
	fflush(stdout);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		folder_owner = 0;
		signal(SIGPIPE, SIG_IGN);
		signal(SIGALRM, took_too_long);
		exit(in_own_world());
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		bail_out("the first process");
	if (WIFSIGNALED(status))
		printf("Bail out! the first process was killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}
