/* SPDX-License-Identifier: MIT */
/* The way of a worker through an operation: recorded, and gone again. */
#include "step-ptrace.h"

/* As many bytes of an instruction are looked at. */
#define CODE_SIZE 2

/* More instructions than any operation has. */
#define STEPS_MOST 3000000

/* Of x86-64, which is all that trace_works() admits. */
static int is_return(uintptr_t code)
{
	uint8_t first = (uint8_t)code, second = (uint8_t)(code >> 8);

	return first == 0xc3 || first == 0xc2 || (first == 0xf3 && second == 0xc3);
}

static int is_call_of_kernel(uintptr_t code)
{
	return (uint16_t)code == 0x050f;
}

/* A way that is followed step by step. */
struct recording {
	struct way *way;
	pid_t pid;
	uintptr_t ip;	      /* where it stands */
	int keep;	      /* its points, not only how many there are */
	unsigned int stops;   /* at system calls, since it has entered the library */
	unsigned int *passes; /* of each byte of the text */
};

static void point_add(struct recording *recording, uintptr_t address, unsigned int nth)
{
	struct way *way = recording->way;

	way->instructions += address != 0;
	way->calls += !address;
	if (!recording->keep)
		return;
	if (way->count == way->room) {
		way->room = way->room ? 2 * way->room : 4096;
		way->points = realloc(way->points, way->room * sizeof *way->points);
		if (!way->points)
			bail_out("memory");
	}
	way->points[way->count++] = (struct point){address, nth};
}

/* On to where libc returns to. */
static int run_through(struct recording *recording, uintptr_t to)
{
	struct breakpoint breakpoint;
	int signal_number;

	if (!breakpoint_set(&breakpoint, recording->pid, to))
		return 0;
	while ((signal_number = go_on(recording->pid, PTRACE_SYSCALL)) == CALL_STOP)
		point_add(recording, 0, ++recording->stops);
	return breakpoint_met(&breakpoint, signal_number);
}

/* The worker's own system call, which is no point, but counts. */
static int record_call(struct recording *recording)
{
	for (int i = 0; i < 2; i++) {
		int signal_number = go_on(recording->pid, PTRACE_SYSCALL);

		if (signal_number != CALL_STOP)
			return signal_number == SIGSTOP ? 0 : -1;
		recording->stops++;
	}
	return 1;
}

/* One instruction, or all that libc does when the library calls it. 1: it goes on; 0: it has
 * come to a stop of its own; -1: what must not be. */
static int record_step(struct recording *recording)
{
	uintptr_t before = recording->ip, code = 0;
	int inside = in_library(before), signal_number, state = 1;

	/* Nobody writes to the text: ours is the same. */
	if (inside)
		memcpy(&code, (void *)before, CODE_SIZE);
	else
		code = word_at(recording->pid, before);
	if (inside)
		point_add(recording, before,
			  recording->keep ? ++recording->passes[before - library.first] : 0);
	else if (!recording->way->instructions)
		recording->stops = 0;
	if (is_call_of_kernel(code)) {
		state = record_call(recording);
		recording->ip = ip_of(recording->pid);
		return state;
	}
	signal_number = go_on(recording->pid, PTRACE_SINGLESTEP);
	if (signal_number != SIGTRAP)
		return signal_number == SIGSTOP ? 0 : -1;
	recording->ip = ip_of(recording->pid);
	if (!inside || in_library(recording->ip) || is_return(code))
		return 1;
	recording->ip = word_at(recording->pid, sp_of(recording->pid));
	return run_through(recording, recording->ip) ? 1 : -1;
}

/* To its next own stop. As record_step. */
static int record_all(struct recording *recording)
{
	int state = 1, steps;

	recording->ip = ip_of(recording->pid);
	for (steps = 0; state == 1 && steps < STEPS_MOST; steps++)
		state = record_step(recording);
	return state;
}

const char *point_name(const struct point *point)
{
	static char text[64];

	if (point->address)
		snprintf(text, sizeof text, "libportres.so+0x%lx, pass %u",
			 (unsigned long)(point->address - library.base), point->nth);
	else
		snprintf(text, sizeof text, "%s system call %u",
			 point->nth % 2 ? "before" : "behind", (point->nth + 1) / 2);
	return text;
}

const char *way_record(struct way *way, pid_t pid, const struct operation *operation)
{
	struct recording recording = {.way = way, .pid = pid, .keep = 1};
	int state;

	*way = (struct way){.operation = operation};
	if (operation->flags & START && (!run_to_library(pid) || !run_to(pid, library.constructor)))
		return "the library's constructor was not seen";
	recording.passes = calloc(library.last - library.first, sizeof *recording.passes);
	if (!recording.passes)
		bail_out("memory");
	state = record_all(&recording);
	free(recording.passes);
	if (way->count)
		way->entry = way->points[0].address;
	return state == 0 && way->count ? NULL : "the worker could not be followed";
}

/* The passes that are still to come. */
static int passes_run(pid_t pid, uintptr_t address, unsigned int passes)
{
	for (; passes; passes--) {
		if (!run_to(pid, address))
			return 0;
		if (passes > 1 && go_on(pid, PTRACE_SINGLESTEP) != SIGTRAP)
			return 0;
	}
	return 1;
}

int way_reach(const struct way *way, pid_t pid, const struct point *point)
{
	unsigned int i;

	if (way->operation->flags & START && !run_to_library(pid))
		return 0;
	if (point->address)
		return passes_run(pid, point->address, point->nth);
	if (!run_to(pid, way->entry))
		return 0;
	for (i = 0; i < point->nth; i++)
		if (go_on(pid, PTRACE_SYSCALL) != CALL_STOP)
			return 0;
	return 1;
}

void way_pass(pid_t pid, const struct operation *operation)
{
	if (!(operation->flags & START) || run_to_library(pid))
		trace_finish(pid);
}

long trace_count(pid_t pid, long *instructions)
{
	struct way way = {0};
	struct recording recording = {.way = &way, .pid = pid};
	int state;
	long calls = 0;

	if (!instructions) {
		while ((state = go_on(pid, PTRACE_SYSCALL)) == CALL_STOP)
			calls++;
		return state == SIGSTOP ? calls / 2 : -1;
	}
	state = record_all(&recording);
	*instructions = (long)way.instructions;
	return state == 0 ? (long)(way.calls / 2) : -1;
}
