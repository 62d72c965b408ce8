/* SPDX-License-Identifier: MIT */
/* Checks of the list of persistent reservations and names: its folder, its lines, its holder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guard/guard.h"
#include "inspect/checks.h"
#include "inspect/place.h"
#include "persist/folder.h"
#include "persist/store.h"

#define ELSEWHERE "set PORTRES_STATE to another folder"

static struct finding folder_make_check(const struct place *place)
{
	char above[PATH_MAX];
	int error = place_makeable(place->path, true, above);

	if (error)
		return remedied(found_bad(VERDICT_FAILS, "%s cannot be made: %s: %s", place->path,
					  above, strerror(-error)),
				"see that you may write there, or " ELSEWHERE);
	return found_ok("%s, made when it is needed, on %s", place->path, place->filesystem);
}

struct finding list_folder_check(void)
{
	char path[PATH_MAX], about[PLACE_TEXT_SIZE];
	int error = state_path(path, sizeof path);
	struct place place;

	if (error)
		return remedied(
			found_bad(VERDICT_FAILS, "there is none: %s",
				  error == -ENOENT ? "this user has no home" : strerror(-error)),
			"set PORTRES_STATE to a folder");
	place_look(&place, path, true);
	if (place.error == -ENOENT)
		return folder_make_check(&place);
	if (place.error)
		return remedied(found_bad(VERDICT_FAILS, "%s: %s", path, strerror(-place.error)),
				ELSEWHERE);
	place_describe(&place, about);
	if (place.trouble)
		return remedied(found_bad(VERDICT_FAILS, "%s %s: %s", path, place.trouble, about),
				"make it yours alone (chown, chmod 700), or " ELSEWHERE);
	if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS))
		return remedied(found_bad(VERDICT_WARNING, "%s cannot be changed: %s: %s", path,
					  strerror(errno), about),
				"for portres persist and portres-run --name, make it writable, "
				"or " ELSEWHERE);
	return found_ok("%s, %s", path, about);
}

/* The numbers of the damaged lines, as far as there is room. */
static void faults_number(const struct store *store, char *text, size_t size)
{
	int length = 0;
	size_t i;

	*text = '\0';
	for (i = 0; i < store->fault_count && length + 16 < (int)size; i++)
		length += snprintf(text + length, size - (size_t)length, "%s%u", i ? ", " : "",
				   store->faults[i].line);
	if (i < store->fault_count)
		snprintf(text + length, size - (size_t)length, "...");
}

static struct finding lines_check(const struct store *store)
{
	char path[PATH_MAX] = "", numbers[128];
	size_t i, names = 0;

	state_path(path, sizeof path);
	for (i = 0; i < store->count; i++)
		names += store->entries[i].name != NULL;
	if (!store->fault_count)
		return found_ok("sound, with %zu persistent block%s and %zu name%s",
				store->count - names, store->count - names == 1 ? "" : "s", names,
				names == 1 ? "" : "s");
	faults_number(store, numbers, sizeof numbers);
	return remedied(found_bad(VERDICT_WARNING,
				  "damaged in line %s (%s): that counts for nothing", numbers,
				  store->faults[0].what),
			"correct %s/" STORE_NAME, path);
}

struct finding list_check(void)
{
	struct store store;
	struct finding finding;
	int error = store_open(&store, STORE_READ);

	switch (error) {
	case 0:
		finding = lines_check(&store);
		store_close(&store);
		return finding;
	case -EBADMSG:
		return remedied(found_bad(VERDICT_FAILS, "the file " STORE_NAME " is no text file"),
				"look at it, and move it away");
	case -EACCES:
		return remedied(found_bad(VERDICT_FAILS, "the file " STORE_NAME
							 " or its folder is not yours alone"),
				"make both yours alone (chown, chmod go-w)");
	default:
		return remedied(found_bad(VERDICT_FAILS, "cannot be read: %s", strerror(-error)),
				"%s", remedy_of(-error, "see list-folder"));
	}
}

static bool holder_runs(const struct store *store)
{
	char name[HOLDER_NAME_SIZE];

	state_holder_name(name, guard_netns());
	return store->folder >= 0 && state_locked(store->folder, name);
}

struct finding list_holder_check(void)
{
	struct store store;
	size_t i, blocks = 0;
	bool runs;

	if (store_open(&store, STORE_READ))
		return found_ok("the list cannot be read");
	for (i = 0; i < store.count; i++)
		blocks += !store.entries[i].name;
	runs = holder_runs(&store);
	store_close(&store);
	if (runs)
		return found_ok("portres persist hold runs");
	if (!blocks)
		return found_ok("not needed: no persistent block is listed");
	return remedied(
		found_bad(VERDICT_WARNING,
			  "portres persist hold does not run: while no program uses a listed "
			  "block, others can take its ports"),
		"start it: systemctl enable --now portres-persist, or portres persist hold");
}
