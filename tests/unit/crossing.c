/* SPDX-License-Identifier: MIT */
/*
 * Another process acts at the one moment at which it matters: what a race would need luck for.
 * The moment is a call that the code makes there, and the other is what we do in it.
 */
#include <sys/random.h>
#include <time.h>

#include "core/persistent.h"
#include "core/port.h"
#include "guard/anchor.h"
#include "guard/claim.h"
#include "guard/guard.h"
#include "real/real.h"
#include "reserve.h"

enum { TWO = 2 };

/* What another does in a call: the next ones, so many of them. */
static void (*other)(void);
static int times;

static void happens(void)
{
	void (*act)(void) = other;

	if (!times)
		return;
	times--;
	other = NULL;
	act();
	other = act;
}

static void cross(void (*act)(void), int number)
{
	other = act;
	times = number;
}

/* Drawn for a slot that was seen to be free. */
ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	if (size == sizeof(uint64_t))
		happens();
	return syscall(SYS_getrandom, buffer, size, flags);
}

static unsigned int others;

static void takes_slot(void)
{
	atomic_store(&pool->slots[others].token, UINT64_C(0xabcdef0000000000) + others);
	others++;
}

static void test_slot_taken(void)
{
	struct slot_claim claim;

	pool = unit_pool();
	others = 0;
	cross(takes_slot, 3);
	IS(slot_claim(pool, &claim), 0);
	IS(TOKEN_SLOT(claim.token), 3);
	IS(unit_slots(pool), 4);
}

/* Asked for when a slot has been taken: its maker is thought dead from here on. */
time_t time(time_t *now)
{
	struct timespec clock;

	happens();
	clock_gettime(CLOCK_REALTIME, &clock);
	if (now)
		*now = clock.tv_sec;
	return clock.tv_sec;
}

/* Every slot that is in the making is freed. */
static void frees_slots(void)
{
	struct slot_view view;

	for (unsigned int i = 0; i < POOL_SLOTS; i++)
		if (slot_token(pool, i) && !slot_find(pool, slot_token(pool, i), &view))
			slot_free(pool, slot_token(pool, i));
}

static void acquire_crossed(int number, int answer)
{
	struct acquire_request request = {
		.first = unit_block(TWO), .count = TWO, .protocols = BOTH};
	struct reservation reservation;
	int before = unit_descriptors(), anchor = -1;

	pool = unit_pool();
	cross(frees_slots, number);
	IS(reservation_acquire(pool, &request, &reservation, &anchor), answer);
	cross(NULL, 0);
	IS(unit_slots(pool), !answer);
	IS(unit_words(pool), answer ? 0 : 2 * TWO);
	IS(unit_descriptors(), before + !answer);
	if (!answer) {
		IS(reservation_release(&reservation, anchor), 0);
		close(anchor);
	}
	IS(taken_ports(TCP, request.first, TWO) + taken_ports(UDP, request.first, TWO), 0);
}

/* The acquirer begins again, and gives up in the end. */
static void test_thought_dead(void)
{
	acquire_crossed(1, 0);
	acquire_crossed(5, 0);
	acquire_crossed(1000, -ENOSPC);
}

static void test_persistent_thought_dead(void)
{
	struct block block = {unit_block(TWO), TWO, BOTH};
	struct reservation reservation;

	pool = unit_pool();
	cross(frees_slots, 1000);
	IS(persistent_make(pool, &block, &reservation), -ENOSPC);
	IS(unit_slots(pool), 0);
	cross(frees_slots, 2);
	IS(persistent_make(pool, &block, &reservation), 0);
	IS(unit_slots(pool), 1);
}

/* All slots are in the making: a persistent block takes one of theirs, unless nothing can be
 * said of them. */
static void test_persistent_full(void)
{
	struct block block = {unit_block(TWO), TWO, BOTH};
	struct reservation reservation;

	pool = unit_pool();
	for (others = 0; others < POOL_SLOTS;)
		takes_slot();
	pool->netns++;
	IS(persistent_make(pool, &block, &reservation), -ENOSPC);
	IS(unit_slots(pool), POOL_SLOTS);
	pool->netns--;
	IS(persistent_make(pool, &block, &reservation), 0);
	IS(unit_slots(pool), 1);
}

/* A bind to a port whose word changes between the look and the lock. */
static void test_word_taken(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct sockaddr_storage room = {0};
	struct socket_call call = {.protocol = PROTOCOL_UDP};
	struct reservation reservation;
	struct claim_request request;
	struct port_bind bind;
	uint64_t seen;

	pool = unit_pool();
	call.anchor = acquired(0, TWO, 2, &reservation);
	call.fd = socket_open(UDP, "0.0.0.0", 0);
	memcpy(&room, &address, sizeof address);
	IS_FATAL(port_bind_begin(&bind, &reservation, &call, &room, sizeof address), 0);
	seen = word_make(reservation.token, WORD_MAYBE, 0);
	IS(port_bind_held(&bind, reservation.block.first, seen), -EAGAIN);
	request = port_claim(&reservation, PROTOCOL_UDP, reservation.block.first);
	IS(port_bind_claimed(&bind, reservation.block.first, seen, claim_take(&request)), -EAGAIN);
	IS(port_of(call.fd), 0);
	IS(atomic_load(word_of(pool, PROTOCOL_UDP, reservation.block.first)),
	   word_make(reservation.token, WORD_HELD, 0));
	/* And neither was left in anybody's way. */
	IS(bind_in(&reservation, call.fd, PROTOCOL_UDP, "0.0.0.0", reservation.block.first,
		   call.anchor, &request.port),
	   0);
	close(call.fd);
	close(call.anchor);
}

