/* SPDX-License-Identifier: MIT */
/*
 * Lock-free: a process that stands still keeps nobody from getting on, wherever it stands. A
 * worker is stopped before each instruction of the library, and at the begin and the end of
 * each system call. Meanwhile another process acquires, binds and releases a block of its own,
 * and, where the worker's reservation was passed along to it, binds that one's ports by number
 * and draws all of them. It does so in a bounded number of its own steps. Then the worker goes
 * on, and no port is both's.
 *
 * The steps are system calls, as everything in the library that repeats itself makes some;
 * now and then instructions, too. The bounds follow from the constants in src/core, for a
 * block of 3 ports:
 *
 *  - another block: what it takes when nobody stands still;
 *  - a port by number that is to be had: at most 20 claims (CLAIM_PATIENCE in bind.c);
 *  - one that is not, since the worker is about to bind it: 1000 times (PATIENCE, the one
 *    patience that src/pool/pool.h speaks of) the question whether the worker is dead;
 *  - a draw: 3 times (REFUSED_TRIES in draw.c) five rounds of 3 ports, a claim for each.
 */
#include "step.h"
#include "step-pool.h"

/* System calls for one question, one claim, and what is done once. */
enum {
	ONCE = 64,
	A_CLAIM = 16,
	A_QUESTION = 14,
	ELSEWHERE_SPARE = 8,
	NUMBER_BOUND = 20 * A_CLAIM + ONCE,
	REFUSED_BOUND = 1000 * A_QUESTION + NUMBER_BOUND,
	DRAWS_BOUND = (COUNT + 1) * (3 * 5 * COUNT * A_CLAIM + ONCE),
};

/* The short form counts in one case of so many. In the others, too, the other process gets to its
 * end, within a limit of processor time. */
#define COUNTED_EACH 8

/* Of the counted ones, the instructions of what another block takes. */
#define INSTRUCTIONS_EACH 64

enum { ELSEWHERE, NUMBER, REFUSED, DRAWS };

static long elsewhere_bound, instructions_bound;

/* The system calls of the other to its next stop, if they are counted; -1: there is none. */
static long steps_of(pid_t other, int counted)
{
	if (counted)
		return trace_count(other, NULL);
	return trace_finish(other) ? 0 : -1;
}

static const char *within(struct tally *tally, int what, long steps, long bound)
{
	static char text[120];
	static const char *const names[] = {"another block", "a port by number",
					    "a port by number that is taken", "all draws"};

	if (steps > tally->most[what])
		tally->most[what] = steps;
	if (steps >= 0 && steps <= bound)
		return NULL;
	snprintf(text, sizeof text,
		 "the other does not come to an end of %s within %ld steps (%ld)", names[what],
		 bound, steps);
	return text;
}

static const char *elsewhere_check(struct tally *tally, pid_t other, int counted)
{
	long instructions = 0, calls;

	if (counted && tally->cases % INSTRUCTIONS_EACH == 1 + COUNTED_EACH) {
		calls = trace_count(other, &instructions);
		if (!instructions_bound)
			instructions_bound = 2 * instructions;
		if (calls < 0 || instructions > instructions_bound)
			return "the other needs too many instructions for another block";
		return NULL;
	}
	calls = steps_of(other, counted);
	if (counted && !elsewhere_bound)
		elsewhere_bound = calls + ELSEWHERE_SPARE;
	return within(tally, ELSEWHERE, calls, elsewhere_bound);
}

static unsigned int bits(unsigned int set)
{
	return (unsigned int)__builtin_popcount(set);
}

static const char *passed_check(const struct operation *operation, const struct scene *scene,
				struct tally *tally, pid_t other, int counted)
{
	const char *why = NULL;

	for (int i = 0; i < COUNT && !why; i++) {
		long calls = steps_of(other, counted);

		if (scene->bound >> i & 1)
			why = within(tally, NUMBER, calls, NUMBER_BOUND);
		else
			why = within(tally, REFUSED, calls, REFUSED_BOUND);
	}
	if (!why)
		why = within(tally, DRAWS, steps_of(other, counted), DRAWS_BOUND);
	if (why || operation->flags & ENDS)
		return why;
	if (scene->ended)
		return "the reservation ended for the other";
	if (bits(scene->bound) < COUNT - 1)
		return "the other cannot have the other ports by number";
	return bits(scene->drawn) < COUNT - 1 ? "the other cannot draw the other ports" : NULL;
}

