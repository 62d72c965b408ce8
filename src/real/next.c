/* SPDX-License-Identifier: MIT */
/* The table of real.h, filled with what comes after us in the look-up order. */
#include <dlfcn.h>
#include <unistd.h>

#include "real/real.h"

/*
 * A libc without the name (close_range before glibc 2.34) is no reason to fail:
 * the kernel has the call. dlsym allocates when it does not find a name, so it is
 * asked once; what it said stays in the table.
 */
#define CALL(result, name, pointer_parameters, parameters, number, ...)                            \
	static result syscall_##name parameters                                                    \
	{                                                                                          \
		return (result)syscall(number, __VA_ARGS__);                                       \
	}                                                                                          \
	static real_##name##_function *resolve_##name(void)                                        \
	{                                                                                          \
		real_##name##_function *found = (real_##name##_function *)dlsym(RTLD_NEXT, #name); \
                                                                                                   \
		if (!found)                                                                        \
			found = (real_##name##_function *)syscall_##name;                          \
		atomic_store_explicit(&real_calls.name, found, memory_order_relaxed);              \
		return found;                                                                      \
	}                                                                                          \
	static result first_##name parameters                                                      \
	{                                                                                          \
		return resolve_##name()(__VA_ARGS__);                                              \
	}
REAL_CALLS(CALL)
#undef CALL

struct real_calls real_calls = {
#define CALL(result, name, ...) .name = (real_##name##_function *)first_##name,
	REAL_CALLS(CALL)
#undef CALL
};

void real_resolve(void)
{
#define CALL(result, name, ...) resolve_##name();
	REAL_CALLS(CALL)
#undef CALL
	real_resolve_library();
}