/* Somebody else's claim stays on a port of a persistent block: nobody is told that it is free. */
static void test_persistent_claimed(void)
{
	struct reservation reservation;
	struct claim_request request;
	struct block block = {unit_block(TWO), TWO, 1};
	struct socket_call call = {.protocol = PROTOCOL_TCP, .anchor = -1, .guarded = true};
	union address address;
	socklen_t length = address_make(&address, "127.0.0.1", block.first);
	uint16_t port;
	int anchor, claims[TWO];

	pool = unit_pool();
	IS_FATAL(persistent_make(pool, &block, &reservation), 0);
	IS_FATAL(persistent_guard(&reservation, &anchor), 0);
	for (int i = 0; i < TWO; i++) {
		request = port_claim(&reservation, PROTOCOL_TCP, (uint16_t)(block.first + i));
		claims[i] = claim_take(&request);
		OK(claims[i] >= 0);
	}
	call.fd = socket_open(TCP, "127.0.0.1", 0);
	/* HELD in the pool, and yet in use. */
	IS(reservation_bind(&reservation, &call, &address.room, length, &port), -EADDRINUSE);
	address_set_port(&address.room, 0);
	IS(reservation_bind(&reservation, &call, &address.room, length, &port), -EADDRINUSE);
	/* Nobody's in the pool. */
	for (int i = 0; i < TWO; i++)
		atomic_store(word_of(pool, PROTOCOL_TCP, (uint16_t)(block.first + i)), 0);
	address_set_port(&address.room, block.first);
	IS(reservation_bind(&reservation, &call, &address.room, length, &port), -EADDRINUSE);
	persistent_guarded(&reservation);
	IS(unit_words(pool), 0);
	for (int i = 0; i < TWO; i++)
		close(claims[i]);
	IS(reservation_bind(&reservation, &call, &address.room, length, &port), 0);
	IS(port, block.first);
	persistent_guarded(&reservation);
	IS(unit_words(pool), TWO);
	close(call.fd);
	close(anchor);
}

/* The number that was free for an anchor is another's when it is asked for. */
static int taken;

static int fcntl_crossed(int fd, int command, void *argument)
{
	int number = (int)(intptr_t)argument;

	if (command == F_DUPFD_CLOEXEC && times) {
		times--;
		taken = dup2(STDOUT_FILENO, number);
		return fcntl(fd, command, anchor_top() + 1);
	}
	return fcntl(fd, command, argument);
}

static void run_number_taken(void *none)
{
	int fd, copy, last;

	(void)none;
	unit_limit(ANCHOR_HIGHEST + 100);
	atomic_store(&real_calls.fcntl, (real_fcntl_function *)fcntl_crossed);
	fd = socket_open(UDP, "127.0.0.1", 0);
	times = 1;
	copy = anchor_copy(fd, false);
	IS(taken, anchor_top());
	IS(copy, anchor_top() - 1);
	OK(fcntl(copy, F_GETFD) & FD_CLOEXEC);
	close(copy);
	/* All that are below are taken: it sits above; where there is nothing above, nowhere. */
	while ((last = dup(STDOUT_FILENO)) >= 0 && last < anchor_top())
		;
	copy = anchor_copy(fd, true);
	OK(copy > anchor_top());
	IS(fcntl(copy, F_GETFD), 0);
	close(copy);
	while (dup(STDOUT_FILENO) >= 0)
		;
	IS(anchor_copy(fd, true), -EMFILE);
	for (fd = STDERR_FILENO + 1; fd <= last + 1; fd++)
		close(fd);
}

static void test_number_taken(void)
{
	IS(unit_in_child(run_number_taken, NULL), 0);
}

/* A holder has not let its guards go when their reservation is acquired anew. */
static int holder;

static int (*next_bind)(int, const struct sockaddr *, socklen_t);
static int binds;

static int bind_crossed(int fd, const struct sockaddr *address, socklen_t length)
{
	if (++binds == 20)
		anchor_release(holder);
	return next_bind(fd, address, length);
}

static void test_holder_slow(void)
{
	struct block block = {unit_block(TWO), TWO, 1};
	struct reservation reservation;
	struct anchor anchor;
	struct slot_claim claim;
	uint16_t failed;
	enum word_state was;

	pool = unit_pool();
	unit_holder_set();
	IS_FATAL(anchor_open(&anchor, ANCHOR_HELD), 0);
	IS_FATAL(anchor_fill(&anchor, &block, GUARD_ALL, &failed), 0);
	IS_FATAL(slot_claim(pool, &claim), 0);
	OK(slot_describe(pool, &claim, block, KIND_RUNTIME));
	OK(slot_anchor(pool, &claim, real_cookie(anchor.fd)));
	for (int i = 0; i < TWO; i++)
		OK(word_take(pool, claim.token, PROTOCOL_TCP, (uint16_t)(block.first + i), &was));
	holder = anchor.fd;
	next_bind = atomic_load(&real_calls.bind);
	binds = 0;
	atomic_store(&real_calls.bind, bind_crossed);
	close(acquired(block.first, TWO, 1, &reservation));
	atomic_store(&real_calls.bind, next_bind);
	if (!OK(binds > 20))
		cunit_tap_note("%d binds", binds);
	OK(reservation.token != claim.token);
	anchor_discard(&anchor);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"a free slot is taken by others", test_slot_taken},
		{"an acquirer is thought dead", test_thought_dead},
		{"a maker of a persistent block is thought dead", test_persistent_thought_dead},
		{"a persistent block in a full pool", test_persistent_full},
		{"a port word is another's", test_word_taken},
		{"a claim stays on a persistent port", test_persistent_claimed},
		{"the number for an anchor is another's", test_number_taken},
		{"a holder lets go late", test_holder_slow});

	real_resolve();
	return unit_main("crossing", tests);
}
