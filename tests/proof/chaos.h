/* SPDX-License-Identifier: MIT */
/*
 * The ledger of the chaos test: shared memory in which each process says what it holds.
 *
 * A report is made after the call that gave a block or a port, and withdrawn before the one
 * that gives it back. So whatever stands there is held now, unless its process was killed;
 * and who kills marks the place of the victim first. Whether a report was true at some
 * moment, others see by looking at it before and afterwards: its version never comes back.
 */
#ifndef TESTS_PROOF_CHAOS_H
#define TESTS_PROOF_CHAOS_H

#include "../preload/sockets.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

/* The first SEATS places are always taken by somebody, the others by forked children. */
enum { SEATS = 64, PLACES = 128, REPORTS = 40, COMPLAINTS = 16, TEXT_SIZE = 200 };

enum place_state { EMPTY, STARTING, LIVE, DOOMED, GONE };

enum report_kind { BLOCK = 1, PORT };

/* Of a port. CLIENT: it was connected unbound, and shares with others who did so. */
enum { LISTENS = 1, CLIENT = 2, PASSED = 4, BY_NUMBER = 8, REFUSED_THERE = 16 };

enum where { LOOPBACK, EVERYWHERE4, EVERYWHERE, SHARERS, WHERES };

/* Nobody binds this address without SO_REUSEPORT, nor another one with it. */
static const char *const where_text[WHERES] = {"127.0.0.1", "0.0.0.0", "::", "127.0.0.77"};

struct view {
	uint8_t kind, udp, flags, where;
	uint16_t first, count;
	uint64_t name;	/* a block's token, a port's socket (SO_COOKIE) */
	uint64_t token; /* of the block that a port comes from */
};

struct report {
	_Atomic uint32_t version; /* odd: it stands */
	_Atomic int fd;
	_Atomic uint64_t what, name, token;
};

struct place {
	_Atomic uint32_t state, life;
	_Atomic int pid, mailbox, stopped;
	_Atomic uint64_t steps;
	struct report reports[REPORTS];
};

/* What was done how often, in all processes. */
enum deed {
	ACQUIRED,
	DRAWN,
	NUMBERED,
	SHARED,
	LISTENED,
	CONNECTED,
	SENT,
	ARRIVED,
	VISITED,
	HANDED,
	RECEIVED,
	RELEASED,
	CLOSED,
	COPIED,
	FORKED,
	EXECED,
	ENDED,
	REFUSED,
	KILLED,
	STOPPED,
	JUDGED,
	ASKED,
	DEEDS
};

static const char *const deed_names[DEEDS] __attribute__((unused)) = {"acquired",
								      "drawn",
								      "bound by number",
								      "bound to share",
								      "listened",
								      "connected",
								      "sent",
								      "arrived",
								      "visited",
								      "passed",
								      "received",
								      "released",
								      "closed",
								      "copied",
								      "forked",
								      "exec'ed",
								      "ended",
								      "refused",
								      "killed",
								      "stopped",
								      "binds of the judge",
								      "questions to the kernel"};

struct ledger {
	_Atomic bool stop;
	_Atomic uint64_t deeds[DEEDS];
	_Atomic uint32_t complaints, by_judge;
	char complaint[COMPLAINTS][TEXT_SIZE];
	struct place places[PLACES];
};

extern struct ledger *ledger; /* one for the files of a program */
extern bool judging;

HELPER void ledger_map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof *ledger))
		bail_out("the ledger");
	ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ledger == MAP_FAILED)
		bail_out("the ledger");
	close(fd);
}

HELPER void did(enum deed deed)
{
	atomic_fetch_add_explicit(&ledger->deeds[deed], 1, memory_order_relaxed);
}

__attribute__((format(printf, 1, 2), unused)) static void complain(const char *format, ...)
{
	uint32_t number = atomic_fetch_add(&ledger->complaints, 1);
	va_list args;

	if (judging)
		atomic_fetch_add(&ledger->by_judge, 1);
	if (number >= COMPLAINTS)
		return;
	va_start(args, format);
	vsnprintf(ledger->complaint[number], TEXT_SIZE, format, args);
	va_end(args);
}

struct random {
	uint64_t state;
};

/* A number under limit. */
HELPER unsigned int roll(struct random *random, unsigned int limit)
{
	random->state =
		random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned int)(random->state >> 33) % limit;
}

HELPER uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);
	return cookie;
}

