/* SPDX-License-Identifier: MIT */
/* Ports that follow each other and are the same thing. */
#include "inspect/runs.h"
#include "made.h"
#include "unit.h"

static struct port_run run_of(enum protocol protocol, uint16_t first, uint16_t last)
{
	struct port_run run;

	run_find(&made.ports, &made.reservations, protocol, (struct port_range){first, last}, &run);
	return run;
}

static void test_runs(void)
{
	struct port_run run;

	made_begin();
	made_reservation(5000, 4, 1);
	made_reservation(5004, 4, 1);
	made_guards(PROTOCOL_TCP, 5000, 8);
	for (uint16_t port = 7000; port < 7004; port++)
		made_socket(PROTOCOL_TCP, port, ROLE_PROGRAM)->inode = port;
	made_owner(7000, 50);
	made_owner(7001, 50);
	made_owner(7002, 50);
	made_owner(7002, 51);
	for (uint16_t port = 8000; port < 8004; port++)
		made_socket(PROTOCOL_TCP, port, ROLE_GUARD)->uid =
			port < 8002 ? MADE_ME : MADE_OTHER;
	made_fill();
	run = run_of(PROTOCOL_TCP, 1, 65535);
	IS(run.last, 1023);
	run = run_of(PROTOCOL_TCP, 1024, 65535);
	IS(run.last, 4999);
	IS(run.kind, PORT_FREE);
	/* Two reservations beside each other are two. */
	run = run_of(PROTOCOL_TCP, 5000, 65535);
	IS(run.last, 5003);
	OK(run.reservation == &made.entries[0]);
	run = run_of(PROTOCOL_TCP, 5004, 65535);
	IS(run.last, 5007);
	OK(run.reservation == &made.entries[1]);
	run = run_of(PROTOCOL_TCP, 5001, 5002);
	IS(run.last, 5002);
	/* So are the ports of two processes. */
	run = run_of(PROTOCOL_TCP, 7000, 65535);
	IS(run.last, 7001);
	IS(run.user.pid, 50);
	IS(run.user.processes, 1);
	run = run_of(PROTOCOL_TCP, 7002, 65535);
	IS(run.last, 7002);
	IS(run.user.pid, 50);
	IS(run.user.processes, 2);
	run = run_of(PROTOCOL_TCP, 7003, 65535);
	IS(run.last, 7003);
	IS(run.user.pid, 0);
	OK(!run.user.closing);
	run = run_of(PROTOCOL_TCP, 8000, 65535);
	IS(run.last, 8001);
	IS(run.user.uid, MADE_ME);
	run = run_of(PROTOCOL_TCP, 8002, 65535);
	IS(run.last, 8003);
	IS(run.user.uid, MADE_OTHER);
	run = run_of(PROTOCOL_TCP, 61000, 65535);
	IS(run.last, 65535);
	run = run_of(PROTOCOL_TCP, 65535, 65535);
	IS(run.first, 65535);
	IS(run.last, 65535);
}

/* From any made-up machine: the runs cover all ports, each once, and say what is there. */
static void test_cover(void)
{
	uint64_t random = 1;
	unsigned int wrong = 0;

	for (int round = 0; round < 20; round++) {
		uint32_t port = PORT_FIRST;

		made_begin();
		for (int i = 0; i < MADE_SOCKETS; i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			made_socket((enum protocol)(random >> 40 & 1),
				    (uint16_t)(1 + (random >> 48) % 200),
				    (enum socket_role)((random >> 42) % 3));
		}
		made_reservation((uint16_t)(1 + (random >> 33) % 150), 40, 3);
		made_fill();
		while (port < POOL_PORTS) {
			struct port_run run = run_of(PROTOCOL_TCP, (uint16_t)port, PORT_LAST);

			wrong += run.first != port || run.last < run.first;
			for (; port <= run.last; port++)
				wrong += made_kind(PROTOCOL_TCP, (uint16_t)port) != (int)run.kind;
		}
		wrong += port != POOL_PORTS;
	}
	IS(wrong, 0);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS({"runs", test_runs}, {"runs cover everything", test_cover});

	return unit_main("runs", tests);
}
