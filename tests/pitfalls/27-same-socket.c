/* SPDX-License-Identifier: MIT */
/*
 * A library that puts a socket of its own in the place of the program's changes more than
 * the port: options, flags, owner, the registrations with epoll, what ioctl says. Ours
 * never replaces a descriptor. It is the same socket before and behind each call, and
 * whatever the program has set is as the program has set it.
 */
#include "modes.h"
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

static const struct {
	int level, name, set; /* set: what the test gives it, -1: only looked at */
	const char *text;
} options[] = {
	{SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"},
	{SOL_SOCKET, SO_REUSEPORT, -1, "SO_REUSEPORT"},
	{SOL_SOCKET, SO_RCVBUF, 30000, "SO_RCVBUF"},
	{SOL_SOCKET, SO_SNDBUF, 40000, "SO_SNDBUF"},
	{SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE"},
	{SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST"},
	{SOL_SOCKET, SO_PRIORITY, 3, "SO_PRIORITY"},
	{SOL_SOCKET, SO_OOBINLINE, 1, "SO_OOBINLINE"},
	{SOL_SOCKET, SO_RCVLOWAT, 2, "SO_RCVLOWAT"},
	{SOL_SOCKET, SO_BINDTOIFINDEX, -1, "SO_BINDTOIFINDEX"},
	{SOL_SOCKET, SO_TYPE, -1, "SO_TYPE"},
	{SOL_SOCKET, SO_DOMAIN, -1, "SO_DOMAIN"},
	{SOL_SOCKET, SO_PROTOCOL, -1, "SO_PROTOCOL"},
	{SOL_SOCKET, SO_ERROR, -1, "SO_ERROR"},
	{IPPROTO_IP, IP_TOS, 16, "IP_TOS"},
	{IPPROTO_IP, IP_TTL, 33, "IP_TTL"},
	{IPPROTO_IP, IP_FREEBIND, -1, "IP_FREEBIND"},
	{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, -1, "IP_BIND_ADDRESS_NO_PORT"},
	{IPPROTO_IP, IP_LOCAL_PORT_RANGE, -1, "IP_LOCAL_PORT_RANGE"},
	{IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"},
	{IPPROTO_TCP, TCP_KEEPIDLE, 77, "TCP_KEEPIDLE"},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, -1, "TCP_DEFER_ACCEPT"},
	{IPPROTO_IPV6, IPV6_V6ONLY, -1, "IPV6_V6ONLY"},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

struct snapshot {
	uint64_t cookie;
	ino_t inode;
	int flags, descriptor_flags, owner, signal;
	struct linger linger;
	struct timeval timeout;
	int values[OPTIONS];
};

static struct block block;

static void options_set(int fd)
{
	struct linger linger = {1, 5};
	struct timeval timeout = {3, 0};

	for (int i = 0; i < OPTIONS; i++)
		if (options[i].set >= 0)
			option_set(fd, options[i].level, options[i].name, options[i].set, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETSIG, SIGURG);
}

static struct snapshot look(int fd)
{
	struct snapshot seen;
	struct stat status;
	socklen_t size = sizeof seen.cookie;

	memset(&seen, 0, sizeof seen);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &seen.cookie, &size);
	fstat(fd, &status);
	seen.inode = status.st_ino;
	seen.flags = fcntl(fd, F_GETFL);
	seen.descriptor_flags = fcntl(fd, F_GETFD);
	seen.owner = fcntl(fd, F_GETOWN);
	seen.signal = fcntl(fd, F_GETSIG);
	size = sizeof seen.linger;
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &seen.linger, &size);
	size = sizeof seen.timeout;
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &seen.timeout, &size);
	for (int i = 0; i < OPTIONS; i++)
		seen.values[i] = option_get(fd, options[i].level, options[i].name);
	return seen;
}

/* Nothing has changed, but SO_REUSEADDR and SO_REUSEPORT where the manual says so. */
static void same(const struct snapshot *before, int fd, int reuse_may_be_on, const char *what)
{
	struct snapshot now = look(fd);
	int good = now.cookie && now.cookie == before->cookie && now.inode == before->inode;

	ok(good, "%s: it is the same socket", what);
	good = now.flags == before->flags && now.descriptor_flags == before->descriptor_flags &&
	       now.owner == before->owner && now.signal == before->signal &&
	       !memcmp(&now.linger, &before->linger, sizeof now.linger) &&
	       !memcmp(&now.timeout, &before->timeout, sizeof now.timeout);
	for (int i = 0; i < OPTIONS; i++) {
		if (now.values[i] == before->values[i] || (reuse_may_be_on && i < 2))
			continue;
		diag("%s was %d and is %d", options[i].text, before->values[i], now.values[i]);
		good = 0;
	}
	ok(good, "%s: flags, owner and options", what);
}

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	int set = epoll_create1(0);

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		bail_out("epoll_ctl");
	return set;
}

