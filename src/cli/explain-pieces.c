/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain-words.h"
#include "cli/json.h"
#include "persist/utf8.h"

void words_add(json_t *lines, const char *format, ...)
{
	char text[WORDS_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	utf8_clean(text);
	json_array_append_new(lines, json_text(text));
}

const char *words_protocol(enum protocol protocol)
{
	return protocol == PROTOCOL_TCP ? "TCP" : "UDP";
}

const char *words_asked(uint8_t protocols)
{
	static const char *const names[] = {"nothing", "TCP", "UDP", "TCP and UDP"};

	return names[protocols & 3];
}

const char *words_use(enum socket_use use)
{
	static const char *const names[] = {
		[USE_LISTENS] = "listens", [USE_OPEN] = "open",
		[USE_BOUND] = "bound",	   [USE_CONNECTED] = "connected",
		[USE_ENDING] = "ending",   [USE_TIME_WAIT] = "time-wait",
	};

	return names[use];
}

unsigned int words_time_wait(const struct port_protocol *of)
{
	return (of->time_wait + 999) / 1000;
}

const char *words_errno(int error)
{
	static char number[24];

	switch (-error) {
	case 0:
		return "ok";
	case EADDRINUSE:
		return "EADDRINUSE";
	case EADDRNOTAVAIL:
		return "EADDRNOTAVAIL";
	case EACCES:
		return "EACCES";
	case EPERM:
		return "EPERM";
	case EAFNOSUPPORT:
		return "EAFNOSUPPORT";
	case EMFILE:
		return "EMFILE";
	case ENOBUFS:
		return "ENOBUFS";
	default:
		snprintf(number, sizeof number, "errno %d", -error);
		return number;
	}
}

static void ip_show(sa_family_t family, const struct in6_addr *ip, char text[WORDS_ADDRESS])
{
	char plain[INET6_ADDRSTRLEN];

	if (!inet_ntop(family, ip, plain, sizeof plain))
		strcpy(plain, "?");
	snprintf(text, WORDS_ADDRESS, family == AF_INET6 ? "[%s]" : "%s", plain);
}

void words_address(const struct inet_socket *socket, char text[WORDS_ADDRESS])
{
	char interface[IF_NAMESIZE];
	size_t length;

	ip_show(socket->family, &socket->local, text);
	length = strlen(text);
	if (!socket->interface)
		return;
	if (if_indextoname(socket->interface, interface))
		snprintf(text + length, WORDS_ADDRESS - length, "%%%s", interface);
	else
		snprintf(text + length, WORDS_ADDRESS - length, "%%if%u", socket->interface);
}

void words_peer(const struct inet_socket *socket, char text[WORDS_ADDRESS])
{
	size_t length;

	ip_show(socket->family, &socket->peer, text);
	length = strlen(text);
	snprintf(text + length, WORDS_ADDRESS - length, ":%u", socket->peer_port);
}

bool words_uses(const struct port_about *about, const struct port_process *process,
		enum protocol protocol, enum socket_use use)
{
	const struct port_protocol *of = &about->protocols[protocol];
	size_t i, j, count;

	for (i = 0; i < of->count; i++) {
		const struct owner *owner =
			owners_of(&about->reservations.owners, of->sockets[i].inode, &count);

		if (of->sockets[i].role != ROLE_PROGRAM || socket_use(&of->sockets[i]) != use)
			continue;
		for (j = 0; j < count; j++)
			if (owner[j].pid == process->about.pid)
				return true;
	}
	return false;
}

bool words_connects(const struct port_about *about, const struct port_process *process,
		    enum protocol protocol)
{
	return !words_uses(about, process, protocol, USE_LISTENS) &&
	       !words_uses(about, process, protocol, USE_OPEN) &&
	       !words_uses(about, process, protocol, USE_BOUND);
}

/* Of sockets that no process is seen to have. */
static void stranger_show(const struct port_about *about, const struct inet_socket *socket,
			  bool at_length, char text[WORDS_SIZE])
{
	char user[USER_NAME_SIZE];

	user_name(socket->uid, user);
	if (about->reservations.owners.hidden && at_length)
		snprintf(text, WORDS_SIZE, "a process that you may not look into (user %s)", user);
	else if (about->reservations.owners.hidden)
		snprintf(text, WORDS_SIZE, "a process of user %s", user);
	else
		snprintf(text, WORDS_SIZE, "a process of user %s that is not seen from here", user);
}

static void process_show(const struct port_process *process, size_t others, char text[WORDS_SIZE])
{
	int length = snprintf(text, WORDS_SIZE, "%s (pid %d)",
			      *process->name ? process->name : process->about.command,
			      (int)process->about.pid);

	if (others && length > 0 && length < WORDS_SIZE)
		snprintf(text + length, WORDS_SIZE - (size_t)length, " and %zu more", others);
}

void words_owner(const struct port_about *about, const struct inet_socket *socket,
		 char text[WORDS_SIZE])
{
	const struct port_process *process = NULL;
	size_t count, i, seen = 0;
	const struct owner *owner = owners_of(&about->reservations.owners, socket->inode, &count);

	for (i = 0; i < count; i++) {
		const struct port_process *found = port_process_find(about, owner[i].pid);

		seen += found != NULL;
		if (!process)
			process = found;
	}
	if (process)
		process_show(process, seen - 1, text);
	else
		stranger_show(about, socket, true, text);
}

void words_users(const struct port_about *about, enum protocol protocol, enum socket_use use,
		 char text[WORDS_SIZE])
{
	const struct port_protocol *of = &about->protocols[protocol];
	const struct port_process *process = NULL;
	size_t i, seen = 0;

	for (i = 0; i < about->process_count; i++) {
		if (!words_uses(about, &about->processes[i], protocol, use))
			continue;
		seen++;
		if (!process)
			process = &about->processes[i];
	}
	if (process) {
		process_show(process, seen - 1, text);
		return;
	}
	for (i = 0; i < of->count; i++)
		if (of->sockets[i].role == ROLE_PROGRAM && socket_use(&of->sockets[i]) == use) {
			stranger_show(about, &of->sockets[i], false, text);
			return;
		}
	strcpy(text, "somebody");
}
