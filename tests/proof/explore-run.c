/* SPDX-License-Identifier: MIT */
/*
 * The search. Each process is a coroutine that stops in front of what others can see. A state
 * is the whole world and the stacks in use; all that can happen next is tried in each, and a
 * state that was seen before is not gone into again. States are known by 64 bits of hash: that
 * two of n have the same ones, and something is missed, has a chance of n squared in 2^65.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "explore-run.h"

struct world world;
struct pool shared;
int current, chosen;
bool tracing, changed;
const struct scenario *scenario;

_Alignas(64) char stacks[EVERYBODY][STACK_SIZE];
static jmp_buf scheduler;
static char complaint[200];

/* ---- coroutines ---- */

/* Never returns into another frame: what is below is dead, and made to look the same always. */
__attribute__((noinline)) static void leave(struct process *process)
{
	char *here = __builtin_frame_address(0);

	process->stack_top = here - STACK_MARGIN;
	if (!_setjmp(process->registers))
		_longjmp(scheduler, 1);
}

__attribute__((noinline)) static void wipe(int process, const char *above)
{
	memset(stacks[process], 0, (size_t)(above - stacks[process]));
}

void point(void)
{
	struct process *process = &world.processes[current];

	leave(process);
	if (process->starting) {
		process->starting = false;
		if (current < PROCESSES)
			history_invoke(current, &process->operation);
	}
}

void process_yield(void)
{
	world.processes[current].yielded = current < PROCESSES;
}

void violation(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(complaint, sizeof complaint, format, arguments);
	va_end(arguments);
	_longjmp(scheduler, 2);
}

