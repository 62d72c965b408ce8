/* SPDX-License-Identifier: MIT */
/* Claims: they meet programs and one another, and no guard. */
#include "guard/claim.h"
#include "guard/guard.h"
#include "guard/index.h"
#include "pool/create.h"
#include "unit.h"

static const int types[PROTOCOLS] = {TCP, UDP};

static struct claim_request request_make(enum protocol protocol, uint16_t port)
{
	return (struct claim_request){.protocol = protocol,
				      .index = pool_claim_index(),
				      .netns = guard_netns(),
				      .port = port};
}

/* A claim on an address (NULL: all), for as long as its answer takes. */
static int claims(struct claim_request request, const char *text)
{
	union address address;
	int fd;

	if (text) {
		address_make(&address, text, 0);
		request.address = &address.room;
	}
	fd = claim_take(&request);
	if (fd < 0)
		return fd;
	OK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	return 0;
}

/* A program's socket as the hooks bind it: past the guard, and then as it was. */
static int program(enum protocol protocol, const char *text, uint16_t port, int flags)
{
	int fd = bound(types[protocol], text, port, flags | REUSEPORT);

	OK_FATAL(fd >= 0);
	if (!(flags & REUSEPORT))
		option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0, 0);
	return fd;
}

/* A port with its guard. */
static uint16_t guarded(enum protocol protocol, int *guard)
{
	uint16_t port = unit_block(1);

	*guard = guard_place(protocol, port, false);
	OK_FATAL(*guard >= 0);
	return port;
}

static const char *const addresses[] = {
	NULL, "0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:127.0.0.1", "192.0.2.1", "2001:db8::1"};
enum { ADDRESSES = sizeof addresses / sizeof addresses[0] };

/* Also addresses that this machine does not have: that is for the real bind to say. */
static void passes_guard(enum protocol protocol)
{
	int guard;
	uint16_t port = guarded(protocol, &guard);
	int before = unit_descriptors();

	for (int i = 0; i < ADDRESSES; i++) {
		struct claim_request request = request_make(protocol, port);

		if (addresses[i] && strchr(addresses[i], ':') && !ipv6_works())
			continue;
		IS(claims(request, addresses[i]), 0);
		request.v6only = true;
		request.reuse_address = true;
		IS(claims(request, addresses[i]), 0);
	}
	IS(unit_descriptors(), before);
	close(guard);
}

static void test_passes_guard(void)
{
	passes_guard(PROTOCOL_TCP);
	passes_guard(PROTOCOL_UDP);
}

/* Where a program is, on which addresses a claim meets it. v6only is the claim's. */
static const struct meeting {
	const char *program;
	int flags;
	const char *claim;
	bool v6only;
	int answer;
} meetings[] = {
	{"0.0.0.0", 0, NULL, false, -EADDRINUSE},
	{"0.0.0.0", 0, "0.0.0.0", false, -EADDRINUSE},
	{"0.0.0.0", 0, "127.0.0.1", false, -EADDRINUSE},
	{"127.0.0.1", 0, NULL, false, -EADDRINUSE},
	{"127.0.0.1", 0, "0.0.0.0", false, -EADDRINUSE},
	{"127.0.0.1", 0, "127.0.0.1", false, -EADDRINUSE},
	{"127.0.0.1", 0, "127.0.0.2", false, 0},
	{"127.0.0.1", 0, "::", false, -EADDRINUSE},
	{"127.0.0.1", 0, "::", true, 0},
	{"127.0.0.1", 0, "::1", false, 0},
	{"127.0.0.1", 0, "::ffff:127.0.0.1", false, -EADDRINUSE},
	{"127.0.0.1", 0, "::ffff:127.0.0.2", false, 0},
	{"::", 0, NULL, false, -EADDRINUSE},
	{"::", 0, "127.0.0.1", false, -EADDRINUSE},
	{"::", 0, "::1", false, -EADDRINUSE},
	{"::", 0, "::", true, -EADDRINUSE},
	{"::", V6ONLY, "127.0.0.1", false, 0},
	{"::", V6ONLY, "0.0.0.0", false, 0},
	{"::", V6ONLY, "::ffff:127.0.0.1", false, 0},
	{"::", V6ONLY, NULL, false, -EADDRINUSE},
	{"::1", 0, NULL, false, -EADDRINUSE},
	{"::1", 0, "::1", false, -EADDRINUSE},
	{"::1", 0, "::", true, -EADDRINUSE},
	{"::1", 0, "0.0.0.0", false, 0},
	{"::ffff:127.0.0.1", 0, "127.0.0.1", false, -EADDRINUSE},
	{"::ffff:127.0.0.1", 0, "127.0.0.2", false, 0},
};

