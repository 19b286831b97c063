/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * family.h - operations of a family of GPUs, and the reports it makes
 */
#ifndef BASE_FAMILY_H
#define BASE_FAMILY_H

#include <linux/bits.h>
#include <linux/pci.h>
#include <linux/types.h>

#include "base/fault.h"
#include "display/picture.h"
#include "policy/policy.h"

struct vgpu;
struct vgpu_gpu;
struct vgpu_instance;
struct vgpu_pack;
struct vgpu_unpack;

/**
 * enum vgpu_engine - how a family's engines get their work
 * @VGPU_ENGINE_NONE: no engine; nothing is scheduled
 * @VGPU_ENGINE_AUTONOMOUS: the GPU runs a partition's rings by itself
 */
enum vgpu_engine {
	VGPU_ENGINE_NONE,
	VGPU_ENGINE_AUTONOMOUS,
};

/* What the writes of a GPU to its memory are told apart by. */
#define VGPU_GRANULE_SHIFT	16
#define VGPU_GRANULE		(1UL << VGPU_GRANULE_SHIFT)

/**
 * enum vgpu_counter - what the hardware counts for one partition
 *
 * All since the vGPU was opened last. Names are those of the attributes in stats.
 */
enum vgpu_counter {
	VGPU_COUNTER_BUSY_NS,		/* executing work */
	VGPU_COUNTER_RESIDENT_NS,	/* holding the engine */
	VGPU_COUNTER_WAIT_NS,		/* had work, did not hold the engine */
	VGPU_COUNTER_SWITCHES,
	VGPU_COUNTER_SWITCH_NS,
	VGPU_COUNTER_PREEMPT_MAX_NS,
	VGPU_COUNTER_PACKETS,
	VGPU_COUNTER_DOORBELLS,
	VGPU_COUNTER_FENCES,
	VGPU_COUNTER_INSTRUCTIONS,
	VGPU_COUNTER_BYTES_READ,
	VGPU_COUNTER_BYTES_WRITTEN,
	VGPU_COUNTERS
};

/**
 * enum vgpu_run_stage - the stage of a run
 * @VGPU_RUN_LOADING: the context is being loaded
 * @VGPU_RUN_EXECUTING: it executes, or lingers
 * @VGPU_RUN_SAVING: the context is being saved
 */
enum vgpu_run_stage {
	VGPU_RUN_LOADING,
	VGPU_RUN_EXECUTING,
	VGPU_RUN_SAVING,
};

