/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_INHERIT_H
#define PRELOAD_INHERIT_H

/*
 * Finds the reservations whose sockets and anchors came to this program across exec:
 * the descriptors are still open, but what we knew of them is gone. For hook_start.
 */
void inherit_start(void);

#endif
