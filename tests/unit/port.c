/* SPDX-License-Identifier: MIT */
/* What a port is explained by: trial binds, what is on it, whose it is. */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>

#include "core/browsers.h"
#include "core/persistent.h"
#include "guard/claim.h"
#include "guard/guard.h"
#include "guard/index.h"
#include "inspect/port.h"
#include "inspect/start.h"
#include "real/real.h"
#include "reserve.h"

static void test_browsers(void)
{
	int i;

	for (i = 1; i < BROWSERS_REFUSE; i++)
		OK(browsers_refused[i] > browsers_refused[i - 1]);
	OK(browsers_refuse(1) && browsers_refuse(6000) && browsers_refuse(10080));
	OK(!browsers_refuse(80) && !browsers_refuse(443) && !browsers_refuse(8080) &&
	   !browsers_refuse(0));
}

static void test_persistent_index(void)
{
	static const uint16_t firsts[] = {1, 1023, 5000, 65535};
	int fd = socket_open(UDP, "127.0.0.1", 0);
	size_t i;

	for (i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
		uint32_t index = guard_persistent_index(fd, firsts[i]);

		IS(guard_persistent_first(index), firsts[i]);
		OK(!guard_persistent_first(index + 1)); /* a claim's, or a question's */
		OK(!guard_persistent_first(index + 2));
	}
	OK(!guard_persistent_first(GUARD_INDEX));
	OK(!guard_persistent_first(GUARD_INDEX - GUARD_INDEX_STEP));
	OK(!guard_persistent_first(0) && !guard_persistent_first(1));
	close(fd);
}

static void test_use(void)
{
	static const struct {
		struct inet_socket socket;
		enum socket_use use;
	} some[] = {
		{{.protocol = PROTOCOL_TCP, .state = TCP_LISTEN, .inode = 1}, USE_LISTENS},
		{{.protocol = PROTOCOL_TCP, .state = STATE_BOUND, .inode = 1}, USE_BOUND},
		{{.protocol = PROTOCOL_TCP, .state = TCP_ESTABLISHED, .inode = 1}, USE_CONNECTED},
		{{.protocol = PROTOCOL_TCP, .state = TCP_CLOSE_WAIT, .inode = 1}, USE_CONNECTED},
		{{.protocol = PROTOCOL_TCP, .state = TCP_FIN_WAIT2}, USE_ENDING},
		{{.protocol = PROTOCOL_TCP, .state = TCP_LAST_ACK}, USE_ENDING},
		{{.protocol = PROTOCOL_TCP, .state = TCP_TIME_WAIT}, USE_TIME_WAIT},
		{{.protocol = PROTOCOL_UDP, .state = TCP_CLOSE, .inode = 1}, USE_OPEN},
		{{.protocol = PROTOCOL_UDP, .state = TCP_ESTABLISHED, .peer_port = 53, .inode = 1},
		 USE_CONNECTED},
	};
	size_t i;

	for (i = 0; i < sizeof some / sizeof some[0]; i++)
		IS(socket_use(&some[i].socket), some[i].use);
}

static void test_meets(void)
{
	static const struct {
		const char *text;
		bool v6only, four, six;
	} some[] = {
		{"0.0.0.0", false, true, false}, {"127.0.0.1", false, true, false},
		{"::", false, true, true},	 {"::", true, false, true},
		{"::1", false, false, true},	 {"::ffff:127.0.0.1", false, true, false},
	};
	size_t i;

	for (i = 0; i < sizeof some / sizeof some[0]; i++) {
		struct inet_socket socket = {.family = (sa_family_t)family_of(some[i].text),
					     .v6only = some[i].v6only};

		IS_FATAL(inet_pton(socket.family, some[i].text, &socket.local), 1);
		IS(socket_meets(&socket, TRIAL_IPV4), some[i].four);
		IS(socket_meets(&socket, TRIAL_IPV6), some[i].six);
	}
}

