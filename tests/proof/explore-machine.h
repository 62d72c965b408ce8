/* SPDX-License-Identifier: MIT */
/* explore-machine.h - what explore-source.h puts in the place of atomics and of libc */
#ifndef EXPLORE_MACHINE_H
#define EXPLORE_MACHINE_H

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* explore-memory.c. size is 4 or 8; false: the value was another one, which is in *expected. */
void explore_load(const volatile void *object, size_t size, void *value, memory_order order);
void explore_store(volatile void *object, size_t size, const void *value, memory_order order);
void explore_add(volatile void *object, size_t size, uint64_t operand, memory_order order);
bool explore_exchange(volatile void *object, size_t size, void *expected, const void *desired,
		      memory_order order, bool weak);

/* explore-calls.c */
ssize_t explore_getrandom(void *data, size_t size, unsigned int flags);
time_t explore_time(time_t *seconds);
pid_t explore_getpid(void);
int explore_yield(void);
int explore_shutdown(int fd, int how);
int explore_getrlimit(int resource, struct rlimit *limit);
int explore_stat(const char *path, struct stat *status);
long explore_syscall(long number, void *header, void *data);
void *explore_mmap(size_t size);

#endif
