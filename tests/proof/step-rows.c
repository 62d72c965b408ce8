/* SPDX-License-Identifier: MIT */
/* Which points are tried, and the rows of the table. */
#include "step.h"
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>

/* Of a loop that goes on for longer, as over all slots of the pool, one round of so many. */
#define PASSES 16

/* The long form tries every instruction, of operations that are like others one of so many. */
#define VARIANT_STRIDE 5

/* So many failures of a row are enough. */
#define ENOUGH 5

static unsigned long seed, spread, calls = 1;

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *value = getenv(variable);

	return value && *value ? strtoul(value, NULL, 10) : otherwise;
}

/* Of how many instructions one is tried. */
static size_t stride_of(const struct way *way)
{
	if (spread)
		return (way->instructions + spread - 1) / spread;
	return way->operation->flags & VARIANT ? VARIANT_STRIDE : 1;
}

int point_wanted(const struct way *way, size_t number)
{
	unsigned int pass = way->points[number].nth;

	if (!way->points[number].address)
		return (number + seed) % calls == 0;
	if (pass > PASSES && pass % PASSES != seed % PASSES)
		return 0;
	return (number + seed) % stride_of(way) == 0;
}

int case_failed(const struct operation *operation, struct tally *tally, const struct point *point,
		const char *why)
{
	diag("%s: at %s: %s", operation->name, point_name(point), why);
	return ++tally->failures == ENOUGH;
}

/* In a process that has not used the library yet; holders that lose their parent are its. */
static int row_process(const struct operation *operation, row *try, struct tally *tally,
		       struct scene *scene)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		alarm(getenv("PORTRES_LONG") ? 1200 : 150);
		try(operation, scene, tally);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid");
	return status == 0;
}

static void row_run(const char *what, const struct operation *operation, row *try)
{
	struct {
		struct tally tally;
		struct scene scene;
	} *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	struct tally *tally = &shared->tally;
	struct scene *scene = &shared->scene;
	char row_name[160];
	int ended;

	if (shared == MAP_FAILED)
		bail_out("mmap");
	scene->type = operation->type;
	scene->start = atoi(getenv("PORTRES_RANGE"));
	ended = row_process(operation, try, tally, scene);
	snprintf(row_name, sizeof row_name, "%s at every %s: %s", what,
		 spread || operation->flags & VARIANT ? "system call and some instructions"
						      : "instruction",
		 operation->name);
	ok(ended && tally->cases && !tally->failures && tally->missed * 20 <= tally->cases,
	   "%s: %lu cases", row_name, tally->cases);
	diag("%lu instructions and %lu stops at system calls, of which %lu were not reached",
	     tally->instructions, tally->calls, tally->missed);
	proved(row_name, tally->cases, tally->failures + !ended);
	munmap(shared, sizeof *shared);
}

/* The anchor then stands low, and what looks at all descriptors has less to look at. */
#define DESCRIPTORS 64

/* Where no one else is, if there can be such a network. */
#define BLOCK_START 20000

/* The library reads it before main(): the place of the block without a given port, too. */
static void range_set(void)
{
	int start = own_network() ? free_block(COUNT) : BLOCK_START;
	char text[32];

	snprintf(text, sizeof text, "%d-%d", start, start + COUNT - 1);
	setenv("PORTRES_RANGE", text, 1);
}

/* A pool of the test's own, in memory if possible, and a network in which nobody else is. */
void test_begin(char **argv)
{
	struct rlimit limit;

	if (!getenv("PORTRES_TEST_PRELOADED"))
		range_set();
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur > DESCRIPTORS) {
		limit.rlim_cur = DESCRIPTORS;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	/* So that the library is at the same addresses behind an exec. */
	if (!getenv("PORTRES_TEST_PRELOADED"))
		personality(ADDR_NO_RANDOMIZE);
	private_pool(argv);
	alarm(0); /* each row has its own */
}

int rows_run(const char *what, row *try, int (*wanted)(const struct operation *operation),
	     struct sample sample)
{
	const char *only = getenv("PORTRES_STEP_ONLY");

	if (!getenv("PORTRES_LONG")) {
		spread = sample.instructions;
		calls = sample.calls;
	}
	spread = number_of("PORTRES_STEP_SPREAD", spread);
	seed = number_of("PORTRES_SEED", (unsigned long)getpid());
	diag("PORTRES_SEED=%lu", seed);
	for (int i = 0; i < operations_count; i++)
		if ((!wanted || wanted(&operations[i])) &&
		    (!only || strstr(operations[i].name, only)))
			row_run(what, &operations[i], try);
	return done_testing();
}
