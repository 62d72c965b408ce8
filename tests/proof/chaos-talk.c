/* SPDX-License-Identifier: MIT */
/*
 * What the processes of the chaos test have to do with each other: connections, datagrams,
 * sockets in messages. Whoever is met on a port must be who reported it.
 */
#include "chaos-worker.h"

enum { PATIENCE_MS = 50 };

/* What a datagram says: which report has sent it where it went. */
struct letter {
	uint32_t place, report, version;
	uint64_t name;
};

/* What comes along with a socket. */
struct parcel {
	struct view view;
};

static void serve_tcp(const struct held *held)
{
	for (int i = 0; i < 4; i++) {
		int fd = accept4(held->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		if (send(fd, &held->view.name, sizeof held->view.name, MSG_NOSIGNAL) > 0)
			did(ARRIVED);
		close(fd);
	}
}

static void serve_udp(const struct held *held)
{
	struct letter letter;

	for (int i = 0; i < 4; i++) {
		const struct place *place;
		const struct report *report;
		struct view sender;
		uint32_t version;

		if (recv(held->fd, &letter, sizeof letter, MSG_DONTWAIT) != sizeof letter)
			return;
		place = &ledger->places[letter.place % PLACES];
		report = &place->reports[letter.report % REPORTS];
		did(ARRIVED);
		/* Held since before it was sent, and by another: it came to the wrong one. */
		if (letter.name != held->view.name && report_read(report, &sender, &version) &&
		    version == letter.version && report_stands(place, report, version) &&
		    sender.where != SHARERS && still_held(held))
			complain("a datagram for UDP port %u of %d came to %d", sender.first,
				 atomic_load(&place->pid), atomic_load(&here->pid));
	}
}

void serve_all(void)
{
	for (int i = 0; i < REPORTS; i++) {
		struct held held = {.report = &here->reports[i]};

		if (!report_read(held.report, &held.view, &held.version) || held.view.kind != PORT)
			continue;
		held.fd = atomic_load(&held.report->fd);
		if (held.view.udp)
			serve_udp(&held);
		else if (held.view.flags & LISTENS)
			serve_tcp(&held);
	}
}

static bool ready(int fd, short events)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};

	return poll(&poll_fd, 1, PATIENCE_MS) == 1;
}

/* A socket that nobody has reserved anything for. */
static int outsider(int type)
{
	int fd = (int)syscall(SYS_socket, AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		complain("socket: %s", strerrorname_np(errno));
	return fd;
}

/* Connects to who says that it listens: it answers itself, or nobody does in time. */
void visit_somebody(void)
{
	struct place *place;
	struct view view;
	uint32_t version;
	struct report *report = report_any(&dice, &place, &view, &version);
	uint64_t name;
	int fd, error = 0;
	socklen_t size = sizeof error;

	if (!report || view.kind != PORT || view.udp || !(view.flags & LISTENS))
		return;
	fd = outsider(TCP);
	if (fd < 0)
		return;
	/* Of both ends one gets TIME_WAIT: sometimes neither. */
	if (roll(&dice, 2))
		socket_reset_at_close(fd, RAW);
	if (socket_connect(fd, view.where == SHARERS ? where_text[SHARERS] : "127.0.0.1",
			   view.first, RAW) &&
	    errno != EINPROGRESS)
		error = errno;
	else if (ready(fd, POLLOUT))
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error == ECONNREFUSED && report_stands(place, report, version))
		complain("TCP port %u, where %d listens, is refused", view.first,
			 atomic_load(&place->pid));
	if (!error && ready(fd, POLLIN) && recv(fd, &name, sizeof name, 0) == sizeof name) {
		did(VISITED);
		if (name != view.name && view.where != SHARERS &&
		    report_stands(place, report, version))
			complain("a connection to TCP port %u of %d came to another", view.first,
				 atomic_load(&place->pid));
	}
	socket_close(fd, RAW);
}

void send_to_somebody(void)
{
	struct place *place;
	struct view view;
	uint32_t version;
	struct report *report = report_any(&dice, &place, &view, &version);
	struct letter letter;
	union address to;
	socklen_t length;
	int fd;

	if (!report || view.kind != PORT || !view.udp)
		return;
	letter = (struct letter){.place = (uint32_t)(place - ledger->places),
				 .report = (uint32_t)(report - place->reports),
				 .version = version,
				 .name = view.name};
	fd = outsider(UDP);
	if (fd < 0)
		return;
	length = address_make(&to, view.where == SHARERS ? where_text[SHARERS] : "127.0.0.1",
			      view.first);
	if (sendto(fd, &letter, sizeof letter, MSG_DONTWAIT, &to.any, length) == sizeof letter)
		did(SENT);
	socket_close(fd, RAW);
}

/* A socket goes to another process; we keep our copy of it or not. */
void hand_on(void)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.room = {0}};
	struct held held;
	struct place *to = &ledger->places[roll(&dice, PLACES)];
	struct parcel parcel;
	struct iovec data = {.iov_base = &parcel, .iov_len = sizeof parcel};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof control.room};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct sockaddr_un name = mailbox_name(to, &message.msg_namelen);

	if (!held_any(roll(&dice, 5) ? PORT : BLOCK, &held) || held.fd < 0)
		return;
	parcel = (struct parcel){.view = held.view};
	message.msg_name = &name;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &held.fd, sizeof(int));
	if (sendmsg(atomic_load(&here->mailbox), &message, MSG_DONTWAIT) < 0) {
		refused("sendmsg", MAY_FAIL(ECONNREFUSED, EAGAIN, ETOOMANYREFS, ENOENT));
		return;
	}
	did(HANDED);
	if (held.view.kind == PORT && roll(&dice, 2))
		let_go(&held);
}

/*
 * A socket that was received is used as it is. An acquiring one keeps no block here, and
 * gives no part in it.
 */
static void unpack(const struct parcel *parcel, int fd)
{
	struct view view = parcel->view;
	int probe;

	did(RECEIVED);
	if (view.kind == PORT) {
		if (cookie_of(fd) != view.name || port_of(fd) != view.first)
			complain("another socket was received than was sent");
		view.flags |= PASSED;
		hold(&view, fd);
		return;
	}
	close(fd);
	if (in_run)
		return;
	for (int i = 0; i < REPORTS; i++) {
		struct view mine;
		uint32_t version;

		if (report_read(&here->reports[i], &mine, &version) && mine.name == view.name)
			return;
	}
	/* Nothing of ours is left of what we may have inherited and lost. */
	probe = socket_open(view.udp ? UDP : TCP, "127.0.0.1", 0);
	if (!ioctl(probe, SIO_ASSOCIATE_PORT_RESERVATION, &view.name))
		complain("ASSOCIATE with another's block");
	else
		refused("ASSOCIATE", MAY_FAIL(EACCES, EINVAL));
	close(probe);
}

void take_in(void)
{
	for (int i = 0; i < 4; i++) {
		union {
			char room[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} control;
		struct parcel parcel;
		struct iovec data = {.iov_base = &parcel, .iov_len = sizeof parcel};
		struct msghdr message = {.msg_iov = &data,
					 .msg_iovlen = 1,
					 .msg_control = control.room,
					 .msg_controllen = sizeof control.room};
		struct cmsghdr *header;
		int fd;

		if (recvmsg(atomic_load(&here->mailbox), &message, MSG_DONTWAIT) != sizeof parcel)
			return;
		header = CMSG_FIRSTHDR(&message);
		if (!header || header->cmsg_len != CMSG_LEN(sizeof(int)))
			continue; /* out of descriptors */
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
		unpack(&parcel, fd);
	}
}
