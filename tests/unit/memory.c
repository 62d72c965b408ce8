/* SPDX-License-Identifier: MIT */
/* Pointers of the program, which may be bad. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "preload/memory.h"
#include "unit.h"

static size_t page;
/* Three pages, the one in the middle can be read and written, the last is not there. */
static char *memory;

static void memory_make(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) ||
	    munmap(memory + 2 * page, page))
		bail_out("mmap");
	memory += page;
}

static bool readable(int fd, const void *pointer, size_t size)
{
	bool answer;

	errno = ENOTTY;
	answer = memory_readable(fd, pointer, size);
	/* The program's. */
	IS(errno, ENOTTY);
	return answer;
}

static void pointers(int fd)
{
	static const size_t sizes[] = {4, 8, 16, 28, 128, 4096};
	static const char constant[16] = "constant";
	char local[16] = "";

	OK_FATAL(fd >= 0);
	OK(readable(fd, local, sizeof local));
	OK(readable(fd, constant, sizeof constant));
	OK(!readable(fd, NULL, 16));
	OK(!readable(fd, (void *)8, 16));
	OK(!readable(fd, (void *)-4096, 16));
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t size = sizes[i];

		OK(readable(fd, memory, size));
		/* Up to the last byte of the page, and one further. */
		OK(readable(fd, memory + page - size, size));
		OK(!readable(fd, memory + page - size + 1, size));
		OK(!readable(fd, memory + page - 4, size) || size == 4);
		OK(!readable(fd, memory + page - 1, size));
		OK(!readable(fd, memory + page, size));
		OK(!readable(fd, memory - size, size));
		OK(!readable(fd, memory - 1, size));
		OK(!readable(fd, memory - 4, size));
	}
	close(fd);
	OK(!readable(fd, local, sizeof local));
	OK(!readable(fd, NULL, 16));
}

static void test_tcp(void)
{
	pointers(socket(AF_INET, SOCK_STREAM, 0));
}

static void test_udp(void)
{
	pointers(socket(AF_INET, SOCK_DGRAM, 0));
}

static void test_ipv6(void)
{
	if (!ipv6_works()) {
		cunit_tap_skip("no IPv6 here");
		return;
	}
	pointers(socket(AF_INET6, SOCK_STREAM, 0));
	pointers(socket(AF_INET6, SOCK_DGRAM, 0));
}

static void test_mptcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd < 0)
		cunit_tap_skip("no MPTCP here");
	else
		pointers(fd);
}

static void test_no_socket(void)
{
	char local[16] = "";
	int pair[2];

	IS(pipe(pair), 0);
	OK(!readable(pair[0], local, sizeof local));
	OK(!readable(-1, local, sizeof local));
	close(pair[0]);
	close(pair[1]);
}

/* Where only the second of two pages can be written, that one stays as it is, too. */
static void write_on_two(const char *from, size_t size)
{
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	OK_FATAL(pages != MAP_FAILED);
	IS(memory_write(pages + page - 5, from, size), 0);
	IS(memcmp(pages + page - 5, from, size), 0);
	memset(pages + page, 'x', size);
	IS(mprotect(pages, page, PROT_READ), 0);
	IS(memory_write(pages + page - 5, from, size), -EFAULT);
	for (size_t i = 0; i < size; i++)
		IS(pages[page + i], 'x');
	munmap(pages, 2 * page);
}

static void test_write(void)
{
	static const char constant[16] = "constant";
	char from[16] = "fifteen letters";
	int before = unit_descriptors();

	IS(memory_write(memory, from, sizeof from), 0);
	IS(memcmp(memory, from, sizeof from), 0);
	IS(memory_write(memory + page - sizeof from, from, sizeof from), 0);
	IS(memcmp(memory + page - sizeof from, from, sizeof from), 0);
	IS(memory_write(NULL, from, sizeof from), -EFAULT);
	IS(memory_write(memory + page, from, sizeof from), -EFAULT);
	IS(memory_write((void *)(uintptr_t)constant, from, sizeof from), -EFAULT);
	memset(memory + page - sizeof from, 'x', sizeof from);
	IS(memory_write(memory + page - 15, from, sizeof from), -EFAULT);
	for (size_t i = 1; i <= sizeof from; i++)
		IS(memory[page - i], 'x');
	write_on_two(from, sizeof from);
	IS(unit_descriptors(), before);
}

/* A sandbox that does not let a process write to another's memory, nor to its own so. */
static void run_forbidden(void *none)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_writev, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

	(void)none;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(77);
	test_write();
}

static void test_forbidden(void)
{
	int status = unit_in_child(run_forbidden, NULL);

	if (status == 77)
		cunit_tap_skip("no seccomp here");
	else
		IS(status, 0);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"by way of a TCP socket", test_tcp}, {"by way of a UDP socket", test_udp},
		{"by way of IPv6 sockets", test_ipv6},
		{"by way of a MPTCP socket, which has no such options", test_mptcp},
		{"not by way of anything else", test_no_socket}, {"writing, or EFAULT", test_write},
		{"writing in a sandbox, or EFAULT", test_forbidden});

	memory_make();
	return unit_main("memory", tests);
}
