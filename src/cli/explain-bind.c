/* SPDX-License-Identifier: MIT */
/* What a bind gets, and why. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain-words.h"
#include "cli/show.h"

/* The program's socket in the way that matters most; NULL: none. */
static const struct inet_socket *obstacle(const struct port_protocol *of, enum trial_family family)
{
	const struct inet_socket *found = NULL;
	size_t i;

	for (i = 0; i < of->count && of->sockets[i].role == ROLE_PROGRAM; i++) {
		const struct inet_socket *socket = &of->sockets[i];

		if (socket_meets(socket, family) &&
		    (!found || socket_use(socket) < socket_use(found)))
			found = socket;
	}
	return found;
}

static void obstacle_show(const struct port_about *about, const struct inet_socket *socket,
			  char text[WORDS_SIZE])
{
	static const char *const forms[] = {
		[USE_LISTENS] = "%.500s listens on %s",
		[USE_OPEN] = "%.500s has it open on %s",
		[USE_BOUND] = "%.500s has bound it on %s",
		[USE_CONNECTED] = "%.500s has a connection on it, with %s",
		[USE_ENDING] = "%.0sa connection with %s is being closed",
	};
	const struct port_protocol *of = &about->protocols[socket->protocol];
	enum socket_use use = socket_use(socket);
	char owner[WORDS_SIZE], address[WORDS_ADDRESS];

	if (use == USE_TIME_WAIT) {
		snprintf(text, WORDS_SIZE, "connections are in TIME_WAIT, for %u s at most%s",
			 words_time_wait(of),
			 of->trials[TRIAL_IPV4].reuse == -EADDRINUSE
				 ? " (SO_REUSEADDR does not help, as their socket did not have it)"
				 : "");
		return;
	}
	words_owner(about, socket, owner);
	if (use == USE_CONNECTED || use == USE_ENDING)
		words_peer(socket, address);
	else
		words_address(socket, address);
	snprintf(text, WORDS_SIZE, forms[use], owner, address);
}

static void guard_show(const struct port_protocol *of, char text[WORDS_SIZE])
{
	char user[USER_NAME_SIZE];

	if (of->whose == GUARD_OTHER_USER)
		snprintf(text, WORDS_SIZE, "it is reserved, by user %s",
			 user_name(of->guard->uid, user));
	else if (of->whose == GUARD_OTHER_POOL)
		snprintf(text, WORDS_SIZE, "it is reserved, by you, in another %s%s%.900s",
			 of->listed ? "list" : "pool",
			 !of->folder   ? ""
			 : *of->folder ? ": "
				       : ", the usual one",
			 of->folder ? of->folder : "");
	else if (of->reserved->kind == KIND_PERSISTENT)
		strcpy(text, "it is reserved: sockets that are associated with the block can bind "
			     "it, no others");
	else
		strcpy(text,
		       "it is reserved: programs of the reservation can bind it, nobody else");
}

/* Why a bind gets EADDRINUSE. */
static void reason_show(const struct port_about *about, enum protocol protocol,
			enum trial_family family, bool inside, char text[WORDS_SIZE])
{
	const struct port_protocol *of = &about->protocols[protocol];
	const struct inet_socket *socket = obstacle(of, family);

	if (of->whose != GUARD_NONE && !inside)
		guard_show(of, text);
	else if (socket)
		obstacle_show(about, socket, text);
	else if (of->claimed)
		strcpy(text, "somebody is binding it just now; try again");
	else if (!about->reservations.sockets.bound_shown && protocol == PROTOCOL_TCP)
		strcpy(text, "perhaps a socket that is bound and no more, which Linux shows since "
			     "6.8");
	else
		strcpy(text, "it was taken for a moment, and is not any more; try again");
}

/* What a bind to a family gets; before: "IPv4: " and the like. */
struct answer {
	enum protocol protocol;
	enum trial_family family;
	const struct trial *trial;
	const char *before;
	bool inside;
};

static void answer_add(json_t *lines, const struct port_about *about, const struct answer *answer)
{
	char reason[WORDS_SIZE];
	int any = answer->trial->any;

	if (!any)
		words_add(lines, "%sgets it", answer->before);
	else if (any == -EACCES && about->port < about->settings.unprivileged)
		words_add(lines,
			  "%sEACCES: below %u (net.ipv4.ip_unprivileged_port_start) it "
			  "needs CAP_NET_BIND_SERVICE, which you do not have",
			  answer->before, about->settings.unprivileged);
	else if (any != -EADDRINUSE)
		words_add(lines, "%s%s: %s", answer->before, words_errno(any), strerror(-any));
	if (any != -EADDRINUSE)
		return;
	reason_show(about, answer->protocol, answer->family, answer->inside, reason);
	words_add(lines, "%sEADDRINUSE: %.900s", answer->before, reason);
	if (!answer->trial->reuse)
		words_add(lines, "%swith SO_REUSEADDR: gets it", answer->before);
	if (!answer->trial->loopback)
		words_add(lines, "%sto %s alone: gets it", answer->before,
			  answer->family == TRIAL_IPV4 ? "127.0.0.1" : "[::1]");
}

static void trials_add(json_t *lines, const struct port_about *about, enum protocol protocol,
		       const char *before, bool inside)
{
	const struct port_protocol *of = &about->protocols[protocol];
	const struct trial *trials = inside ? of->inside_trials : of->trials;
	const struct trial *four = &trials[TRIAL_IPV4], *six = &trials[TRIAL_IPV6];
	struct answer answer = {protocol, TRIAL_IPV4, four, before, inside};
	bool guarded = of->whose != GUARD_NONE && !inside;
	char prefix[64];

	if (four->any == six->any && four->reuse == six->reuse &&
	    !four->loopback == !six->loopback &&
	    (guarded || obstacle(of, TRIAL_IPV4) == obstacle(of, TRIAL_IPV6))) {
		answer_add(lines, about, &answer);
		return;
	}
	snprintf(prefix, sizeof prefix, "%sIPv4%s: ", before, six->any ? "" : " and [::]");
	answer.before = prefix;
	if (four->any != -EAFNOSUPPORT)
		answer_add(lines, about, &answer);
	answer.family = TRIAL_IPV6;
	answer.trial = six;
	snprintf(prefix, sizeof prefix, "%s%s: ", before,
		 six->any ? "IPv6" : "[::] with IPV6_V6ONLY");
	if (six->any != -EAFNOSUPPORT)
		answer_add(lines, about, &answer);
}

json_t *words_bind(const struct port_about *about, enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	json_t *lines = json_array();
	char block[SHOW_BLOCK] = "";

	if (of->tree)
		show_block(&of->tree->block, block);
	switch (of->inside) {
	case INSIDE_OURS:
		trials_add(lines, about, protocol, "from here: ", true);
		if (port_protocol_is_free(of))
			words_add(lines, "from here: bind to port 0 draws it in its turn, from %s",
				  block);
		break;
	case INSIDE_DENY:
		words_add(lines,
			  "from here: EADDRNOTAVAIL: it is outside of this process tree's block "
			  "%s (--outside deny)",
			  block);
		break;
	case INSIDE_MAP:
		words_add(lines,
			  "from here: another port, one of this process tree's block %s (--outside "
			  "map)",
			  block);
		break;
	default:
		trials_add(lines, about, protocol, "", false);
		return lines;
	}
	trials_add(lines, about, protocol, "from elsewhere: ", false);
	return lines;
}
