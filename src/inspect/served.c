/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inspect/image.h"
#include "inspect/start.h"
#include "inspect/served.h"

/* What is looked at together. */
struct question {
	const struct reservations *reservations;
	const struct served_pool *pool;
	const struct process_start *start;
	pid_t pid;
	enum protocol protocol;
	uint16_t port;
};

static bool has_port(const struct question *question, const struct reserved *entry)
{
	return entry->block.protocols & PROTOCOL_BIT(question->protocol) &&
	       block_contains(&entry->block, question->port);
}

static const struct reserved *entry_find(const struct reservations *reservations, uint64_t token)
{
	size_t i;

	for (i = 0; i < reservations->count; i++)
		if (reservations->list[i].token == token)
			return &reservations->list[i];
	return NULL;
}

/* The process's descriptor of a reservation's anchor; -1: none. */
static int anchor_of(const struct question *question, const struct reserved *entry)
{
	size_t count, i;
	const struct owner *owner =
		owners_of(&question->reservations->owners, entry->anchor, &count);

	for (i = 0; i < count; i++)
		if (owner[i].pid == question->pid)
			return owner[i].fd;
	return -1;
}

static bool folder_differs(const struct question *question)
{
	const char *theirs = question->start->folder, *ours = question->pool->folder;
	struct process_about about;

	if (theirs && ours)
		return strcmp(theirs, ours) != 0;
	return theirs || ours || process_about(question->pid, &about) || about.uid != geteuid();
}

/* Why the library is not there, or does not know of the reservation. */
static enum served_how cause_find(const struct process_start *start)
{
	if (!start->dynamic)
		return SERVED_STATIC;
	if (start->secure)
		return SERVED_SECURE;
	return start->preload && !start->library ? SERVED_NOT_LOADED : SERVED_CLEARED;
}

static enum served_how run_judge(const struct question *question, struct served *served)
{
	const struct run *run = &served->run;
	const struct reserved *entry;

	if (!run->token)
		return SERVED_FAILED;
	if (run->netns && question->pool->netns && run->netns != question->pool->netns)
		return SERVED_NAMESPACE;
	entry = entry_find(question->reservations, run->token);
	if (entry) {
		served->reservation = entry;
		served->anchor = anchor_of(question, entry);
		if (has_port(question, entry))
			return SERVED_YES;
	}
	if (!question->start->library)
		return cause_find(question->start);
	if (!entry)
		return folder_differs(question) ? SERVED_POOL : SERVED_ENDED;
	if (entry->health != HEALTH_ALIVE)
		return SERVED_ENDED;
	if (served->anchor < 0 && question->reservations->keepers_known)
		return SERVED_LOST;
	return SERVED_OUTSIDE;
}

/* By what PORTRES_RESERVATION says. */
static void runs_judge(const struct question *question, struct served *served)
{
	struct run runs[RUNS_MAX];
	unsigned int count = run_parse(question->start->reservation, runs), i;
	struct served other;

	*served = (struct served){.how = SERVED_FAILED, .anchor = -1, .run = {.error = EINVAL}};
	if (count)
		served->how = SERVED_NONE;
	for (i = 0; i < count; i++) {
		if (!(runs[i].protocols & PROTOCOL_BIT(question->protocol)))
			continue;
		other = (struct served){.run = runs[i], .anchor = -1};
		other.how = run_judge(question, &other);
		/* Programs draw from the first one that has a port to spare. */
		if (served->how == SERVED_NONE || other.how == SERVED_YES)
			*served = other;
	}
}

/* By the anchors that it has open, where no variable tells of them. */
static void anchors_judge(const struct question *question, struct served *served)
{
	const struct reservations *reservations = question->reservations;
	const struct process_start *start = question->start;
	size_t i;

	*served = (struct served){.how = SERVED_NONE, .anchor = -1};
	for (i = 0; i < reservations->count && served->how != SERVED_YES; i++) {
		const struct reserved *entry = &reservations->list[i];
		int anchor = anchor_of(question, entry);

		if (anchor < 0 || !(entry->block.protocols & PROTOCOL_BIT(question->protocol)))
			continue;
		*served = (struct served){.reservation = entry, .anchor = anchor};
		if (has_port(question, entry))
			served->how = SERVED_YES;
		else if (entry->kind == KIND_RUNTIME)
			served->how = SERVED_RUNTIME;
		else
			served->how = start->library && start->reserve ? SERVED_OUTSIDE
								       : cause_find(start);
	}
	if (served->how == SERVED_NONE && start->reserve)
		served->how = start->library ? SERVED_FAILED : cause_find(start);
}

static bool is_go(pid_t pid)
{
	char path[64];
	struct image image;
	bool go;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	go = !image_read(&image, fd) && image.go;
	close(fd);
	return go;
}

int served_find(struct served *served, const struct reservations *reservations,
		const struct served_pool *pool, pid_t pid, enum protocol protocol, uint16_t port)
{
	struct process_start start;
	struct question question = {reservations, pool, &start, pid, protocol, port};
	int error = start_read(&start, pid);

	*served = (struct served){.how = SERVED_UNKNOWN, .anchor = -1};
	if (error)
		return error == -ENOMEM ? error : 0;
	if (start.reservation)
		runs_judge(&question, served);
	else
		anchors_judge(&question, served);
	served->library = start.library;
	if ((served->how == SERVED_OUTSIDE || served->how == SERVED_STATIC) && is_go(pid))
		served->how = SERVED_GO;
	start_free(&start);
	return 0;
}

const char *served_name(enum served_how how)
{
	static const char *const names[] = {
		[SERVED_UNKNOWN] = "unknown", [SERVED_NONE] = "none",
		[SERVED_RUNTIME] = "runtime", [SERVED_YES] = "yes",
		[SERVED_OUTSIDE] = "outside", [SERVED_STATIC] = "static",
		[SERVED_GO] = "go",	      [SERVED_SECURE] = "secure",
		[SERVED_CLEARED] = "cleared", [SERVED_NOT_LOADED] = "not-loaded",
		[SERVED_LOST] = "lost",	      [SERVED_ENDED] = "ended",
		[SERVED_FAILED] = "failed",   [SERVED_NAMESPACE] = "namespace",
		[SERVED_POOL] = "other-pool",
	};

	return names[how];
}
