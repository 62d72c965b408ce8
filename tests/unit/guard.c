/* SPDX-License-Identifier: MIT */
/* One guard: whom it keeps out, and what it may be placed over. */
#include "guard/guard.h"
#include "real/netns.h"
#include "unit.h"

static const int types[PROTOCOLS] = {TCP, UDP};

static int placed(enum protocol protocol, uint16_t port)
{
	int fd = guard_place(protocol, port, false);

	OK_FATAL(fd >= 0);
	return fd;
}

static void kept_out(enum protocol protocol, const char *address, int flags)
{
	uint16_t port = unit_block(1);
	int fd;

	if (strchr(address, ':') && !ipv6_works()) {
		cunit_tap_skip("no IPv6 here");
		return;
	}
	IS(stranger(types[protocol], address, port, flags), 0);
	fd = placed(protocol, port);
	OK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	IS(stranger(types[protocol], address, port, flags), EADDRINUSE);
	/* The other protocol's port of this number, and the next port, are not concerned. */
	IS(stranger(types[!protocol], address, port, flags), 0);
	close(fd);
	IS(stranger(types[protocol], address, port, flags), 0);
	if (protocol == PROTOCOL_TCP) {
		fd = guard_place(protocol, port, true);
		OK(fd >= 0);
		IS(option_get(fd, SOL_SOCKET, SO_REUSEADDR), 0);
		IS(stranger(TCP, address, port, flags), EADDRINUSE);
		close(fd);
	}
}

#define KEPT_OUT(name, address, flags)                                                             \
	static void test_tcp_##name(void)                                                          \
	{                                                                                          \
		kept_out(PROTOCOL_TCP, address, flags);                                            \
	}                                                                                          \
	static void test_udp_##name(void)                                                          \
	{                                                                                          \
		kept_out(PROTOCOL_UDP, address, flags);                                            \
	}

KEPT_OUT(plain, "0.0.0.0", 0)
KEPT_OUT(reuse, "0.0.0.0", REUSEADDR)
KEPT_OUT(loopback, "127.0.0.1", 0)
KEPT_OUT(loopback_reuse, "127.0.0.1", REUSEADDR)
KEPT_OUT(ipv6, "::", 0)
KEPT_OUT(ipv6_reuse, "::", REUSEADDR)
KEPT_OUT(v6only, "::", V6ONLY)
KEPT_OUT(loopback6, "::1", REUSEADDR)
KEPT_OUT(mapped, "::ffff:127.0.0.1", 0)

/* That is the way in for the reservation's own, and a hole for the same user's others. */
static void test_reuseport(void)
{
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		uint16_t port = unit_block(1);
		int fd = placed(protocol, port);

		IS(stranger(types[protocol], "127.0.0.1", port, REUSEPORT), 0);
		IS(stranger(types[protocol], everywhere(), port, REUSEPORT), 0);
		close(fd);
	}
}

static void test_second(void)
{
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		uint16_t port = unit_block(1);
		int fd = placed(protocol, port);

		IS(guard_place(protocol, port, false), -EADDRINUSE);
		if (protocol == PROTOCOL_TCP)
			IS(guard_place(protocol, port, true), -EADDRINUSE);
		close(fd);
		close(placed(protocol, port));
	}
}

/* Over a socket that is there: refused, and no descriptor is lost. */
static void refused_over(int fd, enum protocol protocol, bool over_time_wait)
{
	int before = unit_descriptors();

	OK_FATAL(fd >= 0);
	IS(guard_place(protocol, (uint16_t)port_of(fd), over_time_wait), -EADDRINUSE);
	IS(unit_descriptors(), before);
	close(fd);
}

static void test_over_bound(void)
{
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		refused_over(bound(types[protocol], "127.0.0.1", 0, 0), protocol, false);
		refused_over(bound(types[protocol], "0.0.0.0", 0, REUSEADDR), protocol, false);
		refused_over(bound(types[protocol], everywhere(), 0, 0), protocol, false);
	}
	refused_over(bound(TCP, "127.0.0.1", 0, 0), PROTOCOL_TCP, true);
	refused_over(bound(TCP, everywhere(), 0, 0), PROTOCOL_TCP, true);
}

static void test_over_listener(void)
{
	refused_over(listening("127.0.0.1", 0, REUSEADDR), PROTOCOL_TCP, false);
	refused_over(listening("127.0.0.1", 0, REUSEADDR), PROTOCOL_TCP, true);
	refused_over(listening(everywhere(), 0, 0), PROTOCOL_TCP, true);
}

static void over_device(int type, const char *address)
{
	enum protocol protocol = type == TCP ? PROTOCOL_TCP : PROTOCOL_UDP;

	for (int over = 0; over <= (protocol == PROTOCOL_TCP); over++) {
		int fd = socket_open(type, address, 0);

		if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3)) {
			cunit_tap_skip("SO_BINDTODEVICE is not allowed here");
			close(fd);
			return;
		}
		IS(socket_bind(fd, address, unit_block(1), 0), 0);
		refused_over(fd, protocol, over);
	}
}

