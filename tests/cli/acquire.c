/* SPDX-License-Identifier: MIT */
/*
 * acquire COUNT - reserves a block by ioctl, says "FIRST LAST" and keeps it until its
 * standard input ends; to be preloaded
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "portres.h"

int main(int argc, char **argv)
{
	INET_PORT_RESERVATION_INSTANCE block = {.NumberOfPorts = 1};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned int first;

	if (argc > 1)
		block.NumberOfPorts = (uint16_t)atoi(argv[1]);
	if (ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &block)) {
		perror("acquire");
		return 1;
	}
	first = ntohs(block.StartPort);
	printf("%u %u\n", first, first + block.NumberOfPorts - 1);
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return 0;
}