/* The worker has come to its end; what it got must fit to what the other has. */
static const char *worker_check(const struct operation *operation, const struct scene *scene)
{
	unsigned int has = scene->port > 0 ? 1U << (scene->port - scene->start) : 0;
	unsigned int wanted = operation->flags & NUMBERED ? 1U << NUMBERED_OFFSET : ALL_PORTS;
	static char text[80];

	if (operation->flags & BINDS) {
		if (has & scene->drawn)
			return "both have one port";
		/* None is left. */
		if (scene->result == EADDRINUSE && (scene->drawn & wanted) == wanted)
			return NULL;
		if (!scene->result && !(has & wanted))
			return "the worker has another port than it should";
	}
	if (!scene->result || operation->flags & ENDS)
		return NULL;
	snprintf(text, sizeof text, "the worker, when it goes on: %s",
		 scene->result < 0 ? "no end" : strerrorname_np(scene->result));
	return text;
}

/* What all of the case share: a reservation of the process that both are children of. */
static int block_pass(const struct operation *operation, struct scene *scene)
{
	if (!judge_prepare(operation, scene))
		return 0;
	if (operation->flags & PERSISTENT || !(operation->flags & PASSED))
		return 1;
	scene->block = try_reserve(scene->type, scene->start, COUNT);
	return scene->block.fd >= 0;
}

static void block_end(const struct operation *operation, struct scene *scene)
{
	if (operation->flags & PASSED && !(operation->flags & PERSISTENT))
		close(scene->block.fd);
	while (operation->flags & HELD && waitpid(-1, NULL, __WALL) > 0)
		;
}

static const char *freeze_one(const struct operation *operation, struct scene *scene,
			      const struct way *way, const struct point *point, struct tally *tally)
{
	int counted = getenv("PORTRES_LONG") || tally->cases % COUNTED_EACH == 0;
	const char *why = NULL;
	pid_t worker, other;

	if (!block_pass(operation, scene))
		return "the case cannot be set up";
	worker = worker_start(operation, scene);
	if (worker < 0) {
		block_end(operation, scene);
		return "the worker cannot prepare its work";
	}
	if (!way_reach(way, worker, point)) {
		tally->missed++;
		goto out;
	}
	tally->cases++;
	other = other_start(operation, scene);
	why = elsewhere_check(tally, other, counted);
	if (!why && operation->flags & PASSED)
		why = passed_check(operation, scene, tally, other, counted);
	if (scene->why[0])
		why = scene->why;
	if (!why)
		why = trace_finish(worker) ? worker_check(operation, scene)
					   : "the worker does not come to its end";
	trace_kill(other);
out:
	trace_kill(worker);
	block_end(operation, scene);
	if (!why)
		why = judge_free(scene);
	return why ? why : pool_judge(1);
}

/* Without a way: only so that what is done for the first time has been done. */
static const char *record(const struct operation *operation, struct scene *scene, struct way *way)
{
	const char *why = NULL;
	pid_t worker;

	if (!block_pass(operation, scene))
		return "the case cannot be set up";
	worker = worker_start(operation, scene);
	if (worker < 0)
		bail_out("a worker");
	if (way)
		why = way_record(way, worker, operation);
	else
		way_pass(worker, operation);
	trace_kill(worker);
	block_end(operation, scene);
	return why ? why : pool_judge(1);
}

static void row_frozen(const struct operation *operation, struct scene *scene, struct tally *tally)
{
	const char *why;
	struct way way;

	why = record(operation, scene, NULL);
	if (!why)
		why = record(operation, scene, &way);
	if (why) {
		diag("%s, undisturbed: %s", operation->name, why);
		tally->failures++;
		return;
	}
	tally->instructions = way.instructions;
	tally->calls = way.calls;
	for (size_t i = 0; i < way.count; i++) {
		if (!point_wanted(&way, i))
			continue;
		why = freeze_one(operation, scene, &way, &way.points[i], tally);
		if (why && case_failed(operation, tally, &way.points[i], why))
			break;
	}
	diag("system calls of the other, at most: %ld for another block, %ld a port by number, "
	     "%ld one that is taken, %ld all draws",
	     tally->most[ELSEWHERE], tally->most[NUMBER], tally->most[REFUSED], tally->most[DRAWS]);
}

/* In the short form, not what is much like something else. */
static int is_wanted(const struct operation *operation)
{
	return getenv("PORTRES_LONG") || !(operation->flags & VARIANT);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "worker"))
		worker_main();
	test_begin(argv);
	if (trace_works())
		return rows_run("frozen", row_frozen, is_wanted, (struct sample){5, 5});
	skip("frozen at every instruction", "no tracing here");
	return done_testing();
}