static void meets(enum protocol protocol, bool listens)
{
	for (size_t i = 0; i < sizeof meetings / sizeof meetings[0]; i++) {
		const struct meeting *meeting = &meetings[i];
		struct claim_request request;
		int guard, fd;
		uint16_t port;

		if (!ipv6_works() && (strchr(meeting->program, ':') ||
				      (meeting->claim && strchr(meeting->claim, ':'))))
			continue;
		port = guarded(protocol, &guard);
		fd = program(protocol, meeting->program, port, meeting->flags);
		if (listens) {
			option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, 0);
			IS(listen(fd, 1), 0);
			option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0, 0);
		}
		request = request_make(protocol, port);
		request.v6only = meeting->v6only;
		if (!IS(claims(request, meeting->claim), meeting->answer))
			cunit_tap_note("program on %s%s, claim on %s%s", meeting->program,
				       meeting->flags ? " v6only" : "",
				       meeting->claim ? meeting->claim : "all",
				       meeting->v6only ? " v6only" : "");
		close(fd);
		IS(claims(request, meeting->claim), 0);
		close(guard);
	}
}

static void test_meets_tcp(void)
{
	meets(PROTOCOL_TCP, false);
}

static void test_meets_listener(void)
{
	meets(PROTOCOL_TCP, true);
}

static void test_meets_udp(void)
{
	meets(PROTOCOL_UDP, false);
}

static void test_exclude(void)
{
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		int guard, one;
		struct claim_request request = request_make(protocol, guarded(protocol, &guard));

		one = claim_take(&request);
		OK_FATAL(one >= 0);
		IS(claims(request, NULL), -EADDRINUSE);
		IS(claims(request, "127.0.0.1"), -EADDRINUSE);
		request.reuse_address = true;
		IS(claims(request, NULL), -EADDRINUSE);
		request.reuse_address = false;
		close(one);
		IS(claims(request, NULL), 0);
		IS(claims(request, "127.0.0.1"), 0);
		close(guard);
	}
}

/* As two programs with SO_REUSEADDR may both bind. */
static void test_both_reuse(void)
{
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		int guard, one, fd;
		struct claim_request request = request_make(protocol, guarded(protocol, &guard));

		request.reuse_address = true;
		one = claim_take(&request);
		OK_FATAL(one >= 0);
		IS(claims(request, NULL), 0);
		IS(claims(request, "127.0.0.1"), 0);
		close(one);
		fd = program(protocol, "127.0.0.1", request.port, REUSEADDR);
		IS(claims(request, "127.0.0.1"), 0);
		request.reuse_address = false;
		IS(claims(request, "127.0.0.1"), -EADDRINUSE);
		close(fd);
		close(guard);
	}
}

/* The pool's index is no guard's; a claim on a guard's would meet the guard. */
static void test_index(void)
{
	int guard;
	struct claim_request request = request_make(PROTOCOL_TCP, guarded(PROTOCOL_TCP, &guard));

	IS(request.index % 2, 1);
	OK(request.index > GUARD_INDEX_LAST);
	IS(claims(request, NULL), 0);
	request.index = GUARD_INDEX;
	IS(claims(request, NULL), -EADDRINUSE);
	close(guard);
}

/* While a claim is open, the program's own bind passes it and a stranger's does not. */
static void test_real_bind(void)
{
	for (enum protocol protocol = 0; protocol < PROTOCOLS; protocol++) {
		int guard, claim, fd;
		uint16_t port = guarded(protocol, &guard);
		struct claim_request request = request_make(protocol, port);

		claim = claim_take(&request);
		OK_FATAL(claim >= 0);
		IS(stranger(types[protocol], "127.0.0.1", port, REUSEADDR), EADDRINUSE);
		fd = program(protocol, "127.0.0.1", port, 0);
		close(claim);
		IS(claims(request, NULL), -EADDRINUSE);
		close(fd);
		IS(stranger(types[protocol], "127.0.0.1", port, REUSEADDR), EADDRINUSE);
		close(guard);
		IS(stranger(types[protocol], "127.0.0.1", port, 0), 0);
	}
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a claim passes the guard on every address", test_passes_guard},
		      {"TCP: it meets programs where addresses overlap", test_meets_tcp},
		      {"TCP: it meets listeners where addresses overlap", test_meets_listener},
		      {"UDP: it meets programs where addresses overlap", test_meets_udp},
		      {"two claims exclude each other", test_exclude},
		      {"with SO_REUSEADDR on both sides they do not", test_both_reuse},
		      {"claims are not on the index of the guards", test_index},
		      {"a program's bind passes the claim, a stranger's does not", test_real_bind});

	return unit_main("claim", tests);
}
