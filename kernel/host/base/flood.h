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

/* After this many jiffies, what a limit left out and must not be lost is said. */
#define VGPU_FLOOD_INTERVAL	(30 * HZ)

/**
 * struct vgpu_flood - what of a vGPU's news is still to be told
 * @lines: limit of lines in the kernel log
 * @events: limit of uevents
 * @settle: tells whether it is open when that was left out
 */
struct vgpu_flood {
	struct ratelimit_state lines;
	struct ratelimit_state events;
	struct delayed_work settle;
};

void vgpu_flood_init(struct vgpu *vgpu);
void vgpu_flood_exit(struct vgpu *vgpu);
bool vgpu_may_log(struct vgpu *vgpu);
bool vgpu_may_send(struct vgpu *vgpu);
void vgpu_send_open(struct vgpu *vgpu);

#endif /* BASE_FLOOD_H */
