/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * personalities.h - the personalities
 *
 * A new personality is a file beside this one, a line here, and a line in the
 * table of tables.c.
 */
#ifndef OPENVGPU_PERSONALITIES_H
#define OPENVGPU_PERSONALITIES_H

#include "base/vgpu.h"

extern const struct vgpu_personality vgpu_personality_native;
extern const struct vgpu_personality vgpu_personality_bochs;

#endif /* OPENVGPU_PERSONALITIES_H */
