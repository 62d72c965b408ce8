/* SPDX-License-Identifier: MIT */
/* Which sockets are on a port. */
#include <errno.h>
#include <stdio.h>

#include "cli/explain-words.h"
#include "cli/explain.h"
#include "cli/rows.h"

#define SOCKETS_MOST 8 /* lines */
#define PEERS_MOST   3
#define INDENT	     7

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

void explain_sockets(const struct port_about *about, unsigned int width)
{
	struct rows rows = {width, INDENT};
	int protocol;

	if (!more_on(about, &about->protocols[PROTOCOL_TCP]) &&
	    !more_on(about, &about->protocols[PROTOCOL_UDP]))
		return;
	printf("\n%son it%s\n", paint(TONE_STRONG), paint(TONE_PLAIN));
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
