/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image.h - what refgpu-clc makes of a program
 */
#ifndef OPENCL_IMAGE_H
#define OPENCL_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct image_head - what stands before the arguments of a kernel
 * @local: of the first group's local memory
 * @local_bytes: of each group
 * @stack: lowest address of all stacks
 * @stack_bytes: of each group
 * @dimensions: of the work
 * @offset: global offset
 *
 * The entry of a kernel (compiler/entry.awk) reads the first four, built-in functions
 * the rest.
 */
struct image_head {
	uint64_t local;
	uint64_t local_bytes;
	uint64_t stack;
	uint64_t stack_bytes;
	uint64_t dimensions;
	uint64_t offset[3];
	uint64_t reserved[2];
};

enum image_space { SPACE_PRIVATE, SPACE_GLOBAL, SPACE_CONSTANT, SPACE_LOCAL };

/** struct image_argument - an argument: whose memory it points to, bytes, and where it goes */
struct image_argument {
	uint32_t space;
	uint32_t bytes;
	uint32_t offset;
};

/**
 * struct image_kernel - a kernel
 * @entry: where it begins in the code
 * @argument_bytes: of the head and all arguments
 * @group: items of a group in each dimension, if its source says so, or zeroes
 */
struct image_kernel {
	char *name;
	uint64_t entry;
	uint32_t argument_count;
	uint32_t argument_bytes;
	uint32_t group[3];
	struct image_argument *arguments;
};

/**
 * struct image - a program for the GPU
 * @code: to be loaded at any multiple of 16
 * @local_bytes: that variables of local memory take
 * @stack_bytes: that an item needs at most
 */
struct image {
	uint8_t *code;
	size_t bytes;
	size_t local_bytes;
	size_t stack_bytes;
	struct image_kernel *kernels;
	unsigned int kernel_count;
};

/** image_read() - read a file of refgpu-clc; NULL: it is none */
struct image *image_read(const void *elf, size_t bytes);

/** image_release() - NULL does nothing */
void image_release(struct image *image);

#endif /* OPENCL_IMAGE_H */
