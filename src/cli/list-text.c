/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/list-text.h"
#include "cli/paint.h"
#include "cli/show.h"
#include "persist/lines.h"

/* Where the last column begins. */
#define COLUMNS	   "%-12s %-8s %-11s %-7s %-14s %-9s "
#define INDENT	   67
#define LINE_LEAST 12

/* "2 tcp, 1 udp" */
static void used_text(const struct reserved *entry, char text[32])
{
	unsigned int tcp = entry->used[PROTOCOL_TCP], udp = entry->used[PROTOCOL_UDP];

	if (tcp && udp)
		snprintf(text, 32, "%u tcp, %u udp", tcp, udp);
	else if (tcp || udp)
		snprintf(text, 32, "%u %s", tcp + udp, tcp ? "tcp" : "udp");
	else
		strcpy(text, "none");
}

static enum tone tone_of(enum reservation_health health)
{
	switch (health) {
	case HEALTH_ALIVE:
		return TONE_GOOD;
	case HEALTH_UNHELD:
		return TONE_WARNING;
	default:
		return TONE_FAINT;
	}
}

/* What stands in the last column, on its first line and on the next ones. */
struct last_column {
	FILE *output;
	int room; /* characters */
	bool begun;
};

static void last_line(struct last_column *last, enum tone tone, const char *text)
{
	if (last->begun)
		fprintf(last->output, "%*s", INDENT, "");
	last->begun = true;
	fprintf(last->output, "%s%.*s%s\n", tone == TONE_PLAIN ? "" : paint(tone), last->room, text,
		tone == TONE_PLAIN ? "" : paint(TONE_PLAIN));
}

static void process_line(struct last_column *last, pid_t pid, const char *note)
{
	struct process_about about;
	char text[COMMAND_SIZE + 64];

	if (process_about(pid, &about))
		snprintf(text, sizeof text, "%d (has ended)%s", (int)pid, note);
	else
		snprintf(text, sizeof text, "%d %s%s", (int)pid, about.command, note);
	last_line(last, TONE_PLAIN, text);
}

static bool kept_by(const struct reserved *entry, pid_t pid)
{
	size_t i;

	for (i = 0; i < entry->keeper_count; i++)
		if (entry->keepers[i] == pid)
			return true;
	return false;
}

static void maker_line(struct last_column *last, const struct reserved *entry)
{
	char text[COMMAND_SIZE + 64];

	if (!entry->maker.pid || (entry->maker_lives && kept_by(entry, entry->maker.pid)))
		return;
	snprintf(text, sizeof text, "made by %d %s%s", (int)entry->maker.pid, entry->maker.command,
		 entry->maker_lives ? "" : ", which has ended");
	last_line(last, TONE_FAINT, text);
}

static void keepers_show(struct last_column *last, const struct reservations *reservations,
			 const struct reserved *entry)
{
	size_t i;

	for (i = 0; i < entry->keeper_count; i++)
		process_line(last, entry->keepers[i], "");
	if (entry->holder)
		process_line(last, entry->holder, " (for them)");
	maker_line(last, entry);
	if (entry->name) {
		char text[STORE_NAME_LONGEST + 16];

		snprintf(text, sizeof text, "named \"%s\"", entry->name);
		last_line(last, TONE_FAINT, text);
	}
	if (last->begun)
		return;
	if (entry->health == HEALTH_ALIVE)
		last_line(last, TONE_FAINT,
			  reservations->keepers_known
				  ? "processes that cannot be seen from here"
				  : "unknown: the kernel or /proc does not say");
	else if (entry->health == HEALTH_MAKING)
		last_line(last, TONE_FAINT, "somebody at work, or who was killed at it");
	else
		last_line(last, TONE_FAINT, "nobody");
}

static void entry_show(FILE *output, const struct reservations *reservations,
		       const struct reserved *entry, unsigned int width)
{
	struct last_column last = {.output = output, .room = COMMAND_SIZE + 64};
	char block[SHOW_BLOCK], used[32], since[SHOW_TIME];

	if (width)
		last.room = width > INDENT + LINE_LEAST ? (int)width - INDENT : LINE_LEAST;
	show_block(&entry->block, block);
	used_text(entry, used);
	show_time(entry->maker.since, since);
	fprintf(output, "%s%-12s%s %-8s %-11s %s%-7s%s %-14s %-9s ", paint(TONE_STRONG), block,
		paint(TONE_PLAIN),
		entry->block.count ? protocols_name(entry->block.protocols) : "?",
		entry->block.count ? kind_name(entry->kind) : "?", paint(tone_of(entry->health)),
		health_name(entry->health), paint(TONE_PLAIN), used, since);
	keepers_show(&last, reservations, entry);
}

void list_text(FILE *output, const struct reservations *reservations, unsigned int width)
{
	size_t i;

	if (!reservations->count) {
		fputs("no reservations\n", output);
		return;
	}
	fprintf(output, COLUMNS "%s\n", "PORTS", "PROTOCOL", "KIND", "STATE", "IN USE", "SINCE",
		"KEPT ALIVE BY");
	for (i = 0; i < reservations->count; i++)
		entry_show(output, reservations, &reservations->list[i], width);
}
