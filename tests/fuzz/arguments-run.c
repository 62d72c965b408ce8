/* SPDX-License-Identifier: MIT */
/* portres-exec, with a main() that fuzz-arguments.c calls. How it speaks is set there. */
extern const char *run_program;
extern int run_failure, run_misuse;
int run_main(int argc, char **argv);
#define main		run_main
#define message_program run_program
#define message_failure run_failure
#define message_misuse	run_misuse
#include "../../src/run/exec.c"
