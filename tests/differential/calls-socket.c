/* SPDX-License-Identifier: MIT */
/* Calls that make sockets, name and join them. */
#include "sequence.h"

/* Some versions of the C library export these names, too. */
int __connect(int fd, const struct sockaddr *address, socklen_t length);

static const int flags_of_socket[] = {0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK};

struct sort {
	int family, type, protocol;
};

static void make_socket(int family, int type, int protocol)
{
	begin("socket(%d, %#x, %d)", family, (unsigned int)type, protocol);
	result(socket(family, type, protocol));
}

/* Nothing that makes the kernel look for a module. */
static void make_odd_socket(void)
{
	static const struct sort sorts[] = {
		{AF_INET, SOCK_RAW, IPPROTO_ICMP},
		{AF_INET, SOCK_RAW, IPPROTO_TCP},
		{AF_INET6, SOCK_RAW, IPPROTO_UDP},
		{AF_INET, SOCK_RAW, IPPROTO_RAW},
		{AF_NETLINK, SOCK_RAW, 0},
		{AF_PACKET, SOCK_DGRAM, 0},
		{77, SOCK_STREAM, 0},
		{-1, SOCK_STREAM, 0},
		{INT_MAX, SOCK_DGRAM, 0},
		{AF_INET, 11, 0},
		{AF_INET, -1, 0},
		{AF_INET6, SOCK_STREAM | 0x100, 0},
		{AF_INET, SOCK_STREAM, 100000},
		{AF_INET6, SOCK_DGRAM, -1},
		{AF_UNIX, SOCK_RDM, 0},
		{AF_UNIX, SOCK_SEQPACKET, 0},
		{AF_UNIX, SOCK_STREAM, 77},
		{AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
	};
	const struct sort *sort = &PICK(sorts);

	make_socket(sort->family, sort->type, sort->protocol);
}

void call_socket(void)
{
	static const struct sort tcp[] = {{AF_INET, SOCK_STREAM, 0},
					  {AF_INET, SOCK_STREAM, IPPROTO_TCP},
					  {AF_INET6, SOCK_STREAM, 0},
					  {AF_INET6, SOCK_STREAM, IPPROTO_TCP}};
	static const struct sort udp[] = {{AF_INET, SOCK_DGRAM, 0},
					  {AF_INET6, SOCK_DGRAM, IPPROTO_UDP}};
	static const struct sort local[] = {{AF_UNIX, SOCK_STREAM, 0}, {AF_UNIX, SOCK_DGRAM, 0}};
	struct sort sort = chance(60) ? PICK(tcp) : PICK(udp);

	if (odd(14)) {
		make_odd_socket();
		return;
	}
	if (place.tame)
		sort = (struct sort){shared->dialogue_family, shared->dialogue_type, 0};
	else if (chance(8))
		sort = PICK(local);
	else if (sort.type == SOCK_STREAM && chance(6))
		sort.protocol = IPPROTO_MPTCP;
	if (sort.family != AF_UNIX && shared->flavour == TCP_ONLY && sort.type != SOCK_STREAM)
		sort = tcp[0];
	else if (sort.family != AF_UNIX && shared->flavour == UDP_ONLY && sort.type != SOCK_DGRAM)
		sort = udp[0];
	make_socket(sort.family, sort.type | PICK(flags_of_socket), sort.protocol);
}

void call_socketpair(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int family = odd(10) ? AF_INET : AF_UNIX, type = PICK(types) | PICK(flags_of_socket);
	const char *where;
	int *pair = output_place(2 * sizeof *pair, &where);

	begin("socketpair(%d, %#x%s)", family, (unsigned int)type, where);
	if (!result_open(socketpair(family, type, 0, pair)))
		say(" (%d, %d)", pair[0], pair[1]);
	say("\n");
}

void call_bind(void)
{
	int fd = pick_fd(UNCONNECTED);
	struct target target = address_to_bind(fd);

	begin("bind(%d, %s)", fd, target.text);
	result(bind(fd, target.pointer, target.length));
}

void call_listen(void)
{
	static const int backlogs[] = {0, 1, 5, 128, SOMAXCONN, -1, INT_MIN, INT_MAX};
	int fd = pick_fd(chance(85) ? UNCONNECTED : ANYTHING);
	int backlog = odd(30) ? PICK(backlogs) : 16;
	struct thing thing = thing_of(fd);

	/* would choose a port */
	if (shared->flavour == NO_DRAW && is_tcp(&thing) && !thing.port)
		return;
	begin("listen(%d, %d)", fd, backlog);
	result(listen(fd, backlog));
}

void call_connect(void)
{
	int fd = pick_fd(chance(90) ? UNCONNECTED : A_SOCKET);
	struct target target = address_to_reach(fd);
	struct thing thing = thing_of(fd);

	if (is_mptcp(&thing))
		return;
	keep_going(fd);
	if (odd(20)) {
		begin("__connect(%d, %s)", fd, target.text);
		result(__connect(fd, target.pointer, target.length));
	} else {
		begin("connect(%d, %s)", fd, target.text);
		result(connect(fd, target.pointer, target.length));
	}
}

/* The length is asked for and given; the address may go to a bad place. */
struct answer {
	void *room;
	const char *where;
	bool datagrams;
	socklen_t given, *got, length;
};

static void answer_start(struct answer *answer, int fd)
{
	static const socklen_t lengths[] = {0, 1, 2, 8, 16, 27, 28, 128, (socklen_t)-1, INT_MAX};

	answer->datagrams = thing_of(fd).type != SOCK_STREAM;
	answer->given = odd(20) ? PICK(lengths) : sizeof(struct sockaddr_storage);
	answer->room = output_place(sizeof(struct sockaddr_storage), &answer->where);
	answer->length = answer->given;
	answer->got = odd(4) ? NULL : &answer->length;
}

static void answer_say(const struct answer *answer, long value)
{
	if (value >= 0 && answer->got && output_readable(answer->room))
		say_address(answer->room, answer->given, answer->length, answer->datagrams);
	else if (answer->got)
		say(" (%d of %d)", (int)answer->length, (int)answer->given);
	say("\n");
}

static void answer_begin(const char *name, int fd, const struct answer *answer)
{
	begin("%s(%d,%s %d%s)", name, fd, answer->where, (int)answer->given,
	      answer->got ? "" : " no length");
}

void call_accept(void)
{
	int fd = pick_fd(chance(85) ? A_LISTENER : ANYTHING);
	struct answer answer;

	keep_going(fd);
	answer_start(&answer, fd);
	answer_begin("accept", fd, &answer);
	answer_say(&answer, result_open(accept(fd, answer.room, answer.got)));
}

void call_accept4(void)
{
	static const int odd_flags[] = {1, -1, 0x40000000};
	int fd = pick_fd(chance(85) ? A_LISTENER : ANYTHING);
	int flags = odd(10) ? PICK(odd_flags) : PICK(flags_of_socket);
	struct answer answer;

	keep_going(fd);
	answer_start(&answer, fd);
	begin("accept4(%d,%s %d%s, %#x)", fd, answer.where, (int)answer.given,
	      answer.got ? "" : " no length", (unsigned int)flags);
	answer_say(&answer, result_open(accept4(fd, answer.room, answer.got, flags)));
}

void call_shutdown(void)
{
	static const int hows[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
	int fd = pick_fd(chance(70) ? CONNECTED : A_SOCKET), how = odd(10) ? 7 : PICK(hows);

	begin("shutdown(%d, %d)", fd, how);
	result(shutdown(fd, how));
}

void call_getsockname(void)
{
	int fd = pick_fd(A_SOCKET);
	struct answer answer;

	answer_start(&answer, fd);
	answer_begin("getsockname", fd, &answer);
	answer_say(&answer, result_open(getsockname(fd, answer.room, answer.got)));
}

void call_getpeername(void)
{
	int fd = pick_fd(chance(60) ? CONNECTED : A_SOCKET);
	struct answer answer;

	answer_start(&answer, fd);
	answer_begin("getpeername", fd, &answer);
	answer_say(&answer, result_open(getpeername(fd, answer.room, answer.got)));
}
