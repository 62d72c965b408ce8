/* SPDX-License-Identifier: MIT */
/* What is to be known of the number; why a process got a port from elsewhere. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain-words.h"
#include "cli/show.h"

static void service_add(json_t *lines, const struct port_about *about)
{
	static const char *const names[PROTOCOLS] = {"tcp", "udp"};
	char tcp[64] = "";
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct servent *service = getservbyport(htons(about->port), names[protocol]);

		if (!(about->asked & PROTOCOL_BIT(protocol)) || !service ||
		    !strcmp(service->s_name, tcp))
			continue;
		if (protocol == PROTOCOL_TCP)
			snprintf(tcp, sizeof tcp, "%s", service->s_name);
		words_add(lines, "the usual port of %s (/etc/services)", service->s_name);
	}
}

static bool guarded(const struct port_about *about)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (about->asked & PROTOCOL_BIT(protocol) &&
		    about->protocols[protocol].whose == GUARD_NONE)
			return false;
	return true;
}

json_t *words_number(const struct port_about *about)
{
	const struct port_settings *settings = &about->settings;
	json_t *lines = json_array();
	char block[SHOW_BLOCK];

	service_add(lines, about);
	if (settings_reserves(settings, about->port))
		words_add(lines,
			  "in net.ipv4.ip_local_reserved_ports: the kernel does not choose it "
			  "by itself; who asks for it by number gets it");
	else if (port_is_chosen(about) && !guarded(about))
		words_add(lines,
			  "in net.ipv4.ip_local_port_range (%u-%u): any program's bind to port 0, "
			  "connect or sendto may take it at any time",
			  settings->ephemeral.first, settings->ephemeral.last);
	if (about->port < settings->unprivileged && !port_is_privileged(about))
		words_add(lines,
			  "below net.ipv4.ip_unprivileged_port_start (%u): a bind needs "
			  "CAP_NET_BIND_SERVICE, which you have",
			  settings->unprivileged);
	if (!about->for_browsers && about->asked & PROTOCOL_BIT(PROTOCOL_TCP))
		words_add(lines, "browsers refuse to open it, whatever answers there");
	if (about->remembered) {
		show_block(&about->remembered->block, block);
		words_add(lines,
			  "portres-run --name \"%s\" had it last, in %s: remembered, not "
			  "reserved",
			  about->remembered->name, block);
	}
	return lines;
}

/* Of one that could draw from the reservation: it did not want to, or could not have more. */
static void outside_show(const struct port_about *about, const struct port_process *process,
			 char text[WORDS_SIZE])
{
	static const char asked[] =
		"it asked for this very port, which --outside pass lets through";
	const struct served *served = &process->served;
	const struct reserved *entry = served->reservation;
	enum protocol protocol = process->protocol;
	bool passes = served->run.outside == OUTSIDE_PASS, chosen = port_is_chosen(about);
	bool full = entry->used[protocol] >= entry->block.count;

	if (words_connects(about, process, protocol) && !served->run.connect)
		strcpy(text, "its outgoing connections take their ports from elsewhere, without "
			     "--connect");
	else if (chosen && served->run.full_pass)
		snprintf(text, WORDS_SIZE,
			 "the block %s exhausted, and --full pass let the kernel choose%s%s",
			 full ? "is" : "was", full || !passes ? "" : "; or ",
			 full || !passes ? "" : asked);
	else if (passes && !chosen)
		strcpy(text, asked);
	else
		snprintf(text, WORDS_SIZE,
			 "%s%sit makes its system calls itself (see portres doctor /proc/%d/exe), "
			 "or was given the socket",
			 passes ? asked : "", passes ? "; or " : "", (int)process->about.pid);
}

static void cause_show(const struct port_about *about, const struct port_process *process,
		       char text[WORDS_SIZE])
{
	const struct served *served = &process->served;
	int pid = (int)process->about.pid;

	switch (served->how) {
	case SERVED_OUTSIDE:
		outside_show(about, process, text);
		break;
	case SERVED_STATIC:
		snprintf(text, WORDS_SIZE,
			 "it is a static program, into which the library cannot be loaded; see "
			 "portres doctor /proc/%d/exe",
			 pid);
		break;
	case SERVED_GO:
		snprintf(text, WORDS_SIZE,
			 "it is a Go program, which makes its system calls itself; see portres "
			 "doctor /proc/%d/exe",
			 pid);
		break;
	case SERVED_SECURE:
		snprintf(text, WORDS_SIZE,
			 "it is setuid or has capabilities, and the loader ignores LD_PRELOAD; see "
			 "portres doctor /proc/%d/exe",
			 pid);
		break;
	case SERVED_NOT_LOADED:
		snprintf(text, WORDS_SIZE,
			 "the library did not load into it (another word size or libc?); see "
			 "portres doctor /proc/%d/exe",
			 pid);
		break;
	case SERVED_CLEARED:
		strcpy(text,
		       "LD_PRELOAD or PORTRES_RESERVATION was taken out of its environment, as "
		       "sudo, su and env -i do");
		break;
	case SERVED_LOST:
		snprintf(text, WORDS_SIZE, "the reservation's anchor is closed in it%s",
			 served->run.full_pass ? ", and --full pass lets the kernel choose then"
					       : "");
		break;
	case SERVED_ENDED:
		snprintf(text, WORDS_SIZE, "the reservation has ended%s",
			 served->run.full_pass ? ", and --full pass lets the kernel choose then"
					       : "");
		break;
	case SERVED_FAILED:
		strcpy(text, "what was asked for could not be reserved, or makes no sense");
		break;
	case SERVED_NAMESPACE:
		strcpy(text, "the reservation is one of another network namespace");
		break;
	case SERVED_POOL:
		strcpy(text, "the reservation is in another pool (user, PORTRES_DIR) than is seen "
			     "from here");
		break;
	default:
		*text = '\0';
	}
}

void words_served(const struct port_about *about, const struct port_process *process,
		  char text[WORDS_SIZE])
{
	const struct served *served = &process->served;
	const struct port_protocol *of = &about->protocols[process->protocol];
	char block[SHOW_BLOCK] = "", cause[WORDS_SIZE];

	*text = '\0';
	if (served->reservation)
		show_block(&served->reservation->block, block);
	switch (served->how) {
	case SERVED_UNKNOWN:
	case SERVED_YES:
		return;
	case SERVED_NONE:
		if (of->whose == GUARD_NONE && port_is_chosen(about))
			strcpy(text,
			       "runs in no reservation: it was not started under portres-run");
		return;
	case SERVED_RUNTIME:
		snprintf(
			text, WORDS_SIZE,
			"holds the reservation %s, from which only sockets draw that it associates",
			block);
		return;
	default:
		cause_show(about, process, cause);
		snprintf(text, WORDS_SIZE, "runs in %s%s, but %.900s",
			 *block ? "the reservation " : "a reservation", block, cause);
	}
}
