/* SPDX-License-Identifier: MIT */
/* Checks of how much there is: ports to make blocks of, descriptors to park guards in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/budget.h"
#include "core/here.h"
#include "core/run.h"
#include "core/search.h"
#include "core/sysctl.h"
#include "guard/guard.h"
#include "inspect/checks.h"
#include "inspect/settings.h"
#include "pool/slot.h"

/* What portres-run takes where nothing else is said, and the guards of that. */
#define DEFAULT_PORTS  16
#define DEFAULT_GUARDS (DEFAULT_PORTS * PROTOCOLS)
/* Fewer are soon used up. */
#define FEW_PORTS 1000
/* What a holder has open beside the guards. */
#define HOLDER_OTHERS 1

/* PORTRES_RANGE; false: it makes no sense. 0-0: it is not set. */
static bool range_read(struct port_range *range)
{
	const char *value = secure_getenv("PORTRES_RANGE");

	*range = (struct port_range){0, 0};
	return !value || !*value || !run_range_parse(value, range);
}

static unsigned int reserved_count(const struct port_settings *settings)
{
	unsigned int count = 0;
	uint32_t port;

	for (port = 0; port < POOL_PORTS; port++)
		count += settings_reserves(settings, (uint16_t)port);
	return count;
}

/* How many ports may be in blocks, and the longest run of them. */
static unsigned int room_count(unsigned int *longest)
{
	uint8_t allowed[POOL_PORTS / 8];
	unsigned int count = 0, run = 0;
	uint32_t port;

	*longest = 0;
	search_allowed((struct port_range){0, 0}, allowed);
	for (port = 0; port < POOL_PORTS; port++) {
		run = allowed[port / 8] >> port % 8 & 1 ? run + 1 : 0;
		count += run != 0;
		if (run > *longest)
			*longest = run;
	}
	return count;
}

struct finding ports_check(void)
{
	struct port_settings settings;
	struct port_range range;
	unsigned int longest, room = room_count(&longest), reserved;
	struct finding finding;

	settings_read(&settings);
	reserved = reserved_count(&settings);
	finding = found_ok("%u are left for blocks, at most %u in one: outside ip_local_port_range "
			   "(%u-%u), ip_local_reserved_ports (%u port%s) and below %u",
			   room, longest, settings.ephemeral.first, settings.ephemeral.last,
			   reserved, reserved == 1 ? "" : "s",
			   settings.unprivileged > 1024 ? settings.unprivileged : 1024);
	if (range_read(&range) && range.last)
		return found_ok("PORTRES_RANGE says where blocks are taken");
	if (longest < DEFAULT_PORTS)
		finding.verdict = VERDICT_FAILS;
	else if (room < FEW_PORTS)
		finding.verdict = VERDICT_WARNING;
	else
		return finding;
	return remedied(finding, "make net.ipv4.ip_local_port_range or ip_local_reserved_ports "
				 "smaller, or set PORTRES_RANGE");
}

/* Whether we may bind there: a guard on the first port tells. */
static bool range_allowed(struct port_range range)
{
	int fd = guard_place(PROTOCOL_TCP, range.first, false);

	if (fd >= 0)
		close(fd);
	return fd != -EACCES;
}

struct finding range_check(void)
{
	struct port_range range, ephemeral = sysctl_ephemeral();
	unsigned int count;

	if (!range_read(&range))
		return remedied(found_bad(VERDICT_FAILS,
					  "PORTRES_RANGE is %s, which is not FIRST-LAST",
					  getenv("PORTRES_RANGE")),
				"correct or unset it");
	if (!range.last)
		return found_ok("PORTRES_RANGE is not set");
	count = range.last - range.first + 1U;
	if (!range_allowed(range))
		return remedied(found_bad(VERDICT_WARNING,
					  "PORTRES_RANGE is %u-%u, and port %u is not "
					  "yours to bind",
					  range.first, range.last, range.first),
				"begin at net.ipv4.ip_unprivileged_port_start, %u",
				sysctl_unprivileged());
	if (count < DEFAULT_PORTS)
		return remedied(found_bad(VERDICT_WARNING,
					  "PORTRES_RANGE is %u-%u, less than the %u ports that "
					  "portres-run takes",
					  range.first, range.last, DEFAULT_PORTS),
				"make it larger, or give portres-run -n %u", count);
	if (range.first <= ephemeral.last && range.last >= ephemeral.first)
		return remedied(
			found_bad(VERDICT_WARNING,
				  "PORTRES_RANGE is %u-%u, where the kernel chooses ports, too "
				  "(%u-%u): large blocks there slow down everybody's bind to "
				  "port 0",
				  range.first, range.last, ephemeral.first, ephemeral.last),
			"choose a range outside net.ipv4.ip_local_port_range");
	return found_ok("PORTRES_RANGE is %u-%u, %u ports", range.first, range.last, count);
}

/* How many guards of this user are parked; what is left of reservations that have ended does
 * not count. */
static uint64_t parked_count(void)
{
	struct reservation reservation;
	struct pool *pool;
	unsigned int slot;
	uint64_t sum = 0;

	if (pool_here(&pool, false))
		return 0;
	for (slot = 0; slot < POOL_SLOTS; slot++) {
		uint64_t token = slot_token(pool, slot);

		if (token && (!reservation_find(pool, token, &reservation) ||
			      reservation_alive(&reservation)))
			sum += atomic_load(&pool->slots[slot].parked);
	}
	pool_close(pool);
	return sum;
}

struct finding descriptors_check(void)
{
	uint64_t parked = parked_count(), most;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return remedied(
			found_bad(VERDICT_WARNING, "the limit cannot be read: %s", strerror(errno)),
			"see which sandbox forbids prlimit64");
	most = limit.rlim_cur / BUDGET_SHARE;
	if (budget_unlimited())
		return found_ok(
			"%llu may be open (at most %llu); %llu guards are parked, and how many is "
			"not counted for the privileged",
			(unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max,
			(unsigned long long)parked);
	if (limit.rlim_max < DEFAULT_GUARDS + HOLDER_OTHERS)
		return remedied(
			found_bad(VERDICT_FAILS,
				  "%llu may be open, and that cannot be raised: a block of %u "
				  "ports in both protocols does not fit",
				  (unsigned long long)limit.rlim_max, DEFAULT_PORTS),
			"raise ulimit -Hn");
	if (parked + DEFAULT_GUARDS > most)
		return remedied(
			found_bad(VERDICT_WARNING,
				  "%llu may be open (at most %llu); %llu guards are parked of "
				  "the %llu that may be: portres-hold keeps the next block",
				  (unsigned long long)limit.rlim_cur,
				  (unsigned long long)limit.rlim_max, (unsigned long long)parked,
				  (unsigned long long)most),
			"that works; to spare its process, raise ulimit -n");
	return found_ok("%llu may be open (at most %llu); %llu guards are parked, %llu more may be "
			"before portres-hold keeps them",
			(unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max,
			(unsigned long long)parked, (unsigned long long)(most - parked));
}
