/* SPDX-License-Identifier: MIT */
/* What is left in a pool: found, cleared where it is safe, and named. */
#include "core/persistent.h"
#include "guard/guard.h"
#include "inspect/leftovers.h"
#include "reserve.h"

static struct leftovers found;

/* How many there are of a kind. */
static unsigned int number(const char *kind, bool cleared)
{
	unsigned int count = 0;

	for (size_t i = 0; i < found.count; i++)
		count += !strcmp(found.list[i].kind, kind) && found.list[i].cleared == cleared;
	return count;
}

static const struct leftover *first_of(const char *kind)
{
	for (size_t i = 0; i < found.count; i++)
		if (!strcmp(found.list[i].kind, kind))
			return &found.list[i];
	return NULL;
}

static void look(bool dry)
{
	leftovers_free(&found);
	found.dry = dry;
	IS_FATAL(leftovers_in_pool(&found, pool), 0);
	OK(!found.failed);
}

static void test_reservations(void)
{
	struct reservation ended, alive, again;
	const struct leftover *entry;
	int anchors[2];

	pool = unit_pool();
	look(false);
	IS(found.count, 0);
	anchors[0] = acquired(0, COUNT, BOTH, &ended);
	anchors[1] = acquired(0, COUNT, 2, &alive);
	look(false);
	IS(found.count, 0);
	close(anchors[0]);
	look(true);
	IS(number("reservation", true), 1);
	IS(found.count, 1);
	entry = first_of("reservation");
	IS(entry->block.first, ended.block.first);
	IS(entry->block.count, COUNT);
	IS(entry->block.protocols, BOTH);
	OK(strstr(entry->why, "leftovers") != NULL);
	OK(reservation_find(pool, ended.token, &again));
	IS(unit_words(pool), 3 * COUNT);
	look(false);
	IS(number("reservation", true), 1);
	IS(found.count, 1);
	OK(!reservation_find(pool, ended.token, &again));
	OK(reservation_find(pool, alive.token, &again));
	/* Its words went with it, and no other. */
	IS(unit_words(pool), COUNT);
	look(false);
	IS(found.count, 0);
	close(anchors[1]);
	look(false);
	IS(unit_slots(pool) + unit_words(pool), 0);
}

/* A stranger on its ports does not make it alive. */
static void test_stranger(void)
{
	struct reservation ended;
	int anchor, sockets[COUNT];

	pool = unit_pool();
	anchor = acquired(0, COUNT, 1, &ended);
	close(anchor);
	for (int i = 0; i < COUNT; i++)
		sockets[i] = bound(TCP, "0.0.0.0", ended.block.first + i, 0);
	look(false);
	IS(number("reservation", true), 1);
	for (int i = 0; i < COUNT; i++)
		close(sockets[i]);
}

static void test_making(void)
{
	struct slot_claim claim;
	_Atomic uint64_t *since;

	pool = unit_pool();
	IS_FATAL(slot_claim(pool, &claim), 0);
	since = &pool->slots[TOKEN_SLOT(claim.token)].since;
	look(false);
	IS(number("making", false), 1);
	IS(unit_slots(pool), 1);
	atomic_store(since, atomic_load(since) - 3600);
	look(true);
	IS(number("making", true), 1);
	IS(unit_slots(pool), 1);
	look(false);
	IS(number("making", true), 1);
	IS(unit_slots(pool), 0);
}

/* Whoever makes a reservation has its words before its slot says which: they are its own. */
static void test_making_words(void)
{
	struct slot_claim claim;
	uint16_t first = unit_block(1);
	enum word_state was;

	pool = unit_pool();
	IS_FATAL(slot_claim(pool, &claim), 0);
	OK(word_take(pool, claim.token, PROTOCOL_TCP, first, &was));
	IS(was, WORD_FREE);
	look(false);
	IS(number("words", true), 0);
	OK(word_token(pool, PROTOCOL_TCP, first) == claim.token);
}

