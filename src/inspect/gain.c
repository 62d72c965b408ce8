/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "inspect/gain.h"

static bool has_capabilities(int fd, bool *any)
{
	struct vfs_ns_cap_data data = {0};
	ssize_t got = fgetxattr(fd, "security.capability", &data, sizeof data);
	int i;

	*any = false;
	if (got < (ssize_t)XATTR_CAPS_SZ_1)
		return false;
	*any = le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE;
	for (i = 0; i < VFS_CAP_U32_3; i++)
		*any |= data.data[i].permitted != 0;
	return true;
}

/* As the kernel decides what it tells the loader (security/commoncap.c). Not libc's ids, which
 * fakeroot changes. */
enum program_gain gain_find(int fd, bool *marked)
{
	uid_t user = (uid_t)syscall(SYS_getuid);
	gid_t group = (gid_t)syscall(SYS_getgid);
	bool ignored, capabilities, effective, setuid, setgid;
	struct statvfs filesystem;
	struct stat status;

	*marked = false;
	if (fstat(fd, &status))
		return GAIN_NONE;
	capabilities = has_capabilities(fd, &effective);
	setuid = status.st_mode & S_ISUID;
	/* Without the right to execute it marks files with mandatory locks. */
	setgid = status.st_mode & S_ISGID && status.st_mode & S_IXGRP;
	*marked = capabilities || setuid || setgid;
	if (!fstatvfs(fd, &filesystem) && filesystem.f_flag & ST_NOSUID)
		return GAIN_NONE;
	ignored = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	if (setuid && !ignored && status.st_uid != user)
		return GAIN_USER;
	if (setgid && !ignored && status.st_gid != group)
		return GAIN_GROUP;
	return capabilities && effective && user != 0 ? GAIN_CAPABILITIES : GAIN_NONE;
}
