/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin_log.h - which guest memory a vGPU's engines may have written
 */
#ifndef MEMORY_PIN_LOG_H
#define MEMORY_PIN_LOG_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct pin_batch;
struct vgpu;

/**
 * struct vgpu_pin_log - guest pages whose writers are of interest; pins.lock
 * @on: somebody wants to know
 * @dropped: interval tree of guest pages that are not mapped any more and were not
 *	told of since
 * @dropped_pages: how many, at most
 * @first: first guest page of what did not fit in there
 * @last: last one; less than @first: all did
 */
struct vgpu_pin_log {
	bool on;
	struct rb_root_cached dropped;
	unsigned long dropped_pages;
	unsigned long first;
	unsigned long last;
};

void pin_log_init(struct vgpu *vgpu);
bool pin_log_keep(struct vgpu *vgpu, struct pin_batch *batch);
int vgpu_pin_log_start(struct vgpu *vgpu);
void vgpu_pin_log_stop(struct vgpu *vgpu);
bool vgpu_pin_log_next(struct vgpu *vgpu, unsigned long *first,
		       unsigned long last, unsigned long *bits,
		       unsigned int count);

#endif /* MEMORY_PIN_LOG_H */