static void test_words(void)
{
	const uint64_t nobody = UINT64_C(0x1234567890abc005);
	const struct leftover *entry;

	pool = unit_pool();
	for (uint16_t port = 100; port < 110; port++)
		atomic_store(word_of(pool, PROTOCOL_TCP, port),
			     word_make(nobody, port & 1 ? WORD_USED : WORD_HELD, 0));
	atomic_store(word_of(pool, PROTOCOL_TCP, 112), word_make(nobody, WORD_MAYBE, 0));
	atomic_store(word_of(pool, PROTOCOL_UDP, 113), word_make(nobody, WORD_MAYBE, 0));
	atomic_store(word_of(pool, PROTOCOL_UDP, 65535), word_make(nobody, WORD_MAYBE, WORD_DRAWN));
	look(true);
	IS(unit_words(pool), 13);
	look(false);
	IS(unit_words(pool), 0);
	/* Those that follow each other are one thing. */
	IS(number("words", true), 4);
	entry = first_of("words");
	IS(entry->block.first, 100);
	IS(entry->block.count, 10);
	IS(entry->block.protocols, 1);
}

static uint64_t token;
static int held; /* an anchor that a child does not keep */

static void prepare_binding(void *context)
{
	uint64_t *word = context;

	*word = word_binding(pool, token);
	close(held);
}

/* Words of a process that lives are left alone, also where the reservation is gone. */
static void test_binders(void)
{
	uint64_t *word = unit_shared(sizeof *word);
	struct reservation reservation;
	uint16_t first;
	int anchor;
	pid_t pid;

	pool = unit_pool();
	anchor = acquired(0, COUNT, 1, &reservation);
	token = reservation.token;
	held = anchor;
	first = reservation.block.first;
	pid = unit_idle(prepare_binding, word);
	OK_FATAL(word_state(*word) == WORD_BINDING);
	atomic_store(word_of(pool, PROTOCOL_TCP, first), *word);
	look(false);
	IS(found.count, 0);
	OK(atomic_load(word_of(pool, PROTOCOL_TCP, first)) == *word);
	unit_kill(pid);
	look(true);
	IS(number("binder", true), 1);
	OK(atomic_load(word_of(pool, PROTOCOL_TCP, first)) == *word);
	look(false);
	IS(number("binder", true), 1);
	IS(first_of("binder")->block.first, first);
	IS(first_of("binder")->block.count, 1);
	/* The port is to be had again, by a claim, as nobody knows how far he came. */
	OK(atomic_load(word_of(pool, PROTOCOL_TCP, first)) == word_make(token, WORD_MAYBE, 0));
	OK(bound_in(&reservation, anchor, TCP, "127.0.0.1", first, 0) >= 0);

	pid = unit_idle(prepare_binding, word);
	close(anchor);
	atomic_store(word_of(pool, PROTOCOL_TCP, first + 1), *word);
	look(false);
	IS(number("reservation", true), 1);
	IS(unit_words(pool), 1);
	unit_kill(pid);
	look(false);
	IS(number("words", true), 1);
	IS(unit_words(pool), 0);
}

/* Persistent ones need nobody: they stay, with their words. */
static void test_persistent(void)
{
	struct block block = {unit_block(COUNT), COUNT, 1};
	struct reservation reservation, again;

	pool = unit_pool();
	IS_FATAL(persistent_make(pool, &block, &reservation), 0);
	look(false);
	IS(found.count, 0);
	OK(reservation_find(pool, reservation.token, &again));
	IS(unit_words(pool), COUNT);
}

static void run_elsewhere(void *context)
{
	(void)context;
	if (unit_network())
		_exit(77);
	look(false);
	IS(found.count, 0);
}

/* From another network nothing can be said of these ports. */
static void test_elsewhere(void)
{
	struct reservation reservation, again;
	int anchor, status;

	pool = unit_pool();
	anchor = acquired(0, COUNT, BOTH, &reservation);
	status = unit_in_child(run_elsewhere, NULL);
	if (status == 77)
		cunit_tap_skip("a network of its own is not allowed here");
	else
		IS(status, 0);
	OK(reservation_find(pool, reservation.token, &again));
	close(anchor);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"a reservation that has ended goes, with its words", test_reservations},
		      {"also where strangers are on its ports", test_stranger},
		      {"one in the making goes after a minute", test_making},
		      {"until then its words are its own", test_making_words},
		      {"words of nobody go", test_words},
		      {"of those who were about to bind, the dead ones' go", test_binders},
		      {"persistent ones stay", test_persistent},
		      {"from another network nothing is cleared", test_elsewhere});

	setenv("PORTRES_STATE", "/nonexistent", 1);
	return unit_main("leftovers", tests);
}
