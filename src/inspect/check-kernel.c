/* SPDX-License-Identifier: MIT */
/* Checks of what the kernel, and a sandbox around us, let a process do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/index.h"
#include "inspect/checks.h"
#include "pool/create.h"
#include "real/netns.h"
#include "real/real.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define OLDEST_MAJOR 5
#define OLDEST_MINOR 7

struct finding kernel_check(void)
{
	struct utsname kernel;
	int major = 0, minor = 0;

	if (uname(&kernel))
		return remedied(found_bad(VERDICT_WARNING, "no version: %s", strerror(errno)),
				"see which sandbox forbids uname");
	sscanf(kernel.release, "%d.%d", &major, &minor);
	if (!strcmp(kernel.sysname, "Linux") &&
	    (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR)))
		return found_ok("%s %s, %s", kernel.sysname, kernel.release, kernel.machine);
	return remedied(found_bad(VERDICT_WARNING,
				  "%s %s, %s: says that it is older than Linux 5.7", kernel.sysname,
				  kernel.release, kernel.machine),
			"if guard fails, too, use a newer one");
}

/* Where a guard is tied to: 0 or -errno. */
static int index_try(void)
{
	bool ipv6;
	int fd = wildcard_socket(PROTOCOL_UDP, &ipv6), error;

	if (fd < 0)
		return fd;
	error = index_bind(fd, pool_claim_index());
	close(fd);
	return error;
}

/* As a program without any privilege would, in a child that gives ours up. */
static int unprivileged(int (*try)(void))
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}, {0}};
	pid_t child = fork();
	int status;

	if (!child)
		_exit(syscall(SYS_capset, &header, none) ? errno : -try());
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0 || !WIFEXITED(status))
		return try();
	return -WEXITSTATUS(status);
}

struct finding interface_index_check(void)
{
	int error = unprivileged(index_try);

	if (!error)
		return found_ok(
			"a socket can be tied to an index without an interface, by anybody");
	return remedied(
		found_bad(VERDICT_FAILS, "a socket cannot be tied to an interface index: %s",
			  strerror(-error)),
		"%s",
		remedy_of(-error, error == -EOPNOTSUPP
					  ? "use Linux 5.7 or newer, or a sandbox that allows "
					    "SO_BINDTOIFINDEX"
					  : "see which sandbox forbids sockets or their options"));
}

struct finding namespace_cookie_check(void)
{
	int fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;
	uint64_t cookie, netns;
	socklen_t size = sizeof cookie;

	if (fd < 0)
		return remedied(
			found_bad(VERDICT_FAILS, "no socket can be made: %s", strerror(errno)),
			"see which sandbox forbids AF_UNIX sockets");
	if (real_getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		error = errno;
	netns = netns_of(fd);
	close(fd);
	if (!error)
		return found_ok("a socket tells its network namespace (%llx)",
				(unsigned long long)cookie);
	if (netns)
		return found_ok("not there (%s); /proc tells the network namespace",
				strerror(error));
	return remedied(found_bad(VERDICT_FAILS,
				  "neither a socket (%s) nor /proc tells the network "
				  "namespace",
				  strerror(error)),
			"mount /proc, or use Linux 5.14 or newer");
}

/* Sends a descriptor, keeps it in flight, and lets it go. 0 or -errno. */
static int descriptor_park(void)
{
	char byte = 0;
	struct iovec data = {&byte, 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control.bytes};
	int pair[2], error = 0;

	if (real_socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	memcpy(CMSG_DATA(&control.header), &pair[0], sizeof pair[0]);
	if (real_sendmsg(pair[1], &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		error = -errno;
	close(pair[1]);
	close(pair[0]);
	return error;
}

struct finding parking_check(void)
{
	int error = descriptor_park();

	if (!error)
		return found_ok("a descriptor can be kept in flight (SCM_RIGHTS)");
	if (error == -ETOOMANYREFS)
		return remedied(
			found_bad(VERDICT_WARNING,
				  "more descriptors of this user are in flight than the "
				  "limit of open files: portres-hold keeps guards, and other "
				  "programs may fail"),
			"raise ulimit -n, or end large reservations (portres list)");
	return remedied(found_bad(VERDICT_FAILS, "no descriptor can be kept in flight: %s",
				  strerror(-error)),
			"%s", remedy_of(-error, "see which sandbox forbids sendmsg or SCM_RIGHTS"));
}

struct finding close_range_check(void)
{
	/* The last number there is, which is never open. */
	if (!real_close_range(~0U, ~0U, 0))
		return found_ok("there");
	return found_ok("not there (%s), and not missed", strerror(errno));
}

/* In the kernel, whatever a sandbox says. */
static bool ipv6_exists(void)
{
	return !access("/proc/sys/net/ipv6", F_OK) || !access("/proc/net/if_inet6", F_OK);
}

struct finding ipv6_check(void)
{
	struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = protocol_socket(AF_INET6, PROTOCOL_TCP), error = 0;

	if (fd < 0) {
		if (fd == -EAFNOSUPPORT && !ipv6_exists())
			return found_ok("not in this kernel: guards are for IPv4");
		return remedied(
			found_bad(
				fd == -EAFNOSUPPORT ? VERDICT_WARNING : VERDICT_FAILS,
				fd == -EAFNOSUPPORT
					? "this process may not make such sockets (%s): its guards "
					  "are for IPv4 only"
					: "no such socket can be made: %s",
				strerror(-fd)),
			"see which sandbox forbids AF_INET6 (RestrictAddressFamilies=, seccomp)");
	}
	if (real_bind(fd, (struct sockaddr *)&loopback, sizeof loopback))
		error = errno;
	close(fd);
	if (!error)
		return found_ok("there");
	if (error == EADDRNOTAVAIL)
		return found_ok("there, without the address ::1 (switched off, or lo is down)");
	return remedied(
		found_bad(VERDICT_WARNING, "a socket cannot be bound to ::1: %s", strerror(error)),
		"see which sandbox forbids it");
}
