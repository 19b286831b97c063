/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgpu.h - a vGPU, and the lock order of the module
 *
 * Lock order, outermost first. A lock may be taken with any above it held,
 * none below.
 *   device lock of the PCI function, mdev parent's unreg_sem, VFIO group and
 *   device-set locks (not ours)
 *   vgpu_gpu.state_lock	mutex: reset, suspend and death of the GPU
 *				against create, open and removal of a vGPU;
 *				the list of vGPUs
 *   vgpu_gpu.place_lock	mutex: who has which slices, memory and partition,
 *				in the layout and in the hardware
 *   [attributes of an instance, while they are removed]
 *   vgpu.migration.serial	mutex: a VMM changes the state of migration; waits
 *				for that VMM's memory, so nothing else takes it
 *   vgpu.lock			mutex: open, close, reset of one vGPU
 *   lock of a migration's file	mutex: what is saved or loaded next; never held
 *				over a copy from or to user memory
 *   vgpu_gpu.console_lock	mutex: what the physical output shows
 *   locks of a personality	see personality/: taken in its reset()
 *   vgpu.config_lock		mutex: the configuration space
 *   vgpu_gpu.lock		mutex: the layout, hand_over, work_mode,
 *				last_error
 *   vgpu.irq.lock		mutex: SET_IRQS
 *   vgpu.display.lock		mutex: which picture the display window or the
 *				dma-bufs show
 *   vgpu.pins.lock		mutex: the trees of pinned guest pages. Taken in
 *				dma_unmap: never held over a call into VFIO
 *   lock of the dma-bufs	mutex: which there are; see dmabuf.c
 *   [reservation lock of a dma-buf]
 *   lock of a copy		mutex: which devices see it; see dmabuf_copy.c
 *   [mmap_lock of the VMM]
 *   vgpu.mapping.sem		rwsem: which pages a BAR mapping may show. Nests
 *				inside mmap_lock: no user copy, no pinning under it
 *   dma-buf's own		rwsem: what a mapping of it may show; likewise
 *   vgpu_runqueue.lock		spinlock: who runs, and settings of the scheduler
 *   vgpu_sched_log.lock	spinlock: the log of switches
 *   lock of the tenants		spinlock: whose vGPUs are; see tenant.c
 * RCU protects eventfds (vgpu.irq) and vgpu_gpu.partition[]; both are read in
 * hard interrupt context.
 *
 * Trapped accesses of a guest hold none of these, so a personality may call
 * vgpu_reset() from its write(), holding no lock of its own.
 */
#ifndef BASE_VGPU_H
#define BASE_VGPU_H

#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>

#include "base/fault.h"
#include "base/flood.h"
#include "base/gpu.h"
#include "base/limits.h"
#include "base/personality.h"
#include "base/region.h"
#include "base/state.h"
#include "base/tenant.h"
#include "base/type.h"
#include "display/dmabuf.h"
#include "display/monitor.h"
#include "display/query.h"
#include "display/window.h"
#include "memory/dirty.h"
#include "memory/pin.h"
#include "memory/scrub.h"
#include "openvgpu_settings.h"
#include "pci/config_space.h"
#include "pci/irq.h"
#include "pci/mapping.h"
#include "sched/run.h"
#include "vgpu/migrate.h"

/**
 * struct vgpu_stats - software counters since create; relaxed, any context
 */
struct vgpu_stats {
	atomic64_t trapped_reads;
	atomic64_t trapped_writes;
	atomic64_t bad_accesses;	/* unknown register, wrong size, read-only */
	atomic64_t config_writes;
	atomic64_t interrupts;
	atomic64_t slices;
	atomic64_t preemptions;
	atomic64_t run_ns;		/* from run-end events, the GPU's clock */
	atomic64_t resets;		/* asked for by guest or VMM */
	atomic64_t faults;		/* done to it by the host */
	atomic64_t page_faults;		/* of BAR mappings */
	atomic64_t revoked;		/* mappings taken back by dma_unmap */
	atomic64_t memory_refused;	/* over the limit of locked memory */
	atomic64_t violations;		/* accesses the hardware refused */
	atomic64_t suppressed_lines;	/* not logged: see base/flood.c */
	atomic64_t suppressed_events;	/* not sent */
};

