/* SPDX-License-Identifier: MIT */
/* What to do about a port. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain-words.h"
#include "persist/utf8.h"
#include "cli/json.h"
#include "cli/show.h"
#include "real/text.h"

#define KILLED_MOST 8
/* What needs no quotes. */
#define PLAIN	   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%"
#define LIST_SHORT 40

__attribute__((format(printf, 3, 4))) static void advise(json_t *advice, const char *to,
							 const char *format, ...)
{
	char text[WORDS_SIZE];
	va_list arguments;
	size_t i;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	utf8_clean(text);
	/* Both protocols often come to the same. */
	for (i = 0; i < json_array_size(advice); i++)
		if (!strcmp(json_string_value(json_object_get(json_array_get(advice, i), "do")),
			    text))
			return;
	json_array_append_new(advice, json_pack("{s:s, s:o}", "to", to, "do", json_text(text)));
}

static const char *as_root(void)
{
	return geteuid() ? "sudo " : "";
}

static const char *protocol_option(uint8_t protocols)
{
	static const char *const options[] = {"", "--tcp ", "--udp ", ""};

	return options[protocols & 3];
}

struct killing {
	json_t *advice;
	char pids[256], first[PROCESS_NAME_SIZE];
	unsigned int count;
	bool others; /* one is of another user */
};

static void killing_add(struct killing *killing, pid_t pid)
{
	struct process_about about;
	size_t length = strlen(killing->pids);

	if (pid == getpid() || process_about(pid, &about))
		return;
	if (!killing->count++)
		process_name(pid, killing->first);
	killing->others |= about.uid != geteuid();
	if (killing->count <= KILLED_MOST)
		snprintf(killing->pids + length, sizeof killing->pids - length, " %d", (int)pid);
}

static void killing_advise(struct killing *killing, const char *to)
{
	if (killing->count > KILLED_MOST)
		advise(killing->advice, to, "end the %u processes that have it, %s (%s) first",
		       killing->count, killing->first, killing->pids + 1);
	else if (killing->count)
		advise(killing->advice, to, "%skill%s # %s%s", killing->others ? as_root() : "",
		       killing->pids, killing->first, killing->count > 1 ? " and others" : "");
}

/* Of programs' sockets. */
static void use_advise(json_t *advice, const struct port_about *about, enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	struct killing killing = {.advice = advice};
	bool unseen = false;
	size_t i, count;

	for (i = 0; i < about->process_count; i++) {
		int use;

		for (use = 0; use < USE_ENDING; use++)
			if (words_uses(about, &about->processes[i], protocol, (enum socket_use)use))
				break;
		if (use < USE_ENDING)
			killing_add(&killing, about->processes[i].about.pid);
	}
	for (i = 0; i < of->count && of->sockets[i].role == ROLE_PROGRAM; i++) {
		owners_of(&about->reservations.owners, of->sockets[i].inode, &count);
		unseen |= of->sockets[i].inode && !count;
	}
	if (unseen)
		advise(advice, "see which process",
		       about->reservations.owners.hidden
			       ? "sudo portres explain %u"
			       : "portres explain %u, in the PID namespace of the whole machine",
		       about->port);
	killing_advise(&killing, "free it");
	if (!of->uses[USE_TIME_WAIT] || of->whose != GUARD_NONE)
		return;
	if (!of->trials[TRIAL_IPV4].reuse && !of->trials[TRIAL_IPV6].reuse)
		advise(advice, "bind it now",
		       "set SO_REUSEADDR before the bind, as most servers do");
	if (!of->uses[USE_LISTENS])
		advise(advice, "have it free", "wait %u seconds", words_time_wait(of));
}

static void ours_advise(json_t *advice, const struct reserved *entry)
{
	struct killing killing = {.advice = advice};
	char block[SHOW_BLOCK];
	size_t i;

	show_block(&entry->block, block);
	if (entry->kind == KIND_PERSISTENT) {
		advise(advice, "bind it",
		       "associate the socket with the block: man 3 libportres-winsock");
		advise(advice, "give the block up", "portres persist del %s%s",
		       protocol_option(entry->block.protocols), block);
	} else {
		for (i = 0; i < entry->keeper_count; i++)
			killing_add(&killing, entry->keepers[i]);
		if (entry->kind == KIND_RUNTIME)
			advise(advice, "bind it",
			       "associate a socket of a process that keeps it: man 3 libportres");
		else
			advise(advice, "bind it", "start the program from one of these: %s",
			       killing.count ? killing.pids + 1 : "its processes");
		killing_advise(&killing, "end the reservation");
	}
	advise(advice, "see all of it", "portres list");
}