static struct trial trials[TRIAL_FAMILIES];

/* What a trial of a port answers, for IPv4. */
static void answers(enum protocol protocol, uint16_t port, int any, int reuse, int loopback)
{
	int before = unit_descriptors();

	trial_make(protocol, port, trials);
	IS(trials[TRIAL_IPV4].any, any);
	IS(trials[TRIAL_IPV4].reuse, reuse);
	IS(trials[TRIAL_IPV4].loopback, loopback);
	IS(unit_descriptors(), before);
}

static void test_trial(void)
{
	uint16_t port = unit_block(1);
	int fd;

	answers(PROTOCOL_TCP, port, 0, 0, 0);
	IS(trials[TRIAL_IPV6].any, ipv6_works() ? 0 : -EAFNOSUPPORT);
	answers(PROTOCOL_UDP, port, 0, 0, 0);
	fd = listening("0.0.0.0", port, REUSEADDR);
	answers(PROTOCOL_TCP, port, -EADDRINUSE, -EADDRINUSE, -EADDRINUSE);
	IS(trials[TRIAL_IPV6].any, ipv6_works() ? 0 : -EAFNOSUPPORT);
	answers(PROTOCOL_UDP, port, 0, 0, 0);
	close(fd);
	fd = bound(TCP, "0.0.0.0", port, REUSEADDR);
	answers(PROTOCOL_TCP, port, -EADDRINUSE, 0, -EADDRINUSE);
	close(fd);
	fd = bound(TCP, "127.0.0.2", port, 0);
	answers(PROTOCOL_TCP, port, -EADDRINUSE, -EADDRINUSE, 0);
	close(fd);
	/* It would take datagrams of the other. */
	fd = bound(UDP, "0.0.0.0", port, REUSEADDR);
	answers(PROTOCOL_UDP, port, -EADDRINUSE, -EADDRINUSE, -EADDRINUSE);
	close(fd);
	unit_time_wait(port, REUSEADDR);
	answers(PROTOCOL_TCP, port, -EADDRINUSE, 0, -EADDRINUSE);
}

static int listens;

static int listen_counted(int fd, int backlog)
{
	listens++;
	return listen(fd, backlog);
}

static int socket_of_ipv4(int family, int type, int protocol)
{
	if (family != AF_INET6)
		return socket(family, type, protocol);
	errno = EAFNOSUPPORT;
	return -1;
}

static void test_trial_calls(void)
{
	uint16_t port = unit_block(1);
	struct real_calls saved = real_calls;

	real_calls.listen = listen_counted;
	answers(PROTOCOL_TCP, port, 0, 0, 0);
	IS(listens, 0);
	real_calls.socket = socket_of_ipv4;
	answers(PROTOCOL_UDP, port, 0, 0, 0);
	IS(trials[TRIAL_IPV6].any, -EAFNOSUPPORT);
	real_calls.socket = saved.socket;
	real_calls.listen = saved.listen;
}

static struct port_about about;

static void look(uint16_t port)
{
	IS_FATAL(port_about_read(&about, pool, port, BOTH), 0);
}

static void test_free(void)
{
	pool = NULL;
	look(unit_block(1));
	OK(port_is_free(&about));
	IS(about.protocols[PROTOCOL_TCP].count, 0);
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_NONE);
	OK(!about.protocols[PROTOCOL_TCP].reserved);
	IS(about.process_count, 0);
	port_about_free(&about);
}

