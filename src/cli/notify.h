/* SPDX-License-Identifier: MIT */
/* notify.h - telling the service manager where we are (sd_notify(3)) */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

/* Sends a state, as "READY=1", to $NOTIFY_SOCKET; where nobody asked for it, nothing. */
void notify_send(const char *state);

#endif
