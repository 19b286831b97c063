/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * native_registers.h - the control page of the native personality
 *
 * uapi/openvgpu_native.h describes the registers for guests. Pure C without
 * calls or locks, so that unit tests compile it in user space.
 */
#ifndef PERSONALITY_NATIVE_REGISTERS_H
#define PERSONALITY_NATIVE_REGISTERS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#endif

#include "base/pack.h"
#include "openvgpu_native.h"

/* The interface that the page is. */
#define NATIVE_VERSION	0x00010002

/* Bounds what one command makes the host allocate: 32 KiB of list. */
#define NATIVE_MAP_PAGES_MAX	4096

/* What the caller has to do after a write or an event. */
#define NATIVE_BAD	(1u << 0)	/* count a bad access */
#define NATIVE_RAISE	(1u << 1)	/* raise OPENVGPU_NATIVE_VECTOR_CONTROL */
#define NATIVE_MAP	(1u << 2)	/* execute job */
#define NATIVE_RESET	(1u << 3)	/* carry out the reset that is wanted */
#define NATIVE_DRIVER	(1u << 4)	/* the guest's driver said what it is */

/**
 * struct native_map - one map command
 * @list: framebuffer offset of the page list
 * @first: first aperture page
 * @pages: number of pages
 * @command: enum openvgpu_native_command, or nonsense
 */
struct native_map {
	__u64 list;
	__u64 first;
	__u64 pages;
	__u64 command;
};

/**
 * struct native_registers - the control page
 * @features: FEATURES, constant
 * @framebuffer: FRAMEBUFFER, constant
 * @sysmem_pages: APERTURE_PAGES and PINNED_MAX, constant
 * @heads: HEADS, constant
 * @head_max: HEAD_MAX, constant
 * @mapped: MAPPED; filled in by the caller before a read
 * @state: STATE; likewise
 * @framebuffer_used: FRAMEBUFFER_USED
 * @guest_driver: GUEST_DRIVER
 * @event_status: EVENT_STATUS
 * @event_enable: EVENT_ENABLE
 * @fault: FAULT
 * @map: MAP_LIST, MAP_FIRST, MAP_PAGES as the guest wrote them last
 * @map_status: MAP_STATUS, but for resets
 * @map_blocked: reset or close is under way: commands are dropped
 * @map_held: the host stands still: @job is not begun
 * @map_queued: @job waits to be executed
 * @generation: how often commands were dropped; the status of a command of an
 *	earlier generation is of no interest
 * @reset_wanted: RESET was written and not carried out yet
 * @reset_running: it is being carried out
 * @job: the last command
 */
struct native_registers {
	__u64 features;
	__u64 framebuffer;
	__u64 sysmem_pages;
	__u64 heads;
	__u64 head_max;
	__u64 mapped;
	__u64 state;
	__u64 framebuffer_used;
	__u64 guest_driver;
	__u64 event_status;
	__u64 event_enable;
	__u64 fault;
	struct native_map map;
	__u64 map_status;
	bool map_blocked;
	bool map_held;
	bool map_queued;
	unsigned int generation;
	bool reset_wanted;
	bool reset_running;
	struct native_map job;
};

__u64 native_registers_read(const struct native_registers *registers,
			    __u64 offset, unsigned int size, bool *bad);
unsigned int native_registers_write(struct native_registers *registers,
				    __u64 offset, unsigned int size,
				    __u64 value);
unsigned int native_registers_event(struct native_registers *registers,
				    __u64 events);
bool native_registers_take(struct native_registers *registers,
			   struct native_map *job, unsigned int *generation);
bool native_registers_complete(struct native_registers *registers,
			       unsigned int generation, __u64 status);
void native_registers_stop(struct native_registers *registers);
void native_registers_reset(struct native_registers *registers);
unsigned int native_registers_raised(const struct native_registers *registers);
void native_registers_save(const struct native_registers *registers,
			   struct vgpu_pack *pack);
bool native_registers_load(struct native_registers *registers,
			   struct vgpu_unpack *unpack);
enum openvgpu_native_verdict native_verdict(__u64 driver);
void native_driver_text(__u64 driver, char *buf, size_t size);
bool native_mismatch_text(__u64 driver, char *buf, size_t size);

#endif /* PERSONALITY_NATIVE_REGISTERS_H */
