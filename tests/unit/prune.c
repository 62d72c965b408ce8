/* SPDX-License-Identifier: MIT */
/* Taking what has ended out of the pool. */
#include "reserve.h"

static void test_prune(void)
{
	struct reservation dead, alive, found;
	struct slot_claim unfinished;
	int anchors[2];

	pool = unit_pool();
	anchors[0] = acquired(0, COUNT, BOTH, &dead);
	anchors[1] = acquired(0, COUNT, 2, &alive);
	IS(slot_claim(pool, &unfinished), 0);
	reservation_prune(pool, false);
	IS(unit_slots(pool), 3);
	close(anchors[0]);
	reservation_prune(pool, false);
	OK(!reservation_find(pool, dead.token, &found));
	OK(reservation_find(pool, alive.token, &found));
	OK(slot_token(pool, TOKEN_SLOT(unfinished.token)) == unfinished.token);
	reservation_prune(pool, true);
	IS(unit_slots(pool), 1);
	OK(reservation_find(pool, alive.token, &found));
	close(anchors[1]);
}

/* Nobody is making a reservation for minutes: its maker has died. */
static void test_prune_given_up(void)
{
	struct slot_claim claim;
	_Atomic uint64_t *since;

	pool = unit_pool();
	IS_FATAL(slot_claim(pool, &claim), 0);
	since = &pool->slots[TOKEN_SLOT(claim.token)].since;
	reservation_prune(pool, false);
	IS(unit_slots(pool), 1);
	atomic_store(since, atomic_load(since) - 3600);
	reservation_prune(pool, false);
	IS(unit_slots(pool), 0);
}

static void run_prune_elsewhere(void *context)
{
	if (unit_network())
		_exit(77);
	reservation_prune(context, true);
	IS(unit_slots(context), 1);
}

static void test_prune_elsewhere(void)
{
	struct reservation reservation;
	int anchor, status;

	pool = unit_pool();
	anchor = acquired(0, COUNT, BOTH, &reservation);
	status = unit_in_child(run_prune_elsewhere, pool);
	if (status == 77)
		cunit_tap_skip("a network of its own is not allowed here");
	else
		IS(status, 0);
	OK(reservation_find(pool, reservation.token, &reservation));
	close(anchor);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"prune takes dead ones, and unfinished ones if so asked", test_prune},
		      {"prune takes those in the making for too long", test_prune_given_up},
		      {"from another network nothing is pruned", test_prune_elsewhere});

	return unit_main("prune", tests);
}
