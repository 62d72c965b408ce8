/* SPDX-License-Identifier: MIT */
/* Sandboxes: filters of system calls, as browsers, containers and service managers set them. */
#ifndef TESTS_PRELOAD_SANDBOX_H
#define TESTS_PRELOAD_SANDBOX_H

#include "process.h"
#include <endian.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

/* What a child ends with where filters are not allowed. */
enum { NO_SANDBOX = 77 };

static void filter_set(struct sock_filter *code, size_t length)
{
	struct sock_fprog program = {.len = (unsigned short)length, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(NO_SANDBOX);
}

/* From now on this call is answered so, in this process: SECCOMP_RET_ERRNO | EPERM, say. */
HELPER void forbid(long number, uint32_t answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	filter_set(code, sizeof code / sizeof code[0]);
}

/* The same where the call's first argument is this one. */
HELPER void forbid_first(long number, uint32_t argument, uint32_t answer)
{
	const uint32_t low = __BYTE_ORDER == __BIG_ENDIAN ? 4 : 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argument, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	filter_set(code, sizeof code / sizeof code[0]);
}

/* Whether the checks hold in a forked child, which forbids itself what it wants. */
HELPER int confined(int (*checks)(void *), void *argument, const char *what)
{
	struct peer child = peer_start();
	int status;

	if (!child.pid) {
		signal(SIGALRM, SIG_DFL);
		alarm(60);
		_exit(checks(argument) ? 0 : 1);
	}
	status = peer_end(&child);
	if (status == NO_SANDBOX)
		return skip(what, "no seccomp filters here");
	if (status > 1)
		diag("ended with %d", status);
	return ok(status == 0, "%s", what);
}

#endif