/* Who has part in a reservation and who has not: the answers of both. */
static void test_reserved(void)
{
	int anchor, fd = socket_open(UDP, "127.0.0.1", 0);
	struct reservation reservation;
	uint16_t port;

	pool = unit_pool();
	anchor = acquired(0, COUNT, BOTH, &reservation);
	IS(bind_in(&reservation, fd, PROTOCOL_UDP, "127.0.0.1", 0, anchor, &port), 0);
	look(port);
	OK(!port_is_free(&about));
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_OURS);
	OK_FATAL(about.protocols[PROTOCOL_UDP].reserved != NULL);
	IS(about.protocols[PROTOCOL_UDP].reserved->token == reservation.token, true);
	IS(about.protocols[PROTOCOL_UDP].trials[TRIAL_IPV4].any, -EADDRINUSE);
	IS(about.protocols[PROTOCOL_UDP].uses[USE_OPEN], 1);
	OK(about.protocols[PROTOCOL_UDP].reserved->anchor != 0);
	IS_FATAL(about.process_count, 1);
	IS(about.processes[0].about.pid, getpid());
	/* By the anchor that we have open; the port is of its block. */
	IS(about.processes[0].served.how, SERVED_YES);
	IS(about.processes[0].served.anchor, anchor);
	port_about_free(&about);

	trial_make_inside(pool, PROTOCOL_TCP, port, trials);
	IS(trials[TRIAL_IPV4].any, 0);
	trial_make_inside(pool, PROTOCOL_UDP, port, trials);
	IS(trials[TRIAL_IPV4].any, -EADDRINUSE);
	close(anchor), close(fd);
	pool_close(pool);
}

/* In another pool than the one that is looked into. */
static void test_other_pool(void)
{
	struct pool *other = unit_pool();
	struct reservation reservation;
	int anchor;

	pool = other;
	anchor = acquired(0, 1, BOTH, &reservation);
	pool = unit_pool();
	look(reservation.block.first);
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_OTHER_POOL);
	OK(!about.protocols[PROTOCOL_TCP].reserved);
	OK(!about.protocols[PROTOCOL_TCP].listed);
	port_about_free(&about);
	close(anchor);
	pool_close(pool);
	pool_close(other);
}

static void test_persistent(void)
{
	struct block block = {unit_block(2), 2, 1};
	struct reservation reservation;
	int anchor;

	pool = unit_pool();
	IS_FATAL(persistent_make(pool, &block, &reservation), 0);
	look(block.first);
	OK(port_is_free(&about));
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_NONE);
	OK_FATAL(about.protocols[PROTOCOL_TCP].reserved != NULL);
	IS(about.protocols[PROTOCOL_TCP].reserved->health, HEALTH_UNHELD);
	OK(!about.protocols[PROTOCOL_UDP].reserved);
	port_about_free(&about);
	IS_FATAL(persistent_guard(&reservation, &anchor), 0);
	look(block.first);
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_OURS);
	IS(about.protocols[PROTOCOL_UDP].whose, GUARD_NONE);
	port_about_free(&about);
	pool_close(pool);
	pool = NULL;
	look(block.first);
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_OTHER_POOL);
	OK(about.protocols[PROTOCOL_TCP].listed);
	port_about_free(&about);
	close(anchor);
}

static void test_claimed(void)
{
	struct claim_request claim = {
		.protocol = PROTOCOL_TCP, .port = unit_block(1), .netns = guard_netns()};
	int fd;

	pool = unit_pool();
	claim.index = pool->claim_index;
	fd = claim_take(&claim);
	OK_FATAL(fd >= 0);
	look(claim.port);
	if (about.reservations.sockets.bound_shown)
		OK(about.protocols[PROTOCOL_TCP].claimed);
	OK(!about.protocols[PROTOCOL_UDP].claimed);
	OK(!port_protocol_is_free(&about.protocols[PROTOCOL_TCP]));
	port_about_free(&about);
	close(fd);
	pool_close(pool);
}

