/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "real/process.h"
#include "real/real.h"
#include "real/text.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* All zero in a process that has not used it yet. */
struct page {
	_Atomic pid_t owner;
	/* The identity of pid `known`, written before it. */
	_Atomic pid_t known;
	_Atomic uint64_t start, namespace;
};

static _Atomic(struct page *) page;

/* Who owned it last: not wiped, and so in a forked child its parent, as a rule. */
static _Atomic pid_t last_owner;

static struct page *page_get(void)
{
	struct page *mine = atomic_load_explicit(&page, memory_order_acquire), *other = NULL;

	if (mine)
		return mine;
	mine = mmap(NULL, sizeof *mine, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mine == MAP_FAILED)
		return NULL;
	if (madvise(mine, sizeof *mine, MADV_WIPEONFORK) == 0 &&
	    atomic_compare_exchange_strong(&page, &other, mine))
		return mine;
	munmap(mine, sizeof *mine);
	return other;
}

int process_stat(pid_t pid, struct process_state *state)
{
	char path[32], stat[1024];
	struct text text = TEXT(path);
	uint64_t number = 0;
	const char *at;
	int field;

	if (pid && kill(pid, 0) && errno == ESRCH)
		return -ESRCH;
	text_add(&text, "/proc/");
	if (pid)
		text_add_number(&text, (uint64_t)pid, 10);
	else
		text_add(&text, "self");
	text_add(&text, "/stat");
	if (text_file(path, stat, sizeof stat) <= 0)
		return -ENOENT;
	/* The command may hold spaces and brackets: count from the last one. */
	at = strrchr(stat, ')');
	if (!at || at[1] != ' ')
		return -EPROTO;
	at += 2;
	state->first_ended = state->ended = *at == 'Z' || *at == 'X';
	for (field = 3; field < 22; field++) {
		at = strchr(at, ' ');
		if (!at)
			return -EPROTO;
		at++;
		if (field + 1 != 4 && field + 1 != 20 && field + 1 != 22)
			continue;
		if (!text_number(&at, 10, UINT64_MAX, &number))
			return -EPROTO;
		if (field + 1 == 4)
			state->parent = (pid_t)number;
		else if (field + 1 == 20 && number > 1)
			state->ended = false; /* only its first thread has ended */
		else if (field + 1 == 22)
			state->start = number;
	}
	return 0;
}

bool process_sees_its_own(void)
{
	/* Groups stand before what we look for; and the stack may be a signal handler's. */
	const size_t size = 65536;
	char *status = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *at = NULL;
	uint64_t number;
	bool its_own;

	if (status == MAP_FAILED)
		return false;
	/* One number a namespace, from that of this /proc down to ours. */
	if (text_file("/proc/self/status", status, size) > 0)
		at = strstr(status, "\nNSpid:\t");
	if (at)
		at += strlen("\nNSpid:\t");
	its_own = at && text_number(&at, 10, INT32_MAX, &number) && *at == '\n';
	munmap(status, size);
	return its_own;
}

/* How many pages a process has mapped; 0: unknown. */
static uint64_t pages_mapped(pid_t pid)
{
	char path[32], statm[256];
	struct text text = TEXT(path);
	const char *at = statm;
	uint64_t pages;

	text_add(&text, "/proc/");
	text_add_number(&text, (uint64_t)pid, 10);
	text_add(&text, "/statm");
	if (text_file(path, statm, sizeof statm) <= 0 || !text_number(&at, 10, UINT64_MAX, &pages))
		return 0;
	return pages;
}

/* Whether the parent has pages more as soon as, and as long as, we have them. */
static bool parent_maps_with_us(pid_t parent)
{
	const uint64_t pages = 1031; /* no number that comes about by chance */
	size_t size = pages * (size_t)sysconf(_SC_PAGESIZE);
	uint64_t before = pages_mapped(parent), between;
	void *memory =
		mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	between = pages_mapped(parent);
	munmap(memory, size);
	return before && between == before + pages && pages_mapped(parent) == before;
}

/* In libpthread before glibc 2.34, which not every program has. */
#pragma weak pthread_getcpuclockid

/*
 * Whether libc has made this process or thread: its fork and _Fork note the new thread id,
 * vfork and clone do not. Spares most sandboxes the other questions.
 */
