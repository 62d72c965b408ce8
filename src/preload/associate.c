/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/address.h"
#include "core/persistent.h"
#include "preload/associate.h"
#include "preload/debug.h"
#include "preload/hook.h"
#include "preload/memory.h"
#include "preload/pools.h"
#include "preload/run.h"
#include "preload/socket.h"
#include "preload/tie.h"
#include "real/netns.h"

/* A persistent one, which needs no anchor. */
static bool associated_persistent(struct association *association, uint64_t token)
{
	struct pool *pool;

	return !pools_get(netns_of(association->call.fd), false, &pool) &&
	       reservation_find(pool, token, &association->reservation) &&
	       association->reservation.kind == KIND_PERSISTENT;
}

/* The one that ASSOCIATE made. */
static int associated(int fd, const struct fd_entry *entry, struct association *association)
{
	struct tie tie;

	memset(association, 0, sizeof *association);
	association->call =
		(struct socket_call){.fd = fd, .protocol = fd_protocol(entry), .anchor = -1};
	association->known = association->entry = *entry;
	association->outside = OUTSIDE_DENY;
	association->connect = true;
	if (tie_find(entry->token, &tie)) {
		association->call.anchor = tie.anchor;
		return reservation_find(tie.pool, tie.token, &association->reservation)
			       ? 1
			       : -EADDRNOTAVAIL;
	}
	if (run_find_token(entry->token, netns_of(fd), &association->reservation,
			   &association->call.anchor) &&
	    !associated_persistent(association, entry->token))
		return -EADDRNOTAVAIL;
	return 1;
}

int association_unasked(int fd, int error)
{
	if (error == -EBADF || error == -ENOTSOCK || error == -EOPNOTSUPP)
		return 0;
	return run_count() || fdtable_get(fd).flags & FD_ASSOCIATED ? -EADDRNOTAVAIL : 0;
}

static int in_runs(int fd, const struct fd_entry *known, struct association list[RUNS_MAX])
{
	enum protocol protocol;
	unsigned int i;
	int found = 0, error = socket_protocol(fd, &protocol);

	if (error)
		return association_unasked(fd, error);
	for (i = 0; i < run_count(); i++) {
		const struct run *run = run_get(i);
		struct association *association = &list[found];

		if (!(run->protocols & PROTOCOL_BIT(protocol)))
			continue;
		if (!run->token)
			return -run->error;
		*association = (struct association){
			.call = {.fd = fd, .protocol = protocol, .anchor = -1},
			.known = *known,
			.outside = run->outside,
			.full_pass = run->full_pass,
			.connect = run->connect,
		};
		error = run_find(i, netns_of(fd), &association->reservation,
				 &association->call.anchor);
		if (error == -ENOENT)
			continue;
		association->error = error;
		found++;
	}
	return found;
}

/* A copy that was made before its socket was associated, or that came from elsewhere:
 * over exec, in a message. */
static bool associated_as_copy(int fd, struct fd_entry *entry)
{
	struct fd_entry found;

	if (!fdtable_pending())
		return false;
	found = fdtable_find(socket_cookie(fd), FD_ASSOCIATED);
	if (!found.flags)
		return false;
	*entry = found;
	fdtable_set(fd, found); /* it holds, too, where the table is not ours to note it in */
	return true;
}

int association_find(int fd, struct association list[RUNS_MAX])
{
	struct fd_entry entry = fdtable_get(fd);
	uint64_t cookie;

	if (entry.flags & FD_ASSOCIATED) {
		errno = 0;
		cookie = socket_cookie(fd);
		/* The socket of an old entry may be closed, and its number another's. */
		if (cookie == entry.cookie)
			return associated(fd, &entry, &list[0]);
		/* A sandbox does not let us ask. */
		if (!cookie && errno != EBADF && errno != ENOTSOCK)
			return -EADDRNOTAVAIL;
	}
	if (associated_as_copy(fd, &entry))
		return associated(fd, &entry, &list[0]);
	return run_count() ? in_runs(fd, &entry, list) : 0;
}

void association_bound(const struct association *association, uint16_t port)
{
	struct fd_entry entry = association->entry, known = association->known;
	int fd = association->call.fd;

	if (!entry.flags) {
		/* In a run. A cookie is needed only where an entry says more than that the
		 * port may come free at its close. */
		if (known.flags & FD_ACQUIRER || hook_needed(STATE_CONNECT))
			entry.cookie = socket_cookie(fd);
		if (known.flags & FD_ACQUIRER && known.cookie == entry.cookie)
			entry = known;
	}
	debug_ports("bound to port", port, 1);
	entry.token = association->reservation.token;
	entry.port = port;
	entry.flags |= FD_BOUND | (association->call.protocol == PROTOCOL_UDP ? FD_UDP : 0);
	/* Another thread may have closed it meanwhile, and its number be another socket's. */
	fdtable_replace(fd, &known, entry);
}

bool association_peer(int fd, const struct sockaddr *address, socklen_t length,
		      struct sockaddr_storage *peer)
{
	enum protocol protocol = PROTOCOL_TCP;
	int domain, error = socket_protocol(fd, &protocol);

