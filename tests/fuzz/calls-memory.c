/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls-memory.h"

enum { PLACES = 64 };

/* Each place is the end of a page that may be used, before one that may not. */
static char *rooms, *read_only;
static size_t page;
static unsigned int used;

void memory_begin(void)
{
	size_t i;

	page = (size_t)sysconf(_SC_PAGESIZE);
	rooms = mmap(NULL, 2 * PLACES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rooms == MAP_FAILED || read_only == MAP_FAILED)
		abort();
	for (i = 0; i < PLACES; i++)
		if (mprotect(rooms + 2 * i * page, page, PROT_READ | PROT_WRITE))
			abort();
	mprotect(read_only + page, page, PROT_NONE);
}

void places_forget(void)
{
	used = 0;
}

struct place place_choose(struct bytes *bytes, const void *data, size_t size)
{
	char *end = rooms + (2 * (used++ % PLACES) + 1) * page;
	unsigned int how = take_below(bytes, 16);
	size_t there = how == 1 ? size / 2 : how == 2 && size > 4 ? 4 : size;

	if (how == 3)
		return (struct place){NULL, 0, 0};
	if (how == 4)
		return (struct place){(void *)(uintptr_t)1, 0, 0};
	if (how == 5)
		return (struct place){(void *)(UINTPTR_MAX - 1), 0, 0};
	if (how == 6)
		return (struct place){end, 0, 0};
	if (how == 7) {
		mprotect(read_only, page, PROT_READ | PROT_WRITE);
		memcpy(read_only + page - size, data, size);
		mprotect(read_only, page, PROT_READ);
		return (struct place){read_only + page - size, size, 0};
	}
	memcpy(end - there, data, there);
	return (struct place){end - there, there, there};
}

static uint16_t port_choose(struct bytes *bytes, uint16_t taken, uint16_t count)
{
	static const uint16_t ports[] = {0, 0, 0, 7777, 7778, 1, 65535};
	unsigned int how = take_below(bytes, 8);
	uint16_t port = how < 7 ? ports[how] : (uint16_t)take(bytes, 2);

	return port >= taken && port - taken < count ? 7779 : port;
}

static void inet6_choose(struct bytes *bytes, struct sockaddr_in6 *in6)
{
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
	unsigned int how = take_below(bytes, 6);

	if (how == 1) {
		in6->sin6_addr = loopback;
	} else if (how == 2) {
		in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
		in6->sin6_addr.s6_addr[12] = 127;
		in6->sin6_addr.s6_addr[15] = 1;
	} else if (how == 3) {
		in6->sin6_addr.s6_addr[0] = (uint8_t)take(bytes, 1);
		in6->sin6_addr.s6_addr[15] = 1;
		in6->sin6_scope_id = (uint32_t)take(bytes, 1);
	}
}

struct named address_choose(struct bytes *bytes, uint16_t taken, uint16_t count)
{
	static const sa_family_t families[] = {AF_INET,	  AF_INET6, AF_INET, AF_INET6,
					       AF_UNSPEC, AF_UNIX,  255};
	static const socklen_t lengths[] = {0,	1,  2,	3,  4,	8,   15,  16,  17,
					    23, 24, 27, 28, 29, 127, 128, 129, (socklen_t)-1};
	static const in_addr_t addresses[] = {INADDR_ANY,	   INADDR_LOOPBACK,
					      INADDR_LOOPBACK + 1, INADDR_BROADCAST,
					      0xc0000201,	   0xe0000001};
	struct named named = {.address.ss_family = families[take_below(bytes, 7)]};
	struct sockaddr_in *in = (struct sockaddr_in *)&named.address;
	unsigned int how;
	size_t size;

	/* An abstract name has no file. */
	if (named.address.ss_family != AF_UNIX)
		in->sin_port = htons(port_choose(bytes, taken, count));
	if (named.address.ss_family == AF_INET6)
		inet6_choose(bytes, (struct sockaddr_in6 *)&named.address);
	else if (named.address.ss_family != AF_UNIX)
		in->sin_addr.s_addr = htonl(addresses[take_below(bytes, 6)]);
	named.length = named.address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							   : sizeof(struct sockaddr_in);
	how = take_below(bytes, 36);
	if (how < sizeof lengths / sizeof lengths[0])
		named.length = lengths[how];
	size = named.length <= sizeof named.address ? named.length : sizeof named.address;
	named.place = place_choose(bytes, &named.address, size);
	return named;
}
