/* SPDX-License-Identifier: MIT */
#include "step.h"
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* More instructions than any operation has. */
#define STEPS_MOST 3000000

/* The library's text, and its first initialiser: the same in every process of the test. */
static struct {
	uintptr_t base, first, last, constructor;
} library;

static int library_look(struct dl_phdr_info *info, size_t size, void *context)
{
	const ElfW(Dyn) *dynamic = NULL;

	(void)size, (void)context;
	if (!strstr(info->dlpi_name, "libportres.so"))
		return 0;
	library.base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && header->p_flags & PF_X) {
			library.first = library.base + header->p_vaddr;
			library.last = library.first + header->p_memsz;
		} else if (header->p_type == PT_DYNAMIC) {
			dynamic = (const ElfW(Dyn) *)(library.base + header->p_vaddr);
		}
	}
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == DT_INIT_ARRAY)
			library.constructor = *(uintptr_t *)(library.base + dynamic->d_un.d_ptr);
	return 1;
}

static int in_library(uintptr_t address)
{
	return address >= library.first && address < library.last;
}

void trace_stop(void)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSTOP);
}

#ifdef __x86_64__
/* The signal that it stopped with; 0 if it has ended. */
static int wait_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		bail_out("waitpid");
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

#define CALL_STOP     (SIGTRAP | 0x80)
#define TRACE_OPTIONS (PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)

static int go_on(pid_t pid, int request)
{
	if (ptrace(request, pid, NULL, NULL))
		bail_out("ptrace");
	return wait_stop(pid);
}

static long register_get(pid_t pid, size_t offset)
{
	return ptrace(PTRACE_PEEKUSER, pid, (void *)offset, NULL);
}

static uintptr_t ip_of(pid_t pid)
{
	return (uintptr_t)register_get(pid, offsetof(struct user_regs_struct, rip));
}

static uintptr_t sp_of(pid_t pid)
{
	return (uintptr_t)register_get(pid, offsetof(struct user_regs_struct, rsp));
}

static uintptr_t word_at(pid_t pid, uintptr_t address)
{
	return (uintptr_t)ptrace(PTRACE_PEEKTEXT, pid, (void *)address, NULL);
}

static int ip_set(pid_t pid, uintptr_t address)
{
	return !ptrace(PTRACE_POKEUSER, pid, (void *)offsetof(struct user_regs_struct, rip),
		       (void *)address);
}

/* int3, in this process alone: the page becomes its own. */
struct breakpoint {
	pid_t pid;
	uintptr_t address, word;
};

static int breakpoint_set(struct breakpoint *breakpoint, pid_t pid, uintptr_t address)
{
	*breakpoint = (struct breakpoint){pid, address, word_at(pid, address)};
	return !ptrace(PTRACE_POKETEXT, pid, (void *)address,
		       (void *)((breakpoint->word & ~(uintptr_t)0xff) | 0xcc));
}

/* Whether it is there; it stands before the instruction then. */
static int breakpoint_met(const struct breakpoint *breakpoint, int signal_number)
{
	return signal_number == SIGTRAP && ip_of(breakpoint->pid) == breakpoint->address + 1 &&
	       !ptrace(PTRACE_POKETEXT, breakpoint->pid, (void *)breakpoint->address,
		       (void *)breakpoint->word) &&
	       ip_set(breakpoint->pid, breakpoint->address);
}

static int run_to(pid_t pid, uintptr_t address)
{
	struct breakpoint breakpoint;

	return breakpoint_set(&breakpoint, pid, address) &&
	       breakpoint_met(&breakpoint, go_on(pid, PTRACE_CONT));
}

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
	uintptr_t before = ip_of(recording->pid), code = word_at(recording->pid, before), after;
	int inside = in_library(before), signal_number;

	if (inside)
		point_add(recording, before,
			  recording->keep ? ++recording->passes[before - library.first] : 0);
	else if (!recording->way->instructions)
		recording->stops = 0;
	if (is_call_of_kernel(code))
		return record_call(recording);
	signal_number = go_on(recording->pid, PTRACE_SINGLESTEP);
	if (signal_number != SIGTRAP)
		return signal_number == SIGSTOP ? 0 : -1;
	after = ip_of(recording->pid);
	if (!inside || in_library(after) || is_return(code))
		return 1;
	return run_through(recording, word_at(recording->pid, sp_of(recording->pid))) ? 1 : -1;
}

/* Over the exec, on to where the loader has done with the library's text. */
static int worker_load(pid_t pid)
{
	int signal_number = go_on(pid, PTRACE_CONT);

	if (signal_number != SIGTRAP)
		return 0;
	while (go_on(pid, PTRACE_SYSCALL) == CALL_STOP)
		if (register_get(pid, offsetof(struct user_regs_struct, orig_rax)) ==
			    SYS_mprotect &&
		    word_at(pid, library.constructor) == *(uintptr_t *)library.constructor)
			return 1;
	return 0;
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

const char *way_record(struct way *way, pid_t pid, int start)
{
	struct recording recording = {.way = way, .pid = pid, .keep = 1};
	int state = 1, steps;

	*way = (struct way){.start = start};
	if (start && (!worker_load(pid) || !run_to(pid, library.constructor)))
		return "the library's constructor was not seen";
	recording.passes = calloc(library.last - library.first, sizeof *recording.passes);
	if (!recording.passes)
		bail_out("memory");
	for (steps = 0; state == 1 && steps < STEPS_MOST; steps++)
		state = record_step(&recording);
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

	if (way->start && !worker_load(pid))
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

int trace_finish(pid_t pid)
{
	return go_on(pid, PTRACE_CONT) == SIGSTOP;
}

long trace_count(pid_t pid, long *instructions)
{
	struct way way = {0};
	struct recording recording = {.way = &way, .pid = pid};
	int state = 1, steps;
	long calls = 0;

	if (!instructions) {
		while ((state = go_on(pid, PTRACE_SYSCALL)) == CALL_STOP)
			calls++;
		return state == SIGSTOP ? calls / 2 : -1;
	}
	for (steps = 0; state == 1 && steps < STEPS_MOST; steps++)
		state = record_step(&recording);
	*instructions = (long)way.instructions;
	return state == 0 ? (long)(way.calls / 2) : -1;
}

/* What the breakpoint of trace_works is on. */
__attribute__((noinline)) static void probe(void)
{
	__asm__ volatile("");
}

int trace_works(void)
{
	pid_t pid;
	int works;

	dl_iterate_phdr(library_look, NULL);
	if (!library.constructor)
		bail_out("the library is not there");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		trace_stop();
		probe();
		_exit(1);
	}
	works = pid > 0 && wait_stop(pid) == SIGSTOP &&
		!ptrace(PTRACE_SETOPTIONS, pid, NULL, TRACE_OPTIONS) &&
		run_to(pid, (uintptr_t)probe);
	if (pid > 0)
		trace_kill(pid);
	return works;
}

void trace_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
}

void trace_adopt(pid_t pid)
{
	if (wait_stop(pid) != SIGSTOP || ptrace(PTRACE_SETOPTIONS, pid, NULL, TRACE_OPTIONS))
		bail_out("a child that cannot be traced");
}
#else
int trace_works(void)
{
	return 0;
}
#endif
