/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "persist/folder.h"
#include "tool/faults.h"
#include "tool/message.h"

void faults_complain(const struct store *store)
{
	char path[PATH_MAX] = "";
	size_t i;

	state_path(path, sizeof path);
	for (i = 0; i < store->fault_count; i++)
		complain("%s/" STORE_NAME
			 ", line %u: %s; it is left as it is, the other lines count",
			 path, store->faults[i].line, store->faults[i].what);
}
