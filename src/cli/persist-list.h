/* SPDX-License-Identifier: MIT */
/* persist-list.h - the list of reserved blocks, shown */
#ifndef CLI_PERSIST_LIST_H
#define CLI_PERSIST_LIST_H

#include "persist/store.h"

/* On standard output, for people or as JSON. */
void list_show(const struct store *store, bool json);

#endif
