/* SPDX-License-Identifier: MIT */
/*
 * Strangers, programs without the library, of this user and of another: they can
 * bind no port of a block, and what the kernel chooses for them is never one. The
 * block lies inside ip_local_port_range, and the strangers are confined to its
 * neighbourhood, so that they would hit it many times if it were not guarded: the
 * same strangers do hit it once it has ended.
 */
#include "process.h"

enum { TRY, BIND, CONNECT, SENDTO };

enum { COUNT = 64, AROUND = 32, TIMES = 10000 };

static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"};
static const char *const what_names[] = {"explicit bind", "bind to port 0", "connect", "sendto"};

struct order {
	int what, type, address, flags;
	int start;	 /* of the block */
	int first, last; /* what the kernel may choose from; 0: anything */
	int times;
};

struct result {
	int got;	/* how many times the stranger got a port */
	int inside;	/* and it was one of the block */
	int refused[3]; /* EADDRINUSE, EADDRNOTAVAIL, EAGAIN */
	int other;	/* any other errno, the last one */
};

static void note(struct result *result, int error)
{
	switch (error) {
	case EADDRINUSE:
		result->refused[0]++;
		break;
	case EADDRNOTAVAIL:
		result->refused[1]++;
		break;
	case EAGAIN:
		result->refused[2]++;
		break;
	default:
		result->other = error;
	}
}

static int one_call(const struct order *order, int fd, const char *text, int server_port)
{
	union address address;
	socklen_t length = address_make(&address, text, server_port);

	switch (order->what) {
	case BIND:
		return socket_bind(fd, text, 0, 0);
	case CONNECT:
		return connect(fd, &address.any, length);
	default:
		return sendto(fd, "x", 1, 0, &address.any, length) == 1 ? 0 : -1;
	}
}

static struct result carry_out(const struct order *order)
{
	const char *text = addresses[order->address];
	const char *peer = family_of(text) == AF_INET6 ? "::1" : "127.0.0.1";
	struct result result;
	int server = bound(order->type, peer, 0, 0), fd, accepted;

	memset(&result, 0, sizeof result);
	for (int i = 0; i < COUNT && order->what == TRY; i++) {
		fd = bound(order->type, text, order->start + i, order->flags);
		result.got += fd >= 0;
		result.inside += fd >= 0;
		if (fd < 0)
			note(&result, errno);
		close(fd);
	}
	if (order->type == TCP)
		listen(server, 16);
	for (int i = 0; i < order->times && order->what != TRY; i++) {
		fd = socket_open(order->type, text, order->flags);
		if (order->first)
			socket_confine(fd, order->first, order->last, 0);
		if (!one_call(order, fd, order->what == BIND ? text : peer, port_of(server))) {
			int port = port_of(fd);

			result.got++;
			result.inside += port >= order->start && port < order->start + COUNT;
			if (order->what == CONNECT) {
				accepted = accept(server, NULL, NULL);
				socket_reset_at_close(fd, 0);
				close(accepted);
			}
		} else {
			note(&result, errno);
		}
		close(fd);
	}
	close(server);
	return result;
}

/* The stranger's main. */
static int be_a_stranger(char **argv)
{
	int in = atoi(argv[2]), out = atoi(argv[3]);
	struct order order;
	struct result result;

	if (getenv("LD_PRELOAD"))
		return 1;
	if (!strcmp(argv[1], "somebody"))
		become_user(SOMEBODY);
	while (read(in, &order, sizeof order) == sizeof order) {
		result = carry_out(&order);
		if (write(out, &result, sizeof result) != sizeof result)
			return 1;
	}
	return 0;
}

/* Before ACQUIRE, or the stranger would inherit the reservation. */
static struct peer stranger_start(const char *who)
{
	struct peer peer = peer_start();
	char in[16], out[16];

	if (peer.pid)
		return peer;
	snprintf(in, sizeof in, "%d", peer.in);
	snprintf(out, sizeof out, "%d", peer.out);
	unsetenv("LD_PRELOAD");
	exec_self((const char *[]){who, in, out, NULL});
}

static struct result let(const struct peer *peer, struct order order)
{
	struct result result;