static void test_over_device_tcp(void)
{
	over_device(TCP, "127.0.0.53");
	over_device(TCP, "0.0.0.0");
}

static void test_over_device_udp(void)
{
	over_device(UDP, "127.0.0.53");
	over_device(UDP, "0.0.0.0");
}

static void test_over_time_wait(void)
{
	uint16_t port = unit_block(1);
	int fd;

	unit_time_wait(port, REUSEADDR);
	IS(guard_place(PROTOCOL_TCP, port, false), -EADDRINUSE);
	fd = guard_place(PROTOCOL_TCP, port, true);
	OK(fd >= 0);
	IS(stranger(TCP, "127.0.0.1", port, REUSEADDR), EADDRINUSE);
	IS(stranger(TCP, everywhere(), port, REUSEADDR), EADDRINUSE);
	IS(guard_place(PROTOCOL_TCP, port, true), -EADDRINUSE);
	close(fd);
}

static void test_present(void)
{
	int before = unit_descriptors();

	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		uint16_t port = unit_block(1);
		int fd;

		OK(!guard_present(protocol, port));
		fd = placed(protocol, port);
		OK(guard_present(protocol, port));
		OK(!guard_present(!protocol, port));
		close(fd);
		OK(!guard_present(protocol, port));
		fd = bound(types[protocol], "127.0.0.1", port, 0);
		OK(guard_present(protocol, port));
		close(fd);
		OK(!guard_present(protocol, port));
	}
	IS(unit_descriptors(), before);
}

static void test_present_time_wait(void)
{
	uint16_t port = unit_block(1);
	int fd;

	unit_time_wait(port, REUSEADDR);
	OK(!guard_present(PROTOCOL_TCP, port));
	fd = guard_place(PROTOCOL_TCP, port, true);
	OK(guard_present(PROTOCOL_TCP, port));
	close(fd);
}

/* Its end must not make a server wait that is about to start. */
static void test_present_in_nobodys_way(void)
{
	uint16_t port = unit_block(1);
	int fd = bound(TCP, "127.0.0.1", port, REUSEADDR);

	guard_present(PROTOCOL_TCP, port);
	IS(listen(fd, 1), 0);
	OK(guard_present(PROTOCOL_TCP, port));
	close(fd);
}

static void test_netns(void)
{
	int fd = socket_open(UDP, "127.0.0.1", 0), before = unit_descriptors();

	OK(guard_netns() != 0);
	OK(guard_netns() == netns_of(fd));
	IS(unit_descriptors(), before);
	close(fd);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"TCP: a plain bind is refused", test_tcp_plain},
		{"UDP: a plain bind is refused", test_udp_plain},
		{"TCP: one with SO_REUSEADDR is refused", test_tcp_reuse},
		{"UDP: one with SO_REUSEADDR is refused", test_udp_reuse},
		{"TCP: one on 127.0.0.1 is refused", test_tcp_loopback},
		{"UDP: one on 127.0.0.1 is refused", test_udp_loopback},
		{"TCP: one on 127.0.0.1 with SO_REUSEADDR is refused", test_tcp_loopback_reuse},
		{"UDP: one on 127.0.0.1 with SO_REUSEADDR is refused", test_udp_loopback_reuse},
		{"TCP: one on [::] is refused", test_tcp_ipv6},
		{"UDP: one on [::] is refused", test_udp_ipv6},
		{"TCP: one on [::] with SO_REUSEADDR is refused", test_tcp_ipv6_reuse},
		{"UDP: one on [::] with SO_REUSEADDR is refused", test_udp_ipv6_reuse},
		{"TCP: one on [::] without IPv4 is refused", test_tcp_v6only},
		{"UDP: one on [::] without IPv4 is refused", test_udp_v6only},
		{"TCP: one on ::1 with SO_REUSEADDR is refused", test_tcp_loopback6},
		{"UDP: one on ::1 with SO_REUSEADDR is refused", test_udp_loopback6},
		{"TCP: one on ::ffff:127.0.0.1 is refused", test_tcp_mapped},
		{"UDP: one on ::ffff:127.0.0.1 is refused", test_udp_mapped},
		{"SO_REUSEPORT of the same user passes", test_reuseport},
		{"a second guard is refused", test_second},
		{"over a bound socket: refused", test_over_bound},
		{"over a listener: refused", test_over_listener},
		{"TCP over a socket of the device lo: refused", test_over_device_tcp},
		{"UDP over a socket of the device lo: refused", test_over_device_udp},
		{"over TIME_WAIT: only if so asked, and as strong as any", test_over_time_wait},
		{"whether there is a guard, or a program's socket", test_present},
		{"TIME_WAIT is no guard", test_present_time_wait},
		{"asking leaves nothing in a server's way", test_present_in_nobodys_way},
		{"the network of the guards is that of our sockets", test_netns});

	return unit_main("guard", tests);
}
