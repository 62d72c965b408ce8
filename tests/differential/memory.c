/* SPDX-License-Identifier: MIT */
/* Good and bad pointers: at the end of a readable page, over it, none at all. */
#include "sequence.h"
#include <sys/mman.h>

/* Each: a page to write, one that is not there, one to read only. */
static char *arenas[2], *pages;
static size_t page;
static char *written; /* the last good place for output */

static char *arena_make(void)
{
	char *made =
		mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (made == MAP_FAILED || mprotect(made + page, page, PROT_NONE) ||
	    mprotect(made + 2 * page, page, PROT_READ))
		_exit(97);
	return made;
}

void memory_start(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	arenas[0] = arena_make();
	arenas[1] = arena_make();
	pages = arenas[0];
}

static void *bad_place(const char **name)
{
	static const char *const names[] = {" NULL", " low", " unmapped", " kernel"};
	void *const places[] = {NULL, (void *)1, pages + page, (void *)(UINTPTR_MAX - 4095)};
	unsigned int nth = pick(4);

	*name = names[nth];
	return places[nth];
}

const void *input_place(const void *data, size_t size, const char **name)
{
	char *at;

	/* Two in turn: sendmmsg has two addresses. */
	pages = pages == arenas[0] ? arenas[1] : arenas[0];
	at = pages + 64;
	*name = "";
	if (odd(8))
		return bad_place(name);
	if (size > page - 128)
		size = page - 128;
	memset(pages, 0, page);
	if (size && odd(5)) {
		at = pages + page - 1 - pick((unsigned int)size);
		*name = " cut";
		size = (size_t)(pages + page - at);
	} else if (chance(12)) {
		at = pages + page - size;
		*name = " last";
	}
	memcpy(at, data, size);
	return at;
}

void *output_place(size_t size, const char **name)
{
	*name = "";
	written = NULL;
	if (odd(7))
		return bad_place(name);
	if (odd(3)) {
		*name = " read-only";
		return pages + 2 * page;
	}
	written = chance(15) ? pages + page - size : pages + 64;
	memset(pages, 0x5a, page);
	return written;
}

bool output_readable(const void *pointer)
{
	return pointer && pointer == written;
}
