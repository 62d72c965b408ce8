/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "guard/held.h"
#include "real/text.h"
#include "tool/holder.h"

void holder_beside(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	struct text text = {.buffer = path, .size = sizeof path};

	if (length <= 0)
		return;
	path[length] = '\0';
	text.length = (size_t)(strrchr(path, '/') + 1 - path);
	text_add(&text, "portres-hold");
	if (!text.full && !access(path, X_OK))
		held_program_set(path);
}
