/* SPDX-License-Identifier: MIT */
/*
 * A descriptor may come in a message (SCM_RIGHTS): nobody called socket() or bind() for it
 * here, so a library that only knows what it saw refuses it, or crashes on it. Ours takes
 * an unknown descriptor for what the kernel says it is: a socket that is bound to a
 * reserved port listens, accepts and closes in whichever process it arrives, also in one
 * that has no part in the reservation or has another one.
 */
#include "modes.h"

enum { COUNT = 2 };

/* The receiver gets a socket with an order, and answers 0 or errno. */
enum order { LISTEN = 1, SERVE, KEEP, CLOSE, DRAW, END };

static int received = -1;

static int serve_one(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char byte;

	if (fd < 0 || receive(fd, &byte, 1) != 1 || write(fd, &byte, 1) != 1)
		return errno;
	/* the client closes first: no TIME_WAIT stays on the port */
	if (receive(fd, &byte, 1))
		return errno;
	return close(fd) ? errno : 0;
}

static uint64_t carry_out(uint64_t order, int channel)
{
	int fd;

	switch (order) {
	case LISTEN:
	case SERVE:
	case KEEP:
		close(received);
		received = descriptor_receive(channel);
		if (received < 0)
			return (uint64_t)errno;
		if (order == LISTEN && listen(received, 4))
			return (uint64_t)errno;
		return order == KEEP ? 0 : (uint64_t)serve_one(received);
	case CLOSE:
		return close(received) ? (uint64_t)errno : 0;
	default:
		fd = bound(TCP, "127.0.0.1", 0, 0);
		return (uint64_t)port_of(fd);
	}
}

static void obey(const struct peer *peer, int channel)
{
	uint64_t order;

	tell(peer, 0);
	while ((order = hear(peer)) != END)
		tell(peer, carry_out(order, channel));
}

static int image(char **argv)
{
	struct peer peer = {.in = atoi(argv[1]), .out = atoi(argv[2])};

	obey(&peer, atoi(argv[3]));
	return 0;
}

/* Who receives: of the reservation, without any, without the library, of another run. */
enum who { CHILD, STRANGER, BARE_IMAGE, OTHER_RUN, WHOS };

static const char *const who_names[] = {"a child", "a stranger with the library",
					"a stranger without it", "a program of another run"};

struct receiver {
	struct peer peer;
	int channel;
};

static struct receiver receiver_start(enum who who)
{
	struct receiver receiver;
	char in[16], out[16], number[16], self[4096] = "";
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		bail_out("socketpair");
	receiver.peer = peer_start();
	receiver.channel = pair[receiver.peer.pid ? 0 : 1];
	close(pair[receiver.peer.pid ? 1 : 0]);
	if (receiver.peer.pid) {
		hear(&receiver.peer);
		return receiver;
	}
	if (who == CHILD) {
		obey(&receiver.peer, receiver.channel);
		_exit(0);
	}
	snprintf(in, sizeof in, "%d", receiver.peer.in);
	snprintf(out, sizeof out, "%d", receiver.peer.out);
	snprintf(number, sizeof number, "%d", receiver.channel);
	if (who == BARE_IMAGE)
		unsetenv("LD_PRELOAD");
	if (who == OTHER_RUN && readlink("/proc/self/exe", self, sizeof self - 1) > 0) {
		unsetenv("LD_PRELOAD");
		execl(getenv("PORTRES_RUN"), "portres-run", "-n", "2", "--", self, in, out, number,
		      (char *)NULL);
	}
	exec_self((const char *[]){in, out, number, NULL});
}

static int order(const struct receiver *receiver, enum order what, int fd)
{
	tell(&receiver->peer, what);
	if (fd >= 0)
		descriptor_send(receiver->channel, fd);
	return (int)hear(&receiver->peer);
}

static void receiver_end(struct receiver *receiver)
{
	tell(&receiver->peer, END);
	peer_end(&receiver->peer);
	close(receiver->channel);
}

