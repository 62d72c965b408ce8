/* SPDX-License-Identifier: MIT */
/* What the reports see: sockets and what they are to us, who has them, reservations. */
#include <netinet/tcp.h>
#include <time.h>

#include "core/persistent.h"
#include "guard/claim.h"
#include "guard/guard.h"
#include "inspect/reservations.h"
#include "inspect/unix.h"
#include "pool/slot.h"
#include "real/real.h"
#include "reserve.h"

static struct inet_sockets sockets;

/* How many sockets of this kind a port has. */
static int seen(uint16_t port, enum protocol protocol, enum socket_role role, int state)
{
	const struct inet_socket *at = sockets_at(&sockets, port);
	int count = 0;

	for (; at < sockets.list + sockets.count && at->port == port; at++)
		count += at->protocol == protocol && at->role == role &&
			 (state < 0 || at->state == state);
	return count;
}

static void test_sockets(void)
{
	uint16_t first = unit_block(6);
	int listener = listening("127.0.0.1", first, 0), v6 = socket_open(TCP, "::1", first + 1);
	int udp = socket_open(UDP, "127.0.0.1", first + 2);
	int guard = guard_place(PROTOCOL_TCP, (uint16_t)(first + 3), false);
	struct claim_request claim = {
		.protocol = PROTOCOL_UDP, .port = (uint16_t)(first + 4), .netns = guard_netns()};
	int taken;

	pool = unit_pool();
	claim.index = pool->claim_index;
	taken = claim_take(&claim);
	OK_FATAL(taken >= 0);
	IS(socket_bind(v6, "::1", first + 1, 0), 0);
	IS(socket_bind(udp, "127.0.0.1", first + 2, 0), 0);
	IS_FATAL(sockets_read(&sockets, first, (uint16_t)(first + 5)), 0);
	IS(seen(first, PROTOCOL_TCP, ROLE_PROGRAM, TCP_LISTEN), 1);
	IS(seen((uint16_t)(first + 2), PROTOCOL_UDP, ROLE_PROGRAM, -1), 1);
	IS(seen((uint16_t)(first + 4), PROTOCOL_UDP, ROLE_CLAIM, -1), 1);
	if (sockets.bound_shown) {
		IS(seen((uint16_t)(first + 1), PROTOCOL_TCP, ROLE_PROGRAM, STATE_BOUND), 1);
		IS(seen((uint16_t)(first + 3), PROTOCOL_TCP, ROLE_GUARD, -1), 1);
	}
	IS(seen((uint16_t)(first + 5), PROTOCOL_TCP, ROLE_PROGRAM, -1), 0);
	IS(sockets_at(&sockets, first)->uid, getuid());
	OK(sockets_at(&sockets, (uint16_t)(first + 5)) == sockets.list + sockets.count);
	sockets_free(&sockets);
	/* Each of the two ends of a range is in it. */
	IS_FATAL(sockets_read(&sockets, (uint16_t)(first + 2), (uint16_t)(first + 2)), 0);
	IS(sockets.count, 1);
	sockets_free(&sockets);
	close(listener), close(v6), close(udp), close(guard), close(taken);
	pool_close(pool);
}

static void test_time_wait(void)
{
	uint16_t port = unit_block(1);

	unit_time_wait(port, REUSEADDR);
	IS_FATAL(sockets_read(&sockets, port, port), 0);
	IS_FATAL(seen(port, PROTOCOL_TCP, ROLE_PROGRAM, TCP_TIME_WAIT), 1);
	OK(sockets.list[0].expires > 0 && sockets.list[0].expires <= 60000);
	IS(sockets.list[0].inode, 0);
	sockets_free(&sockets);
}

/* Has a socket twice, and waits. */
static void two_copies(void *context)
{
	IS(dup2(*(int *)context, 100), 100);
	IS(dup2(*(int *)context, 50), 50);
}

static void test_owners(void)
{
	uint16_t port = unit_block(1);
	int fd = listening("127.0.0.1", port, 0);
	pid_t child = unit_idle(two_copies, &fd);
	const struct owner *owner;
	struct owners owners;
	size_t count;

	IS_FATAL(sockets_read(&sockets, port, port), 0);
	IS_FATAL(owners_read(&owners), 0);
	owner = owners_of(&owners, sockets.list[0].inode, &count);
	IS_FATAL(count, 2);
	OK(owner[0].pid != owner[1].pid && owner[0].pid < owner[1].pid);
	OK(owner[0].pid == getpid() || owner[1].pid == getpid());
	OK(owner[0].pid == child || owner[1].pid == child);
	IS(owner[0].fd, fd);
	IS(owner[1].fd, fd);
	owners_of(&owners, 0, &count);
	IS(count, 0);
	owners_free(&owners);
	sockets_free(&sockets);
	unit_kill(child);
	close(fd);
}

static void test_about(void)
{
	struct process_about about;
	char user[USER_NAME_SIZE];
	int64_t now = time(NULL);

	IS_FATAL(process_about(getpid(), &about), 0);
	IS(about.pid, getpid());
	IS(about.uid, getuid());
	OK(strstr(about.command, "inspect") != NULL);
	OK(about.since <= now + 1 && about.since > now - LONGEST - 1);
	IS(process_about(1 << 22, &about), -ESRCH);
	IS(strcmp(user_name(0, user), "root"), 0);
	IS(strcmp(user_name(3999999999U, user), "3999999999"), 0);
}

