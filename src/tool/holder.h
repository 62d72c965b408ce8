/* SPDX-License-Identifier: MIT */
#ifndef TOOL_HOLDER_H
#define TOOL_HOLDER_H

/* The holder that stands beside this program is used, where there is one: in a build tree
 * and in libexec. Otherwise it is the one that was installed. */
void holder_beside(void);

#endif
