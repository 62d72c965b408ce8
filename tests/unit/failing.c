/* SPDX-License-Identifier: MIT */
/* Calls that fail in the midst of acquiring: nothing may be left behind. */
#include "guard/held.h"
#include "real/real.h"
#include "reserve.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

/* The call of this number, counted from 1, and all after it fail with this errno. */
static int calls, fail_from, fail_with;
static bool fail_once;

static bool fails_now(void)
{
	calls++;
	if (!fail_from || calls < fail_from || (fail_once && calls > fail_from))
		return false;
	errno = fail_with;
	return true;
}

static int failing_socket(int family, int type, int protocol)
{
	return fails_now() ? -1 : socket(family, type, protocol);
}

static int failing_socketpair(int family, int type, int protocol, int *pair)
{
	return fails_now() ? -1 : socketpair(family, type, protocol, pair);
}

static ssize_t failing_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return fails_now() ? -1 : sendmsg(fd, message, flags);
}

static int failing_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return fails_now() ? -1 : bind(fd, address, length);
}

static int failing_index;

static int failing_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && option == failing_index && fails_now())
		return -1;
	return setsockopt(fd, level, option, value, size);
}

static uint16_t first;

static void begin(int from, int error, bool once)
{
	fail_from = 0;
	pool = unit_pool();
	first = unit_block(COUNT);
	calls = 0;
	fail_from = from;
	fail_with = error;
	fail_once = once;
}

/* Acquires while a call fails: the error, and that nothing is left. */
static int acquire_failing(void)
{
	struct acquire_request request = {.first = first, .count = COUNT, .protocols = BOTH};
	struct reservation reservation;
	int before = unit_descriptors(), anchor = -1, error;

	error = reservation_acquire(pool, &request, &reservation, &anchor);
	if (!error) {
		OK(fail_once || calls < fail_from);
		reservation_release(&reservation, anchor);
		close(anchor);
		return 0;
	}
	fail_from = 0;
	IS(anchor, -1);
	IS(unit_descriptors(), before);
	IS(unit_slots(pool), 0);
	IS(unit_words(pool), 0);
	IS(taken_ports(TCP, first, COUNT) + taken_ports(UDP, first, COUNT), 0);
	IS(acquires(first, COUNT, BOTH), 0);
	return error;
}

/* Fails with the nth call, for every n that there is. */
static void every(int error, bool once, int answer)
{
	enum { MOST = 200 };
	int n, failed = 0;

	for (n = 1; n < MOST; n++) {
		int got;

		begin(n, error, once);
		got = acquire_failing();
		if (!got && calls < n)
			break;
		failed++;
		IS(got, answer);
	}
	OK(n < MOST);
	OK(failed > 0);
}

static void every_socket(int error)
{
	atomic_store(&real_calls.socket, failing_socket);
	every(error, false, -error);
	if (error != EMFILE) {
		/* After EMFILE it makes room, and goes on. */
		every(error, true, -error);
	}
	atomic_store(&real_calls.socket, socket);
}

static void test_socket_emfile(void)
{
	every_socket(EMFILE);
}

static void test_socket_enfile(void)
{
	every_socket(ENFILE);
}

static void test_socket_enobufs(void)
{
	every_socket(ENOBUFS);
}

static void test_socket_enomem(void)
{
	every_socket(ENOMEM);
}

static void test_socketpair(void)
{
	atomic_store(&real_calls.socketpair, failing_socketpair);
	every(EMFILE, true, -EMFILE);
	every(ENFILE, true, -ENFILE);
	atomic_store(&real_calls.socketpair, socketpair);
}

static void test_bind(void)
{
	atomic_store(&real_calls.bind, failing_bind);
	every(EACCES, true, -EACCES);
	every(ENOBUFS, false, -ENOBUFS);
	atomic_store(&real_calls.bind, bind);
}

static void every_option(int option, int error, int answer)
{
	failing_index = option;
	atomic_store(&real_calls.setsockopt, failing_setsockopt);
	every(error, true, answer);
	every(error, false, answer);
	atomic_store(&real_calls.setsockopt, setsockopt);
}

/* answers: acquire-kernel-lacks */
static void test_index_unknown(void)
{
	every_option(SO_BINDTOIFINDEX, ENOPROTOOPT, -EOPNOTSUPP);
}

