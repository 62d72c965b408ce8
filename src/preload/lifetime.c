/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdatomic.h>

#include "preload/fdtable.h"
#include "preload/lifetime.h"
#include "preload/open.h"
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

	if (!(entry.flags & FD_ACQUIRER) || entry.cookie != descriptors->cookie ||
	    socket_cookie(fd) != entry.cookie)
		return;
	descriptors->any = true;
	if (real_survives_exec(fd))
		descriptors->survives = true;
}

static void descriptor_look_at(int fd, void *context)
{
	struct descriptors *descriptors = context;

	descriptor_look(fd, (struct fd_entry){.cookie = descriptors->cookie, .flags = FD_ACQUIRER},
			context);
}

/* The descriptors that an acquiring socket has here; those of a table that is not ours are
 * asked of the kernel. */
static struct descriptors descriptors_of(uint64_t cookie)
{
	struct descriptors descriptors = {.cookie = cookie};

	if (fdtable_is_ours())
		fdtable_visit(0, ~0U, descriptor_look, &descriptors);
	else
		open_visit_all(descriptor_look_at, &descriptors);
	return descriptors;
}

static void anchor_set(const struct tie *tie, bool survives)
{
	real_fcntl(tie->anchor, F_SETFD, (void *)(intptr_t)(survives ? 0 : FD_CLOEXEC));
}

struct exec_change {
	uint64_t cookie;
	bool survives;
};

static void exec_update(const struct tie *tie, void *context)
{
	const struct exec_change *change = context;

	if (tie->cookie == change->cookie)
		anchor_set(tie, change->survives);
}

void lifetime_exec(uint64_t cookie)
{
	struct exec_change change = {cookie, descriptors_of(cookie).survives};

	ties_visit(exec_update, &change);
}

static void exec_update_any(const struct tie *tie, void *context)
{
	(void)context;
	if (tie->cookie)
		anchor_set(tie, descriptors_of(tie->cookie).survives);
}

void lifetime_exec_all(void)
{
	ties_visit(exec_update_any, NULL);
}

struct discovery {
	uint64_t cookie;
	bool any;
};

static void descriptor_note(int fd, void *context)
{
	struct discovery *discovery = context;
	struct fd_entry entry = {.cookie = discovery->cookie}, known = fdtable_get(fd);

	if (known.flags & FD_ANCHOR || socket_cookie(fd) != entry.cookie)
		return;
	if (known.flags && known.cookie == entry.cookie)
		entry = known;
	if (entry.flags & FD_ACQUIRER)
		return;
	entry.flags |= FD_ACQUIRER;
	discovery->any |= fdtable_set(fd, entry);
}

bool lifetime_find(uint64_t cookie)
{
	struct discovery discovery = {.cookie = cookie};
	bool all = open_visit_all(descriptor_note, &discovery);

	if (discovery.any)
		lifetime_exec(cookie);
	return all;
}

void lifetime_tied(const struct tie *tie)
{
	lifetime_find(tie->cookie);
	anchor_set(tie, descriptors_of(tie->cookie).survives);
}

/* No call of ours need have made a copy: an exec and a message bring them, too. */
static bool is_open(uint64_t cookie)
{
	if (descriptors_of(cookie).any)
		return true;
	lifetime_find(cookie);
	return descriptors_of(cookie).any;
}

static void close_copy(const struct tie *tie, void *context)
{
	const uint64_t *cookie = context;

	if (tie->cookie && (!cookie || tie->cookie == *cookie) && !descriptors_of(tie->cookie).any)
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
	else if (!is_open(cookie))
		ties_visit(end_of_socket, &cookie);
}

static void sweep_one(const struct tie *tie, void *context)
{
	bool *any = context;

	if (tie->cookie && !is_open(tie->cookie)) {
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
