/* SPDX-License-Identifier: MIT */
#include "step-ptrace.h"
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <sys/user.h>

void trace_stop(void)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSTOP);
}

/* Where a processor has its registers, for PTRACE_PEEKUSER, and its instruction to stop. */
#ifdef __x86_64__
enum {
	KNOWN = 1,
	IP = offsetof(struct user_regs_struct, rip),
	SP = offsetof(struct user_regs_struct, rsp),
	NUMBER = offsetof(struct user_regs_struct, orig_rax),
	STOP = 0xcc,
};
#else
enum { KNOWN, IP, SP, NUMBER, STOP };
#endif

struct library library;

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

/* The signal that it stopped with; 0 if it has ended. */
static int wait_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		bail_out("waitpid");
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

#define TRACE_OPTIONS (PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)

int go_on(pid_t pid, int request)
{
	if (ptrace(request, pid, NULL, NULL))
		bail_out("ptrace");
	return wait_stop(pid);
}

static long register_get(pid_t pid, long offset)
{
	return ptrace(PTRACE_PEEKUSER, pid, (void *)offset, NULL);
}

uintptr_t ip_of(pid_t pid)
{
	return (uintptr_t)register_get(pid, IP);
}

uintptr_t sp_of(pid_t pid)
{
	return (uintptr_t)register_get(pid, SP);
}

uintptr_t word_at(pid_t pid, uintptr_t address)
{
	return (uintptr_t)ptrace(PTRACE_PEEKTEXT, pid, (void *)address, NULL);
}

static int ip_set(pid_t pid, uintptr_t address)
{
	return !ptrace(PTRACE_POKEUSER, pid, (void *)IP, (void *)address);
}

int breakpoint_set(struct breakpoint *breakpoint, pid_t pid, uintptr_t address)
{
	*breakpoint = (struct breakpoint){pid, address, word_at(pid, address)};
	return !ptrace(PTRACE_POKETEXT, pid, (void *)address,
		       (void *)((breakpoint->word & ~(uintptr_t)0xff) | STOP));
}

int breakpoint_met(const struct breakpoint *breakpoint, int signal_number)
{
	return signal_number == SIGTRAP && ip_of(breakpoint->pid) == breakpoint->address + 1 &&
	       !ptrace(PTRACE_POKETEXT, breakpoint->pid, (void *)breakpoint->address,
		       (void *)breakpoint->word) &&
	       ip_set(breakpoint->pid, breakpoint->address);
}

int run_to(pid_t pid, uintptr_t address)
{
	struct breakpoint breakpoint;

	return breakpoint_set(&breakpoint, pid, address) &&
	       breakpoint_met(&breakpoint, go_on(pid, PTRACE_CONT));
}

/* The loader makes what is only read after the relocation read-only: all is in its place. */
int run_to_library(pid_t pid)
{
	int signal_number = go_on(pid, PTRACE_CONT);

	if (signal_number != SIGTRAP)
		return 0;
	while (go_on(pid, PTRACE_SYSCALL) == CALL_STOP)
		if (register_get(pid, NUMBER) == SYS_mprotect &&
		    word_at(pid, library.constructor) == *(uintptr_t *)library.constructor)
			return 1;
	return 0;
}

int trace_finish(pid_t pid)
{
	return go_on(pid, PTRACE_CONT) == SIGSTOP;
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

	if (!KNOWN)
		return 0;
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

int trace_adopt(pid_t pid)
{
	return wait_stop(pid) == SIGSTOP && !ptrace(PTRACE_SETOPTIONS, pid, NULL, TRACE_OPTIONS);
}
