/* SPDX-License-Identifier: MIT */
/* What libc does without a system call of that name: the next one in the look-up order. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

#include "real/real.h"

/* A libc that lacks one of these has no programs that call it. */
#define CALL(result, name, parameters, without, ...)                                               \
	result real_##name parameters                                                              \
	{                                                                                          \
		typedef result function parameters;                                                \
		static _Atomic(function *) known;                                                  \
		function *next = atomic_load_explicit(&known, memory_order_relaxed);               \
                                                                                                   \
		if (!next) {                                                                       \
			next = (function *)dlsym(RTLD_NEXT, #name);                                \
			atomic_store_explicit(&known, next, memory_order_relaxed);                 \
		}                                                                                  \
		if (!next) {                                                                       \
			errno = ENOSYS;                                                            \
			return without;                                                            \
		}                                                                                  \
		return next(__VA_ARGS__);                                                          \
	}
LIBRARY_CALLS(CALL)
#undef CALL
