/* SPDX-License-Identifier: MIT */
/*
 * Installed setuid: says who it is, whether it is loaded with care, whether libportres
 * is in it, and what a bind to the first port of the block around it gets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	const char *first = getenv("PORTRES_FIRST");
	struct sockaddr_in address = {.sin_family = AF_INET};
	FILE *maps = fopen("/proc/self/maps", "r");
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char line[4096];

	if (!maps)
		return 1;
	printf("%u as %u, secure %lu", getuid(), geteuid(), getauxval(AT_SECURE));
	while (fgets(line, sizeof line, maps))
		if (strstr(line, "libportres")) {
			printf(", libportres");
			break;
		}
	if (first) {
		address.sin_port = htons((unsigned short)atoi(first));
		printf(", bind: %s", bind(fd, (struct sockaddr *)&address, sizeof address)
					     ? strerror(errno)
					     : "done");
	}
	putchar('\n');
	return 0;
}
