/* SPDX-License-Identifier: MIT */
/*
 * A reservation lives until the last descriptor of its acquiring socket is closed, in
 * whichever process, however that process came to it. libc has many ways to make one,
 * and most of them run no hook: what a child inherits it holds, what it was not given it
 * does not hold, and its end gives back what was its. Each way is tried with a child that
 * outlives the parent's close.
 */
#include "modes.h"
#include <spawn.h>

enum { COUNT = 3, ELSEWHERE = 50 };

/* A program image that closes the descriptors that it is told, until it is told 0. */
static int image_hold(void)
{
	struct peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	uint64_t fd;

	tell(&peer, 0);
	while ((fd = hear(&peer)))
		tell(&peer, (uint64_t)close((int)fd));
	return 0;
}

static char image_name[] = "test", image_role[] = "hold";
static char *const image_arguments[] = {image_name, image_role, NULL};

enum way {
	FORK_EXEC,
	VFORK_EXEC,
	VFORK_CLOSE_EXEC,
	VFORK_DUP_CLOSE_EXEC,
	CLONE_EXEC,
	SPAWN,
	SPAWN_CLOEXEC,
	SPAWN_CLOSE,
	SPAWN_DUP2,
	SPAWN_DUP2_SAME,
	SPAWN_CLOSEFROM,
	SPAWN_DUP2_CLOSE,
	SPAWN_DUP2_CLOSEFROM,
	SPAWN_DUP2_OVER,
	SPAWNP_DUP2,
	WAYS
};

static const struct {
	const char *name;
	int cloexec, held_at; /* the image's descriptor of it: -1 the parent's number, 0 none */
} ways[] = {
	[FORK_EXEC] = {"fork, exec", 0, -1},
	[VFORK_EXEC] = {"vfork, exec", 0, -1},
	[VFORK_CLOSE_EXEC] = {"vfork, close, exec", 0, 0},
	[VFORK_DUP_CLOSE_EXEC] = {"vfork, dup2 elsewhere, close, exec", 1, ELSEWHERE},
	[CLONE_EXEC] = {"clone as vfork does, exec", 0, -1},
	[SPAWN] = {"posix_spawn", 0, -1},
	[SPAWN_CLOEXEC] = {"posix_spawn, close-on-exec", 1, 0},
	[SPAWN_CLOSE] = {"posix_spawn with addclose", 0, 0},
	[SPAWN_DUP2] = {"posix_spawn with adddup2, close-on-exec", 1, ELSEWHERE},
	[SPAWN_DUP2_SAME] = {"posix_spawn with adddup2 to itself, close-on-exec", 1, -1},
	[SPAWN_CLOSEFROM] = {"posix_spawn with addclosefrom_np", 0, 0},
	[SPAWN_DUP2_CLOSE] = {"posix_spawn with adddup2 and addclose of it, close-on-exec", 1, 0},
	[SPAWN_DUP2_CLOSEFROM] = {"posix_spawn with adddup2 and addclosefrom_np", 0, 0},
	[SPAWN_DUP2_OVER] = {"posix_spawn with adddup2 of another over it", 0, 0},
	[SPAWNP_DUP2] = {"posix_spawnp with adddup2, close-on-exec", 1, ELSEWHERE},
};

static void actions_make(posix_spawn_file_actions_t *actions, enum way way, int fd)
{
	posix_spawn_file_actions_init(actions);
	if (way == SPAWN_CLOSE)
		posix_spawn_file_actions_addclose(actions, fd);
	if (way == SPAWN_DUP2 || way == SPAWNP_DUP2 || way == SPAWN_DUP2_CLOSE ||
	    way == SPAWN_DUP2_CLOSEFROM)
		posix_spawn_file_actions_adddup2(actions, fd, ELSEWHERE);
	if (way == SPAWN_DUP2_SAME)
		posix_spawn_file_actions_adddup2(actions, fd, fd);
	if (way == SPAWN_DUP2_CLOSE)
		posix_spawn_file_actions_addclose(actions, ELSEWHERE);
	if (way == SPAWN_DUP2_OVER)
		posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, fd);
}

