/* SPDX-License-Identifier: MIT */
/*
 * setuid-linked FIRST LAST - linked with libportres, and installed setuid: says whether it
 * is loaded with care, and whether any block and any port lie between these two.
 */
#include <arpa/inet.h>
#include <portres.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	INET_PORT_RESERVATION_INSTANCE block = {.NumberOfPorts = 2};
	int holder = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	int first = argc > 2 ? atoi(argv[1]) : 0, last = argc > 2 ? atoi(argv[2]) : 0;
	int start = 0, port = 0;

	if (!ioctl(holder, SIO_ACQUIRE_PORT_RESERVATION, &block))
		start = ntohs(block.StartPort);
	if (!bind(fd, (struct sockaddr *)&address, size) &&
	    !getsockname(fd, (struct sockaddr *)&address, &size))
		port = ntohs(address.sin_port);
	/* what PORTRES_DEBUG would speak of */
	block.NumberOfPorts = 0;
	ioctl(holder, SIO_ACQUIRE_PORT_RESERVATION, &block);
	printf("secure %lu, a block %s, a port %s\n", getauxval(AT_SECURE),
	       !start				? "not at all"
	       : start >= first && start < last ? "inside"
						: "outside",
	       !port			       ? "not at all"
	       : port >= first && port <= last ? "inside"
					       : "outside");
	return 0;
}
