/* SPDX-License-Identifier: MIT */
/* The operations, and the worker that does one. */
#include "step.h"
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

/* Where every port is the first to be tried. */
#define ANY_ADDRESS "0.0.0.0"

/* Fewer than the ports of the block times four: see src/core/budget.h. */
#define FEW_DESCRIPTORS 11

static void need(int condition)
{
	if (!condition)
		_exit(96);
}

/* The worker's own reservation, where none was passed along. */
static void block_have(struct scene *scene)
{
	if (scene->block.token)
		return;
	scene->block = try_reserve(scene->type, scene->start, COUNT);
	need(scene->block.fd >= 0);
}

static void prepare_socket(struct scene *scene)
{
	scene->fd = socket_open(scene->type, ANY_ADDRESS, 0);
}

static void prepare_block(struct scene *scene)
{
	block_have(scene);
	prepare_socket(scene);
}

static void prepare_tied(struct scene *scene)
{
	block_have(scene);
	scene->fd = tied(&scene->block, ANY_ADDRESS, 0);
}

/* Its ports have all been drawn and closed: from then on it is claims that decide. */
static void prepare_used(struct scene *scene)
{
	int fds[COUNT];

	block_have(scene);
	for (int i = 0; i < COUNT; i++)
		need((fds[i] = drawn(&scene->block, ANY_ADDRESS, 0, 0)) >= 0);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	prepare_tied(scene);
}

static void prepare_bound(struct scene *scene)
{
	prepare_tied(scene);
	need(!socket_bind(scene->fd, ANY_ADDRESS, 0, 0));
}

static int done(int result)
{
	return result ? errno : 0;
}

static void work_acquire(struct scene *scene)
{
	scene->result = done(acquire(scene->fd, scene->start, COUNT, &scene->acquired));
}

/* There is no such block; by then there is a pool. */
static void work_create(struct scene *scene)
{
	int error = done(acquire(scene->fd, 65535, COUNT, &scene->acquired));

	scene->result = error == EINVAL ? 0 : error ? error : EPROTO;
}

static void work_acquire_any(struct scene *scene)
{
	scene->result = done(acquire(scene->fd, 0, COUNT, &scene->acquired));
}

static void work_associate(struct scene *scene)
{
	scene->result = done(associate(scene->fd, scene->block.token));
}

static void work_draw(struct scene *scene)
{
	scene->result = done(socket_bind(scene->fd, ANY_ADDRESS, 0, 0));
}

static void work_bind(struct scene *scene)
{
	scene->result =
		done(socket_bind(scene->fd, ANY_ADDRESS, scene->start + NUMBERED_OFFSET, 0));
}

static void work_close(struct scene *scene)
{
	scene->result = done(close(scene->fd));
}

static void work_close_acquirer(struct scene *scene)
{
	scene->result = done(close(scene->block.fd));
}

static void work_release(struct scene *scene)
{
	scene->result = done(release(scene->fd, scene->block.token));
}

const struct operation operations[] = {
	{"pool creation", TCP, prepare_socket, work_create, EMPTY},
	{"pool creation under a temporary name", TCP, prepare_socket, work_create,
	 EMPTY | NAMED | VARIANT},
	{"start with PORTRES_RESERVE", TCP, NULL, NULL, START},
	{"acquire, TCP", TCP, prepare_socket, work_acquire, 0},
	{"acquire, UDP", UDP, prepare_socket, work_acquire, VARIANT},
	{"acquire of any block", TCP, prepare_socket, work_acquire_any, VARIANT},
	{"acquire with a holder", TCP, prepare_socket, work_acquire, HELD},
	{"associate", TCP, prepare_block, work_associate, PASSED},
	{"bind to port 0, TCP", TCP, prepare_tied, work_draw, PASSED | BINDS},
	{"bind to port 0, UDP", UDP, prepare_tied, work_draw, PASSED | BINDS | VARIANT},
	{"bind to port 0, used before, TCP", TCP, prepare_used, work_draw, PASSED | BINDS},
	{"bind to port 0, used before, UDP", UDP, prepare_used, work_draw,
	 PASSED | BINDS | VARIANT},
	{"bind by number, TCP", TCP, prepare_tied, work_bind, PASSED | BINDS | NUMBERED},
	{"bind by number, UDP", UDP, prepare_tied, work_bind, PASSED | BINDS | NUMBERED | VARIANT},
	{"bind by number, used before", TCP, prepare_used, work_bind, PASSED | BINDS | NUMBERED},
	{"bind of a persistent block", TCP, prepare_tied, work_draw, PERSISTENT | PASSED | BINDS},
	{"close", TCP, prepare_bound, work_close, PASSED},
	{"close of the acquiring socket", TCP, prepare_block, work_close_acquirer, 0},
	{"close of the acquiring socket, with a holder", TCP, prepare_block, work_close_acquirer,
	 HELD},
	{"release, TCP", TCP, prepare_block, work_release, PASSED | ENDS},
	{"release, UDP", UDP, prepare_block, work_release, PASSED | ENDS | VARIANT},
	{"release with a holder", TCP, prepare_block, work_release, HELD},
};
const int operations_count = sizeof operations / sizeof *operations;

/* Parked guards are counted against the limit of open files, but not for the privileged. */
static void privileges_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}, {0}};
	struct rlimit limit = {FEW_DESCRIPTORS, FEW_DESCRIPTORS};

	need(!syscall(SYS_close_range, 3, ~0U, 0));
	need(!syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_SYS_RESOURCE | 1U << CAP_SYS_ADMIN);
	need(!syscall(SYS_capset, &header, data));
	need(!setrlimit(RLIMIT_NOFILE, &limit));
}

/* As on a file system that does not know O_TMPFILE. */
static void unnamed_files_forbid(void)
{
	const unsigned int flag = O_TMPFILE & ~O_DIRECTORY;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flag, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};

	need(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	need(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* Its constructor is all that counts. */
void worker_main(void)
{
	trace_stop();
	_exit(0);
}

static void worker_exec(const struct scene *scene)
{
	char wanted[64];

	snprintf(wanted, sizeof wanted, "%s:%d-%d", scene->type == TCP ? "tcp" : "udp",
		 scene->start, scene->start + COUNT - 1);
	setenv("PORTRES_RESERVE", wanted, 1);
	exec_self((const char *[]){"worker", NULL});
}

static void worker(const struct operation *operation, struct scene *scene)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (operation->flags & HELD)
		privileges_drop();
	if (operation->flags & NAMED)
		unnamed_files_forbid();
	if (operation->prepare)
		operation->prepare(scene);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(97);
	trace_stop();
	if (operation->flags & START)
		worker_exec(scene);
	operation->work(scene);
	scene->port = port_of(scene->fd);
	trace_stop();
	_exit(0);
}

pid_t worker_start(const struct operation *operation, struct scene *scene)
{
	pid_t pid;

	scene->result = operation->flags & START ? 0 : -1;
	scene->port = 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (!pid)
		worker(operation, scene);
	return trace_adopt(pid) ? pid : -1;
}
