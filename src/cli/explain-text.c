/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/explain-words.h"
#include "cli/explain.h"
#include "cli/rows.h"
#include "cli/show.h"

#define PROCESSES_MOST	12
#define INDENT_PROTOCOL 7
#define INDENT_COMMAND	32
#define LABEL_LEAST	12

static void section(const char *title)
{
	printf("\n%s%s%s\n", paint(TONE_STRONG), title, paint(TONE_PLAIN));
}

static void headline(const struct port_about *about, unsigned int width)
{
	char text[WORDS_SIZE], label[16];
	struct rows rows = {.width = width};
	enum tone tone = port_is_free(about) ? TONE_GOOD : TONE_WARNING;

	words_headline(about, text);
	rows.indent = (unsigned int)snprintf(label, sizeof label, "%u: ", about->port);
	printf("%s%s%s", paint(TONE_STRONG), label, paint(TONE_PLAIN));
	row_go_on(&rows, tone, text);
}

/* Where all is free, the headline has said it. */
static bool bind_is_plain(const struct port_about *about)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (about->protocols[protocol].inside != INSIDE_NOT)
			return false;
	return port_is_free(about);
}

static void lines_show(const struct rows *rows, const char *label, json_t *lines)
{
	size_t i;

	for (i = 0; i < json_array_size(lines); i++)
		row_show(rows, i ? "" : label, TONE_PLAIN,
			 json_string_value(json_array_get(lines, i)));
	json_decref(lines);
}

static json_t *bind_words(const struct port_about *about, enum protocol protocol)
{
	return about->asked & PROTOCOL_BIT(protocol) ? words_bind(about, protocol) : NULL;
}

static void bind_show(const struct port_about *about, unsigned int width)
{
	struct rows rows = {width, INDENT_PROTOCOL};
	json_t *tcp, *udp;
	bool same;

	if (bind_is_plain(about))
		return;
	section("a bind");
	tcp = bind_words(about, PROTOCOL_TCP);
	udp = bind_words(about, PROTOCOL_UDP);
	same = json_equal(tcp, udp);
	lines_show(&rows, same ? "both" : words_protocol(PROTOCOL_TCP), tcp);
	if (!same)
		lines_show(&rows, words_protocol(PROTOCOL_UDP), udp);
	else
		json_decref(udp);
}

static void processes_show(const struct port_about *about, unsigned int width)
{
	struct rows commands = {width, INDENT_COMMAND}, notes = {width, INDENT_PROTOCOL};
	size_t i;

	if (!about->process_count)
		return;
	section("processes");
	for (i = 0; i < about->process_count && i < PROCESSES_MOST; i++) {
		const struct port_process *process = &about->processes[i];
		char label[64 + USER_NAME_SIZE], since[SHOW_TIME], user[USER_NAME_SIZE];
		char note[WORDS_SIZE];

		show_time(process->about.since, since);
		snprintf(label, sizeof label, "%7d  %-8.8s  %-8s ", (int)process->about.pid,
			 user_name(process->about.uid, user), since);
		row_show_cut(&commands, label, process->about.command);
		words_served(about, process, note);
		if (*note)
			row_show(&notes, "", TONE_WARNING, note);
	}
	if (about->process_count > PROCESSES_MOST)
		printf("  and %zu more\n", about->process_count - PROCESSES_MOST);
}

static void number_show(const struct port_about *about, unsigned int width)
{
	struct rows rows = {width, 2};
	json_t *lines = words_number(about);

	if (json_array_size(lines))
		section("the port");
	lines_show(&rows, "", lines);
}

static const char *advice_part(json_t *advice, size_t nth, const char *part)
{
	return json_string_value(json_object_get(json_array_get(advice, nth), part));
}

static void advice_show(const struct port_about *about, unsigned int width)
{
	json_t *advice = words_advice(about);
	struct rows rows = {width, LABEL_LEAST};
	size_t i;

	if (json_array_size(advice))
		section("what to do");
	for (i = 0; i < json_array_size(advice); i++) {
		unsigned int length = (unsigned int)strlen(advice_part(advice, i, "to"));

		if (length + 4 > rows.indent)
			rows.indent = length + 4;
	}
	for (i = 0; i < json_array_size(advice); i++)
		row_show(&rows, advice_part(advice, i, "to"), TONE_PLAIN,
			 advice_part(advice, i, "do"));
	json_decref(advice);
}

void explain_text(const struct port_about *about)
{
	unsigned int width = show_width();

	headline(about, width);
	bind_show(about, width);
	explain_sockets(about, width);
	processes_show(about, width);
	explain_reserved(about, width);
	number_show(about, width);
	advice_show(about, width);
}