static bool libc_knows_thread(void)
{
	clockid_t clock;

	return pthread_getcpuclockid && !pthread_getcpuclockid(pthread_self(), &clock) &&
	       ~(clock >> 3) == (clockid_t)syscall(SYS_gettid);
}

/* The vfork child of a process that was forked and has not come here yet. */
static bool shares_parents_memory(pid_t self)
{
	pid_t parent = getppid();
	long answer;

	/* The parent of such a one is not the last owner but that one's child. This spares
	 * most sandboxes, some of which kill for it, the question. */
	if (parent == atomic_load(&last_owner) || libc_knows_thread())
		return false;
	answer = syscall(SYS_kcmp, self, parent, KCMP_VM, 0, 0);
	/* Containers often forbid it. */
	return answer < 0 ? parent_maps_with_us(parent) : answer == 0;
}

bool process_owns_memory(void)
{
	struct page *mine = page_get();
	struct process_state state;
	pid_t self, owner = 0;
	int error;

	if (!mine)
		return true;
	self = getpid();
	if (!atomic_load(&mine->owner) && shares_parents_memory(self))
		return false;
	if (atomic_compare_exchange_strong(&mine->owner, &owner, self)) {
		atomic_store(&last_owner, self);
		return true;
	}
	if (owner == self)
		return true;
	/*
	 * Another process came first. Either we are its vfork child; or it was
	 * our vfork child, and the first to come after our own fork.
	 */
	error = process_stat(owner, &state);
	/* Its parent's pid may be of another pid namespace, and seem to be nobody's. */
	if (error == -ESRCH && (!getppid() || shares_parents_memory(self)))
		return false;
	if (error == -ESRCH || (!error && state.parent == self)) {
		atomic_store(&mine->owner, self);
		atomic_store(&last_owner, self);
		return true;
	}
	return false;
}

/* Where kcmp is forbidden: whether a socket that we make is not in the first thread's table. */
static bool table_differs(pid_t first)
{
	int fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char path[64];
	struct text text = TEXT(path);
	struct stat ours, theirs;
	bool differs;

	if (fd < 0)
		return false;
	text_add(&text, "/proc/self/task/");
	text_add_number(&text, (uint64_t)first, 10);
	text_add(&text, "/fd/");
	text_add_number(&text, (uint64_t)fd, 10);
	differs = !real_fstat(fd, &ours) &&
		  (stat(path, &theirs) ? errno == ENOENT : ours.st_ino != theirs.st_ino);
	real_close(fd);
	return differs;
}

bool process_thread_unshared(void)
{
	pid_t self = getpid(), thread = (pid_t)syscall(SYS_gettid);
	struct process_state state;
	long answer;

	if (self == thread)
		return false;
	answer = syscall(SYS_kcmp, self, thread, KCMP_FILES, 0, 0);
	if (!answer || (answer < 0 && !table_differs(self)))
		return false;
	/* A first thread that has ended has no table to compare with. */
	return !process_stat(0, &state) && !state.first_ended;
}

struct process_identity process_identity(void)
{
	struct page *mine = page_get();
	struct process_identity self = {.pid = getpid()};
	struct process_state state;
	struct stat inode;

	if (mine && atomic_load_explicit(&mine->known, memory_order_acquire) == self.pid) {
		self.start = atomic_load_explicit(&mine->start, memory_order_relaxed);
		self.namespace = atomic_load_explicit(&mine->namespace, memory_order_relaxed);
		return self;
	}
	if (process_stat(0, &state) == 0)
		self.start = state.start;
	/* The pid counts in a pid namespace, the start time in a time namespace. */
	if (stat("/proc/self/ns/pid", &inode) == 0)
		self.namespace = (uint64_t)inode.st_ino << 32;
	if (self.namespace && stat("/proc/self/ns/time", &inode) == 0)
		self.namespace |= (uint32_t)inode.st_ino;
	if (mine && process_owns_memory()) {
		atomic_store_explicit(&mine->start, self.start, memory_order_relaxed);
		atomic_store_explicit(&mine->namespace, self.namespace, memory_order_relaxed);
		atomic_store_explicit(&mine->known, self.pid, memory_order_release);
	}
	return self;
}
