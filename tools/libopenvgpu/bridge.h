/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bridge.h - files of another machine, through openvgpu on it
 *
 * The other side is tools/openvgpu/bridge.c. It greets with a line, and then a
 * request is a line "OPERATION TREE LENGTH LENGTH", behind which a path and a value
 * stand; an answer a line "ERRNO LENGTH" with that many bytes behind it.
 */
#ifndef OVGPU_BRIDGE_H
#define OVGPU_BRIDGE_H

#include "openvgpu.h"

#define BRIDGE_GREETING		"openvgpu bridge 1\n"
#define BRIDGE_LINE		64	/* bytes of a line at most */
#define BRIDGE_MAX		(16 << 20)	/* of what stands behind it */

enum bridge_operation {
	BRIDGE_READ = 'r',	/* content of a file */
	BRIDGE_WRITE = 'w',	/* in one write */
	BRIDGE_LINK = 'l',	/* where a symbolic link leads */
	BRIDGE_STAT = 's',	/* mode, decimal; links are followed */
	BRIDGE_LSTAT = 'S',	/* mode, decimal; links are not followed */
	BRIDGE_DIRECTORY = 'd',	/* names, each with a NUL */
};

struct ovgpu_bridge;

#ifndef OVGPU_LOCAL

/* handle.c */
struct ovgpu_bridge *ovgpu_bridge_of(const struct ovgpu *ovgpu);

/* bridge.c */
int ovgpu_bridge_open(struct ovgpu_bridge **bridge, const char *url);
void ovgpu_bridge_close(struct ovgpu_bridge *bridge);
int ovgpu_bridge_call(struct ovgpu_bridge *bridge, enum bridge_operation operation,
		      enum ovgpu_tree tree, const char *path, const char *value,
		      char **answer, size_t *length);

#else /* the command itself, which runs on the other machine */

static inline struct ovgpu_bridge *ovgpu_bridge_of(const struct ovgpu *ovgpu)
{
	(void)ovgpu;
	return NULL;
}

static inline int ovgpu_bridge_call(struct ovgpu_bridge *bridge,
				    enum bridge_operation operation,
				    enum ovgpu_tree tree, const char *path,
				    const char *value, char **answer,
				    size_t *length)
{
	(void)bridge;
	(void)operation;
	(void)tree;
	(void)path;
	(void)value;
	*answer = NULL;
	*length = 0;
	return -1;
}

#endif

#endif /* OVGPU_BRIDGE_H */
