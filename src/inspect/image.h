/* SPDX-License-Identifier: MIT */
/* image.h - what a process was started with: its program, our library, our variables */
#ifndef INSPECT_IMAGE_H
#define INSPECT_IMAGE_H

#include <stdbool.h>
#include <sys/types.h>

struct process_image {
	bool dynamic; /* it has an interpreter, which loads libraries */
	bool secure;  /* setuid or with capabilities: the loader does not obey its user */
	bool library; /* libportres.so is mapped */
	bool preload; /* LD_PRELOAD names it */
	/* PORTRES_RESERVATION, PORTRES_RESERVE and PORTRES_DIR, from when it began; NULL: not
	 * set, or empty. */
	char *reservation, *reserve, *folder;
};

/* 0; -EACCES, -ESRCH and the like: we may not, or it has ended; -ENOMEM. Allocates. */
int image_read(struct process_image *image, pid_t pid);
void image_free(struct process_image *image);

#endif
