/* SPDX-License-Identifier: MIT */
/*
 * A child of vfork runs in its parent's memory, but with descriptors of its own: what
 * it closes and copies says nothing of the parent's. A library that keeps notes of
 * descriptors, and cannot tell this child from a thread, forgets the parent's sockets.
 * Ours can: who is not the owner of the memory changes nothing in it. A child with a
 * memory of its own (fork, _Fork, clone) owns its copy of the notes, and so does not
 * disturb the parent either.
 */
#include "modes.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <stddef.h>

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif

enum { COUNT = 4, STACK = 65536 };

struct scene {
	struct block block;
	int open, bound, copy; /* not bound yet; bound, and its port; a copy of the acquirer */
	int port;
};

/* What children do before an exec, and worse. No return value: only the parent counts. */
static void spoil(const struct scene *scene)
{
	int other = open("/dev/null", O_RDWR), top = anchor_number();

	dup2(other, scene->open);
	dup2(other, scene->copy);
	fcntl(scene->block.fd, F_SETFD, FD_CLOEXEC);
	close(scene->bound);
	dup2(scene->block.fd, scene->bound);
	fcntl(scene->block.fd, F_DUPFD, 100);
	if (top > 0)
		dup2(other, top);
	listen(socket(AF_INET, SOCK_STREAM, 0), 1);
	close_range(3, 20, CLOSE_RANGE_UNSHARE);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	close_range(3, ~0U, 0);
	closefrom(3);
}

static int spoil_and_end(void *scene)
{
	spoil(scene);
	syscall(SYS_exit_group, 0);
	return 0;
}

static struct scene scene_make(void)
{
	struct scene scene = {.block = mode_block(TCP, COUNT)};

	scene.open = member(&scene.block);
	scene.bound = member_bound(&scene.block);
	scene.port = port_of(scene.bound);
	scene.copy = mode == PRELOADED ? dup(scene.block.fd) : open("/dev/null", O_RDONLY);
	if (scene.open < 0 || scene.bound < 0 || scene.copy < 0)
		bail_out("the sockets of the scene");
	return scene;
}

/* Nothing has changed for the one who made the scene. */
static int as_before(struct scene *scene)
{
	int good = 1, left = scene->block.count - 2, fd;

	good &= mode == BARE || block_taken(&scene->block);
	good &= port_of(scene->bound) == scene->port;
	good &= !socket_bind(scene->open, "127.0.0.1", 0, 0);
	good &= belongs(&scene->block, port_of(scene->open));
	if (!good)
		diag("bound to %d and %d", port_of(scene->open), port_of(scene->bound));
	if (mode == BARE)
		return good;
	good &= ports_to_draw(&scene->block) == left;
	/* and its own close is still noticed */
	close(scene->bound);
	fd = member(&scene->block);
	good &= !socket_bind(fd, "127.0.0.1", scene->port, 0);
	close(fd);
	return good;
}

/* The acquirer's last descriptor is the one whose close ends the reservation. */
static int ends_in_time(struct scene *scene)
{
	int good;

	close(scene->open);
	close(scene->copy);
	if (mode != PRELOADED)
		return 1;
	good = block_taken(&scene->block);
	close(scene->block.fd);
	return good;
}

static void by_vfork(struct scene *scene)
{
	pid_t pid = vfork();

	if (!pid) {
		spoil(scene);
		_exit(0);
	}
	child_end(pid);
}

static void by_clone(struct scene *scene, int flags)
{
	char *stack = malloc(STACK);

	child_end(clone(spoil_and_end, stack + STACK, flags, scene));
	free(stack);
}

static void by_clone_vm(struct scene *scene)
{
	by_clone(scene, CLONE_VM | SIGCHLD);
}

static void by_clone_vfork(struct scene *scene)
{
	by_clone(scene, CLONE_VM | CLONE_VFORK | SIGCHLD);
}

