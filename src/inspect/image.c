/* SPDX-License-Identifier: MIT */
/*
 * Read as the loader does it, by the program headers: a program need not have any others.
 * Only what nobody but people needs is looked for in the sections.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/image.h"

#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000
#endif

/* A longer name is none that we look for. */
#define NAME_SIZE 64

struct reading {
	struct image *image;
	Elf *elf;
	int fd;
	GElf_Ehdr header;
	bool dynamic, pie, is_loader;
};

static void text_read(int fd, uint64_t offset, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, (off_t)offset);

	text[got > 0 ? got : 0] = '\0';
}

/* Where in the file an address is; false: nowhere. */
static bool address_find(const struct reading *reading, uint64_t address, uint64_t *offset)
{
	GElf_Phdr segment;
	size_t count, i;

	if (elf_getphdrnum(reading->elf, &count))
		return false;
	for (i = 0; i < count && gelf_getphdr(reading->elf, (int)i, &segment); i++) {
		if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*offset = segment.p_offset + (address - segment.p_vaddr);
		return true;
	}
	return false;
}

static void name_visit(struct reading *reading, int64_t tag, uint64_t offset)
{
	char name[NAME_SIZE];

	text_read(reading->fd, offset, name, sizeof name);
	if (tag == DT_NEEDED && !strncmp(name, "liburing", 8))
		reading->image->uring = true;
	/* ld-linux-x86-64.so.2, ld-musl-x86_64.so.1: no other library is named so. */
	if (tag == DT_SONAME && !strncmp(name, "ld", 2) && strstr(name, ".so"))
		reading->is_loader = !strncmp(name, "ld-", 3) || !strncmp(name, "ld64", 4) ||
				     !strncmp(name, "ld.so", 5);
}

static void dynamic_read(struct reading *reading, const GElf_Phdr *segment)
{
	Elf_Data *data = elf_getdata_rawchunk(reading->elf, (int64_t)segment->p_offset,
					      segment->p_filesz, ELF_T_DYN);
	uint64_t names = 0;
	GElf_Dyn entry;
	int i;

	reading->dynamic = true;
	for (i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		if (entry.d_tag == DT_STRTAB && !address_find(reading, entry.d_un.d_ptr, &names))
			names = 0;
		if (entry.d_tag == DT_FLAGS_1)
			reading->pie = entry.d_un.d_val & DF_1_PIE;
	}
	for (i = 0; names && data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_SONAME)
			name_visit(reading, entry.d_tag, names + entry.d_un.d_val);
}

/* Go's linker leaves a note of its own. */
static void notes_read(struct reading *reading, const GElf_Phdr *segment)
{
	Elf_Data *data =
		elf_getdata_rawchunk(reading->elf, (int64_t)segment->p_offset, segment->p_filesz,
				     segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t at = 0, name, content;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name, &content)) > 0)
		if (note.n_namesz == sizeof "Go\0" &&
		    !memcmp((const char *)data->d_buf + name, "Go\0", sizeof "Go\0"))
			reading->image->go = true;
}

static int segments_read(struct reading *reading)
{
	GElf_Phdr segment;
	size_t count, i;

	if (elf_getphdrnum(reading->elf, &count))
		return -EBADMSG;
	for (i = 0; i < count; i++) {
		if (!gelf_getphdr(reading->elf, (int)i, &segment))
			return -EBADMSG;
		if (segment.p_type == PT_INTERP)
			text_read(reading->fd, segment.p_offset, reading->image->loader,
				  segment.p_filesz < PATH_MAX ? segment.p_filesz + 1 : PATH_MAX);
		else if (segment.p_type == PT_DYNAMIC)
			dynamic_read(reading, &segment);
		else if (segment.p_type == PT_NOTE)
			notes_read(reading, &segment);
	}
	return 0;
}

