/* SPDX-License-Identifier: MIT */
/* What libc does without a system call of that name: the next one in the look-up order. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

#include "real/real.h"

/* What is missing leaves its arguments unused. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/*
 * As in next.c, a pointer begins as the function that looks the name up. A libc that lacks
 * one has no programs that call it; it is not asked again, as that allocates.
 */
#define CALL(result, name, parameters, without, ...)                                               \
	typedef result function_##name parameters;                                                 \
	static function_##name first_##name;                                                       \
	static _Atomic(function_##name *) known_##name = first_##name;                             \
                                                                                                   \
	static result missing_##name parameters                                                    \
	{                                                                                          \
		return without;                                                                    \
	}                                                                                          \
	static function_##name *resolve_##name(void)                                               \
	{                                                                                          \
		function_##name *found = (function_##name *)dlsym(RTLD_NEXT, #name);               \
                                                                                                   \
		if (!found)                                                                        \
			found = missing_##name;                                                    \
		atomic_store_explicit(&known_##name, found, memory_order_relaxed);                 \
		return found;                                                                      \
	}                                                                                          \
	static result first_##name parameters                                                      \
	{                                                                                          \
		return resolve_##name()(__VA_ARGS__);                                              \
	}                                                                                          \
	result real_##name parameters                                                              \
	{                                                                                          \
		return atomic_load_explicit(&known_##name, memory_order_relaxed)(__VA_ARGS__);     \
	}
LIBRARY_CALLS(CALL)
#undef CALL

void real_resolve_library(void)
{
#define CALL(result, name, ...) resolve_##name();
	LIBRARY_CALLS(CALL)
#undef CALL
}
