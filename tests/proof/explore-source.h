/* SPDX-License-Identifier: MIT */
/*
 * Included in front of all that explore compiles of src: the same source with another
 * machine below it. An atomic operation on the pool is a point at which others may run, and
 * so is what the kernel is asked (explore-calls.c); of libc, only what would leave this
 * process or be another value the next time is replaced.
 */
#ifndef EXPLORE_SOURCE_H
#define EXPLORE_SOURCE_H

#include "explore-machine.h"

/* The type without _Atomic, and without const. */
#define EXPLORE_VALUE(object) __typeof__(((void)0, *(object)))

#undef atomic_load_explicit
#define atomic_load_explicit(object, order)                                                        \
	(__extension__({                                                                           \
		EXPLORE_VALUE(object) explore_value;                                               \
		explore_load((object), sizeof explore_value, &explore_value, (order));             \
		explore_value;                                                                     \
	}))
#undef atomic_load
#define atomic_load(object) atomic_load_explicit(object, memory_order_seq_cst)

#undef atomic_store_explicit
#define atomic_store_explicit(object, value, order)                                                \
	(__extension__({                                                                           \
		EXPLORE_VALUE(object) explore_stored = (value);                                    \
		explore_store((object), sizeof explore_stored, &explore_stored, (order));          \
	}))
#undef atomic_store
#define atomic_store(object, value) atomic_store_explicit(object, value, memory_order_seq_cst)

#undef atomic_fetch_add_explicit
#define atomic_fetch_add_explicit(object, operand, order)                                          \
	explore_add((object), sizeof *(object), (operand), (order))

#define EXPLORE_EXCHANGE(object, expected, value, order, weak)                                     \
	(__extension__({                                                                           \
		EXPLORE_VALUE(object) explore_desired = (value);                                   \
		explore_exchange((object), sizeof explore_desired, (expected), &explore_desired,   \
				 (order), (weak));                                                 \
	}))
#undef atomic_compare_exchange_strong_explicit
#define atomic_compare_exchange_strong_explicit(object, expected, value, order, failure)           \
	EXPLORE_EXCHANGE(object, expected, value, order, false)
#undef atomic_compare_exchange_strong
#define atomic_compare_exchange_strong(object, expected, value)                                    \
	EXPLORE_EXCHANGE(object, expected, value, memory_order_seq_cst, false)
#undef atomic_compare_exchange_weak
#define atomic_compare_exchange_weak(object, expected, value)                                      \
	EXPLORE_EXCHANGE(object, expected, value, memory_order_seq_cst, true)

#define getrandom(data, size, flags)		      explore_getrandom(data, size, flags)
#define time(seconds)				      explore_time(seconds)
#define getpid()				      explore_getpid()
#define sched_yield()				      explore_yield()
#define nanosleep(pause, left)			      ((void)(pause), explore_yield())
#define shutdown(fd, how)			      explore_shutdown(fd, how)
#define getrlimit(resource, limit)		      explore_getrlimit(resource, limit)
#define stat(path, status)			      explore_stat(path, status)
#define syscall(number, header, data)		      explore_syscall(number, header, data)
#define mmap(at, size, protection, flags, fd, offset) explore_mmap(size)
#define munmap(at, size)			      ((void)(at))

#endif
