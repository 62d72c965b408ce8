/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "inspect/process.h"
#include "persist/utf8.h"
#include "real/process.h"
#include "real/text.h"

/* Arguments end with a zero byte each; what a terminal would act on is not shown. */
static void command_clean(char *command, size_t length)
{
	size_t i;

	while (length && (!command[length - 1] || command[length - 1] == '\n'))
		length--;
	for (i = 0; i < length; i++)
		if (!command[i])
			command[i] = ' ';
	command[length] = '\0';
	utf8_clean(command);
}

void process_name(pid_t pid, char name[PROCESS_NAME_SIZE])
{
	char path[64];
	int length;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	length = text_file(path, name, PROCESS_NAME_SIZE);
	command_clean(name, length > 0 ? (size_t)length : 0);
}

static void command_read(pid_t pid, char command[COMMAND_SIZE])
{
	char path[64];
	int length;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	length = text_file(path, command, COMMAND_SIZE);
	if (length <= 0) {
		/* A thread of the kernel, or one that has ended. */
		snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
		length = text_file(path, command, COMMAND_SIZE);
	}
	command_clean(command, length > 0 ? (size_t)length : 0);
}

static int64_t started_at(uint64_t ticks)
{
	int64_t hertz = sysconf(_SC_CLK_TCK);
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return ((now.tv_sec - up.tv_sec) * 1000 + (now.tv_nsec - up.tv_nsec) / 1000000 +
		(int64_t)ticks * 1000 / hertz) /
	       1000;
}

int process_about(pid_t pid, struct process_about *about)
{
	struct process_state state;
	struct stat stat_of;
	char path[64];
	int error = process_stat(pid, &state);

	if (error)
		return error;
	*about = (struct process_about){.pid = pid, .since = started_at(state.start)};
	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	if (stat(path, &stat_of))
		return -ESRCH;
	about->uid = stat_of.st_uid;
	command_read(pid, about->command);
	return 0;
}

const char *user_name(uid_t uid, char buffer[USER_NAME_SIZE])
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(buffer, USER_NAME_SIZE, "%s", user->pw_name);
	else
		snprintf(buffer, USER_NAME_SIZE, "%u", (unsigned int)uid);
	return buffer;
}
