/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* The byte of the ELF header that tells 32 bits from 64; 0: no ELF file. */
static unsigned char elf_class(const char *path)
{
	unsigned char ident[EI_NIDENT] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, ident, sizeof ident) != (ssize_t)sizeof ident ||
	    memcmp(ident, ELFMAG, SELFMAG) != 0)
		ident[EI_CLASS] = 0;
	close(fd);
	return ident[EI_CLASS];
}

/* Whether the loader makes of this path the library itself. */
static bool loads_as(const char *path, const char *library)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct link_map *map;
	bool same;

	if (!handle)
		return false;
	same = !dlinfo(handle, RTLD_DI_LINKMAP, &map) && !strcmp(map->l_name, library);
	dlclose(handle);
	return same;
}

/*
 * Where the library is installed for programs of both word sizes, side by side as
 * distributions do it, a path in which each program's loader finds its own; else the
 * library's. The caller frees it.
 */
static char *path_for_all(const char *library)
{
	static const char *const folders[] = {"lib/x86_64-linux-gnu", "lib/i386-linux-gnu", "lib64",
					      "lib32", "lib"};
	const unsigned int count = sizeof folders / sizeof folders[0];
	const char *name = strrchr(library, '/');
	size_t length = name ? (size_t)(name - library) : 0;
	char *path = NULL, *other;
	unsigned int i;
	bool both = false;

	for (i = 0; i < count && !path; i++) {
		size_t folder = strlen(folders[i]);

		if (length > folder && library[length - folder - 1] == '/' &&
		    !memcmp(library + length - folder, folders[i], folder)) {
			length -= folder;
			if (asprintf(&path, "%.*s$LIB%s", (int)length, library, name) < 0)
				return NULL;
		}
	}
	for (i = 0; i < count && path && !both; i++) {
		unsigned char class;

		if (asprintf(&other, "%.*s%s%s", (int)length, library, folders[i], name) < 0)
			break;
		class = elf_class(other);
		both = class && class != elf_class(library);
		free(other);
	}
	if (both && loads_as(path, library))
		return path;
	free(path);
	return strdup(library);
}

/* Before what is preloaded already, once. */
static void preload_set(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *path = path_for_all(library);

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
