/* SPDX-License-Identifier: MIT */
/*
 * Guards and claims are sockets on interface indexes that do not exist. An interface
 * may have such an index all the same, as anybody who may make one can choose it:
 * then a guard there would get the packets that are meant for the program.
 *
 * The library looks before it uses an index, and takes another one. A network is
 * made in which real interfaces have the indexes that the library prefers, before
 * reservations are made and between them; a neighbour in another network sends
 * through these interfaces. The ports are guarded, and each datagram and connection
 * comes to the program.
 */
#include "network.h"

enum { GUARDS = 0x7ffffff0, CLAIMS = 0x7ffffff1, DATAGRAMS = 200, COUNT = 4 };

/* Interfaces to the neighbour; each has its own addresses. */
static const struct link {
	const char *name, *here, *there;
} links[] = {{"first", "10.11.1.1", "10.11.1.2"}, {"second", "10.11.2.1", "10.11.2.2"}};

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
	char *command;
	va_list arguments;
	int status;

	va_start(arguments, format);
	if (vasprintf(&command, format, arguments) < 0)
		bail_out("vasprintf");
	va_end(arguments);
	status = system(command);
	free(command);
	return status ? -1 : 0;
}

/* A pair of interfaces: ours has the index, the other end is the neighbour's. */
static int link_make(const struct link *link, int index, pid_t neighbour)
{
	return run("{ ip link add %s index %d type veth peer name %s netns %d &&"
		   "  ip address add %s/30 dev %s && ip link set %s up &&"
		   "  nsenter -t %d -n ip address add %s/30 dev %s &&"
		   "  nsenter -t %d -n ip link set %s up; } 2>/dev/null",
		   link->name, index, link->name, (int)neighbour, link->here, link->name,
		   link->name, (int)neighbour, link->there, link->name, (int)neighbour, link->name);
}

/*
 * The neighbour: bits 0-15 the port, 16 the link, 17 whether it is UDP. Sends the
 * datagrams, or connects as often; answers how many went.
 */
static void neighbour_run(struct peer *peer)
{
	uint64_t order;

	if (unshare(CLONE_NEWNET))
		_exit(1);
	tell(peer, 1);
	while ((order = hear(peer))) {
		const char *to = links[order >> 16 & 1].here;
		int port = (int)(order & 0xffff), good = 0;
		union address address;
		socklen_t length = address_make(&address, to, port);

		for (int i = 0; i < DATAGRAMS; i++) {
			int type = order >> 17 & 1 ? UDP : TCP, fd = socket_open(type, to, RAW);

			socket_reset_at_close(fd, RAW);
			if (type == UDP)
				good += sendto(fd, "x", 1, 0, &address.any, length) == 1;
			else if (i % 8 == 0) /* as many as wait for an accept() */
				good += 8 * !socket_connect(fd, to, port, RAW);
			socket_close(fd, RAW);
		}
		tell(peer, (uint64_t)good);
	}
	_exit(0);
}

/* How many of the neighbour's datagrams or connections came to the socket. */
static int arrived(const struct peer *neighbour, int type, int fd, int link)
{
	int room = 1 << 20, count = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	tell(neighbour,
	     (uint64_t)port_of(fd) | (uint64_t)link << 16 | (uint64_t)(type == UDP) << 17);
	if (hear(neighbour) != DATAGRAMS)
		return -1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (type == UDP) {
		while (recv(fd, &(char){0}, 1, 0) == 1)
			count++;
	} else {
		for (int accepted; (accepted = accept(fd, NULL, NULL)) >= 0; count += 8)
			close(accepted);
	}
	return count;
}

enum { GUARDED = 1, ALONE = 2, ARRIVED = 4 /* and 8: by each interface */ };

/* What holds of a new reservation: the bits above. */
static int works(const struct peer *neighbour, int type)
{
	struct block block = reserve(type, COUNT);
	int port = block.start + 1, result = GUARDED | ALONE | ARRIVED | ARRIVED << 1;

	if (taken_ports(type, block.start, COUNT) != COUNT)
		result &= ~GUARDED;
	/* first without a claim, then twice with one */
	for (int use = 0; use < 3; use++) {
		int fd = drawn(&block, "0.0.0.0", use ? port : 0, 0);

		if (fd < 0 || (type == TCP && listen(fd, 64)))
			return 0;
		port = port_of(fd);
		if (drawn(&block, "0.0.0.0", port, 0) != -1 || errno != EADDRINUSE)
			result &= ~ALONE;
		for (int link = 0; link < 2; link++)
			if (arrived(neighbour, type, fd, link) != DATAGRAMS)
				result &= ~(ARRIVED << link);
		close(fd);
	}
	close(block.fd);
	return result;
}

