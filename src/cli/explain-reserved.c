/* SPDX-License-Identifier: MIT */
/* The reservation that a port is of. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain-words.h"
#include "cli/explain.h"
#include "cli/rows.h"
#include "cli/show.h"

#define INDENT	     11
#define KEEPERS_MOST 8

static void block_show(const struct rows *rows, const struct reserved *entry)
{
	static const char *const kinds[] = {
		[KIND_RUNTIME] = "that a program asked for",
		[KIND_RUN] = "of a process tree",
		[KIND_PERSISTENT] = "persistent",
	};
	char text[WORDS_SIZE], block[SHOW_BLOCK], since[SHOW_TIME];

	show_block(&entry->block, block);
	show_time(entry->maker.since, since);
	snprintf(text, sizeof text, "%s, %s, %s%s%s", block, words_asked(entry->block.protocols),
		 kinds[entry->kind], entry->maker.since ? ", since " : "",
		 entry->maker.since ? since : "");
	row_show(rows, "block", TONE_PLAIN, text);
	if (entry->name)
		row_show(rows, "name", TONE_PLAIN, entry->name);
}

static bool kept_by(const struct reserved *entry, pid_t pid)
{
	size_t i;

	for (i = 0; i < entry->keeper_count; i++)
		if (entry->keepers[i] == pid)
			return true;
	return false;
}

static void maker_show(const struct rows *rows, const struct reserved *entry)
{
	char text[COMMAND_SIZE + 64];

	if (!entry->maker.pid || (entry->maker_lives && kept_by(entry, entry->maker.pid)))
		return;
	snprintf(text, sizeof text, "%d %s%s", (int)entry->maker.pid, entry->maker.command,
		 entry->maker_lives ? "" : ", which has ended");
	row_show_cut(rows, "made by", text);
}

/* Its descriptor of the anchor; -1: none. */
static int anchor_of(const struct port_about *about, const struct reserved *entry, pid_t pid)
{
	size_t count, i;
	const struct owner *owner = owners_of(&about->reservations.owners, entry->anchor, &count);

	for (i = 0; i < count; i++)
		if (owner[i].pid == pid)
			return owner[i].fd;
	return -1;
}

/* "4711 make check" */
static void keeper_show(const struct rows *rows, pid_t pid, const char *label)
{
	char text[COMMAND_SIZE + 64];
	struct process_about keeper;

	if (process_about(pid, &keeper))
		snprintf(text, sizeof text, "%d, which has ended", (int)pid);
	else
		snprintf(text, sizeof text, "%d %s", (int)pid, keeper.command);
	row_show_cut(rows, label, text);
}

static void keepers_show(const struct rows *rows, const struct reserved *entry)
{
	unsigned int shown = 0;
	char more[64];
	size_t i;

	for (i = 0; i < entry->keeper_count; i++)
		/* This process ends in a moment. */
		if (entry->keepers[i] != getpid() && shown++ < KEEPERS_MOST)
			keeper_show(rows, entry->keepers[i], shown == 1 ? "kept by" : "");
	if (shown > KEEPERS_MOST) {
		snprintf(more, sizeof more, "and %u more", shown - KEEPERS_MOST);
		row_show(rows, "", TONE_FAINT, more);
	}
	if (shown)
		return;
	if (entry->health == HEALTH_ALIVE)
		row_show(rows, "kept by", TONE_FAINT, "processes that cannot be seen from here");
	else
		row_show(rows, "kept by", TONE_FAINT, "nobody now");
}

/* "behind the anchor, which is descriptor 999 of 4711, 4712 and 12 of 4713" */
static void anchor_show(char *text, size_t size, const struct port_about *about,
			const struct reserved *entry)
{
	size_t i, length = 0;
	unsigned int shown = 0;
	int last = -1;

	*text = '\0';
	for (i = 0; i < entry->keeper_count && shown < KEEPERS_MOST && length < size; i++) {
		pid_t pid = entry->keepers[i];
		int fd = anchor_of(about, entry, pid);

		if (fd < 0 || pid == getpid())
			continue;
		if (fd == last)
			length += (size_t)snprintf(text + length, size - length, ", %d", (int)pid);
		else
			length += (size_t)snprintf(text + length, size - length,
						   "%s descriptor %d of %d",
						   shown ? " and" : ", which is", fd, (int)pid);
		last = fd;
		shown++;
	}
}

static void guards_show(const struct rows *rows, const struct port_about *about,
			const struct reserved *entry)
{
	char text[WORDS_SIZE], anchor[WORDS_SIZE / 2];

	if (entry->kind == KIND_PERSISTENT)
		return;
	anchor_show(anchor, sizeof anchor, about, entry);
	if (entry->holder)
		snprintf(text, sizeof text, "in %d portres-hold, at the end of the anchor%s",
			 (int)entry->holder, anchor);
	else
		snprintf(text, sizeof text, "in flight behind the anchor%s", anchor);
	row_show(rows, "guards", TONE_PLAIN, text);
}

void explain_reserved(const struct port_about *about, unsigned int width)
{
	struct rows rows = {width, INDENT};
	const struct reserved *shown = NULL;
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct reserved *entry = about->protocols[protocol].reserved;

		if (!entry || entry == shown)
			continue;
		if (!shown)
			printf("\n%sreservation%s\n", paint(TONE_STRONG), paint(TONE_PLAIN));
		shown = entry;
		block_show(&rows, entry);
		maker_show(&rows, entry);
		keepers_show(&rows, entry);
		guards_show(&rows, about, entry);
	}
}