/* A client of the port, which the receiver answers: LISTEN or SERVE. */
static int serves(const struct receiver *receiver, enum order what, int fd)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), answer;
	char byte = 'x';

	tell(&receiver->peer, what);
	descriptor_send(receiver->channel, fd);
	/* the receiver comes to listen in its own time */
	if (!comes_true(!socket_connect(client, "127.0.0.1", port_of(fd), RAW)))
		return ECONNREFUSED;
	if (write(client, &byte, 1) != 1 || receive(client, &byte, 1) != 1)
		byte = '-';
	close(client);
	answer = (int)hear(&receiver->peer);
	return byte == 'x' ? answer : EIO;
}

static int given(const struct block *block, int port)
{
	int fd = member(block), good = !socket_bind(fd, "127.0.0.1", port, 0);

	close(fd);
	return good;
}

static int refused(const struct block *block, int port)
{
	int fd = member(block);
	int good = socket_bind(fd, "127.0.0.1", port, 0) == -1 && errno == EADDRINUSE;

	close(fd);
	return good;
}

static void passed_to(enum who who)
{
	struct receiver receiver;
	struct block block = {.fd = -1};
	int fd, port, own;

	if (who != CHILD)
		receiver = receiver_start(who);
	block = reserve(TCP, COUNT);
	if (who == CHILD)
		receiver = receiver_start(who);

	fd = drawn(&block, "127.0.0.1", 0, 0);
	port = port_of(fd);
	if (who == BARE_IMAGE)
		listen(fd, 4);
	ok(serves(&receiver, who == BARE_IMAGE ? SERVE : LISTEN, fd) == 0,
	   "%s %s on a bound socket that it was sent", who_names[who],
	   who == BARE_IMAGE ? "serves" : "listens and serves");
	close(fd);
	ok(refused(&block, port), "%s has it: its port is not given", who_names[who]);
	ok(order(&receiver, CLOSE, -1) == 0 && given(&block, port), "it is when it has closed it");

	fd = drawn(&block, "127.0.0.1", 0, 0);
	port = port_of(fd);
	ok(order(&receiver, KEEP, fd) == 0 && order(&receiver, CLOSE, -1) == 0,
	   "%s closes what it got", who_names[who]);
	ok(refused(&block, port) && block_taken(&block), "that gives nothing back");
	/* Numbers of before are others' now. */
	own = order(&receiver, DRAW, -1);
	ok(own > 0 && (!in_block(&block, own)), "%s draws elsewhere, as before", who_names[who]);
	close(fd);

	/* The reservation may end before the one whom its socket was sent. */
	fd = drawn(&block, "127.0.0.1", 0, 0);
	order(&receiver, KEEP, fd);
	close(block.fd);
	ok(who == CHILD || taken_ports(TCP, block.start, COUNT) == 1,
	   "the reservation ends, and its socket stays");
	ok(serves(&receiver, LISTEN, fd) == 0, "%s can serve it still", who_names[who]);
	receiver_end(&receiver);
	close(fd);
	ok(settled(block_free, &block), "and then all is free");
}

/* Through a message to itself: the number is new, the socket is known. */
static void to_itself(void)
{
	struct block block = reserve(TCP, COUNT);
	int pair[2], fd = drawn(&block, "127.0.0.1", 0, 0), port = port_of(fd), copy;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		bail_out("socketpair");
	descriptor_send(pair[0], fd);
	copy = descriptor_receive(pair[1]);
	close(fd);
	ok(port_of(copy) == port && !listen(copy, 1), "a socket that was sent to oneself listens");
	ok(refused(&block, port), "its port is in use");
	close(copy);
	ok(given(&block, port), "until it closes");
	close(pair[0]);
	close(pair[1]);
	close(block.fd);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return image(argv);
	private_pool(argv);
	for (enum who who = CHILD; who < WHOS; who++)
		passed_to(who);
	to_itself();
	return done_testing();
}
