/* SPDX-License-Identifier: MIT */
/* What a guard does not do: it takes no packet, and no port that the kernel chooses. */
#include "guard/guard.h"
#include "unit.h"

static const int types[PROTOCOLS] = {TCP, UDP};

static int placed(enum protocol protocol, uint16_t port)
{
	int fd = guard_place(protocol, port, false);

	OK_FATAL(fd >= 0);
	return fd;
}

static void test_datagrams(void)
{
	enum { DATAGRAMS = 200 };
	uint16_t port = unit_block(1);
	int guard = placed(PROTOCOL_UDP, port), program, sender, got = 0;
	int size = 1 << 20;
	char data[16] = "";

	sender = socket_open(UDP, "127.0.0.1", 0);
	IS(socket_connect(sender, "127.0.0.1", port, 0), 0);
	/* To the guard alone: nobody is there. */
	IS(send(sender, data, sizeof data, 0), sizeof data);
	IS(send(sender, data, sizeof data, 0), -1);
	IS(errno, ECONNREFUSED);
	program = bound(UDP, "127.0.0.1", port, REUSEPORT);
	OK_FATAL(program >= 0);
	setsockopt(program, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	for (int i = 0; i < DATAGRAMS; i++)
		IS(send(sender, data, sizeof data, 0), sizeof data);
	while (recv(program, data, sizeof data, MSG_DONTWAIT) > 0)
		got++;
	IS(got, DATAGRAMS);
	IS(recv(guard, data, sizeof data, MSG_DONTWAIT), -1);
	IS(errno, EAGAIN);
	close(sender);
	close(program);
	close(guard);
}

static void test_connections(void)
{
	enum { CONNECTIONS = 50 };
	uint16_t port = unit_block(1);
	int guard = placed(PROTOCOL_TCP, port), server, accepted = 0, client;

	client = socket_open(TCP, "127.0.0.1", 0);
	IS(socket_connect(client, "127.0.0.1", port, 0), -1);
	IS(errno, ECONNREFUSED);
	close(client);
	server = listening("127.0.0.1", port, REUSEPORT);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd;

		client = socket_open(TCP, "127.0.0.1", 0);
		socket_reset_at_close(client, 0);
		IS(socket_connect(client, "127.0.0.1", port, 0), 0);
		fd = accept(server, NULL, NULL);
		accepted += fd >= 0 && port_of(fd) == port;
		close(client);
		close(fd);
	}
	IS(accepted, CONNECTIONS);
	close(server);
	close(guard);
}

/* Ports that the kernel chooses, where it may choose of two guarded ones only. */
static void test_chosen(void)
{
	uint16_t first;
	int lowest, highest;
	FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	/* Outside of these a socket's own range does not count. */
	if (!range || fscanf(range, "%d %d", &lowest, &highest) != 2)
		bail_out("ip_local_port_range");
	fclose(range);
	first = unit_block_in((uint16_t)lowest, (uint16_t)highest, 2);
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		int guards[2] = {placed(protocol, first), placed(protocol, first + 1)};
		int fd = socket_open(types[protocol], "127.0.0.1", 0);

		if (socket_confine(fd, first, first + 1, 0)) {
			cunit_tap_skip("no IP_LOCAL_PORT_RANGE here");
			close(guards[1]);
		} else {
			IS(socket_bind(fd, "127.0.0.1", 0, 0), -1);
			IS(errno, EADDRINUSE);
			close(guards[1]);
			IS(socket_bind(fd, "127.0.0.1", 0, 0), 0);
			IS(port_of(fd), first + 1);
		}
		close(fd);
		close(guards[0]);
	}
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"datagrams go to the program, none to the guard", test_datagrams},
		      {"connections go to the program, none to the guard", test_connections},
		      {"ports that the kernel chooses are not guarded ones", test_chosen});

	return unit_main("guard-traffic", tests);
}
