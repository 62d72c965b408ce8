/* SPDX-License-Identifier: MIT */
/*
 * What a program has set up on a socket survives that the library binds it: the
 * socket is the same one, flags and options read as before, an epoll set that it was
 * put into before still tells of it, accepted sockets are as elsewhere. And a call
 * that succeeds leaves errno alone.
 */
#include "preload.h"
#include <sys/epoll.h>
#include <sys/un.h>

/* What stays the same on a socket, whatever becomes of it. */
struct state {
	uint64_t cookie;
	int flags, descriptor_flags, owner, options[10];
};

static const struct option {
	int level, name;
} options[] = {
	{SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_REUSEPORT},	   {SOL_SOCKET, SO_KEEPALIVE},
	{SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_PRIORITY},	   {SOL_SOCKET, SO_RCVBUF},
	{SOL_SOCKET, SO_MARK},	    {SOL_SOCKET, SO_INCOMING_CPU}, {IPPROTO_IP, IP_TOS},
	{IPPROTO_IP, IP_FREEBIND},
};

enum { OPTIONS = sizeof options / sizeof *options };

static struct state state_of(int fd)
{
	struct state state;
	socklen_t size = sizeof state.cookie;

	memset(&state, 0, sizeof state);
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &state.cookie, &size))
		bail_out("SO_COOKIE");
	state.flags = fcntl(fd, F_GETFL);
	state.descriptor_flags = fcntl(fd, F_GETFD);
	state.owner = fcntl(fd, F_GETOWN);
	for (int i = 0; i < OPTIONS; i++)
		/* the CPU changes by itself where nobody has chosen one */
		if (options[i].name != SO_INCOMING_CPU)
			state.options[i] = option_get(fd, options[i].level, options[i].name);
	return state;
}

static void same(int fd, const struct state *before, const char *what)
{
	struct state now = state_of(fd);

	if (!ok(!memcmp(&now, before, sizeof now), "%s: it is the same socket, as it was", what))
		for (int i = 0; i < OPTIONS; i++)
			if (now.options[i] != before->options[i])
				diag("option %d of level %d is %d, was %d", options[i].name,
				     options[i].level, now.options[i], before->options[i]);
}

/* A socket of the block with everything set that a program may set. */
static int prepared(const struct block *block, int reuse)
{
	int fd = tied(block, "127.0.0.1", reuse);

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETFL, O_NONBLOCK);
	option_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, 0);
	option_set(fd, SOL_SOCKET, SO_PRIORITY, 3, 0);
	option_set(fd, SOL_SOCKET, SO_RCVBUF, 30000, 0);
	option_set(fd, IPPROTO_IP, IP_TOS, 0x10, 0);
	return fd;
}

/* The ways to a port: unused, used before, beside others, by number, over TIME_WAIT. */
enum { UNUSED, USED, ABANDONED, EXPLICIT, EXPLICIT_USED, TIME_WAITING, PORT_WAYS };

static const char *const ways[] = {"an unused port",
				   "a used port",
				   "a port that an unseen close left",
				   "a port by its number",
				   "a used port by its number",
				   "a port in TIME_WAIT"};

/* A block that leaves only this way. A connection in TIME_WAIT needs a TCP block. */
static struct block block_for(int type, int way)
{
	struct block block = reserve(type, 1);
	int fd, client, accepted;

	if (way == UNUSED || way == EXPLICIT)
		return block;
	fd = drawn(&block, "127.0.0.1", way == ABANDONED ? block.start : 0,
		   way == TIME_WAITING ? REUSEADDR : 0);
	if (way == TIME_WAITING) {
		listen(fd, 1);
		client = socket_open(TCP, "127.0.0.1", RAW);
		if (socket_connect(client, "127.0.0.1", block.start, RAW))
			bail_out("connect");
		accepted = accept(fd, NULL, NULL);
		close(accepted);
		receive(client, &(char){0}, 1);
		socket_close(client, RAW);
	}
	socket_close(fd, way == ABANDONED ? RAW : 0);
	return block;
}

