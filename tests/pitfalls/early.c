/* SPDX-License-Identifier: MIT */
/*
 * A shared library whose constructor makes every hooked call. Built with -DFIRST it
 * is for -z initfirst, where not even libc is ready: two calls, and nothing is said.
 * Built with -DAUDIT it is for LD_AUDIT.
 */
#include "every-call.h"

#ifdef AUDIT
unsigned int la_version(unsigned int version);

unsigned int la_version(unsigned int version)
{
	return version;
}
#endif

__attribute__((constructor)) static void early(void)
{
#ifdef FIRST
	(void)every_call;
	close(-1);
	every_bind(-1, 0);
#else
	/* Where it is preloaded, the program that every_call starts has it, too. */
	if (strcmp(program_invocation_short_name, "true") != 0)
		every_call("constructor ");
#endif
}
