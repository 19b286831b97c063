/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flood.h - how much a guest and its VMM may make the host say
 */
#ifndef BASE_FLOOD_H
#define BASE_FLOOD_H

#include <linux/ratelimit_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct vgpu;

/**
 * enum vgpu_later - what is said later when a limit has left it out
 * @VGPU_LATER_OPEN: uevent: whether somebody has it open
 * @VGPU_LATER_LOG_STOP: line: it was stopped
 * @VGPU_LATER_SEND_STOP: uevent: whether it is stopped
 */
enum vgpu_later {
	VGPU_LATER_OPEN,
	VGPU_LATER_LOG_STOP,
	VGPU_LATER_SEND_STOP,
};

/**
 * struct vgpu_flood - what of a vGPU's news is still to be told
 * @lines: limit of lines in the kernel log
 * @events: limit of uevents
 * @later: bits of enum vgpu_later that were left out
 * @settle: says them
 */
struct vgpu_flood {
	struct ratelimit_state lines;
	struct ratelimit_state events;
	unsigned long later;
	struct delayed_work settle;
};

void vgpu_flood_init(struct vgpu *vgpu);
void vgpu_flood_exit(struct vgpu *vgpu);
bool vgpu_may_log(struct vgpu *vgpu);
bool vgpu_may_send(struct vgpu *vgpu);
void vgpu_say_later(struct vgpu *vgpu, enum vgpu_later what);
void vgpu_send_open(struct vgpu *vgpu);

#endif /* BASE_FLOOD_H */
