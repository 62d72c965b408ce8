/* SPDX-License-Identifier: MIT */
/* The pool file: what is made, and what is refused of what is found. */
#include <stddef.h>
#include <sys/stat.h>

#include "pool-file.h"
#include "real/process.h"

static void test_create(void)
{
	char path[2 * PATH_SIZE], name[PATH_SIZE];
	struct pool *pool;
	struct stat info;

	IS_FATAL(pool_open(&pool, unit_path(folder, sizeof folder), NETNS, true), 0);
	IS(lstat(folder, &info), 0);
	OK(S_ISDIR(info.st_mode));
	IS(info.st_mode & 07777, 0700);
	IS_FATAL(unit_entries(folder, name), 1);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	IS(lstat(path, &info), 0);
	OK(S_ISREG(info.st_mode));
	IS(info.st_mode & 07777, 0600);
	IS(info.st_nlink, 1);
	IS(info.st_size, sizeof(struct pool));
	OK((uint64_t)info.st_blocks * 512 >= sizeof(struct pool));
	OK(pool->magic == POOL_MAGIC);
	IS(pool->version, POOL_VERSION);
	IS(pool->size, sizeof(struct pool));
	OK(pool->signature == pool_signature());
	OK(pool->netns == NETNS);
	OK(pool->namespace == process_identity().namespace);
	IS(pool->claim_index % 2, 1);
	IS(unit_slots(pool), 0);
	IS(unit_words(pool), 0);
	pool_close(pool);
}

/* What a function that forgets to set something would find. */
__attribute__((noinline)) static void stack_spoil(void)
{
	volatile char stack[16384];

	for (size_t i = 0; i < sizeof stack; i++)
		stack[i] = (char)0xa5;
}

/* Nothing of the program's own memory gets into the file. */
static void test_header_rest(void)
{
	const size_t set = offsetof(struct pool, claim_index) + sizeof(uint32_t);
	const unsigned char *bytes;
	struct pool *pool;
	size_t wrong = 0;

	unit_path(folder, sizeof folder);
	stack_spoil();
	IS_FATAL(pool_open(&pool, folder, NETNS, true), 0);
	bytes = (const unsigned char *)pool;
	for (size_t i = set; i < offsetof(struct pool, slots); i++)
		wrong += bytes[i] != 0;
	IS(wrong, 0);
	pool_close(pool);
}

static void test_same_memory(void)
{
	struct pool *first, *second, *third;

	unit_path(folder, sizeof folder);
	IS_FATAL(pool_open(&first, folder, NETNS, true), 0);
	IS_FATAL(pool_open(&second, folder, NETNS, true), 0);
	IS_FATAL(pool_open(&third, folder, NETNS, false), 0);
	atomic_store(&first->words[PROTOCOL_UDP][65535], 4711);
	IS(atomic_load(&second->words[PROTOCOL_UDP][65535]), 4711);
	atomic_store(&third->slots[POOL_SLOTS - 1].token, 815);
	IS(atomic_load(&first->slots[POOL_SLOTS - 1].token), 815);
	pool_close(first);
	pool_close(second);
	pool_close(third);
}

static void test_network_apart(void)
{
	struct pool *one, *other;

	unit_path(folder, sizeof folder);
	IS_FATAL(pool_open(&one, folder, 1, true), 0);
	IS_FATAL(pool_open(&other, folder, 2, true), 0);
	atomic_store(&one->words[PROTOCOL_TCP][1], 1);
	IS(atomic_load(&other->words[PROTOCOL_TCP][1]), 0);
	IS(unit_entries(folder, NULL), 2);
	pool_close(one);
	pool_close(other);
}

static void test_absent(void)
{
	struct stat info;

	unit_path(folder, sizeof folder);
	IS(open_there(false), -ENOENT);
	IS(stat(folder, &info), -1);
	IS(mkdir(folder, 0700), 0);
	IS(open_there(false), -ENOENT);
	IS(unit_entries(folder, NULL), 0);
}

static void test_no_parent(void)
{
	strcat(unit_path(folder, sizeof folder), "/deeper");
	refused(-ENOENT);
}

/* Writes into a fresh pool file, and says that it must not be taken. */
static void damaged(off_t offset, const void *data, size_t size)
{
	char path[2 * PATH_SIZE];
	int fd = open(file_new(path), O_WRONLY | O_CLOEXEC);

	IS(pwrite(fd, data, size, offset), size);
	close(fd);
	refused(-EBADMSG);
}

#define DAMAGED(name, field, number)                                                               \
	static void test_##name(void)                                                              \
	{                                                                                          \
		__typeof__(((struct pool *)0)->field) value = (number);                            \
                                                                                                   \
		damaged(offsetof(struct pool, field), &value, sizeof value);                       \
	}

DAMAGED(magic, magic, POOL_MAGIC ^ 1)
DAMAGED(version_older, version, POOL_VERSION - 1)
DAMAGED(version_newer, version, POOL_VERSION + 1)
DAMAGED(size, size, sizeof(struct pool) + 1)
DAMAGED(signature, signature, ~pool_signature())
DAMAGED(netns, netns, NETNS + 1)
DAMAGED(claim_index_even, claim_index, 0x7ffffff0)
DAMAGED(claim_index_negative, claim_index, 0xfffffff1)

static void resized(off_t size)
{
	char path[2 * PATH_SIZE];

	IS(truncate(file_new(path), size), 0);
	refused(-EBADMSG);
}

static void test_empty(void)
{
	resized(0);
}

static void test_short(void)
{
	resized(sizeof(struct pool) - 1);
}

static void test_long(void)
{
	resized(sizeof(struct pool) + 1);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"a new pool is 0700 and 0600, complete, and its header is right", test_create},
		{"the rest of its header is zero", test_header_rest},
		{"who opens it again sees the same memory", test_same_memory},
		{"each network has a file of its own", test_network_apart},
		{"without create: ENOENT, and nothing is made", test_absent},
		{"the folder above it is not made", test_no_parent},
		{"wrong magic: EBADMSG", test_magic},
		{"older version: EBADMSG", test_version_older},
		{"newer version: EBADMSG", test_version_newer},
		{"wrong size in the header: EBADMSG", test_size},
		{"wrong signature: EBADMSG", test_signature},
		{"another network's number: EBADMSG", test_netns},
		{"a claim index that guards may have: EBADMSG", test_claim_index_even},
		{"a claim index that is none: EBADMSG", test_claim_index_negative},
		{"an empty file: EBADMSG", test_empty}, {"a file too short: EBADMSG", test_short},
		{"a file too long: EBADMSG", test_long});

	return unit_main("pool", tests);
}
