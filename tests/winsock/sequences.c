/* SPDX-License-Identifier: MIT */
/* The calls in the order in which programs for Windows make them. */
#include "linked.h"
#include "../pitfalls/network.h"

enum { MANY = 16 };

static int acquires(SOCKET socket, int start, int count, instance *result)
{
	INET_PORT_RANGE range = {htons((uint16_t)start), (uint16_t)count};
	DWORD bytes;

	return WSAIoctl(socket, SIO_ACQUIRE_PORT_RESERVATION, &range, sizeof range, result,
			sizeof *result, &bytes, NULL, NULL);
}

static int associates(SOCKET socket, ULONG64 token)
{
	DWORD bytes;

	return WSAIoctl(socket, SIO_ASSOCIATE_PORT_RESERVATION, &token, sizeof token, NULL, 0,
			&bytes, NULL, NULL);
}

/* A media server: one UDP port, one socket a client, all of them bound to it. */
static void one_port_many_sockets(void)
{
	SOCKET holder = WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	SOCKET sockets[MANY];
	instance block;
	int good = 0, one = 1;

	ok(!acquires(holder, 0, 1, &block), "one UDP port is reserved");
	for (int i = 0; i < MANY; i++) {
		sockets[i] = WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
		setsockopt(sockets[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
		good += !associates(sockets[i], block.Token) &&
			!socket_bind(sockets[i], "127.0.0.1", ntohs(block.StartPort), 0) &&
			port_of(sockets[i]) == ntohs(block.StartPort);
	}
	ok(good == MANY, "%d sockets are tied and bound to it", MANY);
	for (int i = 0; i < MANY; i++)
		closesocket(sockets[i]);
	closesocket(holder);
}

/* A client that must come from a low port: one after the other is tried. */
/* answers: acquire-with-privilege connect-unbound */
static void low_ports(void)
{
	int server = socket_open(TCP, "127.0.0.1", 0), connected = 0, from = 0;

	socket_bind(server, "127.0.0.1", 0, 0);
	listen(server, 4);
	for (int port = 1023; port > 500 && !connected; port--) {
		SOCKET client = socket_open(TCP, "127.0.0.1", 0);
		instance block;

		if (!acquires(client, port, 1, &block) && !associates(client, block.Token) &&
		    !socket_connect(client, "127.0.0.1", port_of(server), 0)) {
			connected = 1;
			from = port_of(client) == port;
		}
		closesocket(client);
	}
	ok(connected && from, "a connection from a reserved port below 1024, without bind");
	closesocket(server);
}

static void ten_blocks(void)
{
	SOCKET holder = socket_open(UDP, "127.0.0.1", 0);
	instance blocks[10];
	int good = 0, apart = 0;

	for (int i = 0; i < 10; i++)
		good += !acquires(holder, 0, 64, &blocks[i]);
	ok(good == 10, "ten blocks of 64 ports on one socket");
	for (int i = 0; i < 10; i++)
		for (int j = 0; j < i; j++)
			apart += abs(ntohs(blocks[i].StartPort) - ntohs(blocks[j].StartPort)) >=
					 64 &&
				 blocks[i].Token != blocks[j].Token;
	ok(apart == 45, "which do not overlap, each with a token of its own");
	ok(taken_ports(UDP, ntohs(blocks[9].StartPort), 64) == 64, "and are reserved");
	closesocket(holder);
	ok(comes_true(!taken_ports(UDP, ntohs(blocks[9].StartPort), 64)), "until it closes");
}

/* As many as there are: half of them when it is too much. */
static void halved(void)
{
	SOCKET holder = socket_open(TCP, "127.0.0.1", 0);
	instance block;
	int count = 60000, failed = 0;

	while (count && acquires(holder, 0, count, &block)) {
		failed += WSAGetLastError() == WSAEADDRINUSE;
		count /= 2;
	}
	ok(count && failed && block.NumberOfPorts == count, "halved until it fits: %d ports",
	   count);
	closesocket(holder);
}

/* The holder is never bound itself. */
static void holder(void)
{
	SOCKET holder = socket_open(TCP, "127.0.0.1", 0), worker = socket_open(TCP, "127.0.0.1", 0);
	instance block;

	ok(!acquires(holder, 0, 2, &block) && !associates(worker, block.Token) &&
		   !socket_bind(worker, "127.0.0.1", 0, 0) && !listen(worker, 1) &&
		   port_of(holder) == 0,
	   "a holder that is never bound, and a server on its block");
	closesocket(holder);
	ok(comes_true(!taken_ports(TCP, ntohs(block.StartPort) + 1, 1)),
	   "closed, it gives back what nobody has");
	closesocket(worker);
}

int main(int argc, char **argv)
{
	(void)argc;
	linked(argv);
	one_port_many_sockets();
	ten_blocks();
	holder();
	if (quiet_network()) {
		skip("a wildcard request halved", "no network of its own for the test");
		skip("ports below 1024", "no network of its own for the test");
	} else {
		halved();
		low_ports();
	}
	return done_testing();
}
