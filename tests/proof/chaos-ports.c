/* SPDX-License-Identifier: MIT */
/* What a process of the chaos test does with its blocks and their ports. */
#include "chaos-worker.h"

void acquire_block(void)
{
	int type = roll(&dice, 2) ? TCP : UDP, fd;
	INET_PORT_RESERVATION_INSTANCE instance = {.NumberOfPorts =
							   (uint16_t)(1 + roll(&dice, BLOCK_MOST))};
	struct view view = {.kind = BLOCK, .udp = type == UDP};

	if (in_run || !report_free())
		return;
	if (roll(&dice, 2))
		instance.StartPort = htons((uint16_t)(ARENA + roll(&dice, ARENA_PORTS)));
	fd = socket_open(type, roll(&dice, 2) ? "127.0.0.1" : everywhere(), 0);
	if (ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &instance)) {
		refused("ACQUIRE", MAY_FAIL(EADDRINUSE));
		close(fd);
		return;
	}
	view.first = ntohs(instance.StartPort);
	view.count = instance.NumberOfPorts;
	view.name = view.token = instance.Token;
	did(ACQUIRED);
	hold(&view, fd);
}

static void withdraw_everywhere(uint64_t token)
{
	bool found = true;

	/* Somebody may just be handing it on to a child. */
	while (found) {
		found = false;
		for (struct place *at = ledger->places; at < ledger->places + PLACES; at++)
			for (struct report *it = at->reports; it < at->reports + REPORTS; it++) {
				struct view view;
				uint32_t version;

				if (report_read(it, &view, &version) && view.kind == BLOCK &&
				    view.name == token)
					found |= atomic_compare_exchange_strong(
						&it->version, &version, version + 1);
			}
	}
}

void release_block(void)
{
	struct held held;

	if (in_run || !held_any(BLOCK, &held) || !report_withdraw(held.report))
		return;
	withdraw_everywhere(held.view.name);
	/* EINVAL: who shares it had the same thought. */
	if (ioctl(held.fd, SIO_RELEASE_PORT_RESERVATION, &held.view.name))
		refused("RELEASE", MAY_FAIL(EINVAL));
	else
		did(RELEASED);
	atomic_store(&held.report->fd, -1);
	close(held.fd);
}

/* A socket of one of our blocks, and what its report will be. -1: not now. */
static int member(struct held *block, struct view *view, enum where where)
{
	int type, fd;

	if (!report_free() || !held_any(BLOCK, block))
		return -1;
	*view = (struct view){.kind = PORT,
			      .udp = block->view.udp,
			      .where = where,
			      .count = 1,
			      .token = block->view.name};
	type = view->udp ? UDP : TCP;
	fd = socket_open(type, where_text[where], where == SHARERS ? REUSEPORT : 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	/* Some leave connections in TIME_WAIT behind. */
	if (type == TCP && roll(&dice, 4))
		socket_reset_at_close(fd, 0);
	if (in_run || !ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, &block->view.name))
		return fd;
	if (still_held(block))
		complain("ASSOCIATE with a block that is ours: %s", strerrorname_np(errno));
	close(fd);
	return -1;
}

/* It has a port: one of the block, or the library is wrong. */
static void port_hold(const struct held *block, struct view *view, int fd, enum deed deed)
{
	int port = port_of(fd);

	if (port < block->view.first || port >= block->view.first + block->view.count) {
		complain("%s port %d is not of the block %u+%u", view->udp ? "UDP" : "TCP", port,
			 block->view.first, block->view.count);
		close(fd);
		return;
	}
	view->first = (uint16_t)port;
	view->name = cookie_of(fd);
	did(deed);
	hold(view, fd);
}

/* EADDRNOTAVAIL says that the block is gone: only if it is. */
static void no_port(const struct held *block, int fd, const char *call)
{
	if (still_held(block))
		refused(call, MAY_FAIL(EADDRINUSE, EAGAIN));
	else
		refused(call, MAY_FAIL(EADDRINUSE, EAGAIN, EADDRNOTAVAIL, EACCES, EINVAL));
	close(fd);
}

static enum where where_any(void)
{
	static const enum where places[] = {LOOPBACK, LOOPBACK, EVERYWHERE4, EVERYWHERE};
	enum where where = places[roll(&dice, 4)];

	return where == EVERYWHERE && !ipv6_works() ? EVERYWHERE4 : where;
}

