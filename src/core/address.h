/* SPDX-License-Identifier: MIT */
/* address.h - socket addresses as bind(2) takes them */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Whether the kernel would look at the port of such an address: AF_INET (AF_UNSPEC
 * means it too, for 0.0.0.0) of at least 16 bytes, AF_INET6 of at least 24, neither
 * longer than a sockaddr_storage. Anything else the kernel refuses by itself.
 */
bool address_valid(const struct sockaddr_storage *address, socklen_t length);

uint16_t address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, uint16_t port);

/* Every address of its family: 0.0.0.0 or [::]. */
bool address_is_any(const struct sockaddr_storage *address);

/*
 * The address that a socket has so far, without a port: every one of its family, or
 * what the program chose with IP_BIND_ADDRESS_NO_PORT. 0 or -errno.
 */
int address_of_unbound(int fd, struct sockaddr_storage *address, socklen_t *length);

#endif
