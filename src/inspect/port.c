/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/tcp.h>

#include "inspect/port.h"

enum socket_use socket_use(const struct inet_socket *socket)
{
	if (socket->protocol == PROTOCOL_UDP)
		return socket->peer_port ? USE_CONNECTED : USE_OPEN;
	if (socket->state == TCP_LISTEN)
		return USE_LISTENS;
	if (socket->state == TCP_TIME_WAIT)
		return USE_TIME_WAIT;
	if (socket->state == STATE_BOUND)
		return USE_BOUND;
	return socket->inode ? USE_CONNECTED : USE_ENDING;
}

bool socket_meets(const struct inet_socket *socket, enum trial_family family)
{
	bool any = IN6_IS_ADDR_UNSPECIFIED(&socket->local);

	if (socket->family == AF_INET)
		return family == TRIAL_IPV4;
	if (IN6_IS_ADDR_V4MAPPED(&socket->local))
		return family == TRIAL_IPV4;
	return family == TRIAL_IPV6 || (any && !socket->v6only);
}

int port_answer(const struct port_protocol *of, enum trial_family family)
{
	if (of->trials[family].any == -EAFNOSUPPORT)
		return -EAFNOSUPPORT;
	switch (of->inside) {
	case INSIDE_OURS:
		return of->inside_trials[family].any;
	case INSIDE_DENY:
	case INSIDE_MAP:
		return -EADDRNOTAVAIL;
	default:
		return of->trials[family].any;
	}
}

bool port_protocol_is_free(const struct port_protocol *of)
{
	bool free = false;
	int family;

	for (family = 0; family < TRIAL_FAMILIES; family++) {
		int answer = port_answer(of, (enum trial_family)family);

		if (answer && answer != -EAFNOSUPPORT)
			return false;
		free |= !answer;
	}
	return free;
}

bool port_is_free(const struct port_about *about)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (about->asked & PROTOCOL_BIT(protocol) &&
		    !port_protocol_is_free(&about->protocols[protocol]))
			return false;
	return true;
}

const struct port_process *port_process_find(const struct port_about *about, pid_t pid)
{
	size_t i;

	for (i = 0; i < about->process_count; i++)
		if (about->processes[i].about.pid == pid)
			return &about->processes[i];
	return NULL;
}

bool port_is_chosen(const struct port_about *about)
{
	return about->port >= about->settings.ephemeral.first &&
	       about->port <= about->settings.ephemeral.last &&
	       !settings_reserves(&about->settings, about->port);
}

bool port_is_privileged(const struct port_about *about)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (about->asked & PROTOCOL_BIT(protocol) &&
		    about->protocols[protocol].trials[TRIAL_IPV4].any == -EACCES)
			return about->port < about->settings.unprivileged;
	return false;
}
