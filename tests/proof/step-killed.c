/* SPDX-License-Identifier: MIT */
/*
 * A process that is killed loses nothing, wherever it stood: a fresh worker dies by SIGKILL
 * before each instruction of the library on its way through an operation, and at the begin and
 * the end of each system call. After each death another process does all there is to do, and
 * nothing is left behind.
 */
#include "step.h"

/* Every other one is not reaped before others come: its pid is still its own then. */
static void die(pid_t worker, int reaped)
{
	siginfo_t info;

	if (reaped) {
		trace_kill(worker);
		return;
	}
	kill(worker, SIGKILL);
	if (waitid(P_PID, (id_t)worker, &info, WEXITED | WNOWAIT | __WALL))
		bail_out("waitid");
}

static const char *kill_one(const struct operation *operation, struct scene *scene,
			    const struct way *way, size_t number, int *missed)
{
	int reaped = operation->flags & HELD || number % 2;
	const char *why;
	pid_t worker;

	if (!judge_prepare(operation, scene))
		return "the case cannot be set up";
	worker = worker_start(operation, scene);
	if (worker < 0)
		return "the worker cannot prepare its work";
	*missed = !way_reach(way, worker, &way->points[number]);
	die(worker, reaped);
	why = judge_death(operation, scene);
	if (!reaped)
		waitpid(worker, NULL, __WALL);
	return why;
}

/* The whole way, undisturbed, is right, too. */
static int record(const struct operation *operation, struct scene *scene, struct way *way)
{
	const char *why;
	pid_t worker;

	if (!judge_prepare(operation, scene))
		bail_out("a case cannot be set up");
	worker = worker_start(operation, scene);
	if (worker < 0)
		bail_out("a worker");
	why = way_record(way, worker, operation);
	if (!why && scene->result)
		why = strerrorname_np(scene->result);
	if (!why)
		why = judge_files(0);
	trace_kill(worker);
	if (!why)
		why = judge_death(operation, scene);
	if (why)
		diag("%s, undisturbed: %s", operation->name, why);
	return !why;
}

static void row_killed(const struct operation *operation, struct scene *scene, struct tally *tally)
{
	struct way way;

	/* What is first done there is in the way of none. */
	if (judge_prepare(operation, scene))
		judge_death(&operations[0], scene);
	if (!record(operation, scene, &way)) {
		tally->failures++;
		return;
	}
	tally->instructions = way.instructions;
	tally->calls = way.calls;
	for (size_t i = 0; i < way.count; i++) {
		int missed = 0;
		const char *why;

		if (!point_wanted(&way, i))
			continue;
		why = kill_one(operation, scene, &way, i, &missed);
		tally->missed += (unsigned long)missed;
		tally->cases += !missed;
		if (why && case_failed(operation, tally, &way.points[i], why))
			break;
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "worker"))
		worker_main();
	test_begin(argv);
	if (trace_works())
		return rows_run("killed", row_killed, NULL, (struct sample){12, 2});
	skip("killed at every instruction", "no tracing here");
	return done_testing();
}
