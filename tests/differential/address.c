/* SPDX-License-Identifier: MIT */
/* Addresses of every kind and length, for bind and for those who send and connect. */
#include "sequence.h"
#include <arpa/inet.h>
#include <sys/un.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	char room[256];
};

struct draft {
	union address address;
	socklen_t length;
	bool datagrams;
	char text[80];
};

static void draft_ip(struct draft *draft, const char *ip, unsigned int port)
{
	union address *address = &draft->address;

	if (strchr(ip, ':')) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, ip, &address->v6.sin6_addr);
		if (!strncmp(ip, "fe80", 4))
			address->v6.sin6_scope_id = pick(3);
		if (odd(5))
			address->v6.sin6_flowinfo = htonl(pick(1 << 20));
		draft->length = sizeof address->v6;
	} else {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons((uint16_t)port);
		inet_pton(AF_INET, ip, &address->v4.sin_addr);
		if (odd(5))
			memset(address->v4.sin_zero, 0x77, sizeof address->v4.sin_zero);
		draft->length = sizeof address->v4;
	}
	snprintf(draft->text, sizeof draft->text, "%s %s", ip,
		 port_symbol((uint16_t)port, draft->datagrams));
}

/* An abstract name: it belongs to the network, like a port. */
static void draft_unix(struct draft *draft)
{
	struct sockaddr_un *name = &draft->address.local;
	unsigned int nth = pick(3);

	name->sun_family = AF_UNIX;
	draft->length = offsetof(struct sockaddr_un, sun_path) + 1 +
			(socklen_t)snprintf(name->sun_path + 1, 40, "sequence-%u-%u",
					    shared->sequence, nth);
	if (odd(15))
		draft->length = sizeof name->sun_family; /* bind chooses a name */
	snprintf(draft->text, sizeof draft->text, "unix %u", nth);
}

static void draft_odd_family(struct draft *draft, unsigned int port)
{
	static const unsigned short families[] = {AF_UNSPEC, AF_UNSPEC, AF_UNSPEC, AF_NETLINK,
						  AF_PACKET, 77,	0xffff};

	if (chance(30)) {
		draft_unix(draft);
		return;
	}
	draft_ip(draft, chance(70) ? "0.0.0.0" : "127.0.0.1", port);
	draft->address.any.sa_family = PICK(families);
	snprintf(draft->text, sizeof draft->text, "family %d %s", draft->address.any.sa_family,
		 port_symbol((uint16_t)port, draft->datagrams));
}

static socklen_t odd_length(void)
{
	static const socklen_t lengths[] = {
		0, 1, 2, 3, 8, 15, 16, 17, 20, 23, 24, 27, 28, 29, 64, 110, 111, 128, 129, 200,
	};
	static const int beyond[] = {-1, -16, INT_MIN, INT_MAX, 4096, 65536};

	return chance(75) ? PICK(lengths) : (socklen_t)PICK(beyond);
}

static struct target finish(struct draft *draft)
{
	struct target target;
	const char *place_name;
	size_t size;

	if (draft->address.any.sa_family == AF_INET6 && odd(10))
		draft->length = 24; /* without the scope */
	if (odd(12))
		draft->length = odd_length();
	size = draft->length < sizeof draft->address ? draft->length : sizeof draft->address;
	target.pointer = input_place(&draft->address, size, &place_name);
	target.length = draft->length;
	snprintf(target.text, sizeof target.text, "{%s}%s, %d", draft->text, place_name,
		 (int)draft->length);
	return target;
}

static const char *any_ip(int domain)
{
	static const char *const v4[] = {
		"0.0.0.0",    "0.0.0.0",   "127.0.0.1", "127.0.0.1",	   "127.0.0.1",
		"127.0.0.77", "192.0.2.1", "224.0.0.1", "255.255.255.255",
	};
	static const char *const v6[] = {
		"::",  "::",	      "::1",	 "::1",	    "::ffff:127.0.0.1", "::ffff:0.0.0.0",
		"::1", "2001:db8::1", "fe80::1", "ff02::1",
	};

	if (place.tame)
		return domain == AF_INET6 ? "::1" : "127.0.0.1";
	return domain == AF_INET6 ? PICK(v6) : PICK(v4);
}

struct target address_to_bind(int fd)
{
	struct thing thing = thing_of(fd);
	struct draft draft = {.datagrams = thing.type != SOCK_STREAM};
	unsigned int port = sequence_port(pick(4));

	if (shared->flavour != NO_DRAW && chance(35))
		port = 0;
	else if (odd(3))
		port = 1 + shared->sequence % SEQUENCES; /* low ones are privileged */
	if (odd(12))
		draft_odd_family(&draft, port);
	else if (thing.socket && thing.domain == AF_UNIX)
		draft_unix(&draft);
	else if (odd(8))
		draft_ip(&draft, any_ip(thing.domain == AF_INET6 ? AF_INET : AF_INET6), port);
	else
		draft_ip(&draft, any_ip(thing.domain), port);
	return finish(&draft);
}

/* The port of some socket, or one where nobody is. */
static unsigned int port_to_reach(int fd)
{
	struct thing there, here = thing_of(fd);
	int tries;

	if (shared->sharing)
		return sequence_port(4);
	for (tries = 0; tries < 8; tries++) {
		there = thing_of(pick_fd(is_tcp(&here) ? A_LISTENER : AN_IP_SOCKET));
		if (there.port && there.type == here.type && there.fd != fd)
			return there.port;
	}
	return sequence_port(pick(PORTS_EACH));
}

struct target address_to_reach(int fd)
{
	static const char *const v6[] = {"::1",	       "::1", "::1", "::", "::ffff:127.0.0.1",
					 "2001:db8::1"};
	static const char *const v4[] = {"127.0.0.1", "127.0.0.1",  "127.0.0.1",
					 "0.0.0.0",   "127.0.0.77", "192.0.2.1"};
	struct thing thing = thing_of(fd);
	struct draft draft = {.datagrams = thing.type != SOCK_STREAM};
	unsigned int port = odd(5) ? 0 : port_to_reach(fd);

	if (odd(12))
		draft_odd_family(&draft, port);
	else if (thing.socket && thing.domain == AF_UNIX)
		draft_unix(&draft);
	else if ((thing.domain == AF_INET6) != odd(8))
		draft_ip(&draft, place.tame ? "::1" : PICK(v6), port);
	else
		draft_ip(&draft, place.tame ? "127.0.0.1" : PICK(v4), port);
	return finish(&draft);
}
