/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "inspect/library.h"

static void self_find(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	const char *started;

	if (length > 0) {
		path[length] = '\0';
		return;
	}
	/* Without /proc: as it was started, if that says where. */
	started = (const char *)getauxval(AT_EXECFN);
	if (!started || !realpath(started, path))
		*path = '\0';
}

/* False where it does not fit. */
static bool path_join(char path[PATH_MAX], const char *folder, size_t length, const char *rest)
{
	return snprintf(path, PATH_MAX, "%.*s%s", (int)length, folder, rest) < PATH_MAX;
}

void installation_find(struct installation *installation)
{
	const char *self = installation->self, *slash;
	size_t folder;

	self_find(installation->self);
	slash = strrchr(self, '/');
	folder = slash ? (size_t)(slash - self) : 0;
	installation->built =
		slash && path_join(installation->library, self, folder, "/.libs/libportres.so") &&
		path_join(installation->helper, self, folder, "/portres-exec") &&
		path_join(installation->holder, self, folder, "/portres-hold") &&
		!access(installation->library, F_OK);
	if (installation->built)
		return;
	strcpy(installation->library, PORTRES_LIBDIR "/libportres.so");
	strcpy(installation->helper, PORTRES_LIBEXECDIR "/portres-exec");
	strcpy(installation->holder, PORTRES_LIBEXECDIR "/portres-hold");
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

static const char *const folders[] = {"lib/x86_64-linux-gnu", "lib/i386-linux-gnu", "lib64",
				      "lib32", "lib"};
#define FOLDERS (sizeof folders / sizeof folders[0])

/* How much of its path stands before the folder for its word size; 0: it is in none. */
static size_t prefix_length(const char *library)
{
	const char *name = strrchr(library, '/');
	size_t length = name ? (size_t)(name - library) : 0, i;

	for (i = 0; i < FOLDERS; i++) {
		size_t folder = strlen(folders[i]);

		if (length > folder && library[length - folder - 1] == '/' &&
		    !memcmp(library + length - folder, folders[i], folder))
			return length - folder;
	}
	return 0;
}

char *library_other(const char *library)
{
	size_t prefix = prefix_length(library), i;
	unsigned char class = elf_class(library), other_class;
	char *other;

	for (i = 0; prefix && i < FOLDERS; i++) {
		if (asprintf(&other, "%.*s%s%s", (int)prefix, library, folders[i],
			     strrchr(library, '/')) < 0)
			return NULL;
		other_class = elf_class(other);
		if (other_class && other_class != class)
			return other;
		free(other);
	}
	return NULL;
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

char *library_path_for_all(const char *library)
{
	char *other = library_other(library), *path;

	if (!other)
		return strdup(library);
	free(other);
	if (asprintf(&path, "%.*s$LIB%s", (int)prefix_length(library), library,
		     strrchr(library, '/')) < 0)
		return NULL;
	if (loads_as(path, library))
		return path;
	free(path);
	return strdup(library);
}
