/* SPDX-License-Identifier: MIT */
/* What is left in the pool when all processes of the chaos test are gone: nothing. */
#include "chaos-end.h"
#include "pool/word.h"
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

int command_run(const char *output, const char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd >= 0)
			dup2(fd, STDOUT_FILENO);
		alarm(60);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail_out("a command");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool output_has(const char *output, const char *text)
{
	static char room[65536];
	int fd = open(output, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, room, sizeof room - 1) : -1;

	close(fd);
	if (got < 0)
		return false;
	room[got] = 0;
	if (!strstr(room, text))
		diag("%.500s", room);
	return strstr(room, text) != NULL;
}

static struct pool_left count_left(const char *path)
{
	struct pool_left left = {.files = 1};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct pool *pool;

	if (fd < 0)
		bail_out("the pool file");
	pool = mmap(NULL, sizeof *pool, PROT_READ, MAP_SHARED, fd, 0);
	if (pool == MAP_FAILED)
		bail_out("the pool file");
	for (unsigned int slot = 0; slot < POOL_SLOTS; slot++)
		left.slots += atomic_load(&pool->slots[slot].token) != 0;
	for (int protocol = 0; protocol < PROTOCOLS; protocol++)
		for (int port = 0; port < POOL_PORTS; port++)
			left.words += atomic_load(&pool->words[protocol][port]) != 0;
	munmap((void *)(uintptr_t)pool, sizeof *pool);
	close(fd);
	return left;
}

struct pool_left pool_left(const char *folder)
{
	struct pool_left left = {0};
	DIR *entries = opendir(folder);
	struct dirent *entry;
	char path[4096];

	while (entries && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.' &&
		    strncmp(entry->d_name, POOL_TEMPORARY, strlen(POOL_TEMPORARY)) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (!strncmp(entry->d_name, "netns-", 6)) {
			int files = left.files;

			left = count_left(path);
			left.files += files;
		} else {
			diag("a file is left: %s", path);
			left.files += 100;
		}
	}
	if (entries)
		closedir(entries);
	return left;
}
