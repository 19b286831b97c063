/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - states, names, refusals, references
 */
#ifndef BASE_STATE_H
#define BASE_STATE_H

#include <linux/compiler.h>
#include <linux/types.h>

struct vgpu;
struct vgpu_gpu;

/**
 * enum vgpu_state - where a vGPU is in its life
 * @VGPU_DIRTY: nobody has it open; its slice must be zeroed before anybody may
 * @VGPU_CLEAN: nobody has it open, and its slice is zero
 * @VGPU_OPEN: a VMM has it open, and its partition works
 * @VGPU_OFFLINE: a VMM has it open; its GPU is being reset, or its slice emptied
 * @VGPU_LOST: a VMM has it open; its GPU is dead
 *
 *	create --> DIRTY ---------- scrub ---------> CLEAN
 *	            ^  ^                             |  |
 *	            |  +---- the GPU was reset ------+  |
 *	            |                                   | open
 *	          close                                 v
 *	            +----------------------------------OPEN
 *	            |                                  ^  |
 *	            |              the GPU comes back  |  |  the GPU is reset
 *	            |                                  |  v
 *	            +---------------------------------OFFLINE
 *	            |                                   |
 *	            |       the GPU dies, from OPEN too |
 *	            +---------------------------------LOST
 *
 * Whether a vGPU has turns on the engine is another question, see enum
 * vgpu_sched_state.
 */
enum vgpu_state {
	VGPU_DIRTY,
	VGPU_CLEAN,
	VGPU_OPEN,
	VGPU_OFFLINE,
	VGPU_LOST,
};

bool vgpu_enter(struct vgpu *vgpu, enum vgpu_state state);
bool vgpu_is_open(const struct vgpu *vgpu);
bool vgpu_has_hardware(const struct vgpu *vgpu);

void vgpu_live_get(void);
void vgpu_live_put(void);
void vgpu_live_wait(void);
void vgpu_gpu_get(struct vgpu_gpu *gpu);
void vgpu_gpu_put(struct vgpu_gpu *gpu);
void vgpu_gpu_error(struct vgpu_gpu *gpu, const char *fmt, ...) __printf(2, 3);
void vgpu_error(struct vgpu *vgpu, const char *fmt, ...) __printf(2, 3);
void vgpu_owner_error(struct vgpu *vgpu, const char *fmt, ...) __printf(2, 3);
bool vgpu_gpu_begin(struct vgpu_gpu *gpu, int *section);
void vgpu_gpu_end(struct vgpu_gpu *gpu, int section);
void vgpu_gpu_failed(struct vgpu_gpu *gpu, const char *why);
void vgpu_gpu_dead(struct vgpu_gpu *gpu, const char *why);
const char *vgpu_gpu_state_name(const struct vgpu_gpu *gpu);
const char *vgpu_name(const struct vgpu *vgpu);
int vgpu_list_name(char *buf, size_t size, int length, const char *name,
		   bool brackets);

#endif /* BASE_STATE_H */