static void test_unix(void)
{
	struct unix_sockets found;
	const struct unix_socket *one;
	int pair[2];

	IS_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	IS_FATAL(unix_sockets_read(&found), 0);
	one = unix_sockets_find(&found, real_cookie(pair[0]) & COOKIE_MASK);
	OK_FATAL(one != NULL);
	OK(one->cookie == real_cookie(pair[0]));
	one = unix_sockets_find(&found, real_cookie(pair[1]) & COOKIE_MASK);
	OK_FATAL(one != NULL && one->peer != 0 && one->peer != one->inode);
	OK(!unix_sockets_find(&found, 0));
	unix_sockets_free(&found);
	close(pair[0]), close(pair[1]);
}

static struct reservations reservations;

static const struct reserved *entry_of(uint64_t token)
{
	size_t i;

	for (i = 0; i < reservations.count; i++)
		if (reservations.list[i].token == token)
			return &reservations.list[i];
	return NULL;
}

static void test_reservations(void)
{
	struct reservation alive, ended;
	struct slot_claim making;
	const struct reserved *entry;
	int anchor, other, program = socket_open(UDP, "127.0.0.1", 0);
	uint16_t port;

	pool = unit_pool();
	anchor = acquired(0, COUNT, BOTH, &alive);
	IS(bind_in(&alive, program, PROTOCOL_UDP, "127.0.0.1", 0, anchor, &port), 0);
	other = acquired(0, 2, 1, &ended);
	close(other);
	IS(slot_claim(pool, &making), 0);
	IS_FATAL(reservations_read(&reservations, pool), 0);
	IS(reservations.count, 3);
	OK(reservations.keepers_known);
	entry = entry_of(alive.token);
	OK_FATAL(entry != NULL);
	IS(entry->health, HEALTH_ALIVE);
	IS(entry->kind, KIND_RUNTIME);
	OK(block_equals(&entry->block, &alive.block));
	IS(entry->used[PROTOCOL_UDP], 1);
	IS(entry->used[PROTOCOL_TCP], 0);
	if (reservations.sockets.bound_shown)
		IS(entry->guarded[PROTOCOL_TCP], COUNT);
	IS_FATAL(entry->keeper_count, 1);
	IS(entry->keepers[0], getpid());
	IS(entry->maker.pid, getpid());
	OK(entry->maker_lives);
	OK(reservations_find(&reservations, PROTOCOL_TCP, alive.block.first) == entry);
	OK(!reservations_find(&reservations, PROTOCOL_TCP, ended.block.first));
	entry = entry_of(ended.token);
	OK_FATAL(entry != NULL);
	IS(entry->health, HEALTH_STALE);
	IS(entry->keeper_count, 0);
	entry = entry_of(making.token);
	OK_FATAL(entry != NULL);
	IS(entry->health, HEALTH_MAKING);
	IS(entry->block.count, 0);
	reservations_free(&reservations);
	close(anchor), close(program);
	pool_close(pool);
}

/* A guard of somebody else on the ports of one that has ended is no sign of life. */
static void test_taken_over(void)
{
	struct reservation ended;
	int anchor, guard;

	pool = unit_pool();
	anchor = acquired(0, 1, 1, &ended);
	close(anchor);
	guard = guard_place(PROTOCOL_TCP, ended.block.first, false);
	OK_FATAL(guard >= 0);
	IS_FATAL(reservations_read(&reservations, pool), 0);
	IS(entry_of(ended.token)->health, HEALTH_STALE);
	reservations_free(&reservations);
	close(guard);
	pool_close(pool);
}

static void test_persistent(void)
{
	struct block block = {unit_block(COUNT), COUNT, 1};
	struct reservation reservation;
	int anchor;

	pool = unit_pool();
	IS_FATAL(persistent_make(pool, &block, &reservation), 0);
	IS_FATAL(reservations_read(&reservations, pool), 0);
	IS(entry_of(reservation.token)->health, HEALTH_UNHELD);
	IS(entry_of(reservation.token)->maker.pid, 0);
	reservations_free(&reservations);
	IS_FATAL(persistent_guard(&reservation, &anchor), 0);
	IS_FATAL(reservations_read(&reservations, pool), 0);
	IS(entry_of(reservation.token)->health, HEALTH_ALIVE);
	OK(reservations_find(&reservations, PROTOCOL_TCP, block.first) != NULL);
	OK(!reservations_find(&reservations, PROTOCOL_UDP, block.first));
	reservations_free(&reservations);
	close(anchor);
	pool_close(pool);
}

static void test_no_pool(void)
{
	IS_FATAL(reservations_read(&reservations, NULL), 0);
	IS(reservations.count, 0);
	reservations_free(&reservations);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"sockets are what they are to us", test_sockets},
		{"TIME_WAIT has an end", test_time_wait}, {"who has a socket", test_owners},
		{"what a process is", test_about}, {"unix sockets by their cookie", test_unix},
		{"alive, stale and in the making", test_reservations},
		{"the guard of another is no life", test_taken_over},
		{"persistent ones, held or not", test_persistent}, {"no pool", test_no_pool});
	char state[PATH_SIZE];

	/* No list but one of our own: there is none. */
	snprintf(state, sizeof state, "/nonexistent/%d", getpid());
	setenv("PORTRES_STATE", state, 1);
	return unit_main("inspect", tests);
}