/* What the set reports for this descriptor; 0 where nothing comes. */
static uint32_t reported(int set, int fd, int milliseconds)
{
	struct epoll_event event;
	int count;

	/* our own signals interrupt it */
	do
		count = epoll_wait(set, &event, 1, milliseconds);
	while (count < 0 && errno == EINTR);
	return count == 1 && event.data.fd == fd ? event.events : 0;
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

/* Registered and set before ASSOCIATE, in use behind listen. */
static void server(const char *address)
{
	int fd = socket_open(TCP, address, 0), level, edge, client, accepted;
	struct snapshot before;
	const char *loopback = family_of(address) == AF_INET6 ? "::1" : "127.0.0.1";

	options_set(fd);
	level = watch(fd, EPOLLIN);
	edge = watch(fd, EPOLLIN | EPOLLET);
	before = look(fd);
	if (mode == PRELOADED && associate(fd, block.token))
		bail_out("ASSOCIATE");
	same(&before, fd, 0, "ASSOCIATE");
	if (socket_bind(fd, address, 0, 0))
		bail_out("bind");
	ok(belongs(&block, port_of(fd)) && has_address(fd, address), "bound to %s", address);
	same(&before, fd, 0, "bind");
	ok(!listen(fd, 5), "it listens");
	same(&before, fd, 0, "listen");
	/* a socket that is not connected reports a hang-up, once to the edge */
	while (reported(edge, fd, 0))
		;
	ok(!(reported(level, fd, 0) & EPOLLIN) && accept(fd, NULL, NULL) == -1 && errno == EAGAIN,
	   "nobody has come");
	signals = 0;
	client = socket_open(TCP, loopback, RAW);
	if (socket_connect(client, loopback, port_of(fd), RAW))
		bail_out("connect");
	ok(reported(level, fd, 20000) == EPOLLIN && reported(level, fd, 0) == EPOLLIN,
	   "epoll reports a connection as long as it waits");
	ok(reported(edge, fd, 20000) == EPOLLIN && reported(edge, fd, 0) == 0,
	   "and once to an edge");
	ok(signals > 0, "the owner has got its signal");
	accepted = accept(fd, NULL, NULL);
	ok(accepted >= 0 && option_get(accepted, SOL_SOCKET, SO_REUSEPORT) == 0 &&
		   option_get(accepted, SOL_SOCKET, SO_KEEPALIVE) == 1 &&
		   option_get(accepted, IPPROTO_TCP, TCP_KEEPIDLE) == 77,
	   "who is accepted inherits what the program has set");
	ok(reported(level, fd, 0) == 0, "then nobody waits");
	socket_reset_at_close(client, RAW);
	close(client);
	close(accepted);
	close(fd);
	ok(reported(level, fd, 0) == 0 && epoll_ctl(level, EPOLL_CTL_DEL, fd, NULL) == -1 &&
		   errno == EBADF,
	   "close takes it out of the sets");
	close(level);
	close(edge);
}

static void client(void)
{
	int listener = listening("127.0.0.1", 0, RAW), fd = member(&block), other, set,
	    waiting = -1;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	struct snapshot before;

	options_set(fd);
	before = look(fd);
	set = watch(fd, EPOLLIN | EPOLLET);
	fails_with(socket_connect(fd, "127.0.0.1", port_of(listener), 0), EINPROGRESS,
		   "connect does not block");
	while (poll(&ready, 1, 20000) < 0 && errno == EINTR)
		;
	ok(mode != PRELOADED || in_block(&block, port_of(fd)), "its port is one of the block");
	same(&before, fd, mode == PRELOADED, "connect");
	other = accept(listener, NULL, NULL);
	while (reported(set, fd, 0))
		;
	ok(write(other, "12345", 5) == 5 && reported(set, fd, 20000) == EPOLLIN,
	   "epoll reports what comes");
	ok(!ioctl(fd, FIONREAD, &waiting) && waiting == 5, "FIONREAD says how much");
	/* the client resets the connection, and leaves no TIME_WAIT in the block */
	socket_reset_at_close(fd, 0);
	close(fd);
	close(other);
	close(listener);
	close(set);
}

static void datagrams(void)
{
	struct block tcp = block;
	int fd, set, sender, waiting = -1;
	struct snapshot before;

	block = mode_block(UDP, 4);
	fd = member(&block);
	options_set(fd);
	option_set(fd, SOL_SOCKET, SO_RCVLOWAT, 1, 0);
	set = watch(fd, EPOLLIN);
	before = look(fd);
	if (socket_bind(fd, "127.0.0.1", 0, 0))
		bail_out("bind");
	same(&before, fd, 0, "bind of UDP");
	sender = socket_open(UDP, "127.0.0.1", RAW);
	socket_connect(sender, "127.0.0.1", port_of(fd), RAW);
	ok(write(sender, "123", 3) == 3 && reported(set, fd, 20000) == EPOLLIN &&
		   !ioctl(fd, FIONREAD, &waiting) && waiting == 3,
	   "a datagram comes to where it was waited for");
	socket_connect(fd, "127.0.0.1", port_of(sender), 0);
	same(&before, fd, 0, "connect of UDP");
	close(sender);
	close(set);
	close(fd);
	close(block.fd);
	block = tcp;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};

	(void)argc;
	modes_begin(argv);
	sigaction(SIGURG, &action, NULL);
	block = mode_block(TCP, 4);
	server("0.0.0.0");
	server("127.0.0.1");
	if (ipv6_works())
		server("::");
	else
		skip("a server on ::", "no IPv6");
	client();
	datagrams();
	close(block.fd);
	return modes_end(argv);
}