/**
 * struct vgpu_family - how one family of physical GPUs is driven
 * @name: its name in sysfs
 * @engine: how its engines get work
 * @devices_add: the module is loaded, and no GPU bound yet: make devices, if this family
 *	makes them itself. May be NULL. May sleep. 0, or errno, which is logged: the
 *	module is not loaded.
 * @devices_remove: undo it; no GPU is bound any more. NULL with @devices_add.
 * @match: true if this family drives that device; looks at vendor and device
 *	id only. May be called before the device is enabled.
 * @probe: device is enabled and not bus master: map BARs, identify, reset, set up
 *	interrupts, fill in the fields of struct vgpu_gpu marked "family". When it
 *	returns, the device remembers no memory of before. May sleep. 0 or errno.
 * @remove: undo @probe. Called with no partition enabled. Leaves the board in
 *	vgpu_gpu.firmware_mode_next, or as it was, which it logs. Must cope with a
 *	device that is gone.
 * @reinit: the device was reset and its configuration space restored: program
 *	the global registers again as @probe did. Memory structures stay. Core
 *	enables the partitions of open vGPUs after it. May sleep. 0 or errno.
 * @fb_page: the page of the host in which that byte of video memory is, for a
 *	device that has none of its own. It stays what it is until a scrub of that
 *	byte, or @remove. NULL: there is none yet, so the byte is 0, and none is
 *	wanted or (@make) to be had. Called for what somebody has open, also
 *	under mapping.sem. May sleep. NULL: video memory is behind a BAR.
 * @dma_map: let the device reach a page of the host, and write to it or not, for a
 *	device that has no DMA of its own; *address is its bus address. It waits for no
 *	allocation. 0, or -ENOMEM. May sleep. NULL: the DMA API does it.
 * @dma_unmap: undo it for many pages: when it returns, the device can't reach them any
 *	more, be it dead or alive. Until then it can, also without bus mastering. May
 *	sleep. NULL with @dma_map.
 * @alive: false when the device does not answer any more (reads all ones).
 *	May sleep.
 * @partition_setup: vgpu->partition, its instance and its framebuffer slice are
 *	chosen: set vgpu->user_phys/user_io/user_size, allocate tables. May
 *	sleep. This operation and partition_* below may be NULL where a partition
 *	is its slice and nothing else.
 * @user_read: what a guest reads in its user page, of 1, 2, 4 or 8 bytes, naturally
 *	aligned, for a device whose registers can't be mapped. May sleep, bounded.
 *	NULL: the page is mapped, as vgpu->user_phys and user_io say.
 * @user_write: likewise. NULL with @user_read.
 * @partition_teardown: undo it.
 * @partition_enable: program the slice and let the partition run (it is not
 *	scheduled yet); everything a guest can read holds reset values. Called
 *	at open and after reset. May sleep.
 * @partition_disable: the partition runs nothing and reaches nothing when this
 *	returns; bounded time even with a hung engine. May sleep.
 * @partition_reset: reset engine state of an enabled partition, leaves it
 *	enabled. Bounded. 0, or -EIO when the hardware did not obey, after
 *	vgpu_gpu_failed(). May sleep.
 * @scrub: zero the slice and every hidden store of a disabled partition. May
 *	sleep, bounded. 0, -EAGAIN while the GPU must not be touched, or errno.
 * @scrub_all: zero all of video memory, what no vGPU can have included, and every
 *	hidden store. No partition is enabled. The device stays as @probe left it.
 *	May sleep, bounded. Returns as @scrub.
 * @notify: notify the guest of fault @code through the error register and the
 *	interrupt of its partition. May be NULL. May sleep.
 * @run: make @vgpu resident on its instance for @quantum_ns (0: until
 *	preempted), out of work for @linger_ns at a time (SCHED_FOREVER: however
 *	long; other values but 0 only if the GPU lingers). Ends with
 *	vgpu_sched_run_end(). Does not sleep for long: a few register writes. 0 or
 *	errno.
 * @preempt: ask the resident vGPU of an instance to stop; ends with run_end.
 * @run_stage: the stage of the run on an instance. May be NULL: it always
 *	executes. May sleep.
 * @slices: let the compute and memory slices of those masks work for an instance,
 *	and no others. Nothing runs there, and no other instance has them, but for
 *	those that have the same memory and were told with @shared that they share it.
 *	NULL: the GPU can't be divided. May sleep. 0, or -EIO: the hardware did not obey
 * @engine_time: how long an instance's engine was busy and idle since the device
 *	was reset, nanoseconds. NULL with @slices. 0, or -ENODEV. May sleep.
 * @poll: read the registers and report what was missed with lost events:
 *	pending partitions by vgpu_sched_pending(), run ends by
 *	vgpu_sched_run_end(), and a resident partition that lingers without work
 *	by vgpu_sched_out_of_work(). May sleep.
 * @now: the GPU's clock, nanoseconds. May be NULL: ktime is used.
 * @sysmem_set: entries [first, first + count) of the partition's
 *	system-memory table := addr[]. May sleep. NULL: no system memory.
 * @sysmem_clear: clear those entries in the table; the hardware may still know
 *	what they were. NULL with @sysmem_set.
 * @sysmem_invalidate: make sure that no access through entries [first, first +
 *	count) as they were before @sysmem_clear is under way or begins when this
 *	returns; those that were not cleared stay as they are. Bounded, never
 *	waits for the progress of an engine, falls back on a partition reset,
 *	and at last on vgpu_gpu_failed(). May sleep. NULL with @sysmem_set.
 * @counter: read a counter. 0, or -ENODEV: the hardware is away. May sleep.
 * @head_plane: what a head of the partition shows, from the hardware's
 *	registers. NULL: partitions have no heads of their own. May sleep.
 * @head_monitor: connect a monitor with that EDID to a head of an enabled
 *	partition, or disconnect it (0 bytes), and notify the guest. It stays
 *	connected across @partition_reset. NULL with @head_plane. May sleep.
 * @flip_interval: at least so many nanoseconds between two flips of a head;
 *	0, as @partition_enable leaves it: as often as there are vertical
 *	blanks. Of an enabled partition; @partition_reset changes nothing in
 *	it. NULL: the GPU can't pace flips. May sleep.
 * @show: show that picture on the physical output: @vgpu's, with @plane
 *	inside its slice, or a black frame (both NULL), which is also what a
 *	picture becomes that the output can't show. Calls for one GPU do not
 *	overlap. NULL: the GPU has no output. May sleep.
 *
 * What follows is for the state of a vGPU that goes to another host. NULL: there
 * is nothing of that kind, or vgpu_gpu.migrates or tracks_writes says no.
 *
 * @stop: a partition that has no turns any more stands still as soon as this
 *	returns: it raises no interrupt, and its clock is noted. No effect on one
 *	that stands still or is not enabled. Bounded. May sleep. Undone by @go,
 *	and by @partition_disable; neither @partition_reset nor @notify does.
 * @go: it goes on, its clock too; raises its interrupt if one may have been lost.
 *	May sleep.
 * @save: all that a guest can read of a partition that stands still, but for its
 *	memory and its monitors. 0, -ENODEV or -EIO. May sleep.
 * @load: the reverse, for a partition that stands still and was just enabled, with
 *	its monitors. What comes is checked. 0, -EBADMSG, -ENODEV or -EIO. May sleep.
 * @context_bytes: size of the image of its unfinished work, at most
 *	vgpu_gpu.context_max; 0: there is none; -ENODEV. May sleep.
 * @context_save: that image. 0, -ENODEV or -EIO. May sleep.
 * @context_load: the reverse, after @load. What comes is checked. 0, -EBADMSG, -ENODEV
 *	or -EIO. May sleep.
 * @dirty_start: note from now on what the GPU writes to the slice of an enabled
 *	partition. 0, -ENODEV or -EIO. May sleep.
 * @dirty_stop: no more. May sleep.
 * @dirty_fetch: set the bit of each granule of VGPU_GRANULE bytes that was, or may
 *	have been, written since @dirty_start or the last @dirty_fetch; what was
 *	written has reached the memory. 0, -ENODEV or -EIO. May sleep.
 *
 * Nothing here is called in interrupt context. All but @probe, @remove and
 * @reinit may be called for different vGPUs at the same time. While
 * vgpu_gpu_is_dead(), all of them return at once without touching the
 * hardware, which vgpu_gpu_begin() tells: those that take something away with
 * success. All but @probe, @remove, @reinit and @alive do so by themselves.
 */
