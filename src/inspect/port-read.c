/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/browsers.h"
#include "core/here.h"
#include "guard/guard.h"
#include "inspect/elsewhere.h"
#include "inspect/port.h"

/* How often all is read again where the kernel's answers and its list differ: somebody has
 * come or gone between them. */
#define READ_TRIES 3

static void sockets_count(struct port_protocol *of)
{
	size_t i;

	for (i = 0; i < of->count; i++) {
		const struct inet_socket *socket = &of->sockets[i];

		if (socket->role == ROLE_GUARD && !of->guard) {
			of->guard = socket;
		} else if (socket->role == ROLE_CLAIM) {
			of->claimed = true;
		} else if (socket->role == ROLE_PROGRAM) {
			of->uses[socket_use(socket)]++;
			if (socket->expires > of->time_wait)
				of->time_wait = socket->expires;
		}
	}
}

static void sockets_find(struct port_about *about, enum protocol protocol)
{
	const struct inet_sockets *sockets = &about->reservations.sockets;
	const struct inet_socket *at = sockets_at(sockets, about->port);
	const struct inet_socket *end = sockets->list + sockets->count;
	struct port_protocol *of = &about->protocols[protocol];

	while (at < end && at->port == about->port && at->protocol < protocol)
		at++;
	of->sockets = at;
	while (at < end && at->port == about->port && at->protocol == protocol)
		at++;
	of->count = (size_t)(at - of->sockets);
	sockets_count(of);
}

/* The reservation known here that a guard is of; NULL: none. */
static const struct reserved *guard_owner(const struct port_about *about, enum protocol protocol,
					  const struct inet_socket *guard)
{
	uint16_t first = guard_persistent_first(guard->interface);
	size_t i;

	if (guard->uid != geteuid())
		return NULL;
	for (i = 0; i < about->reservations.count; i++) {
		const struct reserved *entry = &about->reservations.list[i];

		if (!(entry->block.protocols & PROTOCOL_BIT(protocol)) ||
		    !block_contains(&entry->block, about->port))
			continue;
		if (first ? entry->kind == KIND_PERSISTENT && entry->block.first == first
			  : entry->kind != KIND_PERSISTENT && entry->health == HEALTH_ALIVE)
			return entry;
	}
	return NULL;
}

static void reservation_find_of(struct port_about *about, enum protocol protocol)
{
	struct port_protocol *of = &about->protocols[protocol];
	const struct reserved *entry =
		reservations_find(&about->reservations, protocol, about->port);

	if (!of->guard) {
		/* An older kernel does not show a TCP guard. */
		if (entry && entry->guarded[protocol] && !about->reservations.sockets.bound_shown)
			of->whose = GUARD_OURS;
		if (entry && (of->whose == GUARD_OURS || entry->kind == KIND_PERSISTENT))
			of->reserved = entry;
		return;
	}
	of->reserved = guard_owner(about, protocol, of->guard);
	if (of->reserved)
		of->whose = GUARD_OURS;
	else
		of->whose = of->guard->uid == geteuid() ? GUARD_OTHER_POOL : GUARD_OTHER_USER;
}

static bool refused(const struct port_protocol *of)
{
	return of->trials[TRIAL_IPV4].any == -EADDRINUSE ||
	       of->trials[TRIAL_IPV6].any == -EADDRINUSE;
}

/* A guard whose reservation is about to be known here, or not to be any more. */
static bool in_passing(const struct port_about *about, const struct port_protocol *of)
{
	size_t i;

	if (of->whose != GUARD_OTHER_POOL)
		return false;
	for (i = 0; i < about->reservations.count; i++) {
		const struct reserved *entry = &about->reservations.list[i];

		if (entry->health == HEALTH_MAKING ||
		    (entry->health == HEALTH_STALE && block_contains(&entry->block, about->port)))
			return true;
	}
	return false;
}

/* Whether what the kernel answered and what it shows can both be. */
static bool agree(const struct port_about *about)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct port_protocol *of = &about->protocols[protocol];

		if (in_passing(about, of) ||
		    (refused(of) && !of->count && about->reservations.sockets.bound_shown))
			return false;
		if (!refused(of) && !of->trials[TRIAL_IPV4].any &&
		    of->count > of->uses[USE_TIME_WAIT])
			return false;
	}
	return true;
}

static int facts_read(struct port_about *about, struct pool *pool)
{
	int protocol, error;

	memset(about->protocols, 0, sizeof about->protocols);
	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (about->asked & PROTOCOL_BIT(protocol))
			trial_make((enum protocol)protocol, about->port,
				   about->protocols[protocol].trials);
	error = reservations_read(&about->reservations, pool);
	if (error)
		return error;
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		if (!(about->asked & PROTOCOL_BIT(protocol)))
			continue;
		sockets_find(about, (enum protocol)protocol);
		reservation_find_of(about, (enum protocol)protocol);
	}
	return 0;
}