static pid_t spawn(enum way way, int fd, const int ends[2])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	actions_make(&actions, way, fd);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (way == SPAWN_CLOSEFROM || way == SPAWN_DUP2_CLOSEFROM)
		posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if ((way == SPAWNP_DUP2 ? posix_spawnp : posix_spawn)(&pid, "/proc/self/exe", &actions,
							      NULL, image_arguments, environ))
		bail_out("posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

struct child {
	enum way way;
	int fd, ends[2];
};

/* In the child, before its exec. */
static int become_image(void *argument)
{
	const struct child *child = argument;

	if (child->way == VFORK_DUP_CLOSE_EXEC)
		dup2(child->fd, ELSEWHERE);
	if (child->way == VFORK_CLOSE_EXEC || child->way == VFORK_DUP_CLOSE_EXEC)
		close(child->fd);
	dup2(child->ends[0], STDIN_FILENO);
	dup2(child->ends[1], STDOUT_FILENO);
	execve("/proc/self/exe", image_arguments, environ);
	_exit(127);
}

static pid_t start(enum way way, int fd, const int ends[2])
{
	struct child child = {way, fd, {ends[0], ends[1]}};
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid;

	switch (way) {
	case FORK_EXEC:
		pid = fork();
		break;
	case VFORK_EXEC:
	case VFORK_CLOSE_EXEC:
	case VFORK_DUP_CLOSE_EXEC:
		pid = vfork();
		break;
	case CLONE_EXEC:
		return clone(become_image, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD,
			     &child);
	default:
		return spawn(way, fd, ends);
	}
	if (!pid)
		become_image(&child);
	return pid;
}

static struct peer image_start(enum way way, int fd)
{
	struct peer peer;
	int down[2], up[2];

	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		bail_out("pipe");
	peer.pid = start(way, fd, (const int[]){down[0], up[1]});
	if (peer.pid < 0)
		bail_out("a child");
	close(down[0]);
	close(up[1]);
	peer.in = up[0];
	peer.out = down[1];
	hear(&peer);
	return peer;
}

/* The parent closes its own: held, or not, by the image alone. */
static int parent_closes_first(void *way)
{
	struct block block = reserve(TCP, COUNT);
	struct peer image;
	int held = ways[*(enum way *)way].held_at != 0, good;

	if (ways[*(enum way *)way].cloexec)
		fcntl(block.fd, F_SETFD, FD_CLOEXEC);
	image = image_start(*(enum way *)way, block.fd);
	good = block_taken(&block);
	close(block.fd);
	good &= held ? block_taken(&block) : block_free(&block);
	tell(&image, 0);
	peer_end(&image);
	return good && block_free(&block);
}

/* The image closes its own: the parent has it still, then nobody has. */
static int image_closes_first(void *way)
{
	struct block block = reserve(UDP, COUNT);
	int at = ways[*(enum way *)way].held_at, good;
	struct peer image;

	if (ways[*(enum way *)way].cloexec)
		fcntl(block.fd, F_SETFD, FD_CLOEXEC);
	image = image_start(*(enum way *)way, block.fd);
	tell(&image, (uint64_t)(at < 0 ? block.fd : at));
	good = !hear(&image) && block_taken(&block);
	close(block.fd);
	/* at once, and not with the image's end */
	good &= block_free(&block);
	tell(&image, 0);
	peer_end(&image);
	return good;
}

static int killed(void *way)
{
	struct block block = reserve(TCP, COUNT);
	struct peer image;
	int good;

	if (ways[*(enum way *)way].cloexec)
		fcntl(block.fd, F_SETFD, FD_CLOEXEC);
	image = image_start(*(enum way *)way, block.fd);
	close(block.fd);
	good = block_taken(&block);
	peer_kill(&image);
	return good && block_free(&block);
}

/* Children without an exec, by a call that no handler of fork sees. */
static int bare_child(void *by_clone)
{
	struct block block = reserve(TCP, COUNT);
	int gate[2], good;
	pid_t pid;

	if (pipe(gate))
		bail_out("pipe");
	pid = *(int *)by_clone ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : _Fork();
	if (!pid) {
		char byte;

		close(gate[1]);
		_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(gate[0]);
	close(block.fd);
	good = block_taken(&block);
	close(gate[1]);
	return child_end(pid) == 0 && good && block_free(&block);
}

/* The shell that popen starts holds what it inherited, until pclose. */
static int opened_by_popen(void *cloexec)
{
	struct block block = reserve(TCP, COUNT);
	FILE *shell;
	int ready[2], good;
	char byte;

	if (*(int *)cloexec)
		fcntl(block.fd, F_SETFD, FD_CLOEXEC);
	/* the kernel lets popen return before it closes what is close-on-exec */
	if (pipe2(ready, O_CLOEXEC) || dup2(ready[1], 9) != 9)
		bail_out("pipe");
	shell = popen("echo >&9; read line", "w");
	good = read(ready[0], &byte, 1) == 1 && block_taken(&block);
	close(block.fd);
	good &= *(int *)cloexec ? block_free(&block) : block_taken(&block);
	fputs("\n", shell);
	good &= pclose(shell) == 0;
	close(9);
	close(ready[0]);
	close(ready[1]);
	return good && block_free(&block);
}

static int over_system(void *unused)
{
	struct block block = reserve(TCP, COUNT);
	int good, fd;

	(void)unused;
	good = system("exit 5") == 5 << 8 && block_taken(&block);
	fd = drawn(&block, "127.0.0.1", 0, 0);
	good &= fd >= 0;
	close(fd);
	close(block.fd);
	return good && block_free(&block);
}

/* A daemon: its parent ends, and it goes on with the same reservation. */
static int over_daemon(void *unused)
{
	struct block block = {.type = TCP, .count = COUNT};
	struct peer parent;
	pid_t pid;
	int good;

	(void)unused;
	/* a daemon is an orphan: it becomes ours, to be waited for */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	parent = peer_start();
	if (!parent.pid) {
		block = reserve(TCP, COUNT);
		if (daemon(1, 1))
			_exit(1);
		tell(&parent, (uint64_t)getpid());
		tell(&parent, (uint64_t)block.start);
		tell(&parent, (uint64_t)port_of(drawn(&block, "127.0.0.1", 0, 0)));
		hear(&parent);
		close(block.fd);
		tell(&parent, 0);
		hear(&parent);
		_exit(0);
	}
	pid = (pid_t)hear(&parent);
	block.start = (int)hear(&parent);
	good = in_block(&block, (int)hear(&parent));
	good &= child_end(parent.pid) == 0 && block_taken(&block);
	tell(&parent, 0);
	hear(&parent);
	good &= taken_ports(TCP, block.start, COUNT) == 1;
	tell(&parent, 0);
	parent.pid = pid;
	good &= peer_end(&parent) == 0 && block_free(&block);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	return good;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return image_hold();
	private_pool(argv);
	for (enum way way = FORK_EXEC; way < WAYS; way++) {
		ok(settled(parent_closes_first, &way), "%s: the child %s it", ways[way].name,
		   ways[way].held_at ? "holds" : "does not hold");
		if (!ways[way].held_at)
			continue;
		ok(settled(image_closes_first, &way), "%s: until it closes it", ways[way].name);
		ok(settled(killed, &way), "%s: or is killed", ways[way].name);
	}
	ok(settled(bare_child, &(int){0}), "_Fork: the child holds it");
	ok(settled(bare_child, &(int){1}), "clone: the child holds it");
	ok(settled(opened_by_popen, &(int){0}), "popen: the shell holds it");
	ok(settled(opened_by_popen, &(int){1}), "popen, close-on-exec: it does not");
	ok(settled(over_system, NULL), "system changes nothing");
	ok(settled(over_daemon, NULL), "daemon goes on with it");
	return done_testing();
}
