/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files.h - small files and directories below the trees of a handle
 *
 * For the library and the openvgpu command; not exported.
 */
#ifndef OVGPU_FILES_H
#define OVGPU_FILES_H

#include "openvgpu.h"

#define OVGPU_PRINTF(format_at, first)	\
	__attribute__((format(printf, format_at, first)))

int ovgpu_read(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *value,
	       size_t size, const char *path, ...) OVGPU_PRINTF(5, 6);
int ovgpu_write(const struct ovgpu *ovgpu, const char *value,
		const char *path, ...) OVGPU_PRINTF(3, 4);
int ovgpu_link(const struct ovgpu *ovgpu, enum ovgpu_tree tree, char *name,
	       size_t size, const char *path, ...) OVGPU_PRINTF(5, 6);
bool ovgpu_exists(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		  const char *path, ...) OVGPU_PRINTF(3, 4);
int ovgpu_open_file(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    const char *path);
int ovgpu_link_target(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		      const char *path, char *target, size_t size);
int ovgpu_mode(const struct ovgpu *ovgpu, enum ovgpu_tree tree, const char *path,
	       bool follow);
int ovgpu_directory(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		    char ***names, size_t *count, const char *path, ...)
	OVGPU_PRINTF(5, 6);

#endif /* OVGPU_FILES_H */
