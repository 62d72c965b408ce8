/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain-words.h"
#include "cli/explain.h"
#include "cli/rows.h"
#include "cli/show.h"
#include "persist/lines.h"

#define SOCKETS_MOST	8 /* lines */
#define PEERS_MOST	3
#define PROCESSES_MOST	12
#define INDENT_PROTOCOL 7
#define INDENT_LABEL	11
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
	json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
		row_show(rows, i ? "" : label, TONE_PLAIN, json_string_value(line));
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

/* "listens on 0.0.0.0: nginx (pid 812)" */
static void socket_show(const struct rows *rows, const struct port_about *about,
			const struct inet_socket *socket)
{
	static const char *const forms[] = {
		[USE_LISTENS] = "listens on %s%s: %.700s",
		[USE_OPEN] = "open on %s%s: %.700s",
		[USE_BOUND] = "bound on %s%s: %.700s",
	};
	char address[WORDS_ADDRESS], owner[WORDS_SIZE], text[WORDS_SIZE];
	const char *families = "";

	words_address(socket, address);
	words_owner(about, socket, owner);
	if (socket->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&socket->local))
		families = socket->v6only ? " without IPv4" : " and IPv4";
	snprintf(text, sizeof text, forms[socket_use(socket)], address, families, owner);
	row_show(rows, words_protocol(socket->protocol), TONE_PLAIN, text);
}

/* How many lines there are. */
static unsigned int bound_show(const struct rows *rows, const struct port_about *about,
			       const struct port_protocol *of, enum socket_use use)
{
	unsigned int shown = 0;
	char more[64];
	size_t i;

	for (i = 0; i < of->count; i++) {
		const struct inet_socket *socket = &of->sockets[i];

		if (socket->role == ROLE_PROGRAM && socket_use(socket) == use &&
		    shown++ < SOCKETS_MOST)
			socket_show(rows, about, socket);
	}
	if (shown > SOCKETS_MOST) {
		snprintf(more, sizeof more, "and %u more", shown - SOCKETS_MOST);
		row_show(rows, "", TONE_FAINT, more);
	}
	return shown;
}

/* "3 connections, with 192.0.2.1:443, 192.0.2.2:443 and 1 more: curl (pid 9)" */
static void connected_show(const struct rows *rows, const struct port_about *about,
			   enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	unsigned int count = of->uses[USE_CONNECTED], shown = 0;
	char text[WORDS_SIZE], peer[WORDS_ADDRESS], users[WORDS_SIZE];
	size_t i, length;

	length = (size_t)snprintf(text, sizeof text, "%u connection%s, with", count,
				  count == 1 ? "" : "s");
	for (i = 0; i < of->count && shown < PEERS_MOST; i++) {
		if (of->sockets[i].role != ROLE_PROGRAM ||
		    socket_use(&of->sockets[i]) != USE_CONNECTED)
			continue;
		words_peer(&of->sockets[i], peer);
		length += (size_t)snprintf(text + length, sizeof text - length, "%s %s",
					   shown++ ? "," : "", peer);
	}
	if (count > shown)
		length += (size_t)snprintf(text + length, sizeof text - length, " and %u more",
					   count - shown);
	words_users(about, protocol, USE_CONNECTED, users);
	snprintf(text + length, sizeof text - length, ": %.500s", users);
	row_show(rows, words_protocol(protocol), TONE_PLAIN, text);
}

static void ended_show(const struct rows *rows, const struct port_about *about,
		       enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	unsigned int ending = of->uses[USE_ENDING], waiting = of->uses[USE_TIME_WAIT];
	char text[WORDS_SIZE];

	if (ending) {
		snprintf(text, sizeof text, "%u connection%s that %s being closed", ending,
			 ending == 1 ? "" : "s", ending == 1 ? "is" : "are");
		row_show(rows, words_protocol(protocol), TONE_PLAIN, text);
	}
	if (waiting) {
		snprintf(text, sizeof text, "%u connection%s in TIME_WAIT, for %u s at most",
			 waiting, waiting == 1 ? "" : "s", words_time_wait(of));
		row_show(rows, words_protocol(protocol), TONE_PLAIN, text);
	}
}

