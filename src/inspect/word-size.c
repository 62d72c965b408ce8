/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/word-size.h"

#if defined(__x86_64__)

#define BASE 0x10000000

/* A program of the i386 that calls exit(0). */
static const struct {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	uint8_t code[8];
} program = {
	.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			       EV_CURRENT},
		   .e_type = ET_EXEC,
		   .e_machine = EM_386,
		   .e_version = EV_CURRENT,
		   .e_entry = BASE + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
		   .e_phoff = sizeof(Elf32_Ehdr),
		   .e_ehsize = sizeof(Elf32_Ehdr),
		   .e_phentsize = sizeof(Elf32_Phdr),
		   .e_phnum = 1},
	.segment = {.p_type = PT_LOAD,
		    .p_vaddr = BASE,
		    .p_paddr = BASE,
		    .p_filesz = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 8,
		    .p_memsz = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 8,
		    .p_flags = PF_R | PF_X,
		    .p_align = 0x1000},
	/* xor ebx, ebx; xor eax, eax; inc eax; int 0x80 */
	.code = {0x31, 0xdb, 0x31, 0xc0, 0x40, 0xcd, 0x80, 0xf4},
};

/* What an exec of it says, 0 or an errno. */
static int program_try(int fd)
{
	char *arguments[] = {(char[]){"word-size"}, NULL}, *environment[] = {NULL};
	pid_t child = fork();
	int status = 0;

	if (!child) {
		syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
		_exit(errno);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

bool small_words_run(void)
{
	int fd = memfd_create("word-size", MFD_CLOEXEC), error = 0;

	if (fd < 0)
		return true;
	if (write(fd, &program, sizeof program) == (ssize_t)sizeof program)
		error = program_try(fd);
	close(fd);
	return error != ENOEXEC;
}

#else

bool small_words_run(void)
{
	return true;
}

#endif
