/* SPDX-License-Identifier: MIT */
/* error.h - this thread's last error, in Winsock's terms */
#ifndef WINSOCK_ERROR_H
#define WINSOCK_ERROR_H

/* The code of an errno of a socket call, WSAENETDOWN for those that have none. */
int error_code(int number);

/* Notes the code of errno where result says that a call failed; gives result back. */
long error_note(long result);

#endif
