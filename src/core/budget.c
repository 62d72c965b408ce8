/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/budget.h"
#include "core/reservation.h"
#include "pool/slot.h"
#include "real/real.h"

/* The inode of the first user namespace (PROC_USER_INIT_INO): only there do
 * capabilities lift the limit on descriptors in flight. */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU

bool budget_unlimited(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}, {0}};
	uint32_t wanted = 1U << CAP_SYS_RESOURCE | 1U << CAP_SYS_ADMIN;
	struct stat namespace;

	_Static_assert(CAP_SYS_RESOURCE < 32 && CAP_SYS_ADMIN < 32, "in the first word");
	if (syscall(SYS_capget, &header, data) || !(data[0].effective & wanted))
		return false;
	return !stat("/proc/self/ns/user", &namespace) && namespace.st_ino == FIRST_USER_NAMESPACE;
}

/* Counts reservations that are being made, too; one that died so is freed when its slot is needed.
 */
static uint64_t parked_sum(const struct pool *pool)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < POOL_SLOTS; i++)
		if (atomic_load_explicit(&pool->slots[i].token, memory_order_relaxed))
			sum += atomic_load_explicit(&pool->slots[i].parked, memory_order_relaxed);
	return sum;
}

enum anchor_kind budget_choose(struct pool *pool, unsigned int slot, uint32_t guards)
{
	struct rlimit limit;

	atomic_store(&pool->slots[slot].parked, guards);
	if (budget_unlimited() || getrlimit(RLIMIT_NOFILE, &limit))
		return ANCHOR_PARKED;
	if (parked_sum(pool) <= limit.rlim_cur / BUDGET_SHARE)
		return ANCHOR_PARKED;
	if (guards <= limit.rlim_cur / BUDGET_SHARE) {
		/* Some of it may be what dead reservations left in the pool. */
		reservation_prune(pool, false);
		if (parked_sum(pool) <= limit.rlim_cur / BUDGET_SHARE)
			return ANCHOR_PARKED;
	}
	budget_return(pool, slot);
	return ANCHOR_HELD;
}

void budget_return(struct pool *pool, unsigned int slot)
{
	atomic_store(&pool->slots[slot].parked, 0);
}

int budget_fill(struct pool *pool, unsigned int slot, struct anchor *anchor,
		const struct block *block, enum guard_choice choice, uint16_t *failed)
{
	int error = anchor_fill(anchor, block, choice, failed);

	if (anchor->kind == ANCHOR_PARKED && (error == -ETOOMANYREFS || error == -EAGAIN)) {
		budget_return(pool, slot);
		anchor_discard(anchor);
		error = anchor_open(anchor, ANCHOR_HELD);
		if (!error)
			error = anchor_fill(anchor, block, choice, failed);
	}
	return error;
}
