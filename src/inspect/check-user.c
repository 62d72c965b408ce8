/* SPDX-License-Identifier: MIT */
/* Checks of where this process is, and as whom. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "inspect/checks.h"
#include "inspect/process.h"
#include "real/real.h"

/* The option of the last /proc that is mounted, or "". */
static void hidepid_find(char *option, size_t size)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *at, point[16];
	size_t room = 0;

	*option = '\0';
	while (mounts && getline(&line, &room, mounts) > 0) {
		if (sscanf(line, "%*s %*s %*s %*s %15s", point) != 1 || strcmp(point, "/proc") != 0)
			continue;
		at = strstr(line, "hidepid=");
		snprintf(option, size, "%.*s", at ? (int)strcspn(at, ", \n") : 0, at ? at : "");
	}
	free(line);
	if (mounts)
		fclose(mounts);
}

struct finding proc_check(void)
{
	struct statfs status;
	char hidepid[32];
	FILE *first;

	if (statfs("/proc", &status) || status.f_type != PROC_SUPER_MAGIC)
		return remedied(found_bad(VERDICT_WARNING,
					  "not mounted: portres cannot tell processes, "
					  "nor the library the kernel's ranges of ports"),
				"mount -t proc proc /proc");
	hidepid_find(hidepid, sizeof hidepid);
	first = fopen("/proc/1/stat", "re");
	if (first)
		fclose(first);
	else
		return remedied(
			found_bad(VERDICT_WARNING,
				  "processes of other users are hidden%s%s: portres cannot name "
				  "them",
				  *hidepid ? " by " : "", hidepid),
			"look as root, or as a member of the group that /proc is mounted for");
	return found_ok("mounted%s%s", *hidepid ? ", for us in spite of " : "", hidepid);
}

/* The inode of the first user namespace (PROC_USER_INIT_INO). */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU

struct finding user_check(void)
{
	char shown[USER_NAME_SIZE], real[USER_NAME_SIZE];
	uid_t kernel = (uid_t)syscall(SYS_geteuid), libc = geteuid();
	struct stat namespace;

	user_name(libc, shown);
	if (kernel != libc)
		return remedied(
			found_bad(
				VERDICT_WARNING,
				"fakeroot or the like shows this process as %s, the kernel has %s: "
				"outside, the pool is in another folder",
				shown, user_name(kernel, real)),
			"start fakeroot outside and portres-run within it, or set PORTRES_DIR for "
			"both");
	if (!stat("/proc/self/ns/user", &namespace) && namespace.st_ino != FIRST_USER_NAMESPACE)
		return found_ok(
			"%s, in a user namespace: reservations from outside it may be out of "
			"reach",
			shown);
	return found_ok("%s", shown);
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* By the marks that they leave. */
static const char *container_name(void)
{
	if (exists("/.dockerenv"))
		return "docker";
	if (exists("/run/.containerenv"))
		return "podman";
	if (exists("/run/systemd/container"))
		return "a container";
	return NULL;
}

static bool same_namespace_as_first(void)
{
	struct stat own, first;

	/* Where it may not be asked, nothing is said. */
	return stat("/proc/self/ns/net", &own) || stat("/proc/1/ns/net", &first) ||
	       own.st_ino == first.st_ino;
}

struct finding container_check(void)
{
	const char *container = container_name();
	bool filtered = prctl(PR_GET_SECCOMP) == 2, separate = !same_namespace_as_first();

	if (!container && !filtered && !separate)
		return found_ok("no sign of one");
	return found_ok("%s%s%s%s%s", container ? container : "",
			container && (filtered || separate) ? ", " : "",
			filtered ? "a seccomp filter" : "", filtered && separate ? ", " : "",
			separate ? "a network namespace of its own, whose ports these are" : "");
}
