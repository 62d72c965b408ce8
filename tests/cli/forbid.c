/* SPDX-License-Identifier: MIT */
/*
 * forbid - runs a command in a sandbox that answers some system calls itself:
 *
 *	forbid CALL[:ARGUMENT=VALUE] ERRNO [CALL...] -- COMMAND [ARG]...
 *
 * CALL is a name of the table below, ARGUMENT counts from 0, ERRNO is a number (0: the call
 * says that it has done what it has not). Exit status 77: no filters here.
 */
#include <endian.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { NO_SANDBOX = 77 };

static const struct {
	const char *name;
	long number;
} calls[] = {
	{"bind", SYS_bind},	  {"close_range", SYS_close_range}, {"getsockopt", SYS_getsockopt},
	{"sendmsg", SYS_sendmsg}, {"setsockopt", SYS_setsockopt},   {"socket", SYS_socket},
	{"execve", SYS_execve},
};

static void filter_set(struct sock_filter *code, size_t length)
{
	struct sock_fprog program = {.len = (unsigned short)length, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(NO_SANDBOX);
}

static void forbid(long number, unsigned int argument, uint32_t value, uint32_t error)
{
	const uint32_t low = __BYTE_ORDER == __BIG_ENDIAN ? 4 : 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)offsetof(struct seccomp_data, args) + 8 * argument + low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	/* Without an argument: whatever there is in it. */
	if (argument > 5)
		code[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0);
	if (argument > 5)
		code[2] = code[0];
	filter_set(code, sizeof code / sizeof code[0]);
}

static long number_of(const char *call, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (strlen(calls[i].name) == length && !memcmp(calls[i].name, call, length))
			return calls[i].number;
	fprintf(stderr, "forbid: %s: not in the table\n", call);
	exit(2);
}

int main(int argc, char **argv)
{
	int at = 1;

	for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2) {
		size_t length = strcspn(argv[at], ":");
		unsigned int argument = 6, value = 0;

		if (argv[at][length] && sscanf(argv[at] + length, ":%u=%u", &argument, &value) != 2)
			return 2;
		forbid(number_of(argv[at], length), argument, value,
		       (uint32_t)strtoul(argv[at + 1], NULL, 10));
	}
	if (at + 1 >= argc)
		return 2;
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 127;
}