static void bind_way(int type, int way, int reuse)
{
	struct block block = block_for(type, way);
	int fd = prepared(&block, reuse), result;
	int port = way == EXPLICIT || way == EXPLICIT_USED ? block.start : 0;
	struct state before = state_of(fd);
	char what[100];

	snprintf(what, sizeof what, "%s, bind to %s%s%s", type_name(type), ways[way],
		 reuse & REUSEADDR ? ", SO_REUSEADDR" : "",
		 reuse & REUSEPORT ? ", SO_REUSEPORT" : "");
	errno = ENOTNAM;
	result = socket_bind(fd, "127.0.0.1", port, 0);
	ok(!result && errno == ENOTNAM, "%s: errno is left alone", what);
	same(fd, &before, what);
	if (type == TCP) {
		errno = ENOTNAM;
		result = listen(fd, 1);
		ok(!result && errno == ENOTNAM, "%s, listen: errno is left alone", what);
		same(fd, &before, "and behind listen");
	}
	close(fd);
	close(block.fd);
}

/* The calls that bind by themselves; what they may change is said in implicit.c. */
static void implicit_ways(int type)
{
	static const char *const names[] = {"listen", "connect", "sendto", "sendmsg", "sendmmsg"};
	int server = bound(type, "127.0.0.1", 0, RAW);
	union address to;
	socklen_t length = address_make(&to, "127.0.0.1", port_of(server));
	struct iovec piece = {.iov_base = (char[]){"x"}, .iov_len = 1};
	struct mmsghdr message = {.msg_hdr = {.msg_name = &to,
					      .msg_namelen = length,
					      .msg_iov = &piece,
					      .msg_iovlen = 1}};

	if (type == TCP)
		socket_listen(server, RAW);
	for (int call = type == TCP ? 0 : 1; call < (type == TCP ? 2 : 5); call++) {
		struct block block = reserve(type, 2);
		int fd = prepared(&block, 0), result = -1;
		struct state before = state_of(fd), now;

		if (type == TCP)
			fcntl(fd, F_SETFL, 0);
		errno = ENOTNAM;
		if (call == 0)
			result = listen(fd, 1);
		else if (call == 1)
			result = connect(fd, &to.any, length);
		else if (call == 2)
			result = sendto(fd, "x", 1, 0, &to.any, length) == 1 ? 0 : -1;
		else if (call == 3)
			result = sendmsg(fd, &message.msg_hdr, 0) == 1 ? 0 : -1;
		else
			result = sendmmsg(fd, &message, 1, 0) == 1 ? 0 : -1;
		ok(!result && errno == ENOTNAM && in_block(&block, port_of(fd)),
		   "%s, %s without bind: errno is left alone", type_name(type), names[call]);
		now = state_of(fd);
		now.flags = before.flags;
		if (type == TCP && call == 1) /* connections share ports by these */
			now.options[0] = now.options[1] = 0;
		ok(!memcmp(&now, &before, sizeof now), "%s, %s: it is the same socket, as it was",
		   type_name(type), names[call]);
		close(fd);
		close(block.fd);
	}
	socket_close(server, RAW);
}

/* Registered when it was not bound yet; both ways of being told. */
static void epoll_tells(int type, int how, const char *what)
{
	struct block block = reserve(type, 2);
	int fd = tied(&block, "0.0.0.0", 0), set = epoll_create1(EPOLL_CLOEXEC), client, quiet;
	struct epoll_event event = {.events = EPOLLIN | (how ? EPOLLET : 0), .data.u64 = 4711};

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		bail_out("epoll_ctl");
	if (how != 2)
		socket_bind(fd, "0.0.0.0", 0, 0);
	if (type == TCP)
		listen(fd, 4);
	else if (how == 2)
		sendto(fd, "x", 1, 0, NULL, 0); /* binds, and has nowhere to go */
	while (epoll_wait(set, &event, 1, 0) == 1)
		if (!(event.events & EPOLLIN) && !how)
			break;
	quiet = epoll_wait(set, &event, 1, 0) < 1 || !(event.events & EPOLLIN);
	client = socket_open(type, "127.0.0.1", RAW);
	socket_reset_at_close(client, RAW);
	if (socket_connect(client, "127.0.0.1", port_of(fd), RAW) ||
	    (type == UDP && send(client, "x", 1, 0) != 1))
		bail_out("a client of the test");
	memset(&event, 0, sizeof event);
	ok(in_block(&block, port_of(fd)) && quiet && epoll_wait(set, &event, 1, 30000) == 1 &&
		   event.data.u64 == 4711 && event.events & EPOLLIN,
	   "%s, %s: an epoll set from before tells of it", type_name(type), what);
	socket_close(client, RAW);
	close(set);
	close(fd);
	close(block.fd);
}