static void by_spawn(struct scene *scene)
{
	static char name[] = "true", *arguments[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, scene->bound);
	posix_spawn_file_actions_addclose(&actions, scene->block.fd < 0 ? 0 : scene->block.fd);
	posix_spawn_file_actions_adddup2(&actions, 1, scene->open);
	posix_spawn_file_actions_adddup2(&actions, 1, scene->copy);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (posix_spawn(&pid, "/bin/true", &actions, NULL, arguments, environ))
		bail_out("posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	child_end(pid);
}

static void by_fork(struct scene *scene)
{
	pid_t pid = fork();

	if (!pid)
		spoil_and_end(scene);
	child_end(pid);
}

/* A fork that no handler of pthread_atfork sees. */
static void by_bare_fork(struct scene *scene)
{
	pid_t pid = _Fork();

	if (!pid)
		spoil_and_end(scene);
	child_end(pid);
}

static void by_bare_clone(struct scene *scene)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		spoil_and_end(scene);
	child_end(pid);
}

static const struct {
	const char *name;
	void (*make)(struct scene *);
} children[] = {
	{"vfork", by_vfork},
	{"clone in the same memory", by_clone_vm},
	{"clone as vfork does", by_clone_vfork},
	{"posix_spawn", by_spawn},
	{"fork", by_fork},
	{"_Fork", by_bare_fork},
	{"clone", by_bare_clone},
};

/* Containers forbid kcmp, the call that says whether two processes share their memory. */
static void no_kcmp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kcmp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		bail_out("seccomp");
}

/* A child with the acquiring socket is a holder like its parent, and may be one by itself. */
static int child_owns(void *argument)
{
	struct scene *scene = argument;
	struct block own = mode_block(UDP, 3);
	int good, fd = member_bound(&scene->block);

	good = fd >= 0 && belongs(&scene->block, port_of(fd));
	close(fd);
	fd = member_bound(&own);
	good &= fd >= 0 && belongs(&own, port_of(fd));
	close(fd);
	if (mode == PRELOADED) {
		good &= block_taken(&own);
		close(own.fd);
		good &= settled(block_free, &own);
	}
	return good;
}

/* What its own vfork child did has changed nothing for a forked child. */
static int unspoilt(struct scene *scene)
{
	by_vfork(scene);
	return !socket_bind(scene->open, "127.0.0.1", 0, 0) &&
	       belongs(&scene->block, port_of(scene->open)) &&
	       port_of(scene->bound) == scene->port && child_owns(scene);
}

/* The first act of the child is a vfork: the grandchild comes to the library before it. */
static int vfork_first(void *scene)
{
	return unspoilt(scene);
}

static int vfork_first_no_kcmp(void *scene)
{
	no_kcmp();
	return unspoilt(scene);
}

static int vfork_later(void *scene)
{
	return child_owns(scene) && unspoilt(scene);
}

static void grandchildren(void)
{
	static const struct {
		const char *name;
		int (*checks)(void *);
	} forks[] = {
		{"a forked child owns what it has", child_owns},
		{"a forked child has a vfork child that comes to the library first", vfork_first},
		{"the same where kcmp is forbidden, as in containers", vfork_first_no_kcmp},
		{"a forked child has a vfork child later", vfork_later},
	};

	for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++) {
		struct scene scene = scene_make();

		ok(in_child(forks[i].checks, &scene), "%s", forks[i].name);
		close(scene.bound);
		ok(ends_in_time(&scene), "it lives until the parent's last close");
		ok(mode != PRELOADED || settled(block_free, &scene.block), "and not longer");
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	for (size_t i = 0; i < sizeof children / sizeof children[0]; i++) {
		struct scene scene = scene_make();
		int before = open_descriptors();

		children[i].make(&scene);
		ok(open_descriptors() == before, "%s: the parent's descriptors", children[i].name);
		ok(as_before(&scene), "%s: sockets, ports and reservation", children[i].name);
		ok(ends_in_time(&scene), "%s: it lives until the last close", children[i].name);
		ok(mode != PRELOADED || settled(block_free, &scene.block), "%s: and not longer",
		   children[i].name);
	}
	grandchildren();
	return modes_end(argv);
}
