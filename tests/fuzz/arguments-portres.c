/* SPDX-License-Identifier: MIT */
/* portres, with a main() that fuzz-arguments.c calls. */
int portres_main(int argc, char **argv);
#define main portres_main
#include "../../src/cli/main.c"
