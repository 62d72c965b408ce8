/* SPDX-License-Identifier: MIT */
#ifndef GUARD_PARKED_H
#define GUARD_PARKED_H

#include "guard/anchor.h"

int parked_fill(struct anchor *anchor, const struct block *block, enum guard_choice choice,
		uint16_t *failed);
void parked_release(int fd);

#endif