struct vgpu_family {
	const char *name;
	enum vgpu_engine engine;
	int (*devices_add)(void);
	void (*devices_remove)(void);
	bool (*match)(const struct pci_dev *pdev);
	int (*probe)(struct vgpu_gpu *gpu);
	void (*remove)(struct vgpu_gpu *gpu);
	int (*reinit)(struct vgpu_gpu *gpu);
	struct page *(*fb_page)(struct vgpu_gpu *gpu, u64 offset, bool make);
	int (*dma_map)(struct vgpu_gpu *gpu, struct page *page, bool write,
		       dma_addr_t *address);
	void (*dma_unmap)(struct vgpu_gpu *gpu, const dma_addr_t *address,
			  u32 count);
	bool (*alive)(struct vgpu_gpu *gpu);
	int (*partition_setup)(struct vgpu *vgpu);
	u64 (*user_read)(struct vgpu *vgpu, u64 offset, unsigned int size);
	void (*user_write)(struct vgpu *vgpu, u64 offset, unsigned int size,
			   u64 value);
	void (*partition_teardown)(struct vgpu *vgpu);
	int (*partition_enable)(struct vgpu *vgpu);
	void (*partition_disable)(struct vgpu *vgpu);
	int (*partition_reset)(struct vgpu *vgpu);
	int (*scrub)(struct vgpu *vgpu);
	int (*scrub_all)(struct vgpu_gpu *gpu);
	void (*notify)(struct vgpu *vgpu, enum vgpu_fault code);
	int (*run)(struct vgpu *vgpu, u64 quantum_ns, u64 linger_ns);
	void (*preempt)(struct vgpu_instance *instance);
	enum vgpu_run_stage (*run_stage)(struct vgpu_instance *instance);
	int (*slices)(struct vgpu_instance *instance, u8 compute, u8 memory, bool shared);
	int (*engine_time)(struct vgpu_instance *instance, u64 *busy_ns, u64 *idle_ns);
	void (*poll)(struct vgpu_gpu *gpu);
	u64 (*now)(struct vgpu_gpu *gpu);
	int (*sysmem_set)(struct vgpu *vgpu, u32 first, u32 count,
			  const dma_addr_t *addr, bool write);
	void (*sysmem_clear)(struct vgpu *vgpu, u32 first, u32 count);
	void (*sysmem_invalidate)(struct vgpu *vgpu, u32 first, u32 count);
	int (*counter)(struct vgpu *vgpu, enum vgpu_counter which, u64 *value);
	void (*head_plane)(struct vgpu *vgpu, unsigned int head,
			   enum vgpu_plane_kind kind, struct vgpu_plane *plane);
	void (*head_monitor)(struct vgpu *vgpu, unsigned int head,
			     const u8 *edid, unsigned int bytes);
	void (*flip_interval)(struct vgpu *vgpu, u64 ns);
	void (*show)(struct vgpu_gpu *gpu, struct vgpu *vgpu,
		     const struct vgpu_plane *plane);
	void (*stop)(struct vgpu *vgpu);
	void (*go)(struct vgpu *vgpu);
	int (*save)(struct vgpu *vgpu, struct vgpu_pack *pack);
	int (*load)(struct vgpu *vgpu, struct vgpu_unpack *unpack);
	int (*context_bytes)(struct vgpu *vgpu);
	int (*context_save)(struct vgpu *vgpu, u8 *image, u32 bytes);
	int (*context_load)(struct vgpu *vgpu, const u8 *image, u32 bytes);
	int (*dirty_start)(struct vgpu *vgpu);
	void (*dirty_stop)(struct vgpu *vgpu);
	int (*dirty_fetch)(struct vgpu *vgpu, unsigned long *bits);
};

/* tables.c */
extern const struct pci_device_id vgpu_pci_ids[];
const struct vgpu_family *vgpu_family_find(const struct pci_dev *pdev);
int vgpu_families_init(void);
void vgpu_families_exit(void);

/*
 * Reports of a family. Kernel-doc stands at the definitions, in sched/ and
 * pci/; faults are reported as base/fault.h says, and a GPU that does not
 * answer as base/state.h says.
 */
void vgpu_sched_pending(struct vgpu *vgpu, u64 time);
void vgpu_sched_out_of_work(struct vgpu *vgpu);
void vgpu_sched_run_end(struct vgpu *vgpu, enum sched_end reason, u64 time,
			u64 run_ns, u64 switch_ns);
void vgpu_irq_raise(struct vgpu *vgpu, unsigned int vector);

#endif /* BASE_FAMILY_H */
