/* SPDX-License-Identifier: MIT */
/* The table of real.h for a program that nobody interposes: the holder asks the kernel. */
#include <unistd.h>

#include "real/real.h"

#define CALL(result, name, pointer_parameters, parameters, number, ...)                            \
	static result syscall_##name parameters                                                    \
	{                                                                                          \
		return (result)syscall(number, __VA_ARGS__);                                       \
	}
REAL_CALLS(CALL)
#undef CALL

struct real_calls real_calls = {
#define CALL(result, name, ...) .name = (real_##name##_function *)syscall_##name,
	REAL_CALLS(CALL)
#undef CALL
};
