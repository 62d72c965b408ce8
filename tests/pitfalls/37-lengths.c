/* SPDX-License-Identifier: MIT */
/*
 * What a library knows of socket addresses is rarely what the kernel takes: an IPv6
 * address without its scope id (24 bytes), any that is longer than it need be, the
 * family AF_UNSPEC for 0.0.0.0. A check that is stricter refuses what works
 * everywhere else; one that is laxer reads what is not there.
 *
 * bind, connect and sendto get every length from 0 to 130 of every sort of address,
 * right in front of memory that cannot be read, on a socket of a block and on a
 * stranger's: both hear the same from the kernel, and what was bound has a port of
 * the block.
 */
#include "network.h"
#include <sys/mman.h>

enum { LONGEST = 130 };

static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX, AF_PACKET, 999};
static const char *const contents[] = {"0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:127.0.0.1"};

enum { FAMILIES = sizeof families / sizeof *families };
enum { CONTENTS = sizeof contents / sizeof *contents };
enum { BIND_ANY, BIND_INSIDE, CONNECT, SENDTO, CALLS };

static const char *const calls[] = {"bind to port 0", "bind to a port", "connect", "sendto"};

struct attempt {
	int type, v6, call, family, content, length;
	int port; /* for bind and of the peer */
};

/* Its last byte is the last before memory that cannot be read. */
static void *place(const union address *address, int length)
{
	static char *end;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);

	if (!end) {
		end = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
		if (end == MAP_FAILED || mprotect(end + size, size, PROT_NONE))
			bail_out("mmap");
		end += size;
	}
	memset(end - 256, 0, 256);
	memcpy(end - length, address,
	       (size_t)length < sizeof *address ? (size_t)length : sizeof *address);
	return end - length;
}

/* 0 or errno; *port is what the socket has then. */
static int attempt(const struct attempt *attempt, const struct block *block, int *port)
{
	int raw = block ? 0 : RAW, fd, result;
	union address address;
	struct sockaddr *where;
	socklen_t length = (socklen_t)attempt->length;

	fd = socket_open(attempt->type, attempt->v6 ? "::" : "0.0.0.0", raw);
	socket_reset_at_close(fd, raw);
	if (block && associate(fd, block->token))
		bail_out("ASSOCIATE");
	address_make(&address, contents[attempt->content],
		     attempt->call == BIND_ANY ? 0 : attempt->port);
	address.any.sa_family = (sa_family_t)families[attempt->family];
	where = place(&address, attempt->length);
	if (attempt->call <= BIND_INSIDE)
		result = raw ? (int)syscall(SYS_bind, fd, where, length) : bind(fd, where, length);
	else if (attempt->call == CONNECT)
		result = raw ? (int)syscall(SYS_connect, fd, where, length)
			     : connect(fd, where, length);
	else
		result = (raw ? syscall(SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, where, length)
			      : sendto(fd, "x", 1, MSG_NOSIGNAL, where, length)) == 1
				 ? 0
				 : -1;
	result = result ? errno : 0;
	*port = port_of(fd);
	socket_close(fd, raw);
	return result;
}

/* Whether what the socket of the block has is what the stranger's has. */
static int port_fits(const struct attempt *attempt, const struct block *block, int wanted, int got)
{
	if (!wanted || !got)
		return wanted == got;
	return attempt->call == BIND_INSIDE ? got == attempt->port : in_block(block, got);
}

static int differs(struct attempt *one, const struct block *block, int outside, int server)
{
	int port = 0, got_port = 0, wanted, got;

	one->port = one->call == BIND_INSIDE ? outside : server;
	wanted = attempt(one, NULL, &port);
	if (one->call == BIND_INSIDE)
		one->port = block->start + 1;
	got = attempt(one, block, &got_port);
	if (got == wanted && port_fits(one, block, port, got_port))
		return 0;
	diag("%s %s, %s with %s as family %d, length %d: %s and port %d, the kernel: %s and %d",
	     type_name(one->type), one->v6 ? "IPv6" : "IPv4", calls[one->call],
	     contents[one->content], families[one->family], one->length,
	     got ? strerrorname_np(got) : "0", got_port - block->start,
	     wanted ? strerrorname_np(wanted) : "0", port);
	return 1;
}

static void all_of(int type, int v6)
{
	struct block block = reserve(type, 4);
	int server = bound(type, everywhere(), 0, RAW), outside = bound(type, everywhere(), 0, RAW);
	int peer = port_of(server), free_port = port_of(outside);

	socket_close(outside, RAW);
	if (type == TCP)
		socket_listen(server, RAW);
	fcntl(server, F_SETFL, O_NONBLOCK);
	for (int call = 0; call < CALLS; call++) {
		struct attempt one = {.type = type, .v6 = v6, .call = call};
		int differences = 0, count = 0, accepted;

		for (one.family = 0; one.family < FAMILIES; one.family++) {
			for (one.content = 0; one.content < CONTENTS; one.content++) {
				for (one.length = 0; one.length <= LONGEST; one.length++) {
					differences += differs(&one, &block, free_port, peer);
					count++;
					while ((accepted = accept(server, NULL, NULL)) >= 0)
						socket_close(accepted, RAW);
					while (type == UDP && recv(server, &(char){0}, 1, 0) > 0)
						;
				}
			}
		}
		ok(differences == 0, "%s %s, %s, %d addresses: as the kernel", type_name(type),
		   v6 ? "IPv6" : "IPv4", calls[call], count);
	}
	socket_close(server, RAW);
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	all_kinds(all_of);
	return done_testing();
}