/* The kernel before Linux 6.8: sockets that are only bound are left out of its answers. */
static ssize_t older_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
			      socklen_t *length)
{
	ssize_t got = recvfrom(fd, data, size, flags, address, length);
	struct nlmsghdr *header = data;
	unsigned int left = got > 0 ? (unsigned int)got : 0;

	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		const struct inet_diag_msg *seen = NLMSG_DATA(header);

		/* A message that means nothing, of the same size. */
		if (header->nlmsg_len >= NLMSG_LENGTH(sizeof *seen) &&
		    seen->idiag_state == STATE_BOUND &&
		    (seen->idiag_family == AF_INET || seen->idiag_family == AF_INET6))
			memset(NLMSG_DATA(header), 0, sizeof *seen);
	}
	return got;
}

static void test_older_kernel(void)
{
	struct reservation reservation;
	struct real_calls saved = real_calls;
	uint16_t port = unit_block(1);
	int anchor, fd;

	pool = unit_pool();
	anchor = acquired(0, 2, BOTH, &reservation);
	fd = bound(TCP, "0.0.0.0", port, 0);
	real_calls.recvfrom = older_recvfrom;
	look(reservation.block.first);
	OK(!about.reservations.sockets.bound_shown);
	OK(!about.protocols[PROTOCOL_TCP].guard);
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_OURS);
	OK(about.protocols[PROTOCOL_TCP].reserved != NULL);
	port_about_free(&about);
	/* Something is there, and nobody says what. */
	look(port);
	IS(about.protocols[PROTOCOL_TCP].count, 0);
	IS(about.protocols[PROTOCOL_TCP].whose, GUARD_NONE);
	OK(!port_is_free(&about));
	port_about_free(&about);
	real_calls.recvfrom = saved.recvfrom;
	close(anchor), close(fd);
	pool_close(pool);
}

static uint16_t busy_port;
static int busy_times;

/* Somebody has the port for as many binds, and is gone before anybody can see who. */
static int bind_busy(int fd, const struct sockaddr *address, socklen_t length)
{
	if (((const struct sockaddr_in *)address)->sin_port != htons(busy_port) || busy_times <= 0)
		return bind(fd, address, length);
	busy_times--;
	errno = EADDRINUSE;
	return -1;
}

static void test_meanwhile(void)
{
	struct real_calls saved = real_calls;

	pool = NULL;
	busy_port = unit_block(1);
	busy_times = 1;
	real_calls.bind = bind_busy;
	look(busy_port);
	IS(busy_times, 0);
	OK(port_is_free(&about));
	port_about_free(&about);
	/* Who comes and goes all the time is not waited for. */
	busy_times = 1000;
	look(busy_port);
	OK(busy_times > 900);
	IS(about.protocols[PROTOCOL_TCP].trials[TRIAL_IPV4].any, -EADDRINUSE);
	OK(!port_is_free(&about));
	port_about_free(&about);
	real_calls.bind = saved.bind;
}

static void test_start(void)
{
	struct process_start start;
	int before = unit_descriptors();

	IS_FATAL(start_read(&start, getpid()), 0);
	OK(start.dynamic && !start.secure && !start.library && !start.preload);
	OK(!start.reservation && !start.reserve);
	start_free(&start);
	IS(start_read(&start, 1 << 22), -ENOENT);
	IS(unit_descriptors(), before);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"ports that browsers refuse", test_browsers},
		{"the block that a guard's index tells", test_persistent_index},
		{"what a socket does", test_use}, {"what it is in the way of", test_meets},
		{"trial binds", test_trial}, {"they never listen; no IPv6", test_trial_calls},
		{"a free port", test_free}, {"a reserved one", test_reserved},
		{"reserved in another pool", test_other_pool},
		{"a persistent block", test_persistent}, {"somebody is binding it", test_claimed},
		{"a kernel that does not show it", test_older_kernel},
		{"somebody goes meanwhile", test_meanwhile},
		{"what a process was started with", test_start});
	char state[PATH_SIZE];

	/* No list but one of our own: there is none. */
	snprintf(state, sizeof state, "/nonexistent/%d", getpid());
	setenv("PORTRES_STATE", state, 1);
	return unit_main("port", tests);
}
