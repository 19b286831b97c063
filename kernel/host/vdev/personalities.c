// SPDX-License-Identifier: GPL-2.0-only
/*
 * personalities.c - the table of virtual PCI functions
 */
#include <linux/string.h>

#include "vdev/personalities.h"

static const struct vgpu_personality *const personalities[] = {
	&vgpu_personality_native,
	&vgpu_personality_bochs,
};

/**
 * vgpu_personality_find - a personality by its name
 * @name: as in struct vgpu_series; a newline may follow
 *
 * Return: the personality, or NULL: there is none of that name.
 */
const struct vgpu_personality *vgpu_personality_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(personalities); i++)
		if (sysfs_streq(personalities[i]->name, name))
			return personalities[i];
	return NULL;
}

/**
 * vgpu_personality_list - what a vGPU can be
 * @vgpu: the vGPU
 * @buf: receives the names on one line
 * @size: of @buf
 * @brackets: put what it is in brackets
 *
 * Return: length of the line.
 */
int vgpu_personality_list(const struct vgpu *vgpu, char *buf, size_t size,
			  bool brackets)
{
	const struct vgpu_personality *now = READ_ONCE(vgpu->personality);
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(personalities); i++) {
		bool marked = brackets && personalities[i] == now;

		if (personalities[i]->supports(vgpu->gpu, vgpu->type))
			n += scnprintf(buf + n, size - n, "%s%s%s%s",
				       n ? " " : "", marked ? "[" : "",
				       personalities[i]->name,
				       marked ? "]" : "");
	}
	return n;
}
