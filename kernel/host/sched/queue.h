/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.h - steps of a run queue that the coming and going of vGPUs takes, too
 */
#ifndef SCHED_QUEUE_H
#define SCHED_QUEUE_H

#include "sched/run.h"

void vgpu_queue_release(struct vgpu_runqueue *rq);
void vgpu_queue_abandon(struct vgpu_runqueue *rq, u64 now);

#endif /* SCHED_QUEUE_H */
