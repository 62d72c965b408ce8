/* SPDX-License-Identifier: MIT */
/* What src asks of libc and of processes, other than by the table of real calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/sysctl.h"
#include "explore-machine.h"
#include "explore.h"
#include "guard/held.h"
#include "real/process.h"

ssize_t explore_getrandom(void *data, size_t size, unsigned int flags)
{
	uint64_t number = (uint64_t)current * 500 + ++world.processes[current].tokens;

	(void)flags;
	/* In every field of a token that is compared somewhere, and to be known in a trace. */
	number = number << 52 | number << 40 | number << 20;
	memset(data, 0, size);
	if (size == sizeof number)
		memcpy(data, &number, sizeof number);
	return (ssize_t)size;
}

time_t explore_time(time_t *seconds)
{
	(void)seconds;
	return current == PROCESSES - 1 && scenario->clock_of_last_is_late ? 1100 : 1000;
}

pid_t explore_getpid(void)
{
	return 100 + current;
}

int explore_yield(void)
{
	process_yield();
	return 0;
}

int explore_getrlimit(int resource, struct rlimit *limit)
{
	(void)resource;
	limit->rlim_cur = limit->rlim_max = DESCRIPTORS;
	return 0;
}

/* A process with every capability in the first user namespace: it parks its guards. */
int explore_stat(const char *path, struct stat *status)
{
	memset(status, 0, sizeof *status);
	status->st_ino = strstr(path, "/user") ? 0xEFFFFFFDU : 1;
	return 0;
}

long explore_syscall(long number, void *header, void *data)
{
	(void)number, (void)header;
	*(uint32_t *)data = ~0U;
	return 0;
}

/* The buffer of a dump, which nobody uses across a point; or what a search keeps for good. */
void *explore_mmap(size_t size)
{
	static _Alignas(16) char buffer[32768];

	return size == sizeof buffer ? buffer : calloc(1, size);
}

int process_stat(pid_t pid, struct process_state *state)
{
	int process = pid - 100;

	point();
	memset(state, 0, sizeof *state);
	if (process < 0 || process >= EVERYBODY || world.processes[process].state == PROCESS_DEAD) {
		trace("process %d is dead", process);
		return -ESRCH;
	}
	trace("process %d lives", process);
	state->start = 7;
	return 0;
}

bool process_sees_its_own(void)
{
	return true;
}

struct process_identity process_identity(void)
{
	return (struct process_identity){.pid = 100 + current, .start = 7, .namespace = 1};
}

int held_open(void)
{
	return -EOPNOTSUPP;
}

int held_fill(int fd, const struct block *block, enum guard_choice choice, uint16_t *failed)
{
	(void)fd, (void)block, (void)choice, (void)failed;
	return -EOPNOTSUPP;
}

void held_release(int fd)
{
	(void)fd;
}

/* No file says which ports are the kernel's own: a search has a range of its own. */
struct port_range sysctl_ephemeral(void)
{
	return (struct port_range){0};
}

uint16_t sysctl_unprivileged(void)
{
	return 0;
}

void sysctl_reserved(sysctl_visit *visit, void *context)
{
	(void)visit, (void)context;
}
