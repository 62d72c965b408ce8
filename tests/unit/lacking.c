/* SPDX-License-Identifier: MIT */
/* Where the system lacks something, or has more than usual: families, files, rights, a holder. */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/browsers.h"
#include "core/persistent.h"
#include "core/search.h"
#include "core/sysctl.h"
#include "guard/anchor.h"
#include "guard/claim.h"
#include "guard/diag.h"
#include "guard/guard.h"
#include "guard/held.h"
#include "guard/index.h"
#include "real/real.h"
#include "reserve.h"

enum { TWO = 2, NOT_RUN = 77 };

static int in_child(void (*run)(void *))
{
	int status = unit_in_child(run, NULL);

	if (status != NOT_RUN)
		return status;
	cunit_tap_skip("that is not allowed here");
	return 0;
}

/* A kernel without IPv6. */
static int socket_ipv4(int family, int type, int protocol)
{
	if (family == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return socket(family, type, protocol);
}

static ssize_t sendto_ipv4(int fd, const void *data, size_t size, int flags,
			   const struct sockaddr *address, socklen_t length)
{
	char other[256];
	const struct nlmsghdr *header = data;
	struct inet_diag_req_v2 *request = (void *)(other + sizeof *header);

	if (size > sizeof other || size < sizeof *header + sizeof *request ||
	    header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return sendto(fd, data, size, flags, address, length);
	memcpy(other, data, size);
	if (request->sdiag_family == AF_INET6)
		request->sdiag_family = AF_APPLETALK; /* which has no diag */
	return sendto(fd, other, size, flags, address, length);
}

static void test_ipv4_alone(void)
{
	struct reservation reservation;
	uint16_t first = unit_block(TWO);
	int anchor, fds[TWO];

	pool = unit_pool();
	unit_time_wait(first, REUSEADDR);
	atomic_store(&real_calls.socket, socket_ipv4);
	atomic_store(&real_calls.sendto, sendto_ipv4);
	anchor = acquired(first, TWO, BOTH, &reservation);
	OK(reservation_alive(&reservation));
	for (int i = 0; i < TWO; i++)
		OK((fds[i] = bound_in(&reservation, anchor, TCP, "0.0.0.0", 0, 0)) >= 0);
	IS(bound_in(&reservation, anchor, TCP, "0.0.0.0", 0, 0), -EADDRINUSE);
	IS(taken_ports(TCP, first, TWO), TWO);
	for (int i = 0; i < TWO; i++)
		close(fds[i]);
	reservation_release(&reservation, anchor);
	close(anchor);
	atomic_store(&real_calls.socket, socket);
	atomic_store(&real_calls.sendto, sendto);
	/* The first is in TIME_WAIT. */
	IS(taken_ports(TCP, first + 1, 1) + taken_ports(UDP, first, TWO), 0);
}

static int refuse(const struct nlmsghdr *header, void *context)
{
	(void)header;
	(void)context;
	return -EADDRINUSE;
}

static void test_family_unknown(void)
{
	struct diag diag;

	IS_FATAL(diag_open(&diag), 0);
	IS(diag_ports(&diag, AF_APPLETALK, PROTOCOL_TCP, (struct diag_range){1, 2}, refuse, NULL),
	   -ENOENT);
	diag_close(&diag);
}

/* A connection is found by its ends, in either family. */
static void find_connection(const char *text)
{
	int server = listening(text, 0, 0), client = socket_open(TCP, text, 0);
	union address local, peer;

	address_make(&peer, text, port_of(server));
	IS(socket_connect(client, text, port_of(server), 0), 0);
	address_make(&local, text, port_of(client));
	OK(diag_connection_exists(&local.room, &peer.room));
	address_make(&local, text, 1);
	OK(!diag_connection_exists(&local.room, &peer.room));
	close(client);
	close(server);
}

static void test_connection_found(void)
{
	find_connection("127.0.0.1");
	find_connection("::1");
}

/* No more sockets: whoever is asked about a guard must not say that it has gone. */
static int socket_none(int family, int type, int protocol)
{
	(void)family, (void)type, (void)protocol;
	errno = ENFILE;
	return -1;
}

static void test_no_sockets(void)
{
	struct reservation reservation;
	int anchor;

	pool = unit_pool();
	anchor = acquired(0, TWO, BOTH, &reservation);
	atomic_store(&real_calls.socket, socket_none);
	OK(guard_present(PROTOCOL_TCP, reservation.block.first));
	OK(reservation_alive(&reservation));
	reservation_prune(pool, true);
	atomic_store(&real_calls.socket, socket);
	IS(unit_slots(pool), 1);
	close(anchor);
}

/* Interfaces with the very indexes that we use. */
static int ioctl_all(int fd, unsigned long request, ...)
{
	(void)fd, (void)request;
	return 0;
}

static void test_interfaces(void)
{
	int fd = socket_open(UDP, "127.0.0.1", 0);
	uint32_t usual = guard_persistent_index(fd, 5000), other;

	IS(guard_persistent_first(usual), 5000);
	atomic_store(&real_calls.ioctl, (real_ioctl_function *)ioctl_all);
	other = guard_persistent_index(fd, 5000);
	real_resolve();
	OK(other > usual);
	OK(index_is_guard(other));
	IS(guard_persistent_first(other), 5000);
	/* Those of nobody: ordinary guards, claims, interfaces. */
	IS(guard_persistent_first(1), 0);
	IS(guard_persistent_first(PERSISTENT_INDEX), 0);
	IS(guard_persistent_first(usual + 1), 0);
	IS(guard_persistent_first(usual + 2), 0);
	IS(guard_persistent_first(usual + 14), 0);
	close(fd);
}

/* What the kernel leaves out on behalf of the administrator. */
static uint8_t reserved[POOL_PORTS];
static int runs;

static void note(uint16_t first, uint16_t last, void *context)
{
	(void)context;
	runs++;
	for (uint32_t port = first; port <= last; port++)
		reserved[port] = 1;
}

static void reserve(const char *list)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_reserved_ports", O_WRONLY | O_CLOEXEC);
	size_t piece;

	if (!unit_alone || fd < 0)
		_exit(NOT_RUN);
	/* The kernel takes a page at a time, and whole numbers. */
	for (; *list; list += piece) {
		piece = strlen(list);
		if (piece > 4000)
			for (piece = 4000; list[piece - 1] != ',';)
				piece--;
		if (write(fd, list, piece) != (ssize_t)piece)
			_exit(NOT_RUN);
	}
	close(fd);
	memset(reserved, 0, sizeof reserved);
	runs = 0;
	sysctl_reserved(note, NULL);
}

static void run_reserved(void *none)
{
	static char list[16384];
	struct acquire_request request = {.count = 9, .protocols = 1};
	struct reservation reservation;
	size_t length = 0;
	int anchor;

	(void)none;
	reserve("8080,9000-9010\n");
	IS(runs, 2);
	OK(reserved[8080] && reserved[9000] && reserved[9010] && !reserved[9011]);
	/* Longer than a page: every other port, and more. */
	for (int port = 10001; port < 12001; port += 2)
		length += (size_t)sprintf(list + length, "%d,", port);
	strcpy(list + length, "20000-32000\n");
	reserve(list);
	IS(runs, 1001);
	OK(reserved[10001] && !reserved[10002] && reserved[11999] && reserved[31999]);
	pool = unit_pool();
	atomic_store(&pool->search_cursor, 10000);
	IS_FATAL(reservation_acquire(pool, &request, &reservation, &anchor), 0);
	for (int i = 0; i < 9; i++)
		OK(!reserved[reservation.block.first + i]);
	close(anchor);
}

static void test_reserved(void)
{
	IS(in_child(run_reserved), 0);
}

static void run_no_proc(void *none)
{
	struct port_range ephemeral;

	(void)none;
	if (unit_mounts() || mount("portres", "/proc", "tmpfs", 0, "size=4k"))
		_exit(NOT_RUN);
	ephemeral = sysctl_ephemeral();
	IS(ephemeral.first, 32768);
	IS(ephemeral.last, 60999);
	IS(sysctl_unprivileged(), 1024);
	sysctl_reserved(note, NULL);
	IS(runs, 0);
}

static void test_no_proc(void)
{
	IS(in_child(run_no_proc), 0);
}

/* A block that somebody has a port of is no block: the next one is looked for. */
static void test_block_in_use(void)
{
	struct reservation reservation;
	uint16_t first = unit_block(TWO + TWO);
	struct acquire_request request = {
		.count = TWO, .protocols = 1, .range = {first, (uint16_t)(first + 2 * TWO - 1)}};
	int fd = listening("127.0.0.1", first, 0), anchor;

	pool = unit_pool();
	IS_FATAL(reservation_acquire(pool, &request, &reservation, &anchor), 0);
	OK(reservation.block.first > first);
	close(anchor);
	close(fd);
}

/* Many servers that bound by number live: a draw does not ask about all of them at first, and
 * finds in the end what has gone. */
static void test_abandoned(void)
{
	enum { MANY = 20 };
	struct reservation reservation;
	int fds[MANY], anchor;

	pool = unit_pool();
	anchor = acquired(unit_block(MANY), MANY, 1, &reservation);
	for (int i = 0; i < MANY; i++)
		fds[i] = bound_in(&reservation, anchor, TCP, "127.0.0.1",
				  (uint16_t)(reservation.block.first + i), 0);
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0), -EADDRINUSE);
	close(fds[MANY - 1]);
	fds[MANY - 1] = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
	IS(port_of(fds[MANY - 1]), reservation.block.first + MANY - 1);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	close(anchor);
}

