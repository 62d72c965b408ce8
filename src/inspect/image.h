/* SPDX-License-Identifier: MIT */
/* image.h - what an ELF file says of the program in it (elf(5)) */
#ifndef INSPECT_IMAGE_H
#define INSPECT_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum image_kind {
	IMAGE_DYNAMIC,	  /* started by a loader */
	IMAGE_STATIC,	  /* by nobody */
	IMAGE_STATIC_PIE, /* the same, at any address */
	IMAGE_LOADER,	  /* a loader itself */
	IMAGE_LIBRARY,	  /* no program: a shared library, an object file, a core */
};

struct image {
	enum image_kind kind;
	unsigned int bits; /* 32, 64 */
	bool big_endian;
	uint16_t machine;      /* EM_* */
	char loader[PATH_MAX]; /* PT_INTERP; empty: none */
	bool go;	       /* what Go's linker leaves in its programs is there */
	bool uring;	       /* it uses liburing */
};

/* Of an open file. 0; -ENOEXEC: it is no ELF file; -EBADMSG: it is a damaged one. */
int image_read(struct image *image, int fd);

/* "x86-64"; the number where it has no name here, in a buffer of the caller's. */
const char *machine_name(const struct image *image, char buffer[16]);

/* Whether a program runs on the machine of another, though its words may be of another size. */
bool machine_shared(const struct image *one, const struct image *other);

#endif