/* Who has a guard open whose reservation is not known here: a holder. */
static bool holder_find(const struct port_about *about, const struct port_protocol *of,
			struct process_about *holder)
{
	const struct owner *owner;
	size_t count;

	if (!of->guard || of->whose == GUARD_OURS)
		return false;
	owner = owners_of(&about->reservations.owners, of->guard->inode, &count);
	return count && !process_about(owner->pid, holder);
}

static void guard_show(const struct rows *rows, const struct port_about *about,
		       enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	char text[COMMAND_SIZE + 64];
	struct process_about holder;

	if (of->claimed)
		row_show(rows, words_protocol(protocol), TONE_PLAIN,
			 "a claim: somebody is binding it just now");
	if (!holder_find(about, of, &holder))
		return;
	snprintf(text, sizeof text, "a guard, in %d %s", (int)holder.pid, holder.command);
	row_show(rows, words_protocol(protocol), TONE_PLAIN, text);
}

/* Whether there are sockets that no process has open, though we may look into all. */
static bool anything_unseen(const struct port_about *about, const struct port_protocol *of)
{
	size_t i, count;

	for (i = 0; i < of->count && of->sockets[i].role == ROLE_PROGRAM; i++) {
		owners_of(&about->reservations.owners, of->sockets[i].inode, &count);
		if (!count && of->sockets[i].inode && !about->reservations.owners.hidden)
			return true;
	}
	return false;
}

/* Whether there is more than stands in the headline and behind "a bind": a single socket that
 * is in the way does. */
static bool more_on(const struct port_about *about, const struct port_protocol *of)
{
	struct process_about holder;
	unsigned int programs = 0;
	int use;

	for (use = 0; use < USES; use++)
		programs += of->uses[use];
	if (of->claimed || anything_unseen(about, of) || holder_find(about, of, &holder))
		return true;
	if (programs != 1 || of->whose != GUARD_NONE || of->inside != INSIDE_NOT)
		return programs;
	return of->trials[TRIAL_IPV4].any != -EADDRINUSE &&
	       of->trials[TRIAL_IPV6].any != -EADDRINUSE;
}

static void sockets_show(const struct port_about *about, unsigned int width)
{
	struct rows rows = {width, INDENT_PROTOCOL};
	int protocol;

	if (!more_on(about, &about->protocols[PROTOCOL_TCP]) &&
	    !more_on(about, &about->protocols[PROTOCOL_UDP]))
		return;
	section("on it");
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct port_protocol *of = &about->protocols[protocol];

		bound_show(&rows, about, of, USE_LISTENS);
		bound_show(&rows, about, of, USE_OPEN);
		bound_show(&rows, about, of, USE_BOUND);
		if (of->uses[USE_CONNECTED])
			connected_show(&rows, about, (enum protocol)protocol);
		ended_show(&rows, about, (enum protocol)protocol);
		guard_show(&rows, about, (enum protocol)protocol);
		if (anything_unseen(about, of))
			row_show(&rows, "", TONE_FAINT,
				 "no process here has it open: another PID namespace's, the "
				 "kernel's, or in flight");
	}
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

static void advice_show(const struct port_about *about, unsigned int width)
{
	json_t *advice = words_advice(about), *one;
	unsigned int indent = LABEL_LEAST;
	size_t i;

	json_array_foreach(advice, i, one)
	{
		unsigned int length =
			(unsigned int)strlen(json_string_value(json_object_get(one, "to")));

		if (length + 4 > indent)
			indent = length + 4;
	}
	if (json_array_size(advice))
		section("what to do");
	json_array_foreach(advice, i, one)
	{
		struct rows rows = {width, indent};

		row_show(&rows, json_string_value(json_object_get(one, "to")), TONE_PLAIN,
			 json_string_value(json_object_get(one, "do")));
	}
	json_decref(advice);
}

void explain_text(const struct port_about *about)
{
	unsigned int width = show_width();

	headline(about, width);
	bind_show(about, width);
	sockets_show(about, width);
	processes_show(about, width);
	explain_reserved(about, width);
	number_show(about, width);
	advice_show(about, width);
}
