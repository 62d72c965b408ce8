/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "inspect/image.h"
#include "inspect/reach.h"

/* What is looked at together. */
struct question {
	const struct reservations *reservations;
	const struct reach_pool *pool;
	const struct process_image *image;
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
	const char *theirs = question->image->folder, *ours = question->pool->folder;
	struct process_about about;

	if (theirs && ours)
		return strcmp(theirs, ours) != 0;
	return theirs || ours || process_about(question->pid, &about) || about.uid != geteuid();
}

/* Why the library is not there, or does not know of the reservation. */
static enum reach_how cause_find(const struct process_image *image)
{
	if (!image->dynamic)
		return REACH_STATIC;
	if (image->secure)
		return REACH_SECURE;
	return image->preload && !image->library ? REACH_NOT_LOADED : REACH_CLEARED;
}

static enum reach_how run_judge(const struct question *question, struct reach *reach)
{
	const struct run *run = &reach->run;
	const struct reserved *entry;

	if (!run->token)
		return REACH_FAILED;
	if (run->netns && question->pool->netns && run->netns != question->pool->netns)
		return REACH_NAMESPACE;
	entry = entry_find(question->reservations, run->token);
	if (!entry)
		return folder_differs(question) ? REACH_POOL : REACH_ENDED;
	reach->reservation = entry;
	reach->anchor = anchor_of(question, entry);
	if (has_port(question, entry))
		return REACH_SERVED;
	if (!question->image->library)
		return cause_find(question->image);
	if (entry->health != HEALTH_ALIVE)
		return REACH_ENDED;
	if (reach->anchor < 0 && question->reservations->keepers_known)
		return REACH_LOST;
	return REACH_OUTSIDE;
}

/* By what PORTRES_RESERVATION says. */
static void runs_judge(const struct question *question, struct reach *reach)
{
	struct run runs[RUNS_MAX];
	unsigned int count = run_parse(question->image->reservation, runs), i;
	struct reach other;

	*reach = (struct reach){.how = REACH_FAILED, .anchor = -1, .run = {.error = EINVAL}};
	if (count)
		reach->how = REACH_NONE;
	for (i = 0; i < count; i++) {
		if (!(runs[i].protocols & PROTOCOL_BIT(question->protocol)))
			continue;
		other = (struct reach){.run = runs[i], .anchor = -1};
		other.how = run_judge(question, &other);
		/* Programs draw from the first one that has a port to spare. */
		if (reach->how == REACH_NONE || other.how == REACH_SERVED)
			*reach = other;
	}
}

/* By the anchors that it has open, where no variable tells of them. */
static void anchors_judge(const struct question *question, struct reach *reach)
{
	const struct reservations *reservations = question->reservations;
	const struct process_image *image = question->image;
	size_t i;

	*reach = (struct reach){.how = REACH_NONE, .anchor = -1};
	for (i = 0; i < reservations->count && reach->how != REACH_SERVED; i++) {
		const struct reserved *entry = &reservations->list[i];
		int anchor = anchor_of(question, entry);

		if (anchor < 0 || !(entry->block.protocols & PROTOCOL_BIT(question->protocol)))
			continue;
		*reach = (struct reach){.reservation = entry, .anchor = anchor};
		if (has_port(question, entry))
			reach->how = REACH_SERVED;
		else if (entry->kind == KIND_RUNTIME)
			reach->how = REACH_RUNTIME;
		else
			reach->how = image->library && image->reserve ? REACH_OUTSIDE
								      : cause_find(image);
	}
	if (reach->how == REACH_NONE && image->reserve)
		reach->how = image->library ? REACH_FAILED : cause_find(image);
}

int reach_find(struct reach *reach, const struct reservations *reservations,
	       const struct reach_pool *pool, pid_t pid, enum protocol protocol, uint16_t port)
{
	struct process_image image;
	struct question question = {reservations, pool, &image, pid, protocol, port};
	int error = image_read(&image, pid);

	*reach = (struct reach){.how = REACH_UNKNOWN, .anchor = -1};
	if (error)
		return error == -ENOMEM ? error : 0;
	if (image.reservation)
		runs_judge(&question, reach);
	else
		anchors_judge(&question, reach);
	image_free(&image);
	return 0;
}
