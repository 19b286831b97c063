// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * firmware_mode.c - what a board is for, for whoever gets all of it
 */
#include <string.h>

#include "internal.h"

/* Without brackets there is one word, "none": no modes. */
static int mode_read(const struct ovgpu *ovgpu, const char *bdf, const char *name,
		     char *chosen, char *choices)
{
	char text[OVGPU_TEXT_SIZE];
	int err = ovgpu_attribute_get(ovgpu, OVGPU_GPU, bdf, OVGPU_DRIVER, name, text,
				      sizeof(text));

	if (!err && strchr(text, '['))
		ovgpu_choice_parse(text, chosen, OVGPU_NAME_SIZE, choices, OVGPU_TEXT_SIZE);
	return err;
}

/**
 * ovgpu_firmware_mode_get - the firmware modes of a GPU
 * @ovgpu: handle
 * @bdf: the GPU, as ovgpu_bdf_parse() gives it
 * @mode: receives them
 *
 * Return: 0, also if the board has no such modes; or a negative errno: -EINVAL no such
 * name; -ENOENT the module is older, or does not have the GPU.
 */
int ovgpu_firmware_mode_get(const struct ovgpu *ovgpu, const char *bdf,
			    struct ovgpu_firmware_mode *mode)
{
	int err;

	memset(mode, 0, sizeof(*mode));
	err = mode_read(ovgpu, bdf, "firmware_mode", mode->now, mode->choices);
	if (!err)
		err = mode_read(ovgpu, bdf, "firmware_mode_next", mode->next, mode->choices);
	return err;
}
