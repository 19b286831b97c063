/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * native.h - what the files of the native personality share
 */
#ifndef VDEV_NATIVE_H
#define VDEV_NATIVE_H

#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "base/vgpu.h"
#include "openvgpu_native.h"

/* Bounds what one command makes the host allocate: 32 KiB of list. */
#define NATIVE_MAP_PAGES_MAX	4096

/**
 * struct native_map - one map command
 * @list: framebuffer offset of the page list
 * @first: first aperture page
 * @pages: number of pages
 * @command: enum openvgpu_native_command, or nonsense
 */
struct native_map {
	u64 list;
	u64 first;
	u64 pages;
	u64 command;
};

/**
 * struct native - a vGPU with the native personality
 * @vgpu: the vGPU
 * @lock: protects the registers: all fields down to @map_work
 * @event_status: EVENT_STATUS
 * @event_enable: EVENT_ENABLE
 * @fault: FAULT
 * @map: MAP_LIST, MAP_FIRST, MAP_PAGES as the guest wrote them last
 * @map_status: MAP_STATUS
 * @map_blocked: reset or close is under way: commands are dropped
 * @reset_wanted: RESET was written and not carried out yet
 * @reset_running: it is being carried out
 * @job: the command that @map_work executes, constant while BUSY
 * @map_work: executes a map command
 * @reset_work: carries a RESET out. It takes vgpu->lock, so whoever holds that
 *	must not wait for it: close() only withdraws the wish, and release()
 *	waits.
 */
struct native {
	struct vgpu *vgpu;
	spinlock_t lock;	/* innermost */
	u64 event_status;
	u64 event_enable;
	u64 fault;
	struct native_map map;
	u64 map_status;
	bool map_blocked;
	bool reset_wanted;
	bool reset_running;
	struct native_map job;
	struct work_struct map_work;
	struct work_struct reset_work;
};

static inline struct native *native_of(struct vgpu *vgpu)
{
	return vgpu->personality_data;
}

/* native.c */
void native_event(struct native *native, u64 events);

/* native_map.c */
void native_map_init(struct native *native);
void native_map_command(struct native *native, u64 command);
void native_map_stop(struct native *native);

#endif /* VDEV_NATIVE_H */