/* A connection whose program has chosen its own address; and no port that can take it. */
static void test_connect_from(void)
{
	struct reservation reservation;
	struct socket_call call = {.protocol = PROTOCOL_TCP};
	int server = listening("127.0.0.1", 0, 0), first, second, third, other;
	union address peer;
	socklen_t length = address_make(&peer, "127.0.0.1", port_of(server));
	uint16_t port;

	pool = unit_pool();
	call.anchor = acquired(0, TWO, 1, &reservation);
	/* One port is a server's. */
	other = bound_in(&reservation, call.anchor, TCP, "127.0.0.1", reservation.block.first, 0);
	first = call.fd = socket_open(TCP, "127.0.0.1", 0);
	IS(reservation_bind_for_connect(&reservation, &call, &peer.room, length, &port), 0);
	IS(socket_connect(first, "127.0.0.1", port_of(server), 0), 0);
	second = call.fd = socket_open(TCP, "127.0.0.1", 0);
	IS(reservation_bind_for_connect(&reservation, &call, &peer.room, length, &port),
	   -EADDRNOTAVAIL);
	third = call.fd = socket_open(TCP, "127.0.0.1", 0);
	option_set(third, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 0);
	IS(socket_bind(third, "127.0.0.2", 0, 0), 0);
	IS(reservation_bind_for_connect(&reservation, &call, &peer.room, length, &port), 0);
	IS(port, port_of(first));
	IS(socket_connect(third, "127.0.0.1", port_of(server), 0), 0);
	close(other);
	close(first);
	close(second);
	close(third);
	close(server);
	close(call.anchor);
}

