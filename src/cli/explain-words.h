/* SPDX-License-Identifier: MIT */
/* explain-words.h - what portres explain says, line by line, for people and for programs */
#ifndef CLI_EXPLAIN_WORDS_H
#define CLI_EXPLAIN_WORDS_H

#include <jansson.h>

#include "inspect/port.h"

/* Longer than any line. */
#define WORDS_SIZE 1024

/* Puts a line behind those of an array; it need not be UTF-8. */
__attribute__((format(printf, 2, 3))) void words_add(json_t *lines, const char *format, ...);

/* "in use: nginx (pid 812) listens on it for TCP" */
void words_headline(const struct port_about *about, char text[WORDS_SIZE]);

/* An array of what a bind gets, and why. */
json_t *words_bind(const struct port_about *about, enum protocol protocol);

/* An array of what is to be known of the number; empty: nothing special. */
json_t *words_number(const struct port_about *about);

/* Why the process has a port that is not of the reservation that it runs in; empty: it is, or
 * there is nothing to say. */
void words_served(const struct port_about *about, const struct port_process *process,
		  char text[WORDS_SIZE]);

/* An array of what can be done: objects with the members "to" (what for) and "do" (a command,
 * or words). */
json_t *words_advice(const struct port_about *about);

/* Its pieces: */

/* "tcp", "TCP"; "TCP and UDP" */
const char *words_protocol(enum protocol protocol);
const char *words_asked(uint8_t protocols);
/* "0.0.0.0", "[::]", "127.0.0.53%lo" */
#define WORDS_ADDRESS 96
void words_address(const struct inet_socket *socket, char text[WORDS_ADDRESS]);
/* "192.0.2.1:443" */
void words_peer(const struct inet_socket *socket, char text[WORDS_ADDRESS]);
/* "nginx (pid 812) and 3 more", of the sockets with one use; and of one socket */
void words_users(const struct port_about *about, enum protocol protocol, enum socket_use use,
		 char text[WORDS_SIZE]);
void words_owner(const struct port_about *about, const struct inet_socket *socket,
		 char text[WORDS_SIZE]);
/* "listens", "bound"...: one word for each */
const char *words_use(enum socket_use use);
/* Seconds, at most. */
unsigned int words_time_wait(const struct port_protocol *of);
/* "ok", "EADDRINUSE"... or a number */
const char *words_errno(int error);
/* Whether the process has a socket with this use. */
bool words_uses(const struct port_about *about, const struct port_process *process,
		enum protocol protocol, enum socket_use use);
/* Whether it has only connections there, and so did not choose the port itself. */
bool words_connects(const struct port_about *about, const struct port_process *process,
		    enum protocol protocol);

#endif
