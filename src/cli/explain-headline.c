/* SPDX-License-Identifier: MIT */
/* What is on the port, in a line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain-words.h"
#include "cli/show.h"

/* What a program does there that matters most; USES: nothing. */
static enum socket_use first_use(const struct port_protocol *of)
{
	int use = 0;

	while (use < USES && !of->uses[use])
		use++;
	return (enum socket_use)use;
}

/* "of make (pid 4711)", or who else keeps it; empty: not known. */
static void keeper_show(const struct reserved *entry, char text[WORDS_SIZE])
{
	char name[PROCESS_NAME_SIZE];

	*text = '\0';
	if (entry->maker_lives)
		process_name(entry->maker.pid, name);
	if (entry->maker_lives && *name) {
		snprintf(text, WORDS_SIZE, " of %s (pid %d)", name, (int)entry->maker.pid);
	} else if (entry->keeper_count) {
		process_name(entry->keepers[0], name);
		if (*name)
			snprintf(text, WORDS_SIZE, ", kept by %s (pid %d)", name,
				 (int)entry->keepers[0]);
	}
}

/*
 * The parts of the headline, each about one protocol, or, where it is the same for both, about
 * both: names says which. False: there is nothing to say.
 */
typedef bool part(const struct port_about *about, enum protocol protocol, const char *names,
		  char text[WORDS_SIZE]);

static bool used_part(const struct port_about *about, enum protocol protocol, const char *names,
		      char text[WORDS_SIZE])
{
	static const char *const forms[] = {
		[USE_LISTENS] = "in use: %.900s listens on it for %s",
		[USE_OPEN] = "in use: %.900s has it open for %s",
		[USE_BOUND] = "in use: %.900s has bound it for %s and does not listen",
		[USE_CONNECTED] = "in use: %.900s has a connection from it over %s",
		[USE_ENDING] = "in use: %.0sconnections that are being closed, over %s",
	};
	enum socket_use use = first_use(&about->protocols[protocol]);
	char users[WORDS_SIZE];

	if (use >= USE_TIME_WAIT)
		return false;
	words_users(about, protocol, use, users);
	snprintf(text, WORDS_SIZE, forms[use], users, names);
	return true;
}

static bool reserved_part(const struct port_about *about, enum protocol protocol, const char *names,
			  char text[WORDS_SIZE])
{
	const struct port_protocol *of = &about->protocols[protocol];
	char block[SHOW_BLOCK], whose[WORDS_SIZE], user[USER_NAME_SIZE];

	switch (of->whose) {
	case GUARD_NONE:
		return false;
	case GUARD_OTHER_POOL:
		snprintf(text, WORDS_SIZE, "reserved for %s by you, in another %s", names,
			 of->listed ? "list" : "pool");
		return true;
	case GUARD_OTHER_USER:
		snprintf(text, WORDS_SIZE, "reserved for %s by user %s", names,
			 user_name(of->guard->uid, user));
		return true;
	default:
		show_block(&of->reserved->block, block);
		if (of->inside == INSIDE_OURS)
			strcpy(whose, " of this process tree");
		else
			keeper_show(of->reserved, whose);
		snprintf(text, WORDS_SIZE, "reserved for %s, in the %sblock %s%.600s", names,
			 of->reserved->kind == KIND_PERSISTENT ? "persistent " : "", block, whose);
		return true;
	}
}

static bool waiting_part(const struct port_about *about, enum protocol protocol, const char *names,
			 char text[WORDS_SIZE])
{
	const struct port_protocol *of = &about->protocols[protocol];

	if (first_use(of) < USE_TIME_WAIT || of->whose != GUARD_NONE)
		return false;
	if (of->claimed)
		snprintf(text, WORDS_SIZE, "busy: somebody is binding it just now for %s", names);
	else if (of->uses[USE_TIME_WAIT])
		snprintf(text, WORDS_SIZE, "in TIME_WAIT, for %u s at most, after %s connections",
			 words_time_wait(of), names);
	else
		return false;
	return true;
}

static bool free_part(const struct port_about *about, enum protocol protocol, const char *names,
		      char text[WORDS_SIZE])
{
	const struct port_protocol *of = &about->protocols[protocol];
	char block[SHOW_BLOCK];
	int answer = of->trials[TRIAL_IPV4].any;

	if (of->whose != GUARD_NONE || of->count)
		return false;
	if (answer == -EAFNOSUPPORT)
		answer = of->trials[TRIAL_IPV6].any;
	if (answer == -EADDRINUSE)
		snprintf(text, WORDS_SIZE, "in use for %s, by what is not shown", names);
	else if (answer == -EACCES)
		snprintf(text, WORDS_SIZE, "not in use for %s, but not for you to bind", names);
	else if (answer)
		snprintf(text, WORDS_SIZE, "not to be had for %s: %s", names, strerror(-answer));
	else
		snprintf(text, WORDS_SIZE, "free for %s", names);
	if (of->reserved) {
		size_t length = strlen(text);

		show_block(&of->reserved->block, block);
		snprintf(text + length, WORDS_SIZE - length,
			 ", though in the persistent block %s, which is not held", block);
	}
	return true;
}

static void part_add(char text[WORDS_SIZE], const char *more)
{
	size_t length = strlen(text);

	snprintf(text + length, WORDS_SIZE - length, "%s%s", length ? "; " : "", more);
}

/* A part, for the protocols that were asked for. */
static void parts_add(const struct port_about *about, part *say, char text[WORDS_SIZE])
{
	char one[WORDS_SIZE] = "", other[WORDS_SIZE] = "";
	int protocol;

	if (about->asked == 3 && say(about, PROTOCOL_TCP, "@", one) &&
	    say(about, PROTOCOL_UDP, "@", other) && !strcmp(one, other)) {
		say(about, PROTOCOL_TCP, words_asked(about->asked), one);
		part_add(text, one);
		return;
	}
	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (about->asked & PROTOCOL_BIT(protocol) &&
		    say(about, (enum protocol)protocol, words_protocol((enum protocol)protocol),
			one))
			part_add(text, one);
}

void words_headline(const struct port_about *about, char text[WORDS_SIZE])
{
	*text = '\0';
	parts_add(about, used_part, text);
	parts_add(about, reserved_part, text);
	parts_add(about, waiting_part, text);
	/* That one protocol is free is news where the other is, too. */
	if (!*text)
		parts_add(about, free_part, text);
}
