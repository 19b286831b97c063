// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel.c - the programs for the harts, linked into this program
 *
 * A guest shares no file system with anybody, so the Makefile makes one table
 * of build/kernels/.bin files (kernels.S) and links it in.
 */
#include <errno.h>
#include <string.h>

#include "embedded.h"
#include "runtime.h"

/**
 * rt_kernel_find - a program by name
 * @name: its file's name without ".bin"
 * @bytes: receives its size
 *
 * Return: its first byte, NULL: no such program.
 */
const void *rt_kernel_find(const char *name, size_t *bytes)
{
	const struct embedded *kernel;

	for (kernel = rt_embedded_kernels; kernel->name; kernel++)
		if (!strcmp(kernel->name, name)) {
			*bytes = (size_t)(kernel->end - kernel->begin);
			return kernel->begin;
		}
	*bytes = 0;
	return NULL;
}

/**
 * rt_kernel_load - put a program into the framebuffer
 * @device: open
 * @name: see rt_kernel_find()
 * @address: receives the address of its first instruction
 */
int rt_kernel_load(struct rt_device *device, const char *name,
		   uint64_t *address)
{
	size_t bytes;
	const void *code = rt_kernel_find(name, &bytes);

	if (!code)
		return rt_fail(ENOENT, "no program '%s' was linked in", name);
	*address = rt_framebuffer_alloc(device, bytes, 64);
	memcpy(rt_framebuffer(device, *address), code, bytes);
	return 0;
}
