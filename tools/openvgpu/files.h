/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * files.h - small files of the machine that are not about GPUs and vGPUs
 */
#ifndef FILES_H
#define FILES_H

#include <openvgpu.h>
#include <stdbool.h>
#include <stddef.h>

int files_read(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *value,
	       size_t size, const char *path, ...)
	__attribute__((format(printf, 5, 6)));
int files_link(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *name,
	       size_t size, const char *path, ...)
	__attribute__((format(printf, 5, 6)));
bool files_exists(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		  const char *path, ...)
	__attribute__((format(printf, 3, 4)));
int files_directory(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    char ***names, size_t *count, const char *path, ...)
	__attribute__((format(printf, 5, 6)));
void files_free(char **names);

#endif /* FILES_H */
