/* SPDX-License-Identifier: MIT */
/*
 * Several sockets on one port of a block, as Linux allows it: a group with
 * SO_REUSEPORT in several processes, one socket for each family, one for each of two
 * addresses. Whether they may is in bind-shared.c; here each of them gets what is
 * meant for it, nothing is lost, strangers stay out, and the port is free when the
 * last one closes.
 */
#include "process.h"

enum { MEMBERS = 3, MESSAGES = 60 };

/* A message from a source port of its own; a TCP one is a connection. */
static void message_send(int type, const char *text, int port)
{
	int fd = socket_open(type, text, RAW);

	socket_reset_at_close(fd, RAW);
	if (socket_connect(fd, text, port, RAW) || syscall(SYS_sendto, fd, "x", 1, 0, NULL, 0) != 1)
		diag("a message to %s: %s", text, strerror(errno));
	socket_close(fd, RAW);
}

/* What has come: over the loopback it is there when it was sent. */
static int messages_count(int type, int fd)
{
	int count = 0, accepted;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (type == UDP) {
		while (recv(fd, &(char){0}, 1, 0) == 1)
			count++;
	} else {
		for (; (accepted = accept(fd, NULL, NULL)) >= 0; count++)
			close(accepted);
	}
	return count;
}

/* A member of the group: says how many came each time it is asked, until it is told to end. */
static void member(struct peer *peer, const struct block *block, const char *text, int port)
{
	int fd = drawn(block, text, port, REUSEPORT);

	if (fd < 0 || (block->type == TCP && listen(fd, MESSAGES)))
		_exit(1);
	tell(peer, (uint64_t)port_of(fd));
	while (hear(peer))
		tell(peer, (uint64_t)messages_count(block->type, fd));
	_exit(0);
}

/* All messages arrived; -1 where not, else how many members got none. */
static int deliver(int type, const char *text, int port, struct peer *members, int count)
{
	int arrived = 0, idle = 0;

	for (int i = 0; i < MESSAGES; i++)
		message_send(type, text, port);
	for (int i = 0; i < count; i++) {
		int got;

		tell(&members[i], 1);
		got = (int)hear(&members[i]);
		arrived += got;
		idle += got == 0;
	}
	if (arrived != MESSAGES)
		diag("%d of %d messages arrived", arrived, MESSAGES);
	return arrived == MESSAGES ? idle : -1;
}

static void end_member(struct peer *peer)
{
	tell(peer, 0);
	if (peer_end(peer))
		bail_out("a member of the group");
}

/* drawn: the first one asks for any port, the others for its. */
static void group(int type, const char *text, int by_draw)
{
	struct block block = reserve(type, 1);
	struct peer members[MEMBERS];
	int port = by_draw ? 0 : block.start;
	char what[80];

	snprintf(what, sizeof what, "%s %s, %d processes with SO_REUSEPORT%s", type_name(type),
		 text, MEMBERS, by_draw ? ", the first by port 0" : "");
	for (int i = 0; i < MEMBERS; i++) {
		members[i] = peer_start();
		if (!members[i].pid)
			member(&members[i], &block, text, port);
		port = (int)hear(&members[i]);
	}
	ok(port == block.start, "%s: they share the port", what);
	ok(deliver(type, text, port, members, MEMBERS) == 0,
	   "%s: each gets some of %d messages, none is lost", what, MESSAGES);
	fails_with(drawn(&block, text, port, 0), EADDRINUSE, "one without the option");
	fails_with(drawn(&block, text, 0, REUSEPORT), EADDRINUSE,
		   "one with it that wants any port");
	ok(stranger(type, text, port, 0) == EADDRINUSE, "%s: a stranger stays out", what);
	end_member(&members[MEMBERS - 1]);
	ok(deliver(type, text, port, members, MEMBERS - 1) == 0, "%s: one ends, the others get all",
	   what);
	for (int i = 0; i < MEMBERS - 1; i++)
		end_member(&members[i]);
	ok(!close(drawn(&block, text, port, 0)), "%s: all have ended, the port can be had", what);
	close(block.fd);
}

struct half {
	const char *text, *to; /* where it is bound, where its messages go */
	int flags;
};

/* Two sockets on one port, each with an address of its own. */
static void halves(int type, struct half one, struct half two)
{
	struct block block = reserve(type, 1);
	struct half both[2] = {one, two};
	int fds[2], got[2], good = 1;

	for (int i = 0; i < 2; i++) {
		fds[i] = drawn(&block, both[i].text, block.start, both[i].flags);
		good &= fds[i] >= 0 && (type == UDP || !listen(fds[i], MESSAGES));
	}
	ok(good, "%s, %s and %s: both are bound to one port", type_name(type), one.text, two.text);
	for (int i = 0; i < MESSAGES; i++)
		message_send(type, both[i % 3 == 0].to, block.start);
	for (int i = 0; i < 2; i++)
		got[i] = messages_count(type, fds[i]);
	ok(got[0] == MESSAGES / 3 * 2 && got[1] == MESSAGES / 3,
	   "%s, %s and %s: each gets what is sent to it", type_name(type), one.text, two.text);
	if (got[0] + got[1] != MESSAGES)
		diag("%d and %d", got[0], got[1]);
	close(fds[0]);
	message_send(type, two.to, block.start);
	ok(messages_count(type, fds[1]) == 1 && stranger(type, one.text, block.start, one.flags),
	   "%s, %s and %s: one closes, the other works on, no stranger comes in", type_name(type),
	   one.text, two.text);
	fds[0] = drawn(&block, one.text, block.start, one.flags);
	ok(fds[0] >= 0, "%s: its address can be had again", type_name(type));
	close(fds[0]);
	close(fds[1]);
	close(block.fd);
}

int main(int argc, char **argv)
{
	static const struct half ipv4 = {"0.0.0.0", "127.0.0.1", 0}, ipv6 = {"::", "::1", V6ONLY};
	static const struct half one = {"127.0.0.1", "127.0.0.1", 0},
				 two = {"127.0.0.2", "127.0.0.2", 0};

	(void)argc;
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		group(type, "127.0.0.1", 0);
		group(type, "127.0.0.1", 1);
		halves(type, one, two);
		if (!ipv6_works())
			continue;
		group(type, "::1", 0);
		halves(type, ipv4, ipv6);
		halves(type, ipv6, ipv4);
		halves(type, one, ipv6);
	}
	return done_testing();
}
