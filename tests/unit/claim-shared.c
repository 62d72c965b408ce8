/* SPDX-License-Identifier: MIT */
/* Claims on ports that are shared, listened on, or in TIME_WAIT; and in another network. */
#include "guard/claim.h"
#include "guard/guard.h"
#include "pool/create.h"
#include "unit.h"

static struct claim_request request_make(enum protocol protocol, uint16_t port)
{
	return (struct claim_request){.protocol = protocol,
				      .index = pool_claim_index(),
				      .netns = guard_netns(),
				      .port = port};
}

static int claims(const struct claim_request *request)
{
	int fd = claim_take(request);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int over_time_wait(uint16_t port)
{
	int fd = claim_take_over_time_wait(pool_claim_index(), guard_netns(), port);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static uint16_t guarded(enum protocol protocol, int *guard)
{
	uint16_t port = unit_block(1);

	*guard = guard_place(protocol, port, false);
	OK_FATAL(*guard >= 0);
	return port;
}

/* A program that asked for SO_REUSEPORT itself has it on for good. */
static void test_share(void)
{
	static const int types[PROTOCOLS] = {TCP, UDP};

	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		int guard, fd;
		uint16_t port = guarded(protocol, &guard);
		struct claim_request request = request_make(protocol, port);

		fd = bound(types[protocol], "127.0.0.1", port, REUSEPORT);
		OK_FATAL(fd >= 0);
		IS(claims(&request), -EADDRINUSE);
		request.share = true;
		IS(claims(&request), 0);
		close(fd);
		close(guard);
	}
}

static void test_listening(void)
{
	int guard, fd;
	uint16_t port = guarded(PROTOCOL_TCP, &guard);
	struct claim_request request = request_make(PROTOCOL_TCP, port);

	request.reuse_address = true;
	request.listen = true;
	IS(claims(&request), 0);
	fd = bound(TCP, "127.0.0.1", port, REUSEADDR | REUSEPORT);
	OK_FATAL(fd >= 0);
	option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0, 0);
	/* It is bound there, and does not listen. */
	IS(claims(&request), 0);
	option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, 0);
	IS(listen(fd, 1), 0);
	option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0, 0);
	IS(claims(&request), -EADDRINUSE);
	close(fd);
	IS(claims(&request), 0);
	close(guard);
}

static void test_listening_exclude(void)
{
	int guard, claim;
	struct claim_request request = request_make(PROTOCOL_TCP, guarded(PROTOCOL_TCP, &guard));

	request.reuse_address = true;
	request.listen = true;
	claim = claim_take(&request);
	OK_FATAL(claim >= 0);
	IS(claims(&request), -EADDRINUSE);
	close(claim);
	IS(claims(&request), 0);
	close(guard);
}

/* A port whose only use is a connection in TIME_WAIT, with a guard. */
static uint16_t waiting(int *guard)
{
	uint16_t port = guarded(PROTOCOL_TCP, guard);

	unit_time_wait(port, REUSEADDR | REUSEPORT);
	return port;
}

static void test_time_wait(void)
{
	int guard, fd;
	uint16_t port = waiting(&guard);
	struct claim_request request = request_make(PROTOCOL_TCP, port);

	IS(claims(&request), -EADDRINUSE);
	IS(over_time_wait(port), 0);
	fd = claim_take_over_time_wait(request.index, request.netns, port);
	OK_FATAL(fd >= 0);
	IS(over_time_wait(port), -EADDRINUSE);
	IS(claims(&request), -EADDRINUSE);
	request.reuse_address = true;
	IS(claims(&request), -EADDRINUSE);
	/* And the program gets past it. */
	IS(stranger(TCP, "127.0.0.1", port, REUSEADDR | REUSEPORT), 0);
	close(fd);
	close(guard);
}

static void test_time_wait_unused(void)
{
	int guard;
	uint16_t port = guarded(PROTOCOL_TCP, &guard);
	int before = unit_descriptors();

	IS(over_time_wait(port), 0);
	IS(unit_descriptors(), before);
	close(guard);
}

static void in_use(int fd, uint16_t port)
{
	int before = unit_descriptors();

	OK_FATAL(fd >= 0);
	IS(over_time_wait(port), -EADDRINUSE);
	IS(unit_descriptors(), before);
	close(fd);
	IS(over_time_wait(port), 0);
}

static void test_time_wait_and_program(void)
{
	int guard, fd;
	uint16_t port = waiting(&guard);

	in_use(bound(TCP, "127.0.0.1", port, REUSEADDR | REUSEPORT), port);
	in_use(listening("127.0.0.1", port, REUSEADDR | REUSEPORT), port);
	if (ipv6_works())
		in_use(bound(TCP, "::1", port, REUSEADDR | REUSEPORT), port);
	/* What the hooks leave of SO_REUSEPORT. */
	fd = bound(TCP, "0.0.0.0", port, REUSEADDR | REUSEPORT);
	option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0, 0);
	in_use(fd, port);
	close(guard);
}

static void test_time_wait_and_connection(void)
{
	int guard, server, client, accepted;
	uint16_t port = waiting(&guard);

	server = listening("127.0.0.1", port, REUSEADDR | REUSEPORT);
	client = socket_open(TCP, "127.0.0.1", 0);
	socket_reset_at_close(client, 0);
	IS(socket_connect(client, "127.0.0.1", port, 0), 0);
	accepted = accept(server, NULL, NULL);
	close(server);
	IS(over_time_wait(port), -EADDRINUSE);
	close(client);
	close(accepted);
	IS(over_time_wait(port), 0);
	close(guard);
}

static void run_other_network(void *context)
{
	struct claim_request *request = context;
	uint64_t old = request->netns;
	int before;

	if (unit_network())
		_exit(77);
	before = unit_descriptors();
	IS(claims(request), -EOPNOTSUPP);
	IS(claim_take_over_time_wait(request->index, old, request->port), -EOPNOTSUPP);
	IS(unit_descriptors(), before);
	OK(guard_netns() != old);
	request->netns = guard_netns();
	IS(claims(request), 0);
}

static void test_other_network(void)
{
	struct claim_request request = request_make(PROTOCOL_TCP, unit_block(1));
	int status = unit_in_child(run_other_network, &request);

	if (status == 77)
		cunit_tap_skip("a network of its own is not allowed here");
	else
		IS(status, 0);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"a SO_REUSEPORT group lets a claim in that shares, and no other", test_share},
		{"a listening claim meets listeners, and who is only bound not", test_listening},
		{"two listening claims exclude each other", test_listening_exclude},
		{"TIME_WAIT: one claim at a time, and the program passes", test_time_wait},
		{"the same on a port that nobody has", test_time_wait_unused},
		{"TIME_WAIT and a program: in use", test_time_wait_and_program},
		{"TIME_WAIT and a connection: in use", test_time_wait_and_connection},
		{"from another network a claim says nothing", test_other_network});

	return unit_main("claim-shared", tests);
}
