/* SPDX-License-Identifier: MIT */
/* Words that a process left in BINDING: taken over on proof of its death alone. */
#include "reserve.h"

static struct reservation reservation;
static int anchor;

static void word_set(enum protocol protocol, int port, uint64_t word)
{
	atomic_store(word_of(pool, protocol, (uint16_t)port), word);
}

static void prepare_binding(void *context)
{
	uint64_t *word = context;

	*word = word_binding(pool, reservation.token);
	close(anchor);
}

/* A process with a BINDING word of our reservation. */
static pid_t binder(uint64_t *word)
{
	uint64_t *shared = unit_shared(sizeof *shared);
	pid_t pid = unit_idle(prepare_binding, shared);

	*word = *shared;
	OK_FATAL(word_state(*word) == WORD_BINDING && word_belongs(*word, reservation.token));
	return pid;
}

static void test_binder_dead(void)
{
	uint64_t word;
	uint16_t first;
	int fd;

	pool = unit_pool();
	anchor = acquired(0, 2, 1, &reservation);
	first = reservation.block.first;
	unit_kill(binder(&word));
	word_set(PROTOCOL_TCP, first, word);
	word_set(PROTOCOL_TCP, first + 1, word);
	fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", first, 0);
	IS(port_of(fd), first);
	IS(word_state(atomic_load(word_of(pool, PROTOCOL_TCP, first))), WORD_USED);
	fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
	IS(port_of(fd), first + 1);
	close(anchor);
}

/* It died between its bind and its word; a child process has the socket. */
static void test_binder_dead_bound(void)
{
	uint64_t word;
	uint16_t first;
	int fd;

	pool = unit_pool();
	anchor = acquired(0, 1, 1, &reservation);
	first = reservation.block.first;
	unit_kill(binder(&word));
	word_set(PROTOCOL_TCP, first, word);
	fd = bound(TCP, "127.0.0.1", first, REUSEPORT);
	option_set(fd, SOL_SOCKET, SO_REUSEPORT, 0, 0);
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0), -EADDRINUSE);
	word_set(PROTOCOL_TCP, first, word);
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", first, 0), -EADDRINUSE);
	close(fd);
	fd = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
	IS(port_of(fd), first);
	close(fd);
	close(anchor);
}

static void test_binder_alive(void)
{
	uint64_t word;
	uint16_t first;
	pid_t pid;

	pool = unit_pool();
	anchor = acquired(0, 3, 1, &reservation);
	first = reservation.block.first;
	pid = binder(&word);
	word_set(PROTOCOL_TCP, first, word);
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", first, 0), -EADDRINUSE);
	IS(port_of(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0)), first + 1);
	IS(port_of(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0)), first + 2);
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0), -EADDRINUSE);
	OK(atomic_load(word_of(pool, PROTOCOL_TCP, first)) == word);
	unit_kill(pid);
	IS(port_of(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0)), first);
	close(anchor);
}

static void test_acquire_binder(void)
{
	uint16_t first;
	uint64_t word;
	pid_t pid;
	int before;

	pool = unit_pool();
	anchor = acquired(unit_block(COUNT), COUNT, BOTH, &reservation);
	first = reservation.block.first;
	pid = binder(&word);
	close(anchor);
	word_set(PROTOCOL_UDP, first + 2, word);
	before = unit_descriptors();
	IS(acquires(first, COUNT, BOTH), -EADDRINUSE);
	/* Nothing is left of it, neither guards nor words. */
	IS(taken_ports(TCP, first, COUNT) + taken_ports(UDP, first, COUNT), 0);
	IS(unit_descriptors(), before);
	for (int port = first; port < first + COUNT; port++)
		OK(word_state(atomic_load(word_of(pool, PROTOCOL_TCP, (uint16_t)port))) !=
			   WORD_HELD ||
		   port > first + 2);
	OK(atomic_load(word_of(pool, PROTOCOL_UDP, (uint16_t)(first + 2))) == word);
	IS(acquires((uint16_t)(first + 3), COUNT - 3, BOTH), 0);
	unit_kill(pid);
	IS(acquires(first, COUNT, BOTH), 0);
	IS(unit_words(pool), 0);
}

/* Of another pid namespace: no proof, so no BINDING words, and ports go by claims. */
static void test_other_namespace(void)
{
	int fds[3];

	pool = unit_pool();
	pool->namespace ^= UINT64_C(1) << 33;
	anchor = acquired(0, 3, 1, &reservation);
	for (int i = 0; i < 3; i++) {
		fds[i] = bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0);
		IS(port_of(fds[i]), reservation.block.first + i);
	}
	IS(bound_in(&reservation, anchor, TCP, "127.0.0.1", 0, 0), -EADDRINUSE);
	for (int i = 0; i < 3; i++)
		close_in(&reservation, TCP, fds[i]);
	fds[0] = bound_in(&reservation, anchor, TCP, "127.0.0.1", reservation.block.first, 0);
	IS(port_of(fds[0]), reservation.block.first);
	close(fds[0]);
	close(anchor);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a BINDING word of a dead process is taken over", test_binder_dead},
		      {"but not the port, where its socket lives", test_binder_dead_bound},
		      {"a BINDING word of a living process is left alone", test_binder_alive},
		      {"a block with one is not acquired before that process has ended",
		       test_acquire_binder},
		      {"binds go on where no process can be proven dead", test_other_namespace});

	return unit_main("binding", tests);
}
