/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/reservation.h"
#include "persist/folder.h"
#include "persist/lines.h"
#include "persist/replace.h"
#include "persist/store.h"

#define STORE_LOCK   "lock"
#define LOCK_SECONDS 60
#define LARGEST	     (4 << 20) /* a line for each port of each protocol has two megabytes */

static struct store_identity identity_of(const struct stat *stat)
{
	return (struct store_identity){stat->st_ino, (uint64_t)stat->st_ctim.tv_sec,
				       (uint64_t)stat->st_ctim.tv_nsec, (uint64_t)stat->st_size};
}

struct store_identity store_identity_now(const struct store *store)
{
	struct stat stat;

	if (store->folder < 0 || fstatat(store->folder, STORE_NAME, &stat, AT_SYMLINK_NOFOLLOW))
		return (struct store_identity){0};
	return identity_of(&stat);
}

static int file_read(int fd, struct store *store)
{
	struct stat stat;
	ssize_t got;

	if (fstat(fd, &stat))
		return -errno;
	if (!S_ISREG(stat.st_mode) || stat.st_size > LARGEST)
		return -EBADMSG;
	store->identity = identity_of(&stat);
	if (stat.st_uid != geteuid() || stat.st_mode & 022)
		return -EACCES;
	store->text = malloc((size_t)stat.st_size + 1);
	if (!store->text)
		return -ENOMEM;
	while (store->length < (size_t)stat.st_size) {
		got = read(fd, store->text + store->length, (size_t)stat.st_size - store->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		store->length += (size_t)got;
	}
	store->text[store->length] = '\0';
	return 0;
}

static int list_read(struct store *store)
{
	int fd = openat(store->folder, STORE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno == ELOOP ? -EACCES : -errno;
	error = file_read(fd, store);
	close(fd);
	return error ? error : lines_parse(store);
}

int store_open(struct store *store, enum store_access access)
{
	int error = 0;

	*store = (struct store){.folder = -1, .lock = -1};
	store->folder = state_open(access == STORE_WRITE);
	if (store->folder < 0) {
		/* Nobody has ever written one. */
		if (access == STORE_READ && store->folder == -ENOENT)
			return 0;
		return store->folder;
	}
	if (access == STORE_WRITE) {
		store->lock = state_lock(store->folder, STORE_LOCK, LOCK_SECONDS);
		if (store->lock < 0)
			error = store->lock;
	}
	if (!error)
		error = list_read(store);
	if (error)
		store_close(store);
	return error;
}

void store_close(struct store *store)
{
	lines_free(store);
	free(store->text);
	if (store->lock >= 0)
		close(store->lock);
	if (store->folder >= 0)
		close(store->folder);
	*store = (struct store){.folder = -1, .lock = -1};
}

int store_tidy(int folder, bool dry)
{
	int lock, error = 0;

	if (faccessat(folder, STORE_TEMPORARY, F_OK, AT_SYMLINK_NOFOLLOW))
		return -errno;
	/* Under the lock there is no writer whose it could be. */
	lock = state_lock(folder, STORE_LOCK, 0);
	if (lock < 0)
		return lock;
	if (dry ? faccessat(folder, STORE_TEMPORARY, F_OK, AT_SYMLINK_NOFOLLOW)
		: unlinkat(folder, STORE_TEMPORARY, 0))
		error = -errno;
	close(lock);
	return error;
}

void store_unlock(struct store *store)
{
	if (store->lock >= 0)
		close(store->lock);
	store->lock = -1;
}

const struct store_entry *store_find(const struct store *store, const struct block *block)
{
	size_t i;

	for (i = 0; i < store->count; i++) {
		const struct store_entry *entry = &store->entries[i];

		if (!entry->name && block_equals(&entry->block, block))
			return entry;
	}
	return NULL;
}

const struct store_entry *store_find_name(const struct store *store, const char *name)
{
	size_t i;

	for (i = 0; i < store->count; i++)
		if (store->entries[i].name && !strcmp(store->entries[i].name, name))
			return &store->entries[i];
	return NULL;
}

const struct store_entry *store_overlap(const struct store *store, const struct block *block)
{
	size_t i;

	for (i = 0; i < store->count; i++)
		if (!store->entries[i].name && blocks_overlap(&store->entries[i].block, block))
			return &store->entries[i];
	return NULL;
}

/* The new text: lines that stay, to the letter, and the new one. */
static char *text_make(const struct store *store, const struct store_change *change, size_t *length)
{
	char *text = malloc(store->length + LINES_SIZE + 1);
	size_t at = 0, done = 0, i;

	if (!text)
		return NULL;
	for (i = 0; change->gone && i < store->count; i++) {
		const struct store_entry *entry = &store->entries[i];

		if (!change->gone(entry, change->context))
			continue;
		memcpy(text + at, store->text + done, entry->start - done);
		at += entry->start - done;
		done = entry->end;
	}
	if (store->length > done) {
		memcpy(text + at, store->text + done, store->length - done);
		at += store->length - done;
	}
	if (change->block) {
		if (at && text[at - 1] != '\n')
			text[at++] = '\n';
		at += lines_format(text + at, change->block, change->name);
	}
	*length = at;
	return text;
}

static mode_t file_mode(int folder)
{
	struct stat stat;

	return !fstat(folder, &stat) && stat.st_mode & 044 ? 0644 : 0600;
}

int store_change(struct store *store, const struct store_change *change)
{
	struct replacement replacement = {
		.name = STORE_NAME,
		.temporary = STORE_TEMPORARY,
		.mode = file_mode(store->folder),
	};
	char *text = text_make(store, change, &replacement.length);
	int error;

	if (!text)
		return -ENOMEM;
	replacement.text = text;
	error = file_replace(store->folder, &replacement);
	free(text);
	return error;
}
