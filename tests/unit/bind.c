/* SPDX-License-Identifier: MIT */
/* bind() to a port of the block by its number, and listen() there. */
#include "real/real.h"
#include "reserve.h"

static struct reservation reservation;
static int anchor;
static uint16_t first;

static void begin(uint8_t protocols)
{
	pool = unit_pool();
	first = unit_block(COUNT);
	anchor = acquired(first, COUNT, protocols, &reservation);
}

static int takes(int type, const char *text, uint16_t port, int flags)
{
	return bound_in(&reservation, anchor, type, text, port, flags);
}

static int listens(int fd)
{
	struct socket_call call = {.fd = fd, .protocol = PROTOCOL_TCP, .anchor = anchor};

	return reservation_listen(&reservation, &call, 4);
}

static void test_each(void)
{
	begin(BOTH);
	for (int type = TCP; type <= UDP; type++) {
		int fds[COUNT];

		for (int i = 0; i < COUNT; i++) {
			fds[i] = takes(type, "127.0.0.1", (uint16_t)(first + i), 0);
			OK(fds[i] >= 0);
			IS(port_of(fds[i]), first + i);
			OK(has_address(fds[i], "127.0.0.1"));
		}
		for (int i = 0; i < COUNT; i++)
			close_in(&reservation, type, fds[i]);
		for (int i = 0; i < COUNT; i++) {
			fds[i] = takes(type, "127.0.0.1", (uint16_t)(first + i), 0);
			OK(fds[i] >= 0);
		}
		for (int i = 0; i < COUNT; i++)
			close(fds[i]);
	}
	close(anchor);
}

static void test_outside(void)
{
	begin(1);
	IS(takes(TCP, "127.0.0.1", first - 1, 0), -EADDRNOTAVAIL);
	IS(takes(TCP, "127.0.0.1", first + COUNT, 0), -EADDRNOTAVAIL);
	IS(takes(TCP, "127.0.0.1", 1, 0), -EADDRNOTAVAIL);
	IS(takes(TCP, "127.0.0.1", 65535, 0), -EADDRNOTAVAIL);
	/* The block's numbers, but of the other protocol. */
	IS(takes(UDP, "127.0.0.1", first, 0), -EADDRNOTAVAIL);
	IS(takes(UDP, "127.0.0.1", 0, 0), -EADDRNOTAVAIL);
	close(anchor);
}

/* As the kernel answers without a guard. */
static const struct pair {
	const char *one;
	int one_flags;
	const char *other;
	int other_flags;
	int answer;
} pairs[] = {
	{"127.0.0.1", 0, "127.0.0.1", 0, -EADDRINUSE},
	{"127.0.0.1", REUSEADDR, "127.0.0.1", 0, -EADDRINUSE},
	{"127.0.0.1", 0, "127.0.0.1", REUSEADDR, -EADDRINUSE},
	{"127.0.0.1", REUSEADDR, "127.0.0.1", REUSEADDR, 0},
	{"127.0.0.1", REUSEPORT, "127.0.0.1", REUSEPORT, 0},
	{"127.0.0.1", 0, "127.0.0.1", REUSEPORT, -EADDRINUSE},
	{"127.0.0.1", REUSEPORT, "127.0.0.1", 0, -EADDRINUSE},
	{"127.0.0.1", 0, "127.0.0.2", 0, 0},
	{"0.0.0.0", 0, "127.0.0.1", 0, -EADDRINUSE},
	{"127.0.0.1", 0, "0.0.0.0", 0, -EADDRINUSE},
	{"127.0.0.1", 0, "::1", 0, 0},
	{"::", 0, "127.0.0.1", 0, -EADDRINUSE},
	{"::", V6ONLY, "127.0.0.1", 0, 0},
	{"127.0.0.1", 0, "::", V6ONLY, 0},
	{"127.0.0.1", 0, "::", 0, -EADDRINUSE},
	{"::1", 0, "::1", 0, -EADDRINUSE},
	{"127.0.0.1", 0, "::ffff:127.0.0.1", 0, -EADDRINUSE},
};

static void both(int type)
{
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		const struct pair *pair = &pairs[i];
		int one, other;

		if (!ipv6_works() && (strchr(pair->one, ':') || strchr(pair->other, ':')))
			continue;
		begin(BOTH);
		one = takes(type, pair->one, first, pair->one_flags);
		OK(one >= 0);
		other = takes(type, pair->other, first, pair->other_flags);
		if (!IS(other < 0 ? other : 0, pair->answer))
			cunit_tap_note("%s %s with %d, then %s with %d", type_name(type), pair->one,
				       pair->one_flags, pair->other, pair->other_flags);
		if (other >= 0)
			close(other);
		close(one);
		close(anchor);
	}
}

static void test_both_tcp(void)
{
	both(TCP);
}

static void test_both_udp(void)
{
	both(UDP);
}