/* As a shell takes it. */
static void folder_quote(const char *folder, char quoted[PATH_MAX * 2])
{
	struct text text = {.buffer = quoted, .size = PATH_MAX * 2};
	char one[2] = "";

	if (!folder[strspn(folder, PLAIN)]) {
		text_add(&text, folder);
		return;
	}
	text_add(&text, "'");
	for (; *folder; folder++) {
		*one = *folder;
		text_add(&text, *folder == '\'' ? "'\\''" : one);
	}
	text_add(&text, "'");
}

/* The same, looked at from where the reservation is known. */
static void elsewhere_advise(json_t *advice, const struct port_about *about,
			     const struct port_protocol *of)
{
	const char *variable = of->listed ? "PORTRES_STATE" : "PORTRES_DIR";
	char quoted[PATH_MAX * 2];

	if (of->folder && !*of->folder) {
		advise(advice, "see who has it", "env -u %s portres explain %u", variable,
		       about->port);
		return;
	}
	folder_quote(of->folder ? of->folder : "FOLDER", quoted);
	advise(advice, "see who has it", "%s=%.900s portres explain %u", variable, quoted,
	       about->port);
}

static void guard_advise(json_t *advice, const struct port_about *about, enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	char user[USER_NAME_SIZE];

	switch (of->whose) {
	case GUARD_OURS:
		if (of->inside == INSIDE_OURS)
			advise(advice, "see all of it", "portres list");
		else
			ours_advise(advice, of->reserved);
		break;
	case GUARD_OTHER_POOL:
		elsewhere_advise(advice, about, of);
		break;
	case GUARD_OTHER_USER:
		user_name(of->guard->uid, user);
		advise(advice, "see who has it", "sudo -u %s portres explain %u # or ask %s", user,
		       about->port, user);
		break;
	default:
		break;
	}
}

/* To the list that is there. */
static void kernel_advise(json_t *advice, const struct port_about *about)
{
	char list[LIST_SHORT + 2];
	int length = text_file("/proc/sys/net/ipv4/ip_local_reserved_ports", list, sizeof list);

	if (length > LIST_SHORT) {
		advise(advice, "keep it from the kernel",
		       "add %u to net.ipv4.ip_local_reserved_ports", about->port);
		return;
	}
	if (length > 0 && list[length - 1] == '\n')
		list[length - 1] = '\0';
	else if (length <= 0)
		*list = '\0';
	advise(advice, "keep it from the kernel",
	       "%ssysctl net.ipv4.ip_local_reserved_ports=%s%s%u", as_root(), list,
	       *list ? "," : "", about->port);
}

static void free_advise(json_t *advice, const struct port_about *about, uint8_t protocols)
{
	const char *option = protocol_option(protocols);

	advise(advice, "reserve it for a program", "portres-run %s-p %u -- COMMAND", option,
	       about->port);
	advise(advice, "keep it reserved", "portres persist add %s%u", option, about->port);
}

/* Whether no program has asked for it by number, as far as is known. */
static bool is_by_chance(const struct port_protocol *of)
{
	return !of->uses[USE_LISTENS] && !of->uses[USE_OPEN] && !of->uses[USE_BOUND] &&
	       of->whose == GUARD_NONE;
}

json_t *words_advice(const struct port_about *about)
{
	json_t *advice = json_array();
	uint8_t free = 0;
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct port_protocol *of = &about->protocols[protocol];

		if (!(about->asked & PROTOCOL_BIT(protocol)))
			continue;
		use_advise(advice, about, (enum protocol)protocol);
		if (of->whose != GUARD_NONE)
			guard_advise(advice, about, (enum protocol)protocol);
		else if (of->reserved)
			advise(advice, "have the block held",
			       "portres persist hold, or its unit portres-persist");
		else if (of->inside == INSIDE_NOT && port_protocol_is_free(of))
			free |= (uint8_t)PROTOCOL_BIT(protocol);
	}
	if (port_is_privileged(about))
		advise(advice, "bind it",
		       "use a port from %u on, or sudo, or sudo setcap cap_net_bind_service=+ep "
		       "PROGRAM",
		       about->settings.unprivileged);
	if (free == about->asked)
		free_advise(advice, about, free);
	if (port_is_chosen(about) && is_by_chance(&about->protocols[PROTOCOL_TCP]) &&
	    is_by_chance(&about->protocols[PROTOCOL_UDP]))
		kernel_advise(advice, about);
	return advice;
}