static struct peer start_as(const char *mode, const struct peer *neighbour)
{
	struct peer peer = peer_start();
	char numbers[4][16];

	if (peer.pid)
		return peer;
	snprintf(numbers[0], sizeof *numbers, "%d", peer.in);
	snprintf(numbers[1], sizeof *numbers, "%d", peer.out);
	snprintf(numbers[2], sizeof *numbers, "%d", neighbour ? neighbour->in : -1);
	snprintf(numbers[3], sizeof *numbers, "%d", neighbour ? neighbour->out : -1);
	if (neighbour) {
		fcntl(neighbour->in, F_SETFD, 0);
		fcntl(neighbour->out, F_SETFD, 0);
	}
	exec_self((const char *[]){mode, numbers[0], numbers[1], numbers[2], numbers[3], NULL});
}

/* Tells its own answers, or those of a program that begins only now. */
static void answer(const struct peer *to, const struct peer *neighbour, int start_anew)
{
	struct peer later;

	if (start_anew)
		later = start_as("later", neighbour);
	for (int type = TCP; type <= UDP; type++)
		tell(to, start_anew ? hear(&later) : (uint64_t)works(neighbour, type));
	if (start_anew)
		peer_end(&later);
}

/*
 * A network of its own; first tells whether the interfaces are there. "between" has
 * reserved something before they are.
 */
static int image(char **argv)
{
	struct peer parent = {.in = atoi(argv[2]), .out = atoi(argv[3])};
	struct peer neighbour = {.in = atoi(argv[4]), .out = atoi(argv[5])};
	int between = !strcmp(argv[1], "between"), guarded = 0;
	struct block early[2];

	if (!strcmp(argv[1], "later")) {
		answer(&parent, &neighbour, 0);
		return 0;
	}
	if (quiet_network())
		return 1;
	neighbour = peer_start();
	if (!neighbour.pid)
		neighbour_run(&neighbour);
	hear(&neighbour);
	for (int i = 0; i < 2 && between; i++)
		early[i] = reserve(i ? UDP : TCP, COUNT);
	tell(&parent, !link_make(&links[0], GUARDS, neighbour.pid) &&
			      !link_make(&links[1], CLAIMS, neighbour.pid));
	answer(&parent, &neighbour, 0);
	if (between) {
		answer(&parent, &neighbour, 1);
		for (int i = 0; i < 2; i++)
			guarded += taken_ports(early[i].type, early[i].start, COUNT) == COUNT;
		tell(&parent, guarded == 2);
	}
	tell(&neighbour, 0);
	peer_end(&neighbour);
	return 0;
}

static void report(const struct peer *peer, const char *what)
{
	for (int type = TCP; type <= UDP; type++) {
		int result = (int)hear(peer);

		ok(result & GUARDED, "%s, %s: strangers get none of the ports", type_name(type),
		   what);
		ok(result & ALONE, "%s, %s: no two sockets on one port", type_name(type), what);
		ok(result & ARRIVED, "%s, %s: all arrives that comes by the guards' index",
		   type_name(type), what);
		ok(result & ARRIVED << 1, "%s, %s: all arrives that comes by the claims' index",
		   type_name(type), what);
	}
}

int main(int argc, char **argv)
{
	uid_t user = geteuid();
	struct peer peer;
	uint64_t there;
	char map[64];

	if (argc == 6)
		return image(argv);
	private_pool(argv);
	/* ip(8), which we start, shall have the rights that we have in a network of our own */
	snprintf(map, sizeof map, "0 %u 1", user);
	if (user && (unshare(CLONE_NEWUSER) || write_text("/proc/self/uid_map", map)))
		diag("no user namespace: %s", strerror(errno));
	peer = start_as("before", NULL);
	if (read(peer.in, &there, sizeof there) != sizeof there || !there) {
		skip("interfaces with an index of the library's", "none can be made here");
		peer_end(&peer);
		return done_testing();
	}
	report(&peer, "the interfaces were there before");
	peer_end(&peer);
	pool_new(geteuid());
	peer = start_as("between", NULL);
	if (!hear(&peer))
		bail_out("interfaces that could be made before");
	report(&peer, "they came after the program's first reservation");
	report(&peer, "a program that begins when they are there");
	ok(hear(&peer) == 1, "the ports that were reserved before they came are guarded");
	peer_end(&peer);
	return done_testing();
}
