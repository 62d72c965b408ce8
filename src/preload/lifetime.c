/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdatomic.h>

#include "guard/anchor.h"
#include "preload/fdtable.h"
#include "preload/lifetime.h"
#include "preload/socket.h"
#include "preload/tie.h"
#include "real/real.h"

#define SWEEP_SOME 1

struct descriptors {
	uint64_t cookie;
	bool any, survives;
};

static void descriptor_look(int fd, struct fd_entry entry, void *context)
{
	struct descriptors *descriptors = context;
	int flags;

	if (!(entry.flags & FD_ACQUIRER) || entry.cookie != descriptors->cookie ||
	    socket_cookie(fd) != entry.cookie)
		return;
	descriptors->any = true;
	flags = real_fcntl(fd, F_GETFD, NULL);
	if (flags >= 0 && !(flags & FD_CLOEXEC))
		descriptors->survives = true;
}

/* The descriptors that an acquiring socket has in this process. */
static struct descriptors descriptors_of(uint64_t cookie)
{
	struct descriptors descriptors = {.cookie = cookie};

	fdtable_visit(0, ~0U, descriptor_look, &descriptors);
	return descriptors;
}

/* By the kernel: a table that is not ours does not know our copies. */
static bool is_open_here(uint64_t cookie)
{
	int fd, top = anchor_top();

	if (descriptors_of(cookie).any)
		return true;
	for (fd = 0; fd < top; fd++)
		if (socket_cookie(fd) == cookie)
			return true;
	return false;
}

static void close_copy(const struct tie *tie, void *context)
{
	const uint64_t *cookie = context;

	if (tie->cookie && (!cookie || tie->cookie == *cookie) && !is_open_here(tie->cookie))
		tie_close_anchor(tie);
}

static void end_of_socket(const struct tie *tie, void *context)
{
	if (tie->cookie == *(uint64_t *)context)
		tie_end(tie->token);
}

void lifetime_closed(uint64_t cookie)
{
	if (!cookie)
		return;
	if (!fdtable_is_ours())
		ties_visit(close_copy, &cookie);
	else if (!descriptors_of(cookie).any)
		ties_visit(end_of_socket, &cookie);
}

static void sweep_one(const struct tie *tie, void *context)
{
	bool *any = context;

	if (tie->cookie && !descriptors_of(tie->cookie).any) {
		tie_end(tie->token);
		*any = true;
	}
}

bool lifetime_sweep(bool all)
{
	static _Atomic unsigned int next;
	unsigned int from;
	bool any = false;

	if (!fdtable_is_ours()) {
		if (all)
			ties_visit(close_copy, NULL);
	} else if (all) {
		ties_visit(sweep_one, &any);
	} else {
		from = atomic_load_explicit(&next, memory_order_relaxed);
		ties_visit_some(&from, SWEEP_SOME, sweep_one, &any);
		atomic_store_explicit(&next, from, memory_order_relaxed);
	}
	return any;
}

static void exec_update(const struct tie *tie, void *context)
{
	const uint64_t *cookie = context;
	bool survives;

	if (!tie->cookie || (cookie && tie->cookie != *cookie))
		return;
	survives = descriptors_of(tie->cookie).survives;
	real_fcntl(tie->anchor, F_SETFD, (void *)(intptr_t)(survives ? 0 : FD_CLOEXEC));
}

void lifetime_exec(uint64_t cookie)
{
	ties_visit(exec_update, &cookie);
}

void lifetime_exec_all(void)
{
	ties_visit(exec_update, NULL);
}

struct anchor_visit {
	uint64_t cookie;
	void (*visit)(int anchor, void *context);
	void *context;
};

static void visit_anchor(const struct tie *tie, void *context)
{
	struct anchor_visit *anchors = context;

	if (tie->cookie == anchors->cookie)
		anchors->visit(tie->anchor, anchors->context);
}

void lifetime_anchors(uint64_t cookie, void (*visit)(int anchor, void *context), void *context)
{
	struct anchor_visit anchors = {cookie, visit, context};

	if (cookie)
		ties_visit(visit_anchor, &anchors);
}

static void keep_on_exec(int anchor, void *context)
{
	(void)context;
	real_fcntl(anchor, F_SETFD, NULL);
}

void lifetime_keep_on_exec(uint64_t cookie)
{
	lifetime_anchors(cookie, keep_on_exec, NULL);
}
