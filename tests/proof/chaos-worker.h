/* SPDX-License-Identifier: MIT */
/*
 * A process of the chaos test: where it stands in the ledger, and what it does to what it
 * holds. What a call answers is judged by whether our report still stands: others may have
 * released the block meanwhile.
 */
#ifndef TESTS_PROOF_CHAOS_WORKER_H
#define TESTS_PROOF_CHAOS_WORKER_H

#include "chaos.h"
#include <poll.h>
#include <portres.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/un.h>

/* Given blocks lie here, and so do those that some look for: they overlap. */
enum { ARENA = 21000, ARENA_PORTS = 600, BLOCK_MOST = 24 };

extern struct random dice;
extern struct place *here;
/* Of a portres-run: sockets need no association, and there is nothing to acquire. */
extern bool in_run;

/* A report as this process uses it. */
struct held {
	struct report *report;
	struct view view;
	uint32_t version;
	int fd;
};

HELPER bool still_held(const struct held *held)
{
	return atomic_load(&held->report->version) == held->version;
}

/* One of ours of this kind, by chance; false where there is none. */
HELPER bool held_any(enum report_kind kind, struct held *held)
{
	unsigned int start = roll(&dice, REPORTS);

	for (unsigned int i = 0; i < REPORTS; i++) {
		held->report = &here->reports[(start + i) % REPORTS];
		if (!report_read(held->report, &held->view, &held->version) ||
		    held->view.kind != kind)
			continue;
		held->fd = atomic_load(&held->report->fd);
		return true;
	}
	return false;
}

HELPER struct report *report_free(void)
{
	for (int i = 0; i < REPORTS; i++)
		if (atomic_load(&here->reports[i].version) % 2 == 0)
			return &here->reports[i];
	return NULL;
}

/* Says what is ours from now on. Without a free line it is given back at once. */
HELPER struct report *hold(const struct view *view, int fd)
{
	struct report *report = report_free();
	int left;

	if (!report) {
		close(fd);
		return NULL;
	}
	/* Of a block that somebody else has released. */
	left = atomic_exchange(&report->fd, -1);
	if (left >= 0)
		close(left);
	report_write(report, view, fd);
	report_compare(here, report);
	return report;
}

HELPER void let_go(const struct held *held)
{
	report_withdraw(held->report);
	atomic_store(&held->report->fd, -1);
	if (held->fd >= 0)
		close(held->fd);
	did(CLOSED);
}

/* A refusal that may be; anything else is a finding. */
HELPER void refused(const char *call, const int *expected)
{
	int error = errno;

	did(REFUSED);
	for (; *expected; expected++)
		if (error == *expected)
			return;
	complain("%s: %s", call, strerrorname_np(error));
}

#define MAY_FAIL(...) ((const int[]){__VA_ARGS__, 0})

HELPER struct sockaddr_un mailbox_name(const struct place *place, socklen_t *length)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int written = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "portres-chaos-%d-%u",
			       (int)(place - ledger->places), atomic_load(&place->life));

	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)written);
	return name;
}

void acquire_block(void);
void release_block(void);
void draw_port(void);
void number_port(void);
void share_port(void);
void listen_port(void);
void connect_from_block(void);
void serve_all(void);
void visit_somebody(void);
void send_to_somebody(void);
void hand_on(void);
void take_in(void);
void copy_something(void);

#endif
