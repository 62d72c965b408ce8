/* SPDX-License-Identifier: MIT */
/*
 * Without the preload the kernel answers the three calls, and a program can tell:
 * ENOTTY. This test runs bare.
 */
#include "preload.h"

/* answers: stranger-without-library */
int main(void)
{
	static const char *const texts[] = {"0.0.0.0", "::"};
	instance request = {.NumberOfPorts = 4};
	ULONG64 token = 1;
	int pipes[2];

	for (int type = TCP; type <= UDP; type++) {
		for (int i = 0; i <= ipv6_works(); i++) {
			int fd = socket_open(type, texts[i], 0);

			diag("%s %s", type_name(type), texts[i]);
			fails_with(ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &request), ENOTTY,
				   "ACQUIRE without the preload");
			fails_with(ioctl(fd, SIO_ASSOCIATE_PORT_RESERVATION, &token), ENOTTY,
				   "ASSOCIATE without the preload");
			fails_with(ioctl(fd, SIO_RELEASE_PORT_RESERVATION, &token), ENOTTY,
				   "RELEASE without the preload");
			close(fd);
		}
	}
	ok(request.StartPort == 0 && request.Token == 0, "nothing is written");
	if (pipe(pipes))
		bail_out("pipe");
	fails_with(ioctl(pipes[0], SIO_ACQUIRE_PORT_RESERVATION, &request), ENOTTY,
		   "ACQUIRE on a pipe without the preload");
	return done_testing();
}