/* False where nothing stands, or it is just being written. */
HELPER bool report_read(const struct report *report, struct view *view, uint32_t *version)
{
	uint64_t what;

	*version = atomic_load(&report->version);
	if (*version % 2 == 0)
		return false;
	what = atomic_load(&report->what);
	*view = (struct view){.kind = (uint8_t)what,
			      .udp = what >> 8 & 1,
			      .flags = (uint8_t)(what >> 16),
			      .where = what >> 24 & 3,
			      .first = (uint16_t)(what >> 32),
			      .count = (uint16_t)(what >> 48),
			      .name = atomic_load(&report->name),
			      .token = atomic_load(&report->token)};
	return atomic_load(&report->version) == *version;
}

/* Only the process of the place reports. The version is the last thing that is written. */
HELPER void report_write(struct report *report, const struct view *view, int fd)
{
	atomic_store(&report->what,
		     view->kind | (uint64_t)view->udp << 8 | (uint64_t)view->flags << 16 |
			     (uint64_t)view->where << 24 | (uint64_t)view->first << 32 |
			     (uint64_t)view->count << 48);
	atomic_store(&report->name, view->name);
	atomic_store(&report->token, view->token);
	atomic_store(&report->fd, fd);
	atomic_fetch_add(&report->version, 1);
}

/* False where somebody else was quicker: who releases a block withdraws it for all. */
HELPER bool report_withdraw(struct report *report)
{
	uint32_t version = atomic_load(&report->version);

	return version % 2 &&
	       atomic_compare_exchange_strong(&report->version, &version, version + 1);
}

/* Whether what was read is true still: the process lives, nobody has begun to kill it. */
HELPER bool report_stands(const struct place *place, const struct report *report, uint32_t version)
{
	return atomic_load(&report->version) == version && atomic_load(&place->state) == LIVE;
}

static bool addresses_meet(const struct view *one, const struct view *other)
{
	return one->where == other->where ||
	       !((one->where == LOOPBACK && other->where == SHARERS) ||
		 (one->where == SHARERS && other->where == LOOPBACK));
}

/* Whether two processes cannot both hold these. */
HELPER bool views_conflict(const struct view *one, const struct view *other)
{
	if (one->udp != other->udp || one->first >= other->first + other->count ||
	    other->first >= one->first + one->count)
		return false;
	if (one->kind == BLOCK && other->kind == BLOCK)
		return one->name != other->name;
	/* A socket keeps its port when its block ends: nobody gets that port in a new block. */
	if (one->kind == BLOCK || other->kind == BLOCK)
		return one->kind == BLOCK ? one->name != other->token : other->name != one->token;
	if (one->name == other->name || !addresses_meet(one, other))
		return false;
	return !(one->flags & other->flags & CLIENT) &&
	       !(one->where == SHARERS && other->where == SHARERS);
}

enum { VIEW_TEXT = 80 };

HELPER const char *view_text(const struct view *view, const struct place *place, char *text)
{
	snprintf(text, VIEW_TEXT, "%s %u+%u (of %d, flags %u, at %s, %llx)",
		 view->kind == BLOCK ? "block" : "port", view->first, view->count,
		 atomic_load(&place->pid), view->flags, where_text[view->where],
		 (unsigned long long)view->token);
	return text;
}

/* Compares a report with all others: whoever comes second finds out. */
HELPER void report_compare(struct place *place, struct report *report)
{
	struct view mine, other;
	uint32_t version, other_version;

	if (!report_read(report, &mine, &version))
		return;
	for (struct place *at = ledger->places; at < ledger->places + PLACES; at++) {
		if (at == place || atomic_load(&at->state) != LIVE)
			continue;
		for (struct report *it = at->reports; it < at->reports + REPORTS; it++)
			if (report_read(it, &other, &other_version) &&
			    views_conflict(&mine, &other) && report_stands(at, it, other_version) &&
			    report_stands(place, report, version))
				complain("%s: %s and %s are held at once", mine.udp ? "UDP" : "TCP",
					 view_text(&mine, place, (char[VIEW_TEXT]){0}),
					 view_text(&other, at, (char[VIEW_TEXT]){0}));
	}
}

/* A report that stands somewhere, by chance; NULL where none was met. */
HELPER struct report *report_any(struct random *random, struct place **place, struct view *view,
				 uint32_t *version)
{
	for (int tries = 0; tries < 200; tries++) {
		struct report *report;

		*place = &ledger->places[roll(random, PLACES)];
		report = &(*place)->reports[roll(random, REPORTS)];
		if (atomic_load(&(*place)->state) == LIVE && report_read(report, view, version))
			return report;
	}
	return NULL;
}

#endif
