/* SPDX-License-Identifier: MIT */
#ifndef TOOL_FAULTS_H
#define TOOL_FAULTS_H

#include "persist/store.h"

/* A line on standard error for each damaged line of the list. */
void faults_complain(const struct store *store);

#endif
