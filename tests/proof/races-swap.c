/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>

#include "races.h"

#define PRECIOUS "not for the pool"

const char *const swap_names[SWAPS] = {
	"nothing", "a symbolic link", "a dangling one",		 "a file",
	"a FIFO",  "a folder",	      "one that is open to all", "one of somebody else"};

static void file_make(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (write(fd, PRECIOUS, sizeof PRECIOUS) != sizeof PRECIOUS || fchmod(fd, mode))
		bail_out("a file");
	close(fd);
}

void victim_make(struct victim *victim, const char *place)
{
	snprintf(victim->folder, sizeof victim->folder, "%s/victim", place);
	snprintf(victim->file, sizeof victim->file, "%s/precious", victim->folder);
	snprintf(victim->fresh, sizeof victim->fresh, "%s/fresh", victim->folder);
	if (mkdir(victim->folder, 0755) || chmod(victim->folder, 0755))
		bail_out("a folder");
	file_make(victim->file, 0644);
}

bool victim_unharmed(const struct victim *victim)
{
	char content[64] = "";
	struct stat info;
	int fd;
	ssize_t got;

	if (lstat(victim->folder, &info) || (info.st_mode & 07777) != 0755) {
		diag("the folder behind the link has mode %o", info.st_mode & 07777);
		return false;
	}
	if (lstat(victim->file, &info) || (info.st_mode & 07777) != 0644) {
		diag("the file behind the link has mode %o", info.st_mode & 07777);
		return false;
	}
	/* . and .. and the file: whatever else is there was put there through the link. */
	if (!lstat(victim->fresh, &info) || lstat(victim->folder, &info) || info.st_nlink != 2) {
		diag("something new stands behind the link");
		return false;
	}
	fd = open(victim->file, O_RDONLY | O_CLOEXEC);
	got = read(fd, content, sizeof content);
	close(fd);
	if (got != sizeof PRECIOUS || strcmp(content, PRECIOUS)) {
		diag("the file behind the link was written to");
		return false;
	}
	return true;
}

void swap(const char *path, enum swap what, bool file, const struct victim *victim)
{
	static _Atomic unsigned int moved;
	char aside[400];

	snprintf(aside, sizeof aside, "%s.%u", path, ++moved);
	rename(path, aside);
	switch (what) {
	case SWAP_LINK:
		if (symlink(file ? victim->file : victim->folder, path))
			return;
		break;
	case SWAP_DANGLING:
		if (symlink(victim->fresh, path))
			return;
		break;
	case SWAP_FILE:
		file_make(path, 0600);
		break;
	case SWAP_FIFO:
		mkfifo(path, 0600);
		break;
	case SWAP_FOLDER:
		mkdir(path, 0700);
		break;
	case SWAP_OPEN:
		if (file)
			file_make(path, 0666);
		else if (!mkdir(path, 0700))
			chmod(path, 0777);
		break;
	case SWAP_THEIRS:
		if (file)
			file_make(path, 0600);
		else
			mkdir(path, 0700);
		/* Where we may give nothing away it is our own. */
		if (lchown(path, SOMEBODY, SOMEBODY))
			return;
		break;
	default:
		break;
	}
}
