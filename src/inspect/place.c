/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "inspect/place.h"
#include "inspect/process.h"

static const struct filesystem {
	uint32_t magic;
	const char *name;
	bool remote;
} filesystems[] = {
	{TMPFS_MAGIC, "tmpfs", false},	     {EXT4_SUPER_MAGIC, "ext4", false},
	{BTRFS_SUPER_MAGIC, "btrfs", false}, {XFS_SUPER_MAGIC, "xfs", false},
	{F2FS_SUPER_MAGIC, "f2fs", false},   {OVERLAYFS_SUPER_MAGIC, "overlay", false},
	{RAMFS_MAGIC, "ramfs", false},	     {0x2fc12fc1, "zfs", false},
	{PROC_SUPER_MAGIC, "proc", false},   {SYSFS_MAGIC, "sysfs", false},
	{NFS_SUPER_MAGIC, "nfs", true},	     {0xff534d42, "cifs", true},
	{0xfe534d42, "smb", true},	     {V9FS_MAGIC, "9p", true},
	{0x00c36400, "ceph", true},	     {AFS_SUPER_MAGIC, "afs", true},
	{0x0bd00bd0, "lustre", true},	     {0x47504653, "gpfs", true},
	{0x19830326, "beegfs", true},
};

static void filesystem_look(struct place *place, const char *path)
{
	struct statfs status;
	size_t i;

	place->filesystem = "an unknown filesystem";
	if (statfs(path, &status)) {
		place->space = UINT64_MAX;
		return;
	}
	for (i = 0; i < sizeof filesystems / sizeof filesystems[0]; i++) {
		if (filesystems[i].magic != (uint32_t)status.f_type)
			continue;
		place->filesystem = filesystems[i].name;
		place->remote = filesystems[i].remote;
	}
	place->space = (uint64_t)status.f_bavail * (uint64_t)status.f_bsize;
	place->full = status.f_files && !status.f_ffree;
}

/* By the rules of those who open it. */
static const char *trouble_find(const struct stat *status, bool sticky)
{
	if (S_ISLNK(status->st_mode))
		return "is a symbolic link";
	if (!S_ISDIR(status->st_mode))
		return "is no folder";
	if (status->st_uid != geteuid())
		return "belongs to somebody else";
	if (status->st_mode & 022 && !(sticky && status->st_mode & S_ISVTX))
		return "can be written by others";
	return NULL;
}

void place_look(struct place *place, const char *path, bool sticky)
{
	char above[PATH_MAX];

	*place = (struct place){.error = 0};
	snprintf(place->path, sizeof place->path, "%s", path);
	if (lstat(path, &place->status))
		place->error = -errno;
	else
		place->trouble = trouble_find(&place->status, sticky);
	if (place->error)
		place_makeable(path, true, above);
	filesystem_look(place, place->error ? above : path);
}

const char *place_describe(const struct place *place, char text[PLACE_TEXT_SIZE])
{
	char user[USER_NAME_SIZE];

	snprintf(text, PLACE_TEXT_SIZE, "of %s, mode %04o, on %s",
		 user_name(place->status.st_uid, user), place->status.st_mode & 07777,
		 place->filesystem);
	return text;
}

/* The folder that a path is in. */
static void above_find(char path[PATH_MAX])
{
	size_t length = strlen(path);
	char *slash;

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		strcpy(path, ".");
	else if (slash == path)
		path[1] = '\0';
	else
		*slash = '\0';
}

int place_makeable(const char *path, bool deep, char above[PATH_MAX])
{
	struct stat status;

	if (snprintf(above, PATH_MAX, "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	do
		above_find(above);
	while (deep && stat(above, &status) && errno == ENOENT && strcmp(above, "/") != 0 &&
	       strcmp(above, ".") != 0);
	if (stat(above, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	return faccessat(AT_FDCWD, above, W_OK | X_OK, AT_EACCESS) ? -errno : 0;
}
