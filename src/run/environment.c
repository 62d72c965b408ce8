/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/library.h"
#include "run/environment.h"
#include "tool/message.h"

void environment_put(const char *name, const char *value)
{
	if (setenv(name, value, 1))
		fail("out of memory setting the environment; free some and try again");
}

__attribute__((format(printf, 2, 3))) static void put_formatted(const char *name,
								const char *format, ...)
{
	va_list arguments;
	char *value;

	va_start(arguments, format);
	if (vasprintf(&value, format, arguments) < 0)
		fail("out of memory setting %s; free some and try again", name);
	va_end(arguments);
	environment_put(name, value);
	free(value);
}

/* Before what is preloaded already, once. */
static void preload_set(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *path = library_path_for_all(library);

	if (!path)
		fail("out of memory setting LD_PRELOAD; free some and try again");
	if (!others || !*others || !strcmp(others, path))
		environment_put("LD_PRELOAD", path);
	else if (strncmp(others, path, strlen(path)) != 0 || !strchr(": ", others[strlen(path)]))
		put_formatted("LD_PRELOAD", "%s:%s", path, others);
	free(path);
}

/*
 * The AddressSanitizer of gcc refuses to start behind another library, unless it is told
 * that this is meant. Its calls still reach it: ours go on to the next in the order.
 */
static void sanitizer_allow(void)
{
	const char *options = getenv("ASAN_OPTIONS");

	if (!options || !*options)
		environment_put("ASAN_OPTIONS", "verify_asan_link_order=0");
	else if (!strstr(options, "verify_asan_link_order"))
		put_formatted("ASAN_OPTIONS", "%s:verify_asan_link_order=0", options);
}

static void variable_set(const struct port_variable *variable, uint32_t port)
{
	char *name = strndup(variable->name, variable->length);

	if (!name)
		fail("out of memory setting the environment; free some and try again");
	put_formatted(name, "%u", port);
	free(name);
}

void environment_set(const struct options *options, const struct block *block, const char *library)
{
	char value[256];
	struct text text = TEXT(value);
	int i;

	run_format(&text, &options->run, 1);
	environment_put("PORTRES_RESERVATION", value);
	put_formatted("PORTRES_FIRST", "%u", block->first);
	put_formatted("PORTRES_LAST", "%u", block->first + block->count - 1U);
	put_formatted("PORTRES_COUNT", "%u", block->count);
	for (i = 0; i < options->variable_count; i++)
		variable_set(&options->variables[i], block->first + options->variables[i].nth);
	preload_set(library);
	sanitizer_allow();
}
