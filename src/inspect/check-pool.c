/* SPDX-License-Identifier: MIT */
/* Checks of the pool: its folder, and the file in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/here.h"
#include "core/reservation.h"
#include "inspect/checks.h"
#include "inspect/place.h"
#include "pool/slot.h"
#include "real/netns.h"
#include "real/real.h"

#define ELSEWHERE "set PORTRES_DIR to another folder"

/* The user's own in /dev/shm, or where it would be made; *others: those that are not his.
 * False: they have all the names. */
static bool default_look(struct place *place, unsigned int *others)
{
	struct place first = {.error = 0};
	char path[POOL_PATH_SIZE];
	unsigned int suffix;

	*others = 0;
	for (suffix = 0; suffix < POOL_FOLDERS; suffix++) {
		pool_folder_path(path, suffix);
		place_look(place, path, false);
		if (!place->error && !place->trouble)
			return true;
		if (place->error == -ENOENT && !*first.path)
			first = *place;
		*others += !place->error;
	}
	if (*first.path)
		*place = first;
	return *first.path;
}

/* The pool's file there, of this network namespace. */
static bool file_exists(const char *folder)
{
	int fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[POOL_PATH_SIZE], path[PATH_MAX];
	struct stat status;

	pool_file_name(name, fd < 0 ? 0 : netns_of(fd));
	if (fd >= 0)
		close(fd);
	return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path &&
	       !lstat(path, &status);
}

/* Why no file of the pool's size can be made there; ok: it can. */
static struct finding room_check(const struct place *place)
{
	const unsigned int kilobytes = sizeof(struct pool) / 1024 + 1;
	struct rlimit limit;

	if (place->full || place->space < sizeof(struct pool))
		return remedied(found_bad(VERDICT_FAILS,
					  "%s: no room: %llu kB are free on %s, a pool needs "
					  "%u%s",
					  place->path, (unsigned long long)place->space / 1024,
					  place->filesystem, kilobytes,
					  place->full ? ", and no further file can be made" : ""),
				"make room there, or " ELSEWHERE);
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < sizeof(struct pool))
		return remedied(
			found_bad(VERDICT_FAILS,
				  "%s: a pool cannot be made, files may have %llu kB and it "
				  "needs %u",
				  place->path, (unsigned long long)limit.rlim_cur / 1024,
				  kilobytes),
			"raise ulimit -f");
	return found_ok("%llu MB free", (unsigned long long)place->space >> 20);
}

/* It is not there. */
static struct finding folder_make_check(const struct place *place)
{
	char above[PATH_MAX];
	int error = place_makeable(place->path, false, above);
	struct finding room = room_check(place);

	if (error == -ENOENT)
		return remedied(found_bad(VERDICT_FAILS, "%s cannot be made: %s is not there",
					  place->path, above),
				"make that, or " ELSEWHERE);
	if (error)
		return remedied(found_bad(VERDICT_FAILS, "%s cannot be made: %s: %s", place->path,
					  above, strerror(-error)),
				"see that you may write there, or " ELSEWHERE);
	if (room.verdict != VERDICT_OK)
		return room;
	return found_ok("%s, made when it is needed, on %s, %s", place->path, place->filesystem,
			room.found);
}

/* It is there. */
static struct finding folder_check(const struct place *place)
{
	char about[PLACE_TEXT_SIZE];
	struct finding room = room_check(place);

	place_describe(place, about);
	if (place->trouble)
		return remedied(
			found_bad(VERDICT_FAILS, "%s %s: %s", place->path, place->trouble, about),
			"make it yours alone (chown, chmod 700), or " ELSEWHERE);
	if (!file_exists(place->path)) {
		if (faccessat(AT_FDCWD, place->path, W_OK | X_OK, AT_EACCESS))
			return remedied(
				found_bad(VERDICT_FAILS, "%s cannot be written: %s: %s",
					  place->path, strerror(errno), about),
				"chmod 700, a filesystem that can be written, or " ELSEWHERE);
		if (room.verdict != VERDICT_OK)
			return room;
	}
	return found_ok("%s, %s%s%s", place->path, about, room.verdict == VERDICT_OK ? ", " : "",
			room.verdict == VERDICT_OK ? room.found : "");
}

struct finding pool_folder_check(void)
{
	const char *folder = pool_folder();
	unsigned int others = 0;
	struct finding finding;
	struct place place;

	if (folder)
		place_look(&place, folder, false);
	else if (!default_look(&place, &others))
		return remedied(found_bad(VERDICT_FAILS,
					  "all %u folders that could be yours in /dev/shm, "
					  "%s among them, belong to others or are open to "
					  "them",
					  others, place.path),
				"see who made them, or " ELSEWHERE);
	if (place.error && place.error != -ENOENT)
		return remedied(
			found_bad(VERDICT_FAILS, "%s: %s", place.path, strerror(-place.error)),
			ELSEWHERE);
	finding = place.error ? folder_make_check(&place) : folder_check(&place);
	if (finding.verdict == VERDICT_OK && place.remote)
		return remedied(found_bad(VERDICT_WARNING,
					  "%s is on %s: hosts that share it must not share a pool",
					  place.path, place.filesystem),
				"set PORTRES_DIR to a folder of this host, in /dev/shm or /tmp");
	if (finding.verdict == VERDICT_OK)
		return found_ok("%s%s%s", finding.found, folder ? ", as PORTRES_DIR says" : "",
				others ? ", since others have one of your name" : "");
	return finding;
}

/* How many of its reservations live, and how many are only left of some that have ended. */
static void reservations_count(struct pool *pool, unsigned int *alive, unsigned int *ended)
{
	struct reservation reservation;
	unsigned int slot;

	*alive = *ended = 0;
	for (slot = 0; slot < POOL_SLOTS; slot++) {
		uint64_t token = slot_token(pool, slot);

		if (!token || !reservation_find(pool, token, &reservation))
			continue;
		if (reservation_alive(&reservation))
			++*alive;
		else
			++*ended;
	}
}

struct finding pool_file_check(void)
{
	unsigned int alive, ended;
	struct pool *pool;
	int error = pool_here(&pool, false);

	if (error == -ENOENT)
		return found_ok("none yet, made when it is needed");
	if (error == -EBADMSG)
		return remedied(found_bad(VERDICT_FAILS, "damaged, or not a pool of this version"),
				"remove it while no reservation is in use");
	if (error == -EACCES)
		return remedied(found_bad(VERDICT_FAILS,
					  "it or its folder is not yours alone, or not "
					  "yours to write"),
				"make both yours alone (chown, chmod 700 and 600), or " ELSEWHERE);
	if (error)
		return remedied(found_bad(VERDICT_FAILS, "cannot be opened: %s", strerror(-error)),
				"%s", remedy_of(-error, "see pool-folder and namespace-cookie"));
	reservations_count(pool, &alive, &ended);
	pool_close(pool);
	if (alive + ended < POOL_SLOTS)
		return found_ok("sound, with %u reservation%s%s", alive, alive == 1 ? "" : "s",
				ended ? " and what is left of others" : "");
	return remedied(found_bad(alive < POOL_SLOTS ? VERDICT_WARNING : VERDICT_FAILS,
				  "it is full: %u reservations, %u of them have ended", POOL_SLOTS,
				  ended),
			"end some (portres list)");
}
