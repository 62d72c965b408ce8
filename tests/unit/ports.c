/* SPDX-License-Identifier: MIT */
/* What each port is, from made-up sockets, settings and reservations. */
#include <netinet/tcp.h>

#include "made.h"
#include "unit.h"

static void test_free(void)
{
	made_begin();
	made.settings.reserved[40000 / 8] = 1;
	made.settings.reserved[80 / 8] = 1;
	made.settings.reserved[5000 / 8] = 1;
	made_fill();
	for (int protocol = 0; protocol < PROTOCOLS; protocol++) {
		IS(made_kind(protocol, 1), PORT_PRIVILEGED);
		IS(made_kind(protocol, 80), PORT_RESERVED);
		IS(made_kind(protocol, 1023), PORT_PRIVILEGED);
		IS(made_kind(protocol, 1024), PORT_FREE);
		IS(made_kind(protocol, 5000), PORT_RESERVED);
		IS(made_kind(protocol, 5001), PORT_FREE);
		IS(made_kind(protocol, 32767), PORT_FREE);
		IS(made_kind(protocol, 32768), PORT_EPHEMERAL);
		IS(made_kind(protocol, 40000), PORT_RESERVED);
		IS(made_kind(protocol, 60999), PORT_EPHEMERAL);
		IS(made_kind(protocol, 61000), PORT_FREE);
		IS(made_kind(protocol, 65535), PORT_FREE);
	}
	/* A range that goes down to where a capability is needed. */
	made.settings.ephemeral.first = 1000;
	made.settings.unprivileged = 0;
	made_fill();
	IS(made_kind(PROTOCOL_TCP, 999), PORT_FREE);
	IS(made_kind(PROTOCOL_TCP, 1000), PORT_EPHEMERAL);
}

static void test_held(void)
{
	struct reserved *entry;

	made_begin();
	entry = made_reservation(5000, 4, 3);
	made_guards(PROTOCOL_TCP, 5000, 4);
	made_guards(PROTOCOL_UDP, 5000, 4);
	made_socket(PROTOCOL_TCP, 5001, ROLE_PROGRAM);
	made_socket(PROTOCOL_UDP, 5002, ROLE_CLAIM);
	made_guards(PROTOCOL_TCP, 6000, 1);
	made_socket(PROTOCOL_TCP, 6001, ROLE_PROGRAM);
	made_guards(PROTOCOL_UDP, 6002, 1);
	made_socket(PROTOCOL_UDP, 6002, ROLE_PROGRAM);
	made_socket(PROTOCOL_UDP, 6003, ROLE_CLAIM);
	made_fill();
	IS(made_kind(PROTOCOL_TCP, 4999), PORT_FREE);
	IS(made_kind(PROTOCOL_TCP, 5000), PORT_HELD);
	OK(made.ports.reservation[PROTOCOL_TCP][5000] == entry);
	OK(!made.ports.socket[PROTOCOL_TCP][5000]);
	IS(made_kind(PROTOCOL_TCP, 5001), PORT_USED);
	OK(made.ports.reservation[PROTOCOL_TCP][5001] == entry);
	OK(made.ports.socket[PROTOCOL_TCP][5001] &&
	   made.ports.socket[PROTOCOL_TCP][5001]->role == ROLE_PROGRAM);
	IS(made_kind(PROTOCOL_UDP, 5001), PORT_HELD);
	IS(made_kind(PROTOCOL_UDP, 5002), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5003), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5004), PORT_FREE);
	/* Outside what we know. */
	IS(made_kind(PROTOCOL_TCP, 6000), PORT_HELD_OTHER);
	OK(made.ports.socket[PROTOCOL_TCP][6000] != NULL);
	OK(!made.ports.reservation[PROTOCOL_TCP][6000]);
	IS(made_kind(PROTOCOL_UDP, 6000), PORT_FREE);
	IS(made_kind(PROTOCOL_TCP, 6001), PORT_USED_OTHER);
	IS(made_kind(PROTOCOL_UDP, 6002), PORT_USED_OTHER);
	/* A claim is for a moment, and no guard. */
	IS(made_kind(PROTOCOL_UDP, 6003), PORT_FREE);
}

static void test_health(void)
{
	made_begin();
	made_reservation(5000, 2, 1)->health = HEALTH_STALE;
	made_reservation(5010, 2, 1)->health = HEALTH_MAKING;
	made_reservation(5020, 3, 1)->health = HEALTH_UNHELD;
	made_guards(PROTOCOL_TCP, 5000, 1);
	made_guards(PROTOCOL_TCP, 5010, 1);
	made_guards(PROTOCOL_TCP, 5020, 1);
	made_socket(PROTOCOL_TCP, 5021, ROLE_GUARD)->uid = MADE_OTHER;
	made_fill();
	/* What is left of a reservation says nothing of who has a guard there now. */
	IS(made_kind(PROTOCOL_TCP, 5000), PORT_HELD_OTHER);
	IS(made_kind(PROTOCOL_TCP, 5001), PORT_FREE);
	IS(made_kind(PROTOCOL_TCP, 5010), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5011), PORT_FREE);
	OK(!made.ports.reservation[PROTOCOL_TCP][5011]);
	IS(made_kind(PROTOCOL_TCP, 5020), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5021), PORT_HELD_OTHER);
	IS(made_kind(PROTOCOL_TCP, 5022), PORT_FREE);
}

