/* SPDX-License-Identifier: MIT */
/*
 * Making a pool file: complete under no name or a temporary one, every byte of it
 * allocated (a full /dev/shm is an error now, not a SIGBUS later), then linked
 * into place. Who comes second finds the first one's.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool/create.h"
#include "real/process.h"
#include "real/real.h"
#include "real/text.h"

static int file_fill(int fd, uint64_t netns, uint32_t claim_index)
{
	struct {
		uint64_t magic;
		uint32_t version, size;
		uint64_t signature, netns, namespace;
		uint32_t claim_index, slot_cursor;
	} header = {
		.magic = POOL_MAGIC,
		.version = POOL_VERSION,
		.size = sizeof(struct pool),
		.signature = pool_signature(),
		.netns = netns,
		.namespace = process_identity().namespace,
		.claim_index = claim_index,
	};
	struct rlimit limit;
	int error;

	_Static_assert(offsetof(struct pool, claim_index) == 40, "as in the header here");
	/* Past RLIMIT_FSIZE a write is not an error but a signal that kills. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < sizeof(struct pool))
		return -ENOSPC;
	if (fchmod(fd, 0600))
		return -errno;
	do
		error = posix_fallocate(fd, 0, sizeof(struct pool));
	while (error == EINTR);
	if (error)
		return -error;
	if (real_write(fd, &header, sizeof header) != (ssize_t)sizeof header)
		return -ENOSPC;
	return 0;
}

/* Without a name until it is complete: nothing to clean up after a crash. */
static int create_unnamed(int folder, const char *name, uint64_t netns, uint32_t claim_index)
{
	char path[40];
	struct text text = TEXT(path);
	int fd = real_openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), error;

	if (fd < 0)
		return errno == ENOSPC || errno == EMFILE || errno == ENFILE ? -errno : -EOPNOTSUPP;
	error = file_fill(fd, netns, claim_index);
	if (!error) {
		text_add(&text, "/proc/self/fd/");
		text_add_number(&text, (uint64_t)fd, 10);
		if (linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW) && errno != EEXIST)
			error = -EOPNOTSUPP; /* no /proc */
	}
	real_close(fd);
	return error;
}

static int create_named(int folder, const char *name, uint64_t netns, uint32_t claim_index)
{
	char temporary[64];
	struct text text = TEXT(temporary);
	uint64_t random;
	int fd, error;

	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return -EOPNOTSUPP;
	text_add(&text, POOL_TEMPORARY);
	text_add_number(&text, random, 16);
	fd = real_openat(folder, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			 0600);
	if (fd < 0)
		return -errno;
	error = file_fill(fd, netns, claim_index);
	if (!error && linkat(folder, temporary, folder, name, 0) && errno != EEXIST)
		error = -errno;
	unlinkat(folder, temporary, 0);
	real_close(fd);
	return error;
}

int pool_create(int folder, const char *name, uint64_t netns, uint32_t claim_index)
{
	int error = create_unnamed(folder, name, netns, claim_index);

	if (error == -EOPNOTSUPP)
		error = create_named(folder, name, netns, claim_index);
	return error;
}

/* Interface indexes that do not exist today; the guards use the even ones. */
uint32_t pool_claim_index(void)
{
	struct ifreq request;
	int fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t index = 0x7ffffff1;

	for (; fd >= 0 && index > 0x7fff0000; index -= 16) {
		request.ifr_ifindex = (int)index;
		if (real_ioctl(fd, SIOCGIFNAME, &request) && errno != EFAULT)
			break;
	}
	if (fd >= 0)
		real_close(fd);
	return index;
}
