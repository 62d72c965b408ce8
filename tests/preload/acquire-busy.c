/* SPDX-License-Identifier: MIT */
/*
 * ACQUIRE over a port that somebody holds: EADDRINUSE, all or nothing. Whatever
 * the other one's socket looks like, the neighbours are free again afterwards and
 * nothing is written. What only TIME_WAIT holds is in time-wait.c.
 */
#include "process.h"

struct holder {
	const char *what;
	int type;
	const char *address;
	int flags;
	int device, listens;
};

static const struct holder holders[] = {
	{"TCP 0.0.0.0 bound", TCP, "0.0.0.0", 0, 0, 0},
	{"TCP 127.0.0.1 bound", TCP, "127.0.0.1", 0, 0, 0},
	{"TCP 127.0.0.2 with SO_REUSEADDR bound", TCP, "127.0.0.2", REUSEADDR, 0, 0},
	{"TCP 0.0.0.0 with SO_REUSEADDR bound", TCP, "0.0.0.0", REUSEADDR, 0, 0},
	{"TCP 0.0.0.0 with SO_REUSEPORT bound", TCP, "0.0.0.0", REUSEPORT, 0, 0},
	{"TCP 0.0.0.0 with both bound", TCP, "0.0.0.0", REUSEADDR | REUSEPORT, 0, 0},
	{"TCP 0.0.0.0 listening", TCP, "0.0.0.0", 0, 0, 1},
	{"TCP 127.0.0.1 with SO_REUSEADDR listening", TCP, "127.0.0.1", REUSEADDR, 0, 1},
	{"TCP 127.0.0.1 with SO_REUSEPORT listening", TCP, "127.0.0.1", REUSEPORT, 0, 1},
	{"TCP 127.0.0.53 on lo bound", TCP, "127.0.0.53", 0, 1, 0},
	{"TCP 0.0.0.0 on lo with SO_REUSEADDR bound", TCP, "0.0.0.0", REUSEADDR, 1, 0},
	{"TCP 0.0.0.0 on lo listening", TCP, "0.0.0.0", 0, 1, 1},
	{"TCP [::] bound", TCP, "::", 0, 0, 0},
	{"TCP [::] with SO_REUSEADDR bound", TCP, "::", REUSEADDR, 0, 0},
	{"TCP [::] v6only bound", TCP, "::", V6ONLY, 0, 0},
	{"TCP [::1] with SO_REUSEADDR bound", TCP, "::1", REUSEADDR, 0, 0},
	{"TCP [::1] listening", TCP, "::1", 0, 0, 1},
	{"UDP 0.0.0.0 bound", UDP, "0.0.0.0", 0, 0, 0},
	{"UDP 127.0.0.1 bound", UDP, "127.0.0.1", 0, 0, 0},
	{"UDP 0.0.0.0 with SO_REUSEADDR bound", UDP, "0.0.0.0", REUSEADDR, 0, 0},
	{"UDP 0.0.0.0 with SO_REUSEPORT bound", UDP, "0.0.0.0", REUSEPORT, 0, 0},
	{"UDP 127.0.0.53 on lo bound", UDP, "127.0.0.53", 0, 1, 0},
	{"UDP 0.0.0.0 on lo with SO_REUSEADDR bound", UDP, "0.0.0.0", REUSEADDR, 1, 0},
	{"UDP [::] bound", UDP, "::", 0, 0, 0},
	{"UDP [::] v6only with SO_REUSEADDR bound", UDP, "::", V6ONLY | REUSEADDR, 0, 0},
	{"UDP [::1] bound", UDP, "::1", 0, 0, 0},
};

/* ACQUIRE of five ports around a busy one: refused, untouched, nothing left behind. */
/* answers: acquire-in-use acquire-whole-or-not acquire-failure-writes-nothing struct-byte-order */
static int refused_whole(int type, int busy)
{
	int start = busy - 2;
	int fd = socket_open(type, "0.0.0.0", 0);
	int result, error, good;
	instance request, before;

	memset(&request, 0xa5, sizeof request);
	request.StartPort = htons((uint16_t)start);
	request.NumberOfPorts = 5;
	before = request;
	result = ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &request);
	error = errno;
	good = result == -1 && error == EADDRINUSE;
	if (!good)
		diag("result %d, errno %s", result, strerrorname_np(result ? error : 0));
	if (memcmp(&request, &before, sizeof before)) {
		diag("the 16 bytes were changed");
		good = 0;
	}
	if (taken_ports(type, start, 2) || taken_ports(type, busy + 1, 2)) {
		diag("a neighbour is not free");
		good = 0;
	}
	close(fd);
	return good;
}