/* Two sockets that share a port by their own wish listen, both. */
static void test_group_listens(void)
{
	struct reservation reservation;
	struct socket_call call = {.protocol = PROTOCOL_TCP};
	int fds[TWO];

	pool = unit_pool();
	call.anchor = acquired(0, 1, 1, &reservation);
	for (int i = 0; i < TWO; i++) {
		call.fd = fds[i] = bound_in(&reservation, call.anchor, TCP, "127.0.0.1",
					    reservation.block.first, REUSEADDR | REUSEPORT);
		IS(reservation_listen(&reservation, &call, 4), 0);
		IS(option_get(call.fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	}
	close(fds[0]);
	close(fds[1]);
	close(call.anchor);
}

static void test_unbind_others(void)
{
	struct reservation reservation;
	int anchor;

	pool = unit_pool();
	anchor = acquired(0, TWO, 1, &reservation);
	/* Never bound; and of another protocol, which the block has not. */
	reservation_unbind(&reservation, PROTOCOL_TCP, reservation.block.first);
	reservation_unbind(&reservation, PROTOCOL_UDP, reservation.block.first);
	IS(unit_words(pool), TWO);
	IS(atomic_load(word_of(pool, PROTOCOL_TCP, reservation.block.first)),
	   word_make(reservation.token, WORD_HELD, 0));
	close(anchor);
}

/* What the tools ask of these rooms. */
static void test_names(void)
{
	static const char *const bad[] = {"",		"netns-",	"netns-.v1",  "netns-1f.w1",
					  "netns-1fv1", "netns-1f.v1x", "netns-1f.v", ".new-1f"};
	char name[POOL_PATH_SIZE];
	unsigned int version;
	uint64_t netns;

	pool_file_name(name, 0x1f);
	OK(pool_name_parse(name, &netns, &version));
	IS(netns, 0x1f);
	IS(version, POOL_VERSION);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!pool_name_parse(bad[i], &netns, &version));
	OK(browsers_refuse(6000));
	OK(!browsers_refuse(6001));
}

static void test_allowed(void)
{
	uint8_t ports[POOL_PORTS / 8];
	struct port_range ephemeral = sysctl_ephemeral();

	search_allowed((struct port_range){5000, 5001}, ports);
	for (int port = 0; port < POOL_PORTS; port++)
		if ((ports[port / 8] >> port % 8 & 1) != (port == 5000 || port == 5001))
			OK(!port);
	search_allowed((struct port_range){0, 0}, ports);
	OK(!(ports[ephemeral.first / 8] >> ephemeral.first % 8 & 1));
	OK(!(ports[6000 / 8] >> 6000 % 8 & 1));
	OK(!(ports[80 / 8] >> 80 % 8 & 1));
}

static void test_addresses(void)
{
	union address address;
	socklen_t length = address_make(&address, "::", 1);

	OK(address_valid(&address.room, length));
	OK(address_valid(&address.room, 24));
	OK(!address_valid(&address.room, 23));
	OK(!address_valid(&address.room, sizeof address + 1));
	OK(address_is_any(&address.room));
	address_make(&address, "::1", 1);
	OK(!address_is_any(&address.room));
	length = address_make(&address, "0.0.0.0", 1);
	OK(address_valid(&address.room, length));
	OK(!address_valid(&address.room, length - 1));
	OK(address_is_any(&address.room));
	address.any.sa_family = AF_UNSPEC;
	OK(address_valid(&address.room, length));
	address.any.sa_family = AF_UNIX;
	OK(!address_valid(&address.room, length));
}

/* What stands at the other end of an anchor in place of a holder. */
static int answers(const void *answer, size_t size, bool closes)
{
	struct block block = {1000, TWO, 1};
	uint16_t failed;
	int pair[2], error;

	IS_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (size)
		IS(send(pair[1], answer, size, 0), size);
	if (closes)
		close(pair[1]);
	error = held_fill(pair[0], &block, GUARD_ALL, &failed);
	close(pair[0]);
	if (!closes)
		close(pair[1]);
	return error;
}

static int asked;

static ssize_t recvfrom_fails(int fd, void *data, size_t size, int flags, struct sockaddr *address,
			      socklen_t *length)
{
	static const int errors[] = {EINTR, EAGAIN, ENOMEM};

	(void)fd, (void)data, (void)size, (void)flags, (void)address, (void)length;
	errno = errors[asked++ % 3];
	return -1;
}

static void test_holder_answers(void)
{
	struct hold_answer answer = {.error = -EADDRINUSE, .failed = 1001};

	IS(answers(&answer, sizeof answer, false), -EADDRINUSE);
	IS(answers(&answer, sizeof answer - 1, false), -EOPNOTSUPP);
	IS(answers(NULL, 0, true), -EOPNOTSUPP);
	asked = 0;
	atomic_store(&real_calls.recvfrom, recvfrom_fails);
	IS(answers(&answer, sizeof answer, false), -ENOMEM);
	atomic_store(&real_calls.recvfrom, recvfrom);
	IS(asked, 3);
}

/* The holder itself, asked for what it does not know, and left before its answer. */
static void test_holder_asked(void)
{
	struct hold_request request = {.command = 99};
	struct hold_answer answer = {0};
	int fd = held_open();

	OK_FATAL(fd >= 0);
	IS(send(fd, &request, sizeof request, 0), sizeof request);
	IS(recv(fd, &answer, sizeof answer, 0), sizeof answer);
	IS(answer.error, -EINVAL);
	/* A message of another size ends it. */
	IS(send(fd, &request, 3, 0), 3);
	IS(recv(fd, &answer, sizeof answer, 0), 0);
	close(fd);
}

static void run_holder_stdin(void *none)
{
	struct hold_request request = {.command = 99};
	struct hold_answer answer = {0};
	int fd;

	(void)none;
	/* A program may have closed its standard input: the anchor takes its number. */
	close(STDIN_FILENO);
	fd = held_open();
	IS(fd, STDIN_FILENO);
	IS(send(fd, &request, sizeof request, 0), sizeof request);
	IS(recv(fd, &answer, sizeof answer, 0), sizeof answer);
	IS(answer.error, -EINVAL);
	close(fd);
}

static void test_holder_stdin(void)
{
	IS(unit_in_child(run_holder_stdin, NULL), 0);
}

static void test_holder_nowhere(void)
{
	char path[8192];
	struct anchor anchor;

	memset(path, '/', sizeof path);
	path[sizeof path - 1] = '\0';
	/* Too long: as if none had been set, so beside us, or where it is installed. */
	held_program_set(path);
	held_program_set("/nonexistent/portres-hold");
	IS(anchor_open(&anchor, ANCHOR_HELD), -EOPNOTSUPP);
	held_program_set("/dev/null");
	IS(anchor_open(&anchor, ANCHOR_HELD), -EOPNOTSUPP);
	unit_holder_set();
}

/* A user without rights, whose limit is low: who may park, who needs a holder. */
static void become_somebody(unsigned int descriptors)
{
	struct rlimit limit = {descriptors, descriptors};

	if (setrlimit(RLIMIT_NOFILE, &limit) ||
	    (!geteuid() &&
	     (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY))))
		_exit(NOT_RUN);
}

