/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unmapping.h - calls in which a VMM takes guest memory away; only for memory/
 */
#ifndef MEMORY_UNMAPPING_H
#define MEMORY_UNMAPPING_H

#include <linux/types.h>

struct vgpu;

unsigned int pin_unmapping_note(struct vgpu *vgpu, unsigned long first,
				unsigned long last);
bool pin_unmapping_covers(struct vgpu *vgpu, unsigned long first,
			  unsigned long last);
void pin_unmapping_forget(struct vgpu *vgpu);

#endif /* MEMORY_UNMAPPING_H */