static int process_add(struct port_about *about, const struct served_pool *pool, pid_t pid,
		       enum protocol protocol)
{
	struct port_process *list, *process;

	if (port_process_find(about, pid))
		return 0;
	list = reallocarray(about->processes, about->process_count + 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	about->processes = list;
	process = &list[about->process_count];
	*process = (struct port_process){.protocol = protocol};
	/* It may have ended since. */
	if (process_about(pid, &process->about))
		return 0;
	process_name(pid, process->name);
	about->process_count++;
	return served_find(&process->served, &about->reservations, pool, pid, protocol,
			   about->port);
}

static int processes_find(struct port_about *about, const struct served_pool *pool,
			  enum protocol protocol)
{
	const struct port_protocol *of = &about->protocols[protocol];
	size_t i, j, count;
	int error = 0;

	for (i = 0; i < of->count && of->sockets[i].role == ROLE_PROGRAM; i++) {
		const struct owner *owner =
			owners_of(&about->reservations.owners, of->sockets[i].inode, &count);

		for (j = 0; !error && j < count; j++)
			error = process_add(about, pool, owner[j].pid, protocol);
	}
	return error;
}

static int compare(const void *one, const void *other)
{
	pid_t a = ((const struct port_process *)one)->about.pid;
	pid_t b = ((const struct port_process *)other)->about.pid;

	return (a > b) - (a < b);
}

/* What programs get that are started from here. */
static int inside_find(struct port_about *about, const struct served_pool *where, struct pool *pool,
		       enum protocol protocol)
{
	struct port_protocol *of = &about->protocols[protocol];
	struct served self;
	int error =
		served_find(&self, &about->reservations, where, getpid(), protocol, about->port);

	/* Those of the tree that the library does not serve are strangers. */
	if (error || !self.run.token || self.anchor < 0 || !self.library)
		return error;
	if (self.how == SERVED_YES)
		of->inside = INSIDE_OURS;
	else if (self.how == SERVED_OUTSIDE && self.run.outside != OUTSIDE_PASS)
		of->inside = self.run.outside == OUTSIDE_DENY ? INSIDE_DENY : INSIDE_MAP;
	if (of->inside == INSIDE_OURS)
		trial_make_inside(pool, protocol, about->port, of->inside_trials);
	of->tree = self.reservation;
	return 0;
}

static void remembered_find(struct port_about *about)
{
	const struct reservations *reservations = &about->reservations;
	size_t i, j;

	for (i = 0; i < reservations->store.count; i++) {
		const struct store_entry *entry = &reservations->store.entries[i];
		bool alive = false;

		if (!entry->name || !block_contains(&entry->block, about->port))
			continue;
		for (j = 0; j < reservations->count; j++)
			alive |= reservations->list[j].health == HEALTH_ALIVE &&
				 reservations->list[j].name == entry->name;
		if (!alive)
			about->remembered = entry;
	}
}

/* Where what is reserved by this user, and not known here, is known. */
static void elsewhere_look(struct port_about *about, const struct served_pool *where,
			   enum protocol protocol)
{
	const struct owners *owners = &about->reservations.owners;
	struct port_protocol *of = &about->protocols[protocol];

	if (of->whose != GUARD_OTHER_POOL)
		return;
	of->listed = guard_persistent_first(of->guard->interface);
	if (of->listed)
		of->folder = elsewhere_list_find(owners, of->guard->inode);
	else
		of->folder = elsewhere_find(owners, where->netns, protocol, about->port);
}

static int rest_read(struct port_about *about, struct pool *pool)
{
	struct served_pool where = {.netns = pool ? pool->netns : guard_netns(),
				    .folder = pool_folder()};
	int protocol, error = 0;

	for (protocol = 0; !error && protocol < PROTOCOLS; protocol++) {
		if (!(about->asked & PROTOCOL_BIT(protocol)))
			continue;
		elsewhere_look(about, &where, (enum protocol)protocol);
		error = processes_find(about, &where, (enum protocol)protocol);
		if (!error)
			error = inside_find(about, &where, pool, (enum protocol)protocol);
	}
	if (about->process_count)
		qsort(about->processes, about->process_count, sizeof *about->processes, compare);
	if (!about->reservations.store_error)
		remembered_find(about);
	return error;
}

int port_about_read(struct port_about *about, struct pool *pool, uint16_t port, uint8_t asked)
{
	int tries = 0, error;

	*about = (struct port_about){
		.port = port, .asked = asked, .for_browsers = !browsers_refuse(port)};
	settings_read(&about->settings);
	for (;;) {
		error = facts_read(about, pool);
		if (error)
			return error;
		if (++tries == READ_TRIES || agree(about))
			break;
		reservations_free(&about->reservations);
	}
	error = rest_read(about, pool);
	if (error)
		port_about_free(about);
	return error;
}

void port_about_free(struct port_about *about)
{
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		free(about->protocols[protocol].folder);
		about->protocols[protocol].folder = NULL;
	}
	free(about->processes);
	about->processes = NULL;
	reservations_free(&about->reservations);
}