/* Accepted from a listener of the block as from a stranger's with the same options. */
static void accepted_ones(int reuse)
{
	struct block block = reserve(TCP, 1);
	int listeners[2] = {drawn(&block, "127.0.0.1", 0, reuse),
			    bound(TCP, "127.0.0.1", 0, reuse | RAW)};
	struct state states[2];

	for (int i = 0; i < 2; i++) {
		int client = socket_open(TCP, "127.0.0.1", RAW), fd;

		socket_reset_at_close(client, RAW);
		if (socket_listen(listeners[i], i ? RAW : 0) ||
		    socket_connect(client, "127.0.0.1", port_of(listeners[i]), RAW))
			bail_out("a connection");
		fd = accept(listeners[i], NULL, NULL);
		states[i] = state_of(fd);
		states[i].cookie = 0;
		socket_close(client, RAW);
		close(fd);
	}
	ok(!memcmp(&states[0], &states[1], sizeof states[0]),
	   "accepted with%s SO_REUSEADDR, with%s SO_REUSEPORT: as elsewhere",
	   reuse & REUSEADDR ? "" : "out", reuse & REUSEPORT ? "" : "out");
	socket_close(listeners[1], RAW);
	close(listeners[0]);
	close(block.fd);
}

#define ALONE(call, what)                                                                          \
	do {                                                                                       \
		errno = ENOTNAM;                                                                   \
		ok((call) >= 0 && errno == ENOTNAM, "%s, %s: errno is left alone",                 \
		   type_name(type), what);                                                         \
	} while (0)

static void other_calls(int type)
{
	int holder = socket_open(type, "127.0.0.1", 0), fd = socket_open(type, "127.0.0.1", 0);
	int copy, high = 700;
	instance result;

	ALONE(acquire(holder, 0, 3, &result), "ACQUIRE");
	ALONE(associate(fd, result.Token), "ASSOCIATE");
	ALONE(copy = dup(fd), "dup");
	ALONE(close(copy), "close of a copy");
	ALONE(dup2(fd, high), "dup2");
	ALONE(dup3(fd, high, O_CLOEXEC), "dup3 onto a copy");
	ALONE(fcntl(fd, F_DUPFD_CLOEXEC, high + 1), "F_DUPFD_CLOEXEC");
	ALONE(fcntl(fd, F_SETFD, FD_CLOEXEC), "F_SETFD");
	ALONE(option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, 0), "setsockopt");
	ALONE(socket_bind(fd, "127.0.0.1", 0, 0), "bind");
	ALONE(close_range((unsigned)high, (unsigned)high + 1, 0), "close_range");
	ALONE(close(fd), "close of the last one");
	ALONE(release(holder, result.Token), "RELEASE");
	ALONE(close(holder), "close of the acquiring socket");
}

int main(int argc, char **argv)
{
	static const int reuses[] = {0, REUSEADDR, REUSEPORT, REUSEADDR | REUSEPORT};

	(void)argc;
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		for (int way = 0; way < (type == TCP ? PORT_WAYS : TIME_WAITING); way++)
			for (int i = 0; i < 4; i++)
				bind_way(type, way, reuses[i]);
		implicit_ways(type);
		epoll_tells(type, 0, "bound to port 0");
		epoll_tells(type, 1, "bound to port 0, edge-triggered");
		epoll_tells(type, 2, "bound by listen or send");
		other_calls(type);
	}
	for (int i = 0; i < 4; i++)
		accepted_ones(reuses[i]);
	return done_testing();
}