static void test_index_forbidden(void)
{
	every_option(SO_BINDTOIFINDEX, EPERM, -EOPNOTSUPP);
}

static void test_reuseport(void)
{
	every_option(SO_REUSEPORT, ENOPROTOOPT, -ENOPROTOOPT);
}

static void test_send(void)
{
	atomic_store(&real_calls.sendmsg, failing_sendmsg);
	every(ENOBUFS, true, -ENOBUFS);
	every(ENOMEM, true, -ENOMEM);
	atomic_store(&real_calls.sendmsg, sendmsg);
}

/* Whether a holder keeps the guards of an anchor. */
static bool is_held(int anchor)
{
	return option_get(anchor, SOL_SOCKET, SO_TYPE) == SOCK_SEQPACKET;
}

/* Too much is in flight: the guards go to a holder. */
static void goes_to_holder(int error)
{
	struct reservation reservation;
	int anchor;

	begin(1, error, false);
	atomic_store(&real_calls.sendmsg, failing_sendmsg);
	anchor = acquired(first, COUNT, BOTH, &reservation);
	OK(calls > 0);
	OK(is_held(anchor));
	OK(reservation_anchored(&reservation, anchor));
	IS(atomic_load(&pool->slots[TOKEN_SLOT(reservation.token)].parked), 0);
	IS(taken_ports(TCP, first, COUNT) + taken_ports(UDP, first, COUNT), 2 * COUNT);
	close(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0));
	IS(reservation_release(&reservation, anchor), 0);
	IS(taken_ports(TCP, first, COUNT) + taken_ports(UDP, first, COUNT), 0);
	close(anchor);

	/* And where there is none: */
	held_program_set("/nonexistent/portres-hold");
	begin(1, error, false);
	IS(acquire_failing(), -EOPNOTSUPP);
	unit_holder_set();
	atomic_store(&real_calls.sendmsg, sendmsg);
}

static void test_in_flight(void)
{
	goes_to_holder(ETOOMANYREFS);
}

static void test_queue_full(void)
{
	goes_to_holder(EAGAIN);
}

/* Another had the slot between our look at it and our token: we have to begin again. */
static ssize_t overtaken_sendmsg(int fd, const struct msghdr *message, int flags)
{
	unsigned int i;

	(void)fd, (void)message, (void)flags;
	for (i = 0; !calls && i < POOL_SLOTS; i++)
		if (slot_token(pool, i))
			atomic_store(&pool->slots[i].block, 1);
	calls++;
	errno = ETOOMANYREFS;
	return -1;
}

/* The first holder's guards are not in the way of the second one's. */
static void test_begins_again(void)
{
	struct reservation reservation;
	int anchor, round;

	for (round = 0; round < 5; round++) {
		begin(0, 0, false);
		atomic_store(&real_calls.sendmsg, overtaken_sendmsg);
		anchor = acquired(first, COUNT, BOTH, &reservation);
		atomic_store(&real_calls.sendmsg, sendmsg);
		IS(calls, 2);
		OK(is_held(anchor));
		IS(unit_slots(pool), 1);
		IS(reservation_release(&reservation, anchor), 0);
		close(anchor);
	}
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"socket: EMFILE", test_socket_emfile}, {"socket: ENFILE", test_socket_enfile},
		{"socket: ENOBUFS", test_socket_enobufs}, {"socket: ENOMEM", test_socket_enomem},
		{"socketpair: EMFILE, ENFILE", test_socketpair},
		{"bind: EACCES, ENOBUFS", test_bind},
		{"SO_BINDTOIFINDEX unknown: EOPNOTSUPP", test_index_unknown},
		{"SO_BINDTOIFINDEX forbidden: EOPNOTSUPP", test_index_forbidden},
		{"SO_REUSEPORT unknown", test_reuseport}, {"sendmsg: ENOBUFS, ENOMEM", test_send},
		{"sendmsg: ETOOMANYREFS, and a holder keeps the guards", test_in_flight},
		{"sendmsg: EAGAIN, and a holder keeps the guards", test_queue_full},
		{"overtaken at its slot, with a holder: begins again", test_begins_again});

	unit_holder_set();
	return unit_main("failing", tests);
}