static void symbols_read(struct reading *reading, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;
	const char *name;
	int i;

	for (i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		name = elf_strptr(reading->elf, header->sh_link, symbol.st_name);
		if (name && !strncmp(name, "io_uring_", 9))
			reading->image->uring = true;
	}
}

static void sections_read(struct reading *reading)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(reading->elf, &names))
		return;
	while ((section = elf_nextscn(reading->elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(reading->elf, names, header.sh_name);
		if (name && (!strcmp(name, ".go.buildinfo") || !strcmp(name, ".note.go.buildid")))
			reading->image->go = true;
		if (header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB)
			symbols_read(reading, section, &header);
	}
}

static enum image_kind kind_of(const struct reading *reading)
{
	if (reading->header.e_type == ET_EXEC)
		return *reading->image->loader ? IMAGE_DYNAMIC : IMAGE_STATIC;
	if (reading->header.e_type != ET_DYN)
		return IMAGE_LIBRARY;
	/* Some libraries have a loader, too, and say something when they are started. */
	if (*reading->image->loader)
		return IMAGE_DYNAMIC;
	if (reading->is_loader)
		return IMAGE_LOADER;
	return reading->pie || !reading->dynamic ? IMAGE_STATIC_PIE : IMAGE_LIBRARY;
}

/* libelf makes do with less; the kernel does not. */
static bool headers_whole(const struct reading *reading)
{
	const GElf_Ehdr *header = &reading->header;
	uint64_t end = header->e_phoff + (uint64_t)header->e_phnum * header->e_phentsize;
	struct stat status;

	return !fstat(reading->fd, &status) && end >= header->e_phoff &&
	       end <= (uint64_t)status.st_size;
}

static int elf_read(struct reading *reading)
{
	struct image *image = reading->image;
	int error;

	if (!gelf_getehdr(reading->elf, &reading->header))
		return -EBADMSG;
	image->bits = gelf_getclass(reading->elf) == ELFCLASS64 ? 64 : 32;
	image->big_endian = reading->header.e_ident[EI_DATA] == ELFDATA2MSB;
	image->machine = reading->header.e_machine;
	if (!headers_whole(reading))
		return -EBADMSG;
	error = segments_read(reading);
	if (error)
		return error;
	sections_read(reading);
	image->kind = kind_of(reading);
	return 0;
}

int image_read(struct image *image, int fd)
{
	struct reading reading = {.image = image, .fd = fd};
	char magic[SELFMAG];
	int error;

	*image = (struct image){.bits = 0};
	if (pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
	    memcmp(magic, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	elf_version(EV_CURRENT);
	reading.elf = elf_begin(fd, ELF_C_READ, NULL);
	error = reading.elf && elf_kind(reading.elf) == ELF_K_ELF ? elf_read(&reading) : -EBADMSG;
	elf_end(reading.elf);
	return error;
}

const char *machine_name(const struct image *image, char buffer[16])
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{EM_386, "i386"},      {EM_X86_64, "x86-64"}, {EM_ARM, "arm"},
		{EM_AARCH64, "arm64"}, {EM_RISCV, "riscv"},   {EM_PPC64, "ppc64"},
		{EM_S390, "s390"},     {EM_MIPS, "mips"},     {EM_PPC, "ppc"},
		{EM_SPARCV9, "sparc"}, {258, "loongarch"},
	};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].machine == image->machine)
			return names[i].name;
	snprintf(buffer, 16, "machine %u", image->machine);
	return buffer;
}

/* Kernels of the first also run programs of the second. */
static const uint16_t families[][2] = {{EM_X86_64, EM_386}, {EM_AARCH64, EM_ARM}};

bool machine_shared(const struct image *one, const struct image *other)
{
	size_t i;

	if (one->big_endian != other->big_endian)
		return false;
	for (i = 0; i < sizeof families / sizeof families[0]; i++)
		if ((one->machine == families[i][0] && other->machine == families[i][1]) ||
		    (one->machine == families[i][1] && other->machine == families[i][0]))
			return true;
	return one->machine == other->machine;
}
