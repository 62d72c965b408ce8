/* SPDX-License-Identifier: MIT */
/* Checks of what is installed, and that a program really is served. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/checks.h"
#include "inspect/child.h"
#include "inspect/library.h"
#include "inspect/word-size.h"

#define INSTALL_REMEDY "build or install libportres again"

struct finding library_check(void)
{
	struct installation installation;

	installation_find(&installation);
	if (access(installation.library, R_OK))
		return remedied(
			found_bad(VERDICT_FAILS, "%s: %s", installation.library, strerror(errno)),
			INSTALL_REMEDY);
	if (strpbrk(installation.library, " :"))
		return remedied(found_bad(VERDICT_FAILS,
					  "%s: LD_PRELOAD cannot hold a path with a space or a "
					  "colon",
					  installation.library),
				"install libportres elsewhere");
	return found_ok("%s%s", installation.library,
			installation.built ? ", in a build tree" : "");
}

struct finding helper_check(void)
{
	struct installation installation;

	installation_find(&installation);
	if (access(installation.helper, X_OK))
		return remedied(found_bad(VERDICT_FAILS, "%s: %s; portres-run needs it",
					  installation.helper, strerror(errno)),
				INSTALL_REMEDY);
	return found_ok("%s", installation.helper);
}

struct trial {
	struct installation installation;
	char folder[PATH_MAX]; /* of a pool of its own */
};

/* Ours, doctor and all, as a program that portres-run starts. */
static void trial_become(void *context)
{
	static const char *const ours[] = {"PORTRES_RANGE", "PORTRES_DEBUG", "PORTRES_RESERVE",
					   "PORTRES_RESERVATION"};
	const struct trial *trial = context;
	const struct installation *installation = &trial->installation;
	size_t i;

	for (i = 0; i < sizeof ours / sizeof ours[0]; i++)
		unsetenv(ours[i]);
	if (!setenv("PORTRES_DIR", trial->folder, 1))
		execl(installation->helper, "portres-exec", installation->library, "-n", "1", "--",
		      installation->self, "doctor", "--only", "reservation", NULL);
	dprintf(STDERR_FILENO, "%s: %s\n", installation->helper, strerror(errno));
	_exit(127);
}

/* The pool that it made. */
static void folder_remove(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_type != DT_DIR)
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(path);
}

/* The last line, which says why. */
static const char *line_last(char *text)
{
	size_t length = strlen(text);
	char *line;

	while (length && text[length - 1] == '\n')
		text[--length] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

struct finding preload_check(void)
{
	const char *temporary = secure_getenv("TMPDIR");
	struct trial trial;
	char said[1024];
	int status;

	installation_find(&trial.installation);
	if (snprintf(trial.folder, sizeof trial.folder, "%s/portres-doctor.XXXXXX",
		     temporary && *temporary ? temporary : "/tmp") >= (int)sizeof trial.folder ||
	    !mkdtemp(trial.folder))
		return remedied(found_bad(VERDICT_WARNING,
					  "cannot be tried without a temporary folder: %s",
					  strerror(errno)),
				"set TMPDIR to a folder that can be written");
	status = child_run(trial_become, &trial, said, sizeof said);
	folder_remove(trial.folder);
	if (!status)
		return found_ok("a program that portres-run started bound ports of its block");
	if (status < 0)
		return remedied(
			found_bad(VERDICT_FAILS, "a program under portres-run: %s",
				  status == -EINTR ? "ended by a signal" : strerror(-status)),
			"%s", remedy_of(-status, INSTALL_REMEDY));
	return remedied(found_bad(VERDICT_FAILS, "a program under portres-run is not served: %s",
				  line_last(said)),
			"see what else is not ok, or " INSTALL_REMEDY);
}

static const char *path_of(void *handle)
{
	struct link_map *map;

	return dlinfo(handle, RTLD_DI_LINKMAP, &map) ? "" : map->l_name;
}

static void by_name_load(void *context)
{
	void *handle;

	(void)context;
	/* It would act on these. */
	unsetenv("PORTRES_RESERVE");
	unsetenv("PORTRES_RESERVATION");
	handle = dlopen("libportres.so", RTLD_NOW | RTLD_LOCAL);
	if (handle)
		dprintf(STDOUT_FILENO, "%s", path_of(handle));
	_exit(handle ? 0 : 1);
}

struct finding preload_by_name_check(void)
{
	void *loaded = dlopen("libportres.so", RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	struct installation installation;
	char said[PATH_MAX], found[PATH_MAX], wanted[PATH_MAX];

	if (loaded)
		return found_ok("%s is in this process already", path_of(loaded));
	installation_find(&installation);
	if (child_run(by_name_load, NULL, said, sizeof said)) {
		if (installation.built)
			return found_ok("LD_PRELOAD needs the whole path: it is not installed");
		return remedied(found_bad(VERDICT_WARNING,
					  "LD_PRELOAD=libportres.so does not find the library"),
				"run ldconfig, or give LD_PRELOAD the whole path, %s",
				installation.library);
	}
	if (!installation.built && realpath(said, found) &&
	    realpath(installation.library, wanted) && strcmp(found, wanted) != 0)
		return remedied(found_bad(VERDICT_WARNING,
					  "LD_PRELOAD=libportres.so finds another one, %s", said),
				"give LD_PRELOAD the whole path, %s, or remove the other",
				installation.library);
	return found_ok("LD_PRELOAD=libportres.so finds %s", said);
}

struct finding other_size_check(void)
{
	const int other_bits = sizeof(void *) == 8 ? 32 : 64;
	struct installation installation;
	struct finding finding;
	char *other;

	if (!small_words_run())
		return found_ok("this kernel runs no 32-bit programs");
	installation_find(&installation);
	other = library_other(installation.library);
	finding = other ? found_ok("%d-bit programs are reached by %s", other_bits, other)
			: found_ok("not installed: %d-bit programs are not reached", other_bits);
	free(other);
	return finding;
}

struct finding ld_preload_check(void)
{
	const char *value = getenv("LD_PRELOAD");
	char *list, *at, *entry;
	struct finding finding;
	void *handle;

	if (!value || !*value)
		return found_ok("LD_PRELOAD is not set");
	finding = found_ok("all of LD_PRELOAD is loaded: %s", value);
	at = list = strdup(value);
	while ((entry = strsep(&at, " :"))) {
		/* What the loader found when it started us. */
		handle = *entry ? dlopen(entry, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD) : NULL;
		if (handle)
			dlclose(handle);
		else if (*entry && finding.verdict == VERDICT_OK)
			finding = remedied(found_bad(VERDICT_WARNING,
						     "LD_PRELOAD holds %s, which the loader cannot "
						     "load and leaves out",
						     entry),
					   "correct its path, or take it out of LD_PRELOAD");
	}
	free(list);
	return finding;
}