/**
 * struct vgpu - one vGPU
 * @vdev: first member, as vfio_alloc_device() wants it
 * @gpu: its GPU; works while the mdev does (until vgpu_mdev_remove()
 *	returned); after that only fields of struct vgpu may be used
 * @mdev: the mediated device; valid as long as @gpu works
 * @lock: open, close, reset
 * @asked_pid: owner that was said to be in the way of its removal; of the removing
 *	thread
 * @refuse_opens: an administrator is about to remove it
 * @master: its function may access memory and raise interrupts, as its guest
 *	wants it: what COMMAND says, once vgpu_update_master() has seen it
 * @state: where it is in its life; changed by vgpu_enter()
 * @entity: how the policy sees it, its settings included
 * @frozen: gets no turns until it is thawed; survives open and close
 * @faulted: gets no turns until it was reset and @stopped_until has passed
 * @hang_resets: when the scheduler had to reset it, kernel clock: a ring
 * @hang_count: how often, since it was created
 * @stopped_until: when the hangs that made it faulted are long enough ago, kernel
 *	clock
 * @stop_answered: it was reset since then
 * @paused: its VM is: it has no turns and stands still
 * @framebuffer_used: bytes of its slice that its guest says it uses; what the
 *	guest wrote, which may be nonsense
 * @guest_driver: what the driver of its guest says of itself, for
 *	personality->guest_driver(); 0: nothing
 * @limits: of its time on an engine and of its pictures
 * @tenant: whose it is, a name for people; empty: nobody said
 */
struct vgpu {
	struct vfio_device vdev;
	struct vgpu_gpu *gpu;
	struct mdev_device *mdev;
	const struct vgpu_type *type;
	/* Constant while it is open; lock. READ_ONCE without it. */
	const struct vgpu_personality *personality;
	void *personality_data;
	void *family_data;
	struct list_head node;		/* gpu->vgpus; gpu->state_lock */

	/* Placement: constant from create to removal, but for two things: */
	/*
	 * Another of the same memory while it is closed. lock, or the lock of its rq,
	 * which vgpu_sched_lock() takes; READ_ONCE without them.
	 */
	struct vgpu_instance *instance;
	unsigned int partition;
	/*
	 * In the GPU's video memory. Another while it is closed; constant from
	 * vgpu_place_fix() on, and while scrub.running. gpu->lock.
	 */
	u64 fb_offset;
	u64 fb_size;
	phys_addr_t user_phys;		/* family */
	void __iomem *user_io;		/* family */
	u64 user_size;			/* family */
	u64 framebuffer_used;		/* READ_ONCE, WRITE_ONCE */
	u64 guest_driver;		/* READ_ONCE, WRITE_ONCE */
	struct vgpu_limits limits;
	char tenant[VGPU_TENANT_SIZE];	/* tenant.c */

	/* VFIO device model. */
	struct mutex lock;
	pid_t owner_pid;		/* lock; 0: closed */
	pid_t asked_pid;
	bool refuse_opens;		/* lock */
	struct mutex config_lock;
	struct vgpu_config config;	/* config_lock */
	bool master;			/* lock */
	bool paused;			/* lock; READ_ONCE without it */
	/* Constant while it is open; lock. */
	struct vgpu_region region[VGPU_MAX_REGIONS];
	unsigned int num_regions;
	unsigned int vectors;		/* constant */
	struct vgpu_irq irq;

	/* BAR mappings. */
	struct vgpu_mapping mapping;
	enum vgpu_state state;		/* mapping.sem; READ_ONCE without it */

	/* Display of head 0. */
	struct vgpu_display display;
	struct vgpu_monitor monitor;	/* lock */
	struct vgpu_window window;
	struct vgpu_dmabufs dmabufs;

	struct vgpu_pins pins;

	struct vgpu_dirty dirty;
	struct vgpu_migration migration;

	/* Scheduling. */
	struct sched_client entity;	/* lock of instance->rq */
	enum vgpu_sched_state sched_state; /* likewise, and what follows */
	struct vgpu_sched_account account;
	bool frozen;
	bool faulted;
	u64 hang_resets[OPENVGPU_FAULT_LIMIT_MAX];
	unsigned int hang_count;
	u64 stopped_until;
	bool stop_answered;

	struct vgpu_scrub scrub;
	struct vgpu_faults faults;
	struct vgpu_flood flood;
	struct vgpu_stats stats;
};

static inline struct vgpu *vgpu_from_vdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct vgpu, vdev);
}

#endif /* BASE_VGPU_H */
