/* SPDX-License-Identifier: MIT */
/*
 * What must hold once a worker is dead: the kernel lets a stranger have every port of the
 * block; the pool opens and lists nobody; another process acquires the same block, draws all
 * of its ports and releases it; and then nothing is left.
 */
#include "step.h"
#include "step-pool.h"
#include <dirent.h>
#include <sys/resource.h>

/* What begins the name of a pool file in the making. */
#define TEMPORARY ".new-"

const char *judge_free(const struct scene *scene)
{
	static char text[80];

	for (int type = TCP; type <= UDP; type++) {
		for (int port = scene->start; port < scene->start + COUNT; port++) {
			int error = stranger(type, everywhere(), port, 0);

			if (!error)
				continue;
			snprintf(text, sizeof text, "%s port %d is held: %s", type_name(type),
				 port - scene->start, strerrorname_np(error));
			return text;
		}
	}
	return NULL;
}

const char *judge_files(int temporary_allowed)
{
	DIR *files = opendir(getenv("PORTRES_DIR"));
	const char *why = NULL;
	struct dirent *entry;
	int pools = 0;

	if (!files)
		return errno == ENOENT ? NULL : "the pool's folder cannot be read";
	while ((entry = readdir(files))) {
		if (entry->d_name[0] == '.' &&
		    strncmp(entry->d_name, TEMPORARY, strlen(TEMPORARY)) != 0)
			continue;
		if (entry->d_name[0] == '.' && !temporary_allowed)
			why = "a temporary file is left";
		else if (entry->d_name[0] != '.' && ++pools > 1)
			why = "there is more than one file";
	}
	closedir(files);
	return why;
}

enum { HEIR_HAPPY, HEIR_NO_BLOCK, HEIR_NO_PORT, HEIR_ODD_PORT, HEIR_TOO_MANY, HEIR_NO_END };

static const char *heir_says(int status)
{
	static const char *const texts[] = {
		[HEIR_NO_BLOCK] = "the block cannot be acquired",
		[HEIR_NO_PORT] = "a port cannot be drawn",
		[HEIR_ODD_PORT] = "a port is drawn twice, or is none of the block",
		[HEIR_TOO_MANY] = "there are more ports than the block has",
		[HEIR_NO_END] = "the reservation cannot be released",
	};
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (!status)
		return NULL;
	return code > 0 && code <= HEIR_NO_END ? texts[code] : "the heir died";
}

/* Another process that does what the dead one did, and all the rest. */
static int heir(const struct operation *operation, struct scene *scene)
{
	unsigned int seen = 0;
	struct block block;

	if (operation->flags & PERSISTENT)
		block = scene->block;
	else
		block = try_reserve(scene->type, scene->start, COUNT);
	if (block.fd < 0)
		return HEIR_NO_BLOCK;
	for (int i = 0; i < COUNT; i++) {
		int fd = drawn(&block, "0.0.0.0", 0, 0), port = fd < 0 ? 0 : port_of(fd);

		if (fd < 0)
			return HEIR_NO_PORT;
		if (!in_block(&block, port) || seen >> (port - block.start) & 1)
			return HEIR_ODD_PORT;
		seen |= 1U << (port - block.start);
	}
	if (drawn(&block, "0.0.0.0", 0, 0) >= 0)
		return HEIR_TOO_MANY;
	return !(operation->flags & PERSISTENT) && release(block.fd, block.token) ? HEIR_NO_END : 0;
}

static const char *judge_heir(const struct operation *operation, struct scene *scene)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
		_exit(heir(operation, scene));
	}
	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid");
	return heir_says(status);
}

/* Runs `portres NAME`; what it begins to say. False if there is none, or it fails. */
static int command_run(const char *name, char *says, size_t size)
{
	const char *command = getenv("PORTRES");
	int status, out[2];
	ssize_t got;
	pid_t pid;

	if (!command || access(command, X_OK) || pipe2(out, O_CLOEXEC))
		return 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork");
	if (!pid) {
		unsetenv("LD_PRELOAD");
		dup2(out[1], STDOUT_FILENO);
		execl(command, "portres", name, NULL);
		_exit(127);
	}
	close(out[1]);
	got = read(out[0], says, size - 1);
	says[got > 0 ? got : 0] = '\0';
	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid");
	close(out[0]);
	return status == 0;
}

/* What a maker that was killed leaves where it had to give the file a name at once. */
static const char *temporary_files_prune(void)
{
	char says[800];

	if (!judge_files(0))
		return NULL;
	return command_run("prune", says, sizeof says) ? judge_files(0) : "portres prune fails";
}

/* In one case of so many people's list is looked at, too: it takes longer than all else. */
#define LISTED_EACH 64

static const char *judge_list(void)
{
	static unsigned int cases;
	char says[800];

	if (cases++ % LISTED_EACH || access(getenv("PORTRES"), X_OK))
		return NULL;
	if (!command_run("list", says, sizeof says))
		return "portres list fails";
	return strstr(says, " alive ") ? "portres list shows a reservation that lives" : NULL;
}

const char *judge_death(const struct operation *operation, struct scene *scene)
{
	const char *why;

	/* A holder ends with the last copy of its anchor; it is nobody's child but ours. */
	while (operation->flags & HELD && waitpid(-1, NULL, __WALL) > 0)
		;
	why = judge_free(scene);
	if (!why)
		why = judge_files(operation->flags & NAMED);
	if (!why)
		why = pool_judge(0);
	if (!why && !(operation->flags & PERSISTENT))
		why = judge_list();
	if (!why)
		why = judge_heir(operation, scene);
	if (!why)
		why = judge_free(scene);
	if (!why && operation->flags & NAMED)
		why = temporary_files_prune();
	if (!why)
		why = judge_files(0);
	return why ? why : pool_judge(1);
}

/* A persistent reservation as the pool has it, which nobody holds. */
static int persistent_prepare(struct scene *scene)
{
	scene->block = (struct block){.type = scene->type, .start = scene->start, .count = COUNT};
	scene->block.token = pool_persistent(scene->type == TCP, scene->start, COUNT);
	return scene->block.token != 0;
}

static int remove_file(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	return remove(path);
}

int judge_prepare(const struct operation *operation, struct scene *scene)
{
	const char *pool = getenv("PORTRES_DIR");

	memset(&scene->block, 0, sizeof scene->block);
	if (operation->flags & EMPTY)
		pool_forget();
	if (operation->flags & EMPTY && nftw(pool, remove_file, 4, FTW_DEPTH | FTW_PHYS) &&
	    errno != ENOENT)
		return 0;
	return !(operation->flags & PERSISTENT) || persistent_prepare(scene);
}
