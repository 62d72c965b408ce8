/* SPDX-License-Identifier: MIT */
/* step-ptrace.h - what ptrace(2) does for the others: stops, registers, breakpoints */
#ifndef TESTS_PROOF_STEP_PTRACE_H
#define TESTS_PROOF_STEP_PTRACE_H

#include "step.h"
#include <sys/ptrace.h>

/* How a stop at the begin or the end of a system call is told. */
#define CALL_STOP (SIGTRAP | 0x80)

/* The library's text, and its first initialiser: the same in every process of the test. */
struct library {
	uintptr_t base, first, last, constructor;
};
extern struct library library;

static inline int in_library(uintptr_t address)
{
	return address >= library.first && address < library.last;
}

/* Lets it go on by a request of ptrace. The signal that it stops with; 0 if it ends. */
int go_on(pid_t pid, int request);
uintptr_t ip_of(pid_t pid);
uintptr_t sp_of(pid_t pid);
uintptr_t word_at(pid_t pid, uintptr_t address);

/* int3, in this process alone: the page becomes its own. */
struct breakpoint {
	pid_t pid;
	uintptr_t address, word;
};
int breakpoint_set(struct breakpoint *breakpoint, pid_t pid, uintptr_t address);
/* Whether that is where it has stopped; it is taken away then, and the instruction is next. */
int breakpoint_met(const struct breakpoint *breakpoint, int signal_number);

/* On to before an instruction. */
int run_to(pid_t pid, uintptr_t address);
/* Over the exec, on to where the loader has done with the library's text. */
int run_to_library(pid_t pid);

#endif