static void run_budget(void *none)
{
	struct reservation small, big, other;
	int anchors[3];

	(void)none;
	become_somebody(64);
	pool = unit_pool();
	anchors[0] = acquired(0, 12, 1, &small);
	IS(option_get(anchors[0], SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	anchors[1] = acquired(0, 12, 1, &big);
	IS(option_get(anchors[1], SOL_SOCKET, SO_TYPE), SOCK_SEQPACKET);
	/* What a dead one has parked does not count. */
	close(anchors[0]);
	anchors[2] = acquired(0, 12, 1, &other);
	IS(option_get(anchors[2], SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	/* The holder's own limit cannot be raised so far. */
	IS(acquires(0, 100, 1), -EMFILE);
	held_program_set("/nonexistent/portres-hold");
	IS(acquires(0, 100, 1), -EOPNOTSUPP);
	close(anchors[1]);
	close(anchors[2]);
}

static void test_budget(void)
{
	IS(!chmod(unit_folder, 0777), 1);
	IS(in_child(run_budget), 0);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS(/* First: the allowed ports are looked up once in the life of a process. */
		      {"ip_local_reserved_ports", test_reserved},
		      {"a kernel without IPv6", test_ipv4_alone},
		      {"sock_diag does not know a family", test_family_unknown},
		      {"a connection is found", test_connection_found},
		      {"no sockets are left", test_no_sockets},
		      {"interfaces have our indexes", test_interfaces},
		      {"no /proc/sys", test_no_proc}, {"a block in use", test_block_in_use},
		      {"more servers than a draw asks about", test_abandoned},
		      {"a connection from an address of its own", test_connect_from},
		      {"a SO_REUSEPORT group listens", test_group_listens},
		      {"what was not bound is not given back", test_unbind_others},
		      {"addresses", test_addresses}, {"names", test_names},
		      {"allowed ports", test_allowed}, {"a holder's answers", test_holder_answers},
		      {"a holder is asked", test_holder_asked},
		      {"a program without standard input", test_holder_stdin},
		      {"no holder", test_holder_nowhere}, {"a user's budget", test_budget});

	real_resolve();
	unit_holder_set();
	return unit_main("lacking", tests);
}