/* The holder is a stranger: the library has not seen its socket. */
static int held(void *argument)
{
	const struct holder *holder = argument;
	int busy = free_block(5) + 2;
	int fd = socket_open(holder->type, holder->address, holder->flags | RAW);
	int good;

	if (holder->device &&
	    syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo"))
		bail_out("SO_BINDTODEVICE");
	if (socket_bind(fd, holder->address, busy, RAW) ||
	    (holder->listens && socket_listen(fd, RAW))) {
		socket_close(fd, RAW);
		return 0;
	}
	good = refused_whole(holder->type, busy);
	socket_close(fd, RAW);
	return good;
}

/* side 0: the port that connect() chose; 1: an accepted socket whose listener is gone. */
static int established(void *side)
{
	int server, client, accepted, good;

	server = bound(TCP, "127.0.0.1", *(int *)side ? free_block(5) + 2 : 0, RAW);
	if (server < 0 || socket_listen(server, RAW))
		return 0;
	client = socket_open(TCP, "127.0.0.1", RAW);
	if (socket_connect(client, "127.0.0.1", port_of(server), RAW))
		bail_out("connect");
	accepted = accept(server, NULL, NULL);
	socket_close(server, RAW);
	good = refused_whole(TCP, port_of(*(int *)side ? accepted : client));
	socket_reset_at_close(accepted, RAW);
	socket_close(accepted, RAW);
	socket_close(client, RAW);
	return good;
}

/* UDP: the port that the first sendto chose. */
static int sent(void *unused)
{
	int fd = socket_open(UDP, "127.0.0.1", RAW), good;
	union address address;
	socklen_t length = address_make(&address, "127.0.0.1", 9);

	(void)unused;
	syscall(SYS_sendto, fd, "x", 1, 0, &address, length);
	good = port_of(fd) > 0 && refused_whole(UDP, port_of(fd));
	socket_close(fd, RAW);
	return good;
}

/* Blocks that overlap in front, behind, inside and around; two protocols. */
/* answers: acquire-reserved */
static void overlaps(const struct block *block, const char *by)
{
	static const int shifts[][2] = {{-3, 4}, {3, 4}, {1, 2}, {-1, 6}, {0, 4}};
	int refused = 1;

	for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
		struct block other =
			try_reserve(block->type, block->start + shifts[i][0], shifts[i][1]);

		refused &= other.fd < 0 && errno == EADDRINUSE;
		close(other.fd);
	}
	ok(refused, "%s ports reserved by %s: EADDRINUSE, however the blocks overlap",
	   type_name(block->type), by);
	ok(taken_ports(block->type, block->start, 4) == 4, "and the first reservation stays whole");
}

/* own_pool: the other process shares no pool file with us, only the kernel. */
static void reserved_by_another(int type, int own_pool)
{
	struct peer other = peer_start();
	struct block block = {.type = type, .count = 4};
	char in[16], out[16];

	if (!other.pid) {
		if (own_pool) {
			pool_new(geteuid());
			snprintf(in, sizeof in, "%d", other.in);
			snprintf(out, sizeof out, "%d", other.out);
			exec_self((const char *[]){type == TCP ? "tcp" : "udp", in, out, NULL});
		}
		block = reserve(type, 4);
		tell(&other, (uint64_t)block.start);
		hear(&other);
		_exit(0);
	}
	block.start = (int)hear(&other);
	overlaps(&block, own_pool ? "a process with another pool" : "another process");
	tell(&other, 0);
	peer_end(&other);
}

/* What reserved_by_another starts: it takes over the two pipes as they are. */
static int hold_in_own_pool(int type, int in, int out)
{
	struct block block = reserve(type, 4);
	struct peer parent = {.in = in, .out = out};

	tell(&parent, (uint64_t)block.start);
	hear(&parent);
	return 0;
}

int main(int argc, char **argv)
{
	struct block block;

	if (argc > 3)
		return hold_in_own_pool(strcmp(argv[1], "tcp") ? UDP : TCP, atoi(argv[2]),
					atoi(argv[3]));
	private_pool(argv);
	for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
		struct holder holder = holders[i];

		if (family_of(holder.address) == AF_INET6 && !ipv6_works())
			skip(holder.what, "no IPv6");
		else
			ok(settled(held, &holder), "%s elsewhere: EADDRINUSE, all or nothing",
			   holder.what);
	}
	ok(settled(established, &(int){1}),
	   "an accepted connection whose listener is gone: EADDRINUSE, all or nothing");
	ok(settled(established, &(int){0}),
	   "the port of an outgoing connection: EADDRINUSE, all or nothing");
	ok(settled(sent, NULL), "the port of a sendto: EADDRINUSE, all or nothing");
	block = reserve(TCP, 4);
	overlaps(&block, "this process");
	close(block.fd);
	for (int own_pool = 0; own_pool < 2; own_pool++) {
		reserved_by_another(TCP, own_pool);
		reserved_by_another(UDP, own_pool);
	}
	return done_testing();
}
