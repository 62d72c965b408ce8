/* SPDX-License-Identifier: MIT */
/*
 * A reservation keeps out the own process, too, where it does not associate, and
 * other preloaded programs of the same user - even with SO_REUSEPORT, which would
 * pass the kernel.
 */
#include "process.h"

static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};
static const int reuses[] = {0, REUSEADDR, REUSEPORT, REUSEADDR | REUSEPORT};
static const char *const names[] = {"", " with SO_REUSEADDR", " with SO_REUSEPORT", " with both"};

/*
 * Without ASSOCIATE, for each port of the block: bit 0, bind was EADDRINUSE; bit 1,
 * the socket's SO_REUSEPORT and SO_REUSEADDR read as before; bit 2, it then bound
 * to another port.
 */
static int shut_out(int type, const char *text, int flags, int start, int count)
{
	int held = 7;

	for (int port = start; port < start + count; port++) {
		int fd = socket_open(type, text, flags);

		if (socket_bind(fd, text, port, 0) != -1 || errno != EADDRINUSE)
			held &= ~1;
		if (option_get(fd, SOL_SOCKET, SO_REUSEPORT) != !!(flags & REUSEPORT) ||
		    option_get(fd, SOL_SOCKET, SO_REUSEADDR) != !!(flags & REUSEADDR))
			held &= ~2;
		if ((held & 1) && socket_bind(fd, text, 0, 0))
			held &= ~4;
		close(fd);
	}
	return held;
}

static void report(const char *who, int type, const char *text, int reuse, int held)
{
	ok(held & 1, "%s, %s %s%s: EADDRINUSE on each port", who, type_name(type), text,
	   names[reuse]);
	ok(held & 2, "%s, %s %s%s: its options read as before", who, type_name(type), text,
	   names[reuse]);
	ok(held & 4, "%s, %s %s%s: then binds to port 0", who, type_name(type), text, names[reuse]);
}

/* in_use: every other port of the block is bound by an associated socket. */
/* answers: stranger-own-process */
static void own_process(int type, int in_use)
{
	struct block block = reserve(type, 6);
	int fds[3] = {-1, -1, -1};

	for (int i = 0; i < 3 && in_use; i++)
		fds[i] = drawn(&block, "0.0.0.0", block.start + 2 * i, 0);
	for (size_t i = 0; i < 4; i++) {
		for (int reuse = 0; reuse < 4; reuse++) {
			if (family_of(addresses[i]) == AF_INET6 && !ipv6_works())
				continue;
			report(in_use ? "own process, half in use" : "own process", type,
			       addresses[i], reuse,
			       shut_out(type, addresses[i], reuses[reuse], block.start, 6));
		}
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(block.fd);
}

/* A socket that is associated with another block is a stranger here. */
static void other_block(int type)
{
	struct block block = reserve(type, 4), mine = reserve(type, 4);
	int fd = tied(&mine, "0.0.0.0", REUSEPORT);

	fails_with(socket_bind(fd, "0.0.0.0", block.start, 0), EADDRNOTAVAIL,
		   "a socket of another block with SO_REUSEPORT");
	ok(option_get(fd, SOL_SOCKET, SO_REUSEPORT) == 1, "its SO_REUSEPORT still reads 1");
	close(fd);
	close(block.fd);
	close(mine.fd);
}

/* The other program runs before the reservation is made, on the same pool. */
/* answers: stranger-reuseport */
static void other_program(int type)
{
	struct peer other = peer_start();
	struct block block;

	if (!other.pid) {
		for (;;) {
			uint64_t what = hear(&other);

			if (what == ~0ULL)
				_exit(0);
			tell(&other, (uint64_t)shut_out(type, addresses[what >> 4 & 3],
							reuses[what & 3], (int)(what >> 32), 4));
		}
	}
	block = reserve(type, 4);
	for (size_t i = 0; i < 4; i++) {
		for (int reuse = 0; reuse < 4; reuse++) {
			if (family_of(addresses[i]) == AF_INET6 && !ipv6_works())
				continue;
			tell(&other, (uint64_t)block.start << 32 | i << 4 | (unsigned)reuse);
			report("another preloaded program", type, addresses[i], reuse,
			       (int)hear(&other));
		}
	}
	ok(taken_ports(type, block.start, 4) == 4, "%s: the block is still whole", type_name(type));
	tell(&other, ~0ULL);
	peer_end(&other);
	close(block.fd);
}

/* SO_REUSEPORT outside of blocks is nobody's business. */
static void outside(int type)
{
	struct block block = reserve(type, 4);
	int one = bound(type, "127.0.0.1", 0, REUSEPORT);
	int two = bound(type, "127.0.0.1", port_of(one), REUSEPORT);

	ok(one >= 0 && two >= 0 && port_of(one) == port_of(two),
	   "%s: two sockets with SO_REUSEPORT share a port outside of blocks", type_name(type));
	close(one);
	close(two);
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		other_program(type);
		own_process(type, 0);
		own_process(type, 1);
		other_block(type);
		outside(type);
	}
	return done_testing();
}