/* The answers above are the kernel's own. */
static void test_both_kernel(void)
{
	for (int type = TCP; type <= UDP; type++) {
		for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
			const struct pair *pair = &pairs[i];
			int one;

			if (!ipv6_works() && (strchr(pair->one, ':') || strchr(pair->other, ':')))
				continue;
			first = unit_block(1);
			one = bound(type, pair->one, first, pair->one_flags);
			if (!IS(-stranger(type, pair->other, first, pair->other_flags),
				pair->answer))
				cunit_tap_note("%s pair %zu", type_name(type), i);
			close(one);
		}
	}
}

/* The other socket knows nothing of the close that this one's copy has seen. */
static void test_still_open(void)
{
	int fd, copy;

	begin(1);
	fd = takes(TCP, "127.0.0.1", first, 0);
	copy = dup(fd);
	close_in(&reservation, TCP, fd);
	IS(takes(TCP, "127.0.0.1", first, 0), -EADDRINUSE);
	close(copy);
	fd = takes(TCP, "127.0.0.1", first, 0);
	OK(fd >= 0);
	close(fd);
	close(anchor);
}

static void test_listen(void)
{
	int one, other;

	begin(1);
	one = takes(TCP, "127.0.0.1", first, REUSEADDR);
	other = takes(TCP, "127.0.0.1", first, REUSEADDR);
	OK(one >= 0 && other >= 0);
	IS(listens(one), 0);
	IS(listens(other), -EADDRINUSE);
	IS(option_get(other, SOL_SOCKET, SO_ACCEPTCONN), 0);
	/* Again, for another backlog. */
	IS(listens(one), 0);
	close(one);
	IS(listens(other), 0);
	IS(option_get(other, SOL_SOCKET, SO_REUSEPORT), 0);
	close(other);
	close(anchor);
}

static void test_listen_share(void)
{
	int one, other;

	begin(1);
	one = takes(TCP, "127.0.0.1", first, REUSEPORT);
	other = takes(TCP, "127.0.0.1", first, REUSEPORT);
	IS(listens(one), 0);
	IS(listens(other), 0);
	IS(option_get(other, SOL_SOCKET, SO_REUSEPORT), 1);
	close(one);
	close(other);
	close(anchor);
}

/* Amid the bind of one who shares, before this call of bind() that it makes, another comes
 * who shares with nobody. */
static int meets_at, other_got;

static int met_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	if (--meets_at == 0)
		other_got = takes(TCP, "0.0.0.0", first, 0);
	return bind(fd, address, length);
}

/* The last user of the port has died: the word still says that he is alone there. */
static void test_share_meets_alone(void)
{
	enum { MOST = 20 };
	int calls, one = -1;

	for (calls = 1; calls < MOST; calls++) {
		begin(1);
		close(takes(TCP, "0.0.0.0", first, 0));
		meets_at = calls;
		other_got = -1;
		atomic_store(&real_calls.bind, met_bind);
		one = takes(TCP, "127.0.0.2", first, REUSEPORT);
		atomic_store(&real_calls.bind, bind);
		/* Whoever was first has it: never both. */
		OK((one < 0) != (other_got < 0) || meets_at > 0);
		close(one);
		close(other_got);
		close(anchor);
		if (meets_at > 0)
			break;
	}
	OK(calls > 2 && calls < MOST);
	OK(one >= 0);
}

static void test_kernel_errors(void)
{
	begin(1);
	/* An address that is not ours: what the kernel says, and the port stays free. */
	IS(takes(TCP, "192.0.2.1", first, 0), -EADDRNOTAVAIL);
	for (int i = 0; i < 2; i++) {
		int fd = takes(TCP, "127.0.0.1", first, 0);

		OK(fd >= 0);
		/* A socket that is bound already. */
		for (int offset = 0; offset < 2; offset++) {
			uint16_t port;

			IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1",
				   (uint16_t)(first + offset + 1), anchor, &port),
			   -EINVAL);
			IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", 0, anchor, &port),
			   -EINVAL);
		}
		close_in(&reservation, TCP, fd);
		fd = takes(TCP, "127.0.0.1", first + 1, 0);
		OK(fd >= 0);
		close_in(&reservation, TCP, fd);
	}
	close(anchor);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"each port, and again after its close", test_each},
		      {"outside of the block: EADDRNOTAVAIL", test_outside},
		      {"TCP: two sockets on one port", test_both_tcp},
		      {"UDP: two sockets on one port", test_both_udp},
		      {"the same two sockets without us", test_both_kernel},
		      {"a port that somebody still has open is taken", test_still_open},
		      {"of two with SO_REUSEADDR one listens", test_listen},
		      {"of a SO_REUSEPORT group all listen", test_listen_share},
		      {"one who shares and one who does not come at once", test_share_meets_alone},
		      {"what the kernel refuses costs no port", test_kernel_errors});

	return unit_main("bind", tests);
}