	if (length < sizeof peer->ss_family || length > sizeof *peer ||
	    (error && !association_unasked(fd, error)) || !memory_readable(fd, address, length))
		return false;
	memset(peer, 0, sizeof *peer);
	memcpy(peer, address, length);
	if (peer->ss_family == AF_UNSPEC)
		return false; /* undoes a connect */
	if (error)
		return peer->ss_family == AF_INET || peer->ss_family == AF_INET6;
	/* On UDP the port comes first, whatever the kernel thinks of the address then. */
	return protocol == PROTOCOL_UDP ||
	       (address_valid(peer, length) &&
		!real_option_get(fd, SOL_SOCKET, SO_DOMAIN, &domain) && peer->ss_family == domain);
}

int association_exhausted(int fd, int error)
{
	enum protocol protocol;

	if (error != -EADDRINUSE && error != -EADDRNOTAVAIL)
		return error;
	return !socket_protocol(fd, &protocol) && protocol == PROTOCOL_UDP ? -EAGAIN
									   : -EADDRNOTAVAIL;
}

bool association_pending(int fd)
{
	struct fd_entry entry = fdtable_get(fd);

	if (!hook_needed(STATE_CONNECT)) {
		if (!(entry.flags & FD_ASSOCIATED) && !associated_as_copy(fd, &entry))
			return false;
		return !(entry.flags & FD_BOUND);
	}
	return !(entry.flags & (FD_BOUND | FD_PASSED)) || entry.cookie != socket_cookie(fd);
}

/* Bound before we knew it, or of no concern at all: next time one question is enough. */
static void note_passed(int fd)
{
	struct fd_entry entry = {.cookie = socket_cookie(fd), .flags = FD_PASSED};

	if (hook_needed(STATE_CONNECT) && !fdtable_get(fd).flags)
		fdtable_set(fd, entry);
}

static int bind_once(const struct association *association, const struct socket_call *call,
		     const struct association_target *target, uint16_t *port)
{
	const struct reservation *reservation = &association->reservation;

	if (target->address)
		return reservation_bind(reservation, call, target->address, target->length, port);
	if (target->peer && call->protocol == PROTOCOL_TCP)
		return reservation_bind_for_connect(reservation, call, target->peer, target->length,
						    port);
	return reservation_bind_any(reservation, call, port);
}

/*
 * This process keeps the guards that a persistent block lacks, until it ends or execs. Where
 * that cannot be noted, *anchor is theirs for as long as the bind takes; else -1.
 */
static int guards_keep(const struct reservation *reservation, int *anchor)
{
	struct tie tie = {.token = reservation->token, .pool = reservation->pool};
	int error = persistent_guard(reservation, &tie.anchor);

	*anchor = -1;
	if (!error && (!fdtable_is_ours() || !tie_add(&tie)))
		*anchor = tie.anchor;
	if (!error)
		debug_ports("placed guards of persistent", reservation->block.first,
			    reservation->block.count);
	debug_error("placing the guards of a persistent reservation", error);
	return error;
}

int association_bind(const struct association *association, const struct association_target *target,
		     uint16_t *port)
{
	struct socket_call call = association->call;
	int error = bind_once(association, &call, target, port), anchor;

	if (error != -EOWNERDEAD)
		return error;
	error = guards_keep(&association->reservation, &anchor);
	/* Where there was none to place, another may have been quicker. */
	if (error && error != -EADDRINUSE)
		return error;
	call.guarded = true;
	error = bind_once(association, &call, target, port);
	if (anchor >= 0)
		real_close(anchor);
	return error;
}

static int bind_implicit(int fd, bool always, const struct sockaddr_storage *peer, socklen_t length)
{
	struct association list[RUNS_MAX];
	enum protocol protocol;
	uint16_t port;
	int count, i, error = 0;

	if (socket_port(fd)) {
		note_passed(fd);
		return 0;
	}
	count = association_find(fd, list);
	if (!count && socket_protocol(fd, &protocol) == -EOPNOTSUPP)
		note_passed(fd);
	if (count <= 0) {
		debug_error("the reservation is not there", count);
		return count;
	}
	if (!always && !list[0].connect)
		return 0;
	for (i = 0; i < count; i++) {
		const struct association *association = &list[i];
		struct association_target target = {.peer = peer, .length = length};

		error = association->error;
		if (error)
			continue;
		error = association_bind(association, &target, &port);
		if (!error) {
			association_bound(association, port);
			return 0;
		}
		if (error != -EADDRINUSE && error != -EADDRNOTAVAIL)
			break;
	}
	if (list[0].full_pass && (error == -EADDRINUSE || error == -EADDRNOTAVAIL))
		return 0;
	debug_error("no port of the block for listen, connect or send", error);
	return error;
}

int association_bind_implicit(int fd, bool always, const struct sockaddr_storage *peer,
			      socklen_t length)
{
	int cancel = hook_enter(), error = bind_implicit(fd, always, peer, length);

	hook_leave(cancel);
	return error;
}
