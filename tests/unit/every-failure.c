/* SPDX-License-Identifier: MIT */
/*
 * Each call that an operation makes of libc fails once, whatever it is and with whatever error:
 * what was asked for is done all the same or refused, and either way nothing is left behind: no
 * descriptor, no port that nobody can have, no port that nobody knows of.
 */
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/here.h"
#include "core/persistent.h"
#include "guard/anchor.h"
#include "guard/guard.h"
#include "real/real.h"
#include "reserve.h"

enum { TWO = 2, MOST_CALLS = 400 };

/* The call of this number, counted from 1, fails with this errno; 0: none does. */
static int calls, failing, with;
static bool armed;
/* What it was: closing the way past a guard cannot fail, but here it does. */
static const char *failed;

static bool fails(const char *name)
{
	if (!armed || ++calls != failing)
		return false;
	failed = name;
	errno = with;
	return true;
}

/* What goes through the table. A close that fails has closed nothing, so that only the test
 * would be wrong. */
#define CALL(result, name, pointer_parameters, parameters, number, ...)                            \
	static real_##name##_function *next_##name;                                                \
	static result failing_##name parameters                                                    \
	{                                                                                          \
		if (SYS_close != (number) && fails(#name))                                         \
			return -1;                                                                 \
		return next_##name(__VA_ARGS__);                                                   \
	}
REAL_CALLS(CALL)
#undef CALL

static bool unnamed_refused;

static int named_openat(int folder_fd, const char *path, int how, mode_t mode)
{
	if (!unnamed_refused || (how & O_TMPFILE) != O_TMPFILE)
		return failing_openat(folder_fd, path, how, mode);
	errno = EOPNOTSUPP;
	return -1;
}

static void calls_interpose(void)
{
	real_resolve();
#define CALL(result, name, ...)                                                                    \
	next_##name = atomic_load(&real_calls.name);                                               \
	atomic_store(&real_calls.name, (real_##name##_function *)failing_##name);
	REAL_CALLS(CALL)
#undef CALL
	atomic_store(&real_calls.openat, (real_openat_function *)named_openat);
}

/* And what does not: a program's own function of that name is what its objects call. */
void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (fails("mmap"))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	return fails("getrandom") ? -1 : syscall(SYS_getrandom, buffer, size, flags);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
	return fails("getrlimit") ? -1 : (int)syscall(SYS_prlimit64, 0, (int)resource, NULL, limit);
}

int fchmod(int fd, mode_t mode)
{
	return fails("fchmod") ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int linkat(int from, const char *path, int to, const char *name, int flags)
{
	return fails("linkat") ? -1 : (int)syscall(SYS_linkat, from, path, to, name, flags);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
	if (fails("posix_fallocate"))
		return with;
	return syscall(SYS_fallocate, fd, 0, offset, size) ? errno : 0;
}

int mkdir(const char *path, mode_t mode)
{
	return fails("mkdir") ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int chmod(const char *path, mode_t mode)
{
	return fails("chmod") ? -1 : (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}

int flock(int fd, int operation)
{
	return fails("flock") ? -1 : (int)syscall(SYS_flock, fd, operation);
}

int shutdown(int fd, int how)
{
	return fails("shutdown") ? -1 : (int)syscall(SYS_shutdown, fd, how);
}

/* The world in which an operation takes place, and the operation. */
static struct reservation reservation;
static int anchor, fd, type, flags;
static const char *address;
static int answer;
static uint16_t first, port;
static char folder[PATH_SIZE];

struct operation {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
	void (*end)(void); /* asks what is left */
};

static struct socket_call call_make(void)
{
	return (struct socket_call){
		.fd = fd, .protocol = type == TCP ? PROTOCOL_TCP : PROTOCOL_UDP, .anchor = anchor};
}

static void world_make(int wanted_type, const char *wanted_address, int wanted_flags)
{
	type = wanted_type;
	address = wanted_address;
	flags = wanted_flags;
	pool = unit_pool();
	first = unit_block(TWO);
	anchor = acquired(first, TWO, BOTH, &reservation);
	fd = socket_open(type, address, flags);
	port = 0;
}

/* Every port of the block can still be had, by as many sockets as there are. */
static void world_end(void)
{
	int others[TWO], had = 0;

	if (!answer)
		OK(block_contains(&reservation.block, (uint16_t)port_of(fd)));
	IS(option_get(fd, SOL_SOCKET, SO_REUSEPORT),
	   (flags & REUSEPORT) || (failed && !strcmp(failed, "setsockopt"))
		   ? option_get(fd, SOL_SOCKET, SO_REUSEPORT)
		   : 0);
	close(fd);
	for (int i = 0; i < TWO; i++) {
		others[i] = bound_in(&reservation, anchor, type, "127.0.0.1", 0, 0);
		had += others[i] >= 0;
	}
	IS(had, TWO);
	IS(bound_in(&reservation, anchor, type, "127.0.0.1", 0, 0), -EADDRINUSE);
	for (int i = 0; i < TWO; i++)
		close(others[i]);
	IS(reservation_release(&reservation, anchor), 0);
	close(anchor);
	IS(taken_ports(TCP, first, TWO) + taken_ports(UDP, first, TWO), 0);
	IS(unit_words(pool), 0);
	pool_close(pool);
}

static int run_bind(void)
{
	struct socket_call call = call_make();
	union address any;
	socklen_t length = address_make(&any, address, port);

	return reservation_bind(&reservation, &call, &any.room, length, &port);
}

static int run_bind_any(void)
{
	struct socket_call call = call_make();

	return reservation_bind_any(&reservation, &call, &port);
}

static void fresh_tcp(void)
{
	world_make(TCP, "127.0.0.1", 0);
}

static void fresh_udp(void)
{
	world_make(UDP, "::", 0);
}

static void fresh_by_number(void)
{
	world_make(UDP, "0.0.0.0", 0);
	port = first;
}

/* Both ports drawn, and closed as the hooks see it, or not. */
static void both_used(bool seen)
{
	int fds[TWO];

	for (int i = 0; i < TWO; i++)
		fds[i] = bound_in(&reservation, anchor, type, "127.0.0.1", 0, 0);
	for (int i = 0; i < TWO; i++) {
		OK_FATAL(fds[i] >= 0);
		if (seen)
			close_in(&reservation, type, fds[i]);
		else
			close(fds[i]);
	}
}

static void closed_ports(void)
{
	fresh_tcp();
	both_used(true);
}

static void vanished_ports(void)
{
	fresh_tcp();
	both_used(false);
}

static void again_by_number(void)
{
	world_make(TCP, "::1", REUSEADDR);
	both_used(true);
	port = first;
}

/* A port whose owner did not share it has gone unseen; now one comes who would. */
static void share_by_number(void)
{
	world_make(UDP, "::", REUSEPORT);
	close(bound_in(&reservation, anchor, type, "::", first, 0));
	port = first;
}

/* Only TIME_WAIT is on the block. */
static void time_wait_ports(void)
{
	pool = unit_pool();
	type = TCP;
	address = "127.0.0.1";
	flags = 0;
	first = unit_block(TWO);
	for (int i = 0; i < TWO; i++)
		unit_time_wait((uint16_t)(first + i), REUSEADDR);
	anchor = acquired(first, TWO, BOTH, &reservation);
	fd = socket_open(TCP, address, 0);
	port = 0;
}

static void time_wait_end(void)
{
	close(fd);
	close(anchor);
	pool_close(pool);
}

static void bound_tcp(void)
{
	world_make(TCP, "127.0.0.1", REUSEADDR);
	port = first;
	IS(run_bind(), 0);
}

static int run_listen(void)
{
	struct socket_call call = call_make();

	return reservation_listen(&reservation, &call, 4);
}

static int peer;

static int run_connect(void)
{
	struct socket_call call = call_make();
	union address to;
	socklen_t length = address_make(&to, "127.0.0.1", port_of(peer));

	return reservation_bind_for_connect(&reservation, &call, &to.room, length, &port);
}

static void fresh_client(void)
{
	fresh_tcp();
	peer = listening("127.0.0.1", 0, 0);
}

static void client_end(void)
{
	int share = option_get(fd, SOL_SOCKET, SO_REUSEPORT);

	close(peer);
	/* They stay on for connections, so that others can join. */
	OK(share == 0 || port || failed);
	flags = REUSEPORT;
	world_end();
}

/* The block is full of connections, to somebody else. */
static int elsewhere, joined[TWO];

static void joining_client(void)
{
	int mine;

	fresh_client();
	mine = fd;
	elsewhere = listening("127.0.0.2", 0, 0);
	for (int i = 0; i < TWO; i++) {
		fd = joined[i] = socket_open(TCP, "127.0.0.1", 0);
		IS(run_connect(), 0);
		socket_reset_at_close(fd, 0);
		IS(socket_connect(fd, "127.0.0.2", port_of(elsewhere), 0), 0);
	}
	fd = mine;
	port = 0;
}

static void joining_end(void)
{
	for (int i = 0; i < TWO; i++)
		close(joined[i]);
	close(elsewhere);
	client_end();
}

/* Acquiring itself. */
static void acquire_nothing(void)
{
	pool = unit_pool();
	first = unit_block(TWO);
	anchor = -1;
}

static int acquire(uint16_t wanted)
{
	struct acquire_request request = {
		.first = wanted, .count = TWO, .protocols = BOTH, .range = anywhere()};

	return reservation_acquire(pool, &request, &reservation, &anchor);
}

static int run_acquire(void)
{
	return acquire(first);
}

static int run_acquire_any(void)
{
	return acquire(0);
}

static void acquire_time_wait(void)
{
	acquire_nothing();
	unit_time_wait(first, REUSEADDR);
}

static void acquire_end(void)
{
	if (anchor >= 0) {
		IS(reservation_release(&reservation, anchor), 0);
		close(anchor);
	}
	IS(unit_slots(pool), 0);
	IS(unit_words(pool), 0);
	IS(acquires(first, TWO, BOTH), 0);
	pool_close(pool);
}

/* Releasing: done at once, or by the last close of the anchor. */
static int run_release(void)
{
	return reservation_release(&reservation, anchor);
}

static void release_end(void)
{
	close(fd);
	close(anchor);
	IS(unit_slots(pool), 0);
	IS(unit_words(pool), 0);
	IS(taken_ports(TCP, first, TWO) + taken_ports(UDP, first, TWO), 0);
	pool_close(pool);
}

/* Guards behind a holder: it starts, it places them, it ends. */
static struct anchor held;

static void held_prepare(void)
{
	first = unit_block(TWO);
	held.fd = -1;
}

static int run_held(void)
{
	struct block block = {first, TWO, BOTH};
	uint16_t failed_port;
	int error = anchor_open(&held, ANCHOR_HELD);

	if (!error)
		error = anchor_fill(&held, &block, GUARD_ALL, &failed_port);
	if (error)
		anchor_discard(&held);
	return error;
}

static bool block_is_free(void *none)
{
	(void)none;
	return !(taken_ports(TCP, first, TWO) + taken_ports(UDP, first, TWO));
}

static void held_end(void)
{
	if (!answer)
		OK(!block_is_free(NULL));
	anchor_discard(&held);
	OK(unit_eventually(block_is_free, NULL));
}

/* Guards of a persistent block, and a socket that binds in it. */
static void persistent_prepare(void)
{
	struct block block = {unit_block(TWO), TWO, BOTH};

	pool = unit_pool();
	type = TCP;
	address = "127.0.0.1";
	flags = 0;
	first = block.first;
	IS_FATAL(persistent_make(pool, &block, &reservation), 0);
	anchor = -1;
	fd = socket_open(TCP, address, 0);
	port = first;
}

static int run_guard(void)
{
	return persistent_guard(&reservation, &anchor);
}

static void guarded_prepare(void)
{
	persistent_prepare();
	IS(run_guard(), 0);
}

static void persistent_finish(void)
{
	close(fd);
	if (anchor >= 0)
		close(anchor);
	IS(taken_ports(TCP, first, TWO) + taken_ports(UDP, first, TWO), 0);
	IS(run_guard(), 0);
	fd = socket_open(TCP, address, 0);
	IS(run_bind(), 0);
	close(fd);
	close(anchor);
	persistent_end(&reservation);
	IS(unit_words(pool), 0);
	pool_close(pool);
}

/* Guards of a persistent block over TIME_WAIT. */
static void missing_prepare(void)
{
	persistent_prepare();
	unit_time_wait(first, REUSEADDR);
}

static void missing_end(void)
{
	close(fd);
	if (anchor >= 0)
		close(anchor);
	/* As a server does that starts again. */
	IS(run_guard(), 0);
	fd = socket_open(TCP, address, REUSEADDR);
	IS(run_bind(), 0);
	close(fd);
	close(anchor);
	persistent_end(&reservation);
	IS(unit_words(pool), 0);
	pool_close(pool);
}

/* The pool itself. */
static struct pool *opened;

static void pool_prepare(void)
{
	unnamed_refused = false;
	unit_path(folder, sizeof folder);
	setenv("PORTRES_DIR", folder, 1);
	opened = NULL;
}

/* Where no file can be made without a name. */
static void pool_prepare_named(void)
{
	pool_prepare();
	unnamed_refused = true;
}

static int run_pool(void)
{
	return pool_here(&opened, true);
}

static void pool_end(void)
{
	char name[PATH_SIZE];

	if (opened)
		pool_close(opened);
	IS(pool_here(&opened, true), 0);
	/* Where the kernel does not say which network this is, another number stands for it. */
	OK(unit_entries(folder, name) <= 1 + (failed && !strcmp(failed, "getsockopt")));
	OK(name[0] != '.');
	pool_close(opened);
}

static int lock;

static void lock_prepare(void)
{
	pool_prepare();
	IS_FATAL(run_pool(), 0);
	lock = -1;
}

static int run_lock(void)
{
	lock = pool_lock(folder, guard_netns());
	return lock < 0 ? lock : 0;
}

static void lock_end(void)
{
	if (lock >= 0)
		close(lock);
	IS(run_lock(), 0);
	close(lock);
	pool_close(opened);
}

static const int errors[] = {EMFILE, ENOMEM, EINTR, EPERM};
enum { ERRORS = sizeof errors / sizeof *errors };

static unsigned long cases, wrong;

/* Every call of an operation, one after the other, with one of these or, at length, each. */
static void every_call(const struct operation *operation, int shift, int step)
{
	for (failing = 1; failing < MOST_CALLS; failing++) {
		unsigned int known = CU_get_number_of_failure_records();
		int before, after;

		failed = NULL;
		with = errors[(failing * step + shift) % ERRORS];
		operation->prepare();
		before = unit_descriptors();
		calls = 0;
		armed = true;
		answer = operation->run();
		armed = false;
		after = unit_descriptors();
		cases++;
		if (!OK(answer <= 0) || !OK(after == before || (!answer && after == before + 1)))
			cunit_tap_note("%s: call %d, %s: %s; the answer %d, descriptors %d, %d",
				       operation->name, failing, failed, strerrorname_np(with),
				       answer, before, after);
		operation->end();
		wrong += CU_get_number_of_failure_records() != known;
		if (!failed) {
			IS(answer, 0);
			break;
		}
	}
	OK(failing > 1 && failing < MOST_CALLS);
}

static void every_error(const struct operation *operation)
{
	if (!getenv("PORTRES_LONG")) {
		every_call(operation, 0, 1);
		return;
	}
	for (int i = 0; i < ERRORS; i++) {
		alarm(LONGEST);
		every_call(operation, i, 0);
	}
}

#define OPERATIONS(OPERATION)                                                                      \
	OPERATION(draw_tcp, "a port drawn, TCP", fresh_tcp, run_bind, world_end)                   \
	OPERATION(draw_udp, "a port drawn, UDP", fresh_udp, run_bind, world_end)                   \
	OPERATION(draw_any, "a port for who does not bind", fresh_udp, run_bind_any, world_end)    \
	OPERATION(draw_closed, "a port that was closed", closed_ports, run_bind, world_end)        \
	OPERATION(draw_vanished, "a port that was closed unseen", vanished_ports, run_bind,        \
		  world_end)                                                                       \
	OPERATION(draw_time_wait, "a port in TIME_WAIT", time_wait_ports, run_bind, time_wait_end) \
	OPERATION(bind_number, "a port by its number", fresh_by_number, run_bind, world_end)       \
	OPERATION(bind_again, "a port by its number, again", again_by_number, run_bind, world_end) \
	OPERATION(bind_shared, "a port that is shared", share_by_number, run_bind, world_end)      \
	OPERATION(listening_again, "listen", bound_tcp, run_listen, world_end)                     \
	OPERATION(connects, "a port for a connection", fresh_client, run_connect, client_end)      \
	OPERATION(joins, "a port of other connections", joining_client, run_connect, joining_end)  \
	OPERATION(acquires_block, "acquiring a block", acquire_nothing, run_acquire, acquire_end)  \
	OPERATION(acquires_any, "acquiring any block", acquire_nothing, run_acquire_any,           \
		  acquire_end)                                                                     \
	OPERATION(acquires_over, "acquiring over TIME_WAIT", acquire_time_wait, run_acquire,       \
		  acquire_end)                                                                     \
	OPERATION(releases, "releasing", fresh_tcp, run_release, release_end)                      \
	OPERATION(holds, "guards that a holder keeps", held_prepare, run_held, held_end)           \
	OPERATION(guards, "guards of a persistent block", persistent_prepare, run_guard,           \
		  persistent_finish)                                                               \
	OPERATION(binds_persistent, "a port of a persistent block", guarded_prepare, run_bind,     \
		  persistent_finish)                                                               \
	OPERATION(guards_over, "guards of a persistent block over TIME_WAIT", missing_prepare,     \
		  run_guard, missing_end)                                                          \
	OPERATION(pools, "a pool", pool_prepare, run_pool, pool_end)                               \
	OPERATION(pools_named, "a pool with a temporary name", pool_prepare_named, run_pool,       \
		  pool_end)                                                                        \
	OPERATION(locks, "its lock", lock_prepare, run_lock, lock_end)

#define OPERATION(function, name, prepare, run, end)                                               \
	static void test_##function(void)                                                          \
	{                                                                                          \
		static const struct operation operation = {name, prepare, run, end};               \
                                                                                                   \
		every_error(&operation);                                                           \
	}
OPERATIONS(OPERATION)
#undef OPERATION

int main(void)
{
#define OPERATION(function, name, ...) {name, test_##function},
	CU_TestInfo tests[] = {OPERATIONS(OPERATION) CU_TEST_INFO_NULL};
#undef OPERATION

	int status;

	unit_holder_set();
	calls_interpose();
	status = unit_main("every-failure", tests);
	proved("calls that fail", cases, wrong);
	return status;
}
