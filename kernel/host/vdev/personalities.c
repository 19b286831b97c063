// SPDX-License-Identifier: GPL-2.0-only
/*
 * personalities.c - the table of virtual PCI functions
 */
#include <linux/string.h>

#include "vdev/personalities.h"

static const struct vgpu_personality *const personalities[] = {
	&vgpu_personality_native,
};

/**
 * vgpu_personality_find - a personality by its name
 * @name: as in struct vgpu_series
 *
 * Return: the personality, or NULL: there is none of that name.
 */
const struct vgpu_personality *vgpu_personality_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(personalities); i++)
		if (!strcmp(personalities[i]->name, name))
			return personalities[i];
	return NULL;
}