/* By bind(0), or by the listen or the send of a socket that is not bound. */
void draw_port(void)
{
	struct held block;
	struct view view;
	union address nowhere;
	enum where where = where_any();
	int fd = member(&block, &view, where);
	socklen_t length = address_make(&nowhere, "127.0.0.1", 9);

	if (fd < 0)
		return;
	/* In a run sends and connects are not from the block. */
	if (roll(&dice, 3) || (view.udp ? in_run : where == LOOPBACK)) {
		if (socket_bind(fd, where_text[where], 0, 0)) {
			no_port(&block, fd, "bind(0)");
			return;
		}
	} else if (!view.udp) {
		if (listen(fd, 16)) {
			no_port(&block, fd, "listen unbound");
			return;
		}
		view.flags = LISTENS;
	} else {
		if (where == EVERYWHERE)
			length = address_make(&nowhere, "::1", 9);
		view.where = where == EVERYWHERE ? EVERYWHERE : EVERYWHERE4;
		if (sendto(fd, "x", 1, 0, &nowhere.any, length) != 1) {
			no_port(&block, fd, "sendto unbound");
			return;
		}
	}
	port_hold(&block, &view, fd, DRAWN);
}

static void bind_number(enum where where, enum deed deed)
{
	struct held block;
	struct view view;
	int fd = member(&block, &view, where);
	int port;

	if (fd < 0)
		return;
	port = block.view.first + (int)roll(&dice, block.view.count);
	view.flags = BY_NUMBER;
	if (socket_bind(fd, where_text[where], port, 0))
		no_port(&block, fd, "bind by number");
	else if (port_of(fd) != port)
		complain("bind to port %d gave port %d", port, port_of(fd)), close(fd);
	else
		port_hold(&block, &view, fd, deed);
}

void number_port(void)
{
	bind_number(where_any(), NUMBERED);
}

void share_port(void)
{
	bind_number(SHARERS, SHARED);
}

void listen_port(void)
{
	struct held held;

	if (!held_any(PORT, &held) || held.view.udp || held.view.flags & (LISTENS | CLIENT))
		return;
	/* A socket that came in a message is a stranger's to the library. */
	if (listen(held.fd, 16)) {
		refused("listen", held.view.flags & PASSED ? MAY_FAIL(EADDRINUSE)
							   : MAY_FAIL(EADDRINUSE, EINVAL));
		let_go(&held);
		return;
	}
	did(LISTENED);
	/* The same again, with what is new. */
	if (report_withdraw(held.report)) {
		held.view.flags |= LISTENS;
		report_write(held.report, &held.view, held.fd);
	}
}

/* A client that was not bound gets a port of the block, too. */
void connect_from_block(void)
{
	struct held block;
	struct view view, to;
	struct place *place;
	uint32_t version;
	int fd;

	if (!report_any(&dice, &place, &to, &version) || to.kind != PORT || to.udp ||
	    !(to.flags & LISTENS) || in_run)
		return;
	fd = member(&block, &view, LOOPBACK);
	if (fd < 0)
		return;
	if (view.udp) {
		close(fd);
		return;
	}
	view.flags = CLIENT;
	if (socket_connect(fd, to.where == SHARERS ? where_text[SHARERS] : "127.0.0.1", to.first,
			   0) &&
	    errno != EINPROGRESS && !port_of(fd)) {
		refused("connect", MAY_FAIL(EADDRNOTAVAIL, ECONNREFUSED));
		close(fd);
		return;
	}
	port_hold(&block, &view, fd, CONNECTED);
}

/* Another descriptor for it, and the first one goes: nothing may change. */
void copy_something(void)
{
	struct held held;
	int copy;

	if (!held_any(roll(&dice, 2) ? BLOCK : PORT, &held) || held.fd < 0)
		return;
	switch (roll(&dice, 3)) {
	case 0:
		copy = dup(held.fd);
		break;
	case 1:
		copy = fcntl(held.fd, F_DUPFD, 100);
		break;
	default: /* onto a number that is open */
		copy = dup(STDIN_FILENO);
		if (copy >= 0 && dup2(held.fd, copy) != copy)
			complain("dup2: %s", strerrorname_np(errno));
	}
	if (copy < 0) {
		refused("dup", MAY_FAIL(EMFILE));
		return;
	}
	atomic_store(&held.report->fd, copy);
	close(held.fd);
	did(COPIED);
}