void trace(const char *format, ...)
{
	va_list arguments;

	if (!tracing)
		return;
	if (current == INSPECTOR)
		printf("#   inspector: ");
	else
		printf("#   process %d: ", current);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static script_function *entry;

static void begin(void)
{
	struct process *process = &world.processes[current];
	script_function *mine = entry;

	/* As at every other point: the scheduler goes on from here. */
	leave(process);
	mine();
	world.processes[current].state = PROCESS_FINISHED;
	_longjmp(scheduler, 1);
}

static void process_start(int number, script_function *script)
{
	static ucontext_t context, back;
	struct process *process = &world.processes[number];

	memset(process, 0, sizeof *process);
	memset(stacks[number], 0, STACK_SIZE);
	process->state = PROCESS_RUNS;
	current = number;
	entry = script;
	getcontext(&context);
	context.uc_stack.ss_sp = stacks[number];
	context.uc_stack.ss_size = STACK_SIZE;
	context.uc_link = NULL;
	makecontext(&context, begin, 0);
	if (!_setjmp(scheduler))
		swapcontext(&back, &context);
	wipe(number, process->stack_top);
}

/* Who waits for others has something to see. */
static void others_wake(int number)
{
	int i;

	for (i = 0; i < PROCESSES; i++)
		if (i != number)
			world.processes[i].yielded = false;
}

/* Lets a process do one thing. False: something is wrong. */
static bool process_step(int number)
{
	struct process *process = &world.processes[number];

	current = number;
	changed = false;
	switch (_setjmp(scheduler)) {
	case 0:
		_longjmp(process->registers, 1);
	case 1:
		break;
	default:
		return false;
	}
	if (changed || process->state == PROCESS_FINISHED)
		others_wake(number);
	if (process->state == PROCESS_FINISHED) {
		memset(process->registers, 0, sizeof process->registers);
		process->stack_top = stacks[number] + STACK_SIZE;
	}
	wipe(number, process->stack_top);
	return true;
}

/* Alone, to its end. */
static bool process_run(int number)
{
	long steps = 0;

	while (world.processes[number].state == PROCESS_RUNS) {
		if (!process_step(number))
			return false;
		if (++steps == 100000) {
			snprintf(complaint, sizeof complaint, "it does not end");
			return false;
		}
	}
	return true;
}

/* The kernel closes what a killed process had, one thing that others can see at a time. */
static void process_decay(int number)
{
	struct process *process = &world.processes[number];
	bool seen = false;
	int fd, i;

	current = number;
	others_wake(number);
	for (i = 0; i < SOCKETS; i++) {
		if (world.kernel.sockets[i].queue == SOCKETS + 1 + number) {
			trace("the guard of port %d goes, as RELEASE began",
			      world.kernel.sockets[i].port);
			kernel_let_go(i);
			return;
		}
	}
	for (fd = 0; fd < DESCRIPTORS; fd++) {
		while (process->descriptors[fd]) {
			int socket = process->descriptors[fd] - 1;

			if (kernel_visible(&world.kernel.sockets[socket])) {
				if (seen)
					return;
				seen = true;
				trace("dies: closes its socket %d, port %d", socket,
				      world.kernel.sockets[socket].port);
			}
			if (kernel_let_go(socket))
				process->descriptors[fd] = 0;
		}
	}
	trace("is gone");
	if (number < PROCESSES)
		history_gone(number);
	process->state = PROCESS_DEAD;
}

static void process_kill(int number)
{
	struct process *process = &world.processes[number];
	int i;

	current = number;
	trace("is killed");
	process->state = PROCESS_DIES;
	process->yielded = process->starting = false;
	process->stack_top = stacks[number] + STACK_SIZE;
	memset(process->registers, 0, sizeof process->registers);
	memset(&process->operation, 0, sizeof process->operation);
	wipe(number, process->stack_top);
	for (i = 0; i < RESERVATIONS; i++)
		if (world.anchors[i][number])
			world.history.blocks[i].stands = false;
	for (i = 0; i < PROCESSES; i++)
		if (world.history.pending[i].kind)
			world.history.pending[i].amid |= (uint8_t)(1U << number);
	others_wake(number);
}

/* ---- moves ---- */

static bool can_step(int number)
{
	return world.processes[number].state == PROCESS_RUNS ||
	       world.processes[number].state == PROCESS_DIES;
}

/* Who waits for others lets them go first, if any can. */
static bool waits(int number)
{
	int i;

	if (!world.processes[number].yielded)
		return false;
	for (i = 0; i < PROCESSES; i++)
		if (can_step(i) && !world.processes[i].yielded)
			return true;
	return false;
}

int moves_list(uint8_t moves[MOVES], int last, int killed)
{
	int count = 0, turn, alternative;

	for (turn = 0; turn < PROCESSES; turn++) {
		int number = (last + turn) % PROCESSES;

		if (!can_step(number) || waits(number))
			continue;
		for (alternative = 0; alternative < memory_alternatives(number); alternative++)
			moves[count++] = (uint8_t)(number | alternative << MOVE_SHIFT);
	}
	if (killed >= scenario->crashes)
		return count;
	for (turn = 0; turn < PROCESSES; turn++)
		if (world.processes[turn].state == PROCESS_RUNS)
			moves[count++] = (uint8_t)(turn | MOVE_KILL);
	return count;
}

bool move_is_preemption(uint8_t move, int last)
{
	return !(move & MOVE_KILL) && (move & MOVE_PROCESS) != last && can_step(last) &&
	       !waits(last) && world.processes[last].state == PROCESS_RUNS;
}

bool move_make(uint8_t move)
{
	int number = move & MOVE_PROCESS;

	if (_setjmp(scheduler))
		return false; /* what a step does not catch */
	chosen = (move & ~MOVE_KILL) >> MOVE_SHIFT;
	if (move & MOVE_KILL) {
		process_kill(number);
	} else if (world.processes[number].state == PROCESS_DIES) {
		process_decay(number);
	} else if (!process_step(number)) {
		return false;
	}
	if (_setjmp(scheduler))
		return false;
	kernel_check();
	return true;
}

/* All have ended: what they leave behind. */
bool world_inspect(void)
{
	bool weak = weak_memory, good;
	int i;

	if (_setjmp(scheduler))
		return false;
	for (i = 0; i < PROCESSES; i++) {
		world.processes[i].state = PROCESS_DIES;
		while (world.processes[i].state == PROCESS_DIES)
			process_decay(i);
	}
	weak_memory = false;
	chosen = 0;
	process_start(INSPECTOR, scenario->inspect);
	good = process_run(INSPECTOR);
	weak_memory = weak;
	return good;
}

/* The world as it is when the processes begin. */
bool world_begin(void)
{
	int i;

	weak_memory = false;
	chosen = 0;
	memset(&world, 0, sizeof world);
	memset(&shared, 0, sizeof shared);
	shared.netns = 5;
	shared.namespace = 1;
	shared.claim_index = 0x7ffffff1;
	history_begin();
	if (scenario->setup) {
		process_start(INSPECTOR, scenario->setup);
		if (!process_run(INSPECTOR))
			return false;
		for (i = 0; i < DESCRIPTORS; i++)
			world.processes[INSPECTOR].descriptors[i] = 0;
	}
	for (i = 0; i < PROCESSES; i++)
		if (scenario->scripts[i]) {
			int8_t descriptors[DESCRIPTORS];

			memcpy(descriptors, world.processes[i].descriptors, sizeof descriptors);
			process_start(i, scenario->scripts[i]);
			memcpy(world.processes[i].descriptors, descriptors, sizeof descriptors);
		}
	world.processes[INSPECTOR].stack_top = NULL;
	weak_memory = scenario->weak;
	return true;
}

const char *world_complaint(void)
{
	return complaint;
}