	if (write(peer->out, &order, sizeof order) != sizeof order ||
	    read(peer->in, &result, sizeof result) != sizeof result)
		bail_out("the stranger went away");
	return result;
}

/* answers: stranger-given */
static void tries(const struct peer *peer, const char *who, const struct block *block,
		  int last_flag)
{
	static const char *const names[] = {"", " with SO_REUSEADDR", " with SO_REUSEPORT"};

	for (int i = 0; i < 5; i++) {
		for (int flag = 0; flag <= last_flag; flag++) {
			struct order order = {TRY, block->type, i, flag, block->start, 0, 0, 0};
			struct result result;

			if (family_of(addresses[i]) == AF_INET6 && !ipv6_works())
				continue;
			result = let(peer, order);
			ok(result.refused[0] == COUNT, "%s, %s %s %s%s: EADDRINUSE on all ports",
			   who, type_name(block->type), what_names[TRY], addresses[i], names[flag]);
			if (result.refused[0] != COUNT)
				diag("EADDRINUSE %d, bound %d, other %s", result.refused[0],
				     result.got, strerrorname_np(result.other));
		}
	}
}

/* answers: stranger-any stranger-connect */
static void draws(const struct peer *peer, const char *who, const struct block *block, int what,
		  int confined)
{
	static const int codes[] = {EADDRINUSE, EADDRNOTAVAIL, EAGAIN};
	int code = what == BIND ? 0 : what == CONNECT ? 1 : 2;

	for (int i = 0; i < 5; i += 3) {
		struct order order = {what, block->type, i, 0, block->start, 0, 0, TIMES};
		struct result result;

		if (family_of(addresses[i]) == AF_INET6 && !ipv6_works())
			continue;
		if (confined) {
			order.first = block->start - AROUND;
			order.last = block->start + COUNT + AROUND - 1;
		}
		result = let(peer, order);
		ok(result.inside == 0 && result.got > 0, "%s, %s %s %s: never in the block", who,
		   type_name(block->type), what_names[what], addresses[i]);
		diag("%d of %d got a port, %d in the block", result.got, TIMES, result.inside);
		if (!confined)
			continue;
		order.first = block->start;
		order.last = block->start + COUNT - 1;
		order.times = 100;
		result = let(peer, order);
		ok(result.refused[code] == 100, "%s, %s %s %s, confined to the block: %s", who,
		   type_name(block->type), what_names[what], addresses[i],
		   strerrorname_np(codes[code]));
	}
}

/* The reservation has ended: the same calls hit the same ports. */
static void control(const struct peer *peer, const struct block *block, int what, int confined)
{
	struct order order = {what, block->type, 0, 0, block->start, 0, 0, 1000};
	struct result result;

	if (!confined)
		return;
	order.first = block->start - AROUND;
	order.last = block->start + COUNT + AROUND - 1;
	result = let(peer, order);
	ok(result.inside > 0, "once it has ended, %s %s does land there", type_name(block->type),
	   what_names[what]);
}

static void against(int type, int confined)
{
	struct peer same = stranger_start("same"), other = {.pid = 0};
	struct block block;
	int low, high;

	if (!geteuid())
		other = stranger_start("somebody");
	ephemeral_range(&low, &high);
	block = reserve_between(type, low + AROUND, high - AROUND, COUNT);
	tries(&same, "a stranger", &block, 1);
	if (other.pid)
		tries(&other, "another user", &block, 2);
	else
		skip("another user's explicit binds", "not root");
	draws(&same, "a stranger", &block, BIND, confined);
	draws(&same, "a stranger", &block, type == TCP ? CONNECT : SENDTO, confined);
	close(block.fd);
	control(&same, &block, BIND, confined);
	control(&same, &block, type == TCP ? CONNECT : SENDTO, confined);
	ok(peer_end(&same) == 0 && (!other.pid || peer_end(&other) == 0),
	   "the strangers were without the library");
}

int main(int argc, char **argv)
{
	int fd, confined;

	if (argc == 4)
		return be_a_stranger(argv);
	private_pool(argv);
	fd = socket_open(TCP, "0.0.0.0", 0);
	confined = !socket_confine(fd, 40000, 40001, 0);
	close(fd);
	against(TCP, confined);
	against(UDP, confined);
	return done_testing();
}