/* Of two entries with one port, the living one counts, in whatever order they come. */
static void test_overlap(void)
{
	for (int order = 0; order < 2; order++) {
		struct reserved *first, *second;

		made_begin();
		first = made_reservation(5000, 10, 1);
		second = made_reservation(5005, 10, 1);
		(order ? second : first)->health = HEALTH_UNHELD;
		made_guards(PROTOCOL_TCP, 5000, 15);
		made_fill();
		OK(made.ports.reservation[PROTOCOL_TCP][5004] == first);
		OK(made.ports.reservation[PROTOCOL_TCP][5005] == (order ? first : second));
		OK(made.ports.reservation[PROTOCOL_TCP][5009] == (order ? first : second));
		OK(made.ports.reservation[PROTOCOL_TCP][5010] == second);
	}
}

/* A kernel that does not show TCP sockets that are only bound. */
static void test_old_kernel(void)
{
	made_begin();
	made.reservations.sockets.bound_shown = false;
	made_reservation(5000, 3, 3);
	made_reservation(5010, 1, 3)->health = HEALTH_UNHELD;
	made_guards(PROTOCOL_UDP, 5000, 2);
	made_guards(PROTOCOL_UDP, 6000, 1);
	made_socket(PROTOCOL_TCP, 5001, ROLE_PROGRAM);
	made_fill();
	IS(made_kind(PROTOCOL_TCP, 5000), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5001), PORT_USED);
	IS(made_kind(PROTOCOL_TCP, 5002), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5003), PORT_FREE);
	IS(made_kind(PROTOCOL_TCP, 5010), PORT_FREE);
	IS(made_kind(PROTOCOL_UDP, 5000), PORT_HELD);
	IS(made_kind(PROTOCOL_UDP, 5002), PORT_FREE);
	IS(made_kind(PROTOCOL_UDP, 6000), PORT_HELD_OTHER);
}

static void test_time_wait(void)
{
	static const uint16_t held[] = {5000, 5001};
	struct inet_socket *socket;

	made_begin();
	made_reservation(5000, 2, 1);
	made_guards(PROTOCOL_TCP, 5000, 2);
	for (size_t i = 0; i < 2; i++) {
		socket = made_socket(PROTOCOL_TCP, held[i], ROLE_PROGRAM);
		socket->state = TCP_TIME_WAIT;
		socket->inode = 0;
	}
	made_socket(PROTOCOL_TCP, 5001, ROLE_PROGRAM)->inode = 77;
	socket = made_socket(PROTOCOL_TCP, 6000, ROLE_PROGRAM);
	socket->state = TCP_TIME_WAIT;
	socket->inode = 0;
	/* A connection, one that the kernel still closes, and who listens. */
	made_socket(PROTOCOL_TCP, 6001, ROLE_PROGRAM)->state = TCP_ESTABLISHED;
	socket = made_socket(PROTOCOL_TCP, 6001, ROLE_PROGRAM);
	socket->state = TCP_FIN_WAIT2;
	socket->inode = 0;
	made_socket(PROTOCOL_TCP, 6001, ROLE_PROGRAM)->inode = 78;
	made_fill();
	/* Who reserved it can bind it. */
	IS(made_kind(PROTOCOL_TCP, 5000), PORT_HELD);
	IS(made_kind(PROTOCOL_TCP, 5001), PORT_USED);
	IS(made.ports.socket[PROTOCOL_TCP][5001]->inode, 77);
	IS(made_kind(PROTOCOL_TCP, 6000), PORT_USED_OTHER);
	IS(made_kind(PROTOCOL_TCP, 6001), PORT_USED_OTHER);
	IS(made.ports.socket[PROTOCOL_TCP][6001]->inode, 78);
}

static void test_edges(void)
{
	unsigned int counts[PORT_KINDS], sum = 0;
	struct port_range all = {PORT_FIRST, PORT_LAST};

	made_begin();
	made_reservation(65535, 1, 3);
	made_guards(PROTOCOL_TCP, 65535, 1);
	made_guards(PROTOCOL_UDP, 65535, 1);
	made_socket(PROTOCOL_UDP, 1, ROLE_PROGRAM);
	made_fill();
	IS(made_kind(PROTOCOL_TCP, 65535), PORT_HELD);
	IS(made_kind(PROTOCOL_UDP, 65535), PORT_HELD);
	IS(made_kind(PROTOCOL_UDP, 1), PORT_USED_OTHER);
	IS(ports_telling(&made.ports, PROTOCOL_TCP, all), PORT_HELD);
	IS(ports_telling(&made.ports, PROTOCOL_UDP, all), PORT_USED_OTHER);
	IS(ports_telling(&made.ports, PROTOCOL_UDP, (struct port_range){2, 65534}), PORT_EPHEMERAL);
	IS(ports_telling(&made.ports, PROTOCOL_UDP, (struct port_range){1024, 1024}), PORT_FREE);
	ports_count(&made.ports, PROTOCOL_UDP, all, counts);
	for (int i = 0; i < PORT_KINDS; i++)
		sum += counts[i];
	IS(sum, 65535);
	IS(counts[PORT_PRIVILEGED], 1022);
	IS(counts[PORT_EPHEMERAL], 60999 - 32768 + 1);
	IS(counts[PORT_USED_OTHER], 1);
	IS(counts[PORT_HELD], 1);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"what is free", test_free}, {"what has a guard, and what is in use", test_held},
		{"reservations that are not alive", test_health},
		{"two reservations of one port", test_overlap},
		{"a kernel that hides bound sockets", test_old_kernel},
		{"TIME_WAIT, and which socket of a port tells most", test_time_wait},
		{"the first and the last port", test_edges});

	return unit_main("ports", tests);
}
