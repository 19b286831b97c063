// SPDX-License-Identifier: GPL-2.0-only
/*
 * image.c - reading what refgpu-clc makes of a program: an ELF file
 *
 * The file may come from elsewhere (clCreateProgramWithBinary), so nothing in it is
 * taken for granted.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

#define ENTRY	"refgpu_entry_"
#define INFO	"refgpu_info_"
#define STACK	"refgpu_stack"
#define STACK_MAX	(1u << 20)

struct file {
	const uint8_t *at;
	size_t bytes;
	const Elf64_Shdr *sections;
	unsigned int section_count;
};

static const void *part(const struct file *file, uint64_t offset, uint64_t bytes)
{
	if (offset > file->bytes || bytes > file->bytes - offset)
		return NULL;
	return file->at + offset;
}

/* Text of a table, if it ends in it. */
static const char *text(const struct file *file, unsigned int table, uint32_t offset)
{
	const Elf64_Shdr *section = table < file->section_count ? file->sections + table : NULL;
	const char *at = section ? part(file, section->sh_offset, section->sh_size) : NULL;

	if (!at || offset >= section->sh_size || !memchr(at + offset, 0, section->sh_size - offset))
		return NULL;
	return at + offset;
}

static bool open_file(struct file *file)
{
	const Elf64_Ehdr *header = part(file, 0, sizeof(*header));

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_RISCV ||
	    header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shoff % 8)
		return false;
	file->section_count = header->e_shnum;
	file->sections = part(file, header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr));
	return file->sections;
}

static const Elf64_Sym *symbols(const struct file *file, size_t *count, unsigned int *names)
{
	unsigned int i;

	for (i = 0; i < file->section_count; i++) {
		const Elf64_Shdr *section = file->sections + i;
		const Elf64_Sym *table;

		if (section->sh_type != SHT_SYMTAB || section->sh_offset % 8)
			continue;
		table = part(file, section->sh_offset, section->sh_size);
		*count = table ? section->sh_size / sizeof(*table) : 0;
		*names = section->sh_link;
		return table;
	}
	*count = 0;
	return NULL;
}

/* A number of an information in the image; false: it is not there. */
static bool number(const struct image *image, uint64_t at, uint32_t *value)
{
	if (at > image->bytes || image->bytes - at < sizeof(*value))
		return false;
	memcpy(value, image->code + at, sizeof(*value));
	return true;
}

static bool read_info(const struct image *image, uint64_t at, struct image_kernel *kernel)
{
	uint32_t i;

	if (!number(image, at, &kernel->argument_count) || kernel->argument_count > 4096)
		return false;
	kernel->arguments = calloc(kernel->argument_count + 1, sizeof(*kernel->arguments));
	if (!kernel->arguments)
		return false;
	for (i = 0; i < kernel->argument_count; i++, at += 12) {
		struct image_argument *argument = kernel->arguments + i;

		if (!number(image, at + 4, &argument->space) ||
		    !number(image, at + 8, &argument->bytes) ||
		    !number(image, at + 12, &argument->offset) ||
		    argument->space > SPACE_LOCAL)
			return false;
	}
	if (!number(image, at + 4, &kernel->argument_bytes) ||
	    kernel->argument_bytes < sizeof(struct image_head) || kernel->argument_bytes > 65536)
		return false;
	for (i = 0; i < 3; i++) {
		if (!number(image, at + 8 + 4 * i, &kernel->group[i]))
			return false;
	}
	for (i = 0; i < kernel->argument_count; i++) {
		const struct image_argument *argument = kernel->arguments + i;

		if (argument->offset > kernel->argument_bytes ||
		    argument->bytes > kernel->argument_bytes - argument->offset)
			return false;
	}
	return true;
}

static bool read_kernels(struct image *image, const struct file *file)
{
	unsigned int names;
	size_t count, i, n;
	const Elf64_Sym *symbol = symbols(file, &count, &names);

	image->kernels = calloc(count + 1, sizeof(*image->kernels));
	if (!image->kernels)
		return false;
	for (i = 0; i < count; i++) {
		const char *name = text(file, names, symbol[i].st_name);
		struct image_kernel *kernel = image->kernels + image->kernel_count;

		if (name && !strcmp(name, STACK))
			image->stack_bytes = symbol[i].st_value;
		if (!name || strncmp(name, ENTRY, strlen(ENTRY)))
			continue;
		image->kernel_count++;
		kernel->name = strdup(name + strlen(ENTRY));
		kernel->entry = symbol[i].st_value;
		if (!kernel->name || kernel->entry % 4 || kernel->entry >= image->bytes)
			return false;
		for (n = 0; n < count; n++) {
			name = text(file, names, symbol[n].st_name);
			if (name && !strncmp(name, INFO, strlen(INFO)) &&
			    !strcmp(name + strlen(INFO), kernel->name))
				break;
		}
		if (n == count || !read_info(image, symbol[n].st_value, kernel))
			return false;
	}
	return image->stack_bytes && image->stack_bytes <= STACK_MAX;
}

struct image *image_read(const void *elf, size_t bytes)
{
	struct file file = { .at = elf, .bytes = bytes };
	struct image *image = calloc(1, sizeof(*image));
	const Elf64_Ehdr *header = elf;
	unsigned int i;

	if (!image || !open_file(&file))
		goto refuse;
	for (i = 0; i < file.section_count; i++) {
		const Elf64_Shdr *section = file.sections + i;
		const char *name = text(&file, header->e_shstrndx, section->sh_name);
		const void *code;

		if (name && !strcmp(name, ".tbss"))
			image->local_bytes = section->sh_size;
		if (!name || strcmp(name, ".image") || image->code)
			continue;
		code = part(&file, section->sh_offset, section->sh_size);
		if (!code || section->sh_type != SHT_PROGBITS || section->sh_addr)
			goto refuse;
		image->bytes = section->sh_size;
		image->code = malloc(image->bytes + 1);
		if (!image->code)
			goto refuse;
		memcpy(image->code, code, image->bytes);
	}
	if (image->code && read_kernels(image, &file))
		return image;
refuse:
	image_release(image);
	return NULL;
}

void image_release(struct image *image)
{
	unsigned int i;

	if (!image)
		return;
	for (i = 0; i < image->kernel_count; i++) {
		free(image->kernels[i].name);
		free(image->kernels[i].arguments);
	}
	free(image->kernels);
	free(image->code);
	free(image);
}
