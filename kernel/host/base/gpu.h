/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gpu.h - a physical GPU
 */
#ifndef BASE_GPU_H
#define BASE_GPU_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

#include "base/family.h"
#include "base/instance.h"
#include "base/version.h"
#include "openvgpu_work_mode.h"
#include "place/layout.h"

#define VGPU_LAST_ERROR_SIZE	256

struct vgpu;
struct vgpu_type;

/**
 * enum vgpu_gpu_state - whether a GPU takes requests
 * @VGPU_GPU_UP: yes
 * @VGPU_GPU_RESET: being reset or suspended; goes back to UP. Not to be
 *	touched; guest mappings show scratch pages
 * @VGPU_GPU_GOING: being unbound: no new opens or creates, but who is inside
 *	goes on
 * @VGPU_GPU_DEAD: does not answer; final. Not to be touched; guest mappings
 *	show scratch pages
 */
enum vgpu_gpu_state {
	VGPU_GPU_UP,
	VGPU_GPU_RESET,
	VGPU_GPU_GOING,
	VGPU_GPU_DEAD,
};

/**
 * enum vgpu_hand_over - whether a GPU is about to be another driver's
 * @VGPU_KEPT: no
 * @VGPU_HANDING_OVER: it has no vGPU and offers none; its memory is being zeroed
 * @VGPU_HANDED_OVER: its memory is zero, and it offers no vGPU until it is bound
 *	again, or kept after all
 */
enum vgpu_hand_over {
	VGPU_KEPT,
	VGPU_HANDING_OVER,
	VGPU_HANDED_OVER,
};

/**
 * struct vgpu_gpu - one physical GPU
 *
 * Fields marked "family" are filled in by vgpu_family.probe and constant
 * after it.
 */
struct vgpu_gpu {
	struct kref kref;
	void (*release)(struct kref *kref);
	struct pci_dev *pdev;
	const struct vgpu_family *family;
	void *family_data;		/* family */
	char board[16];			/* family: [A-Z0-9]+, part of type names */
	phys_addr_t fb_phys;		/* family: bus address of video memory; without fb_page */
	void __iomem *fb_io;		/* family: its write-combined mapping; likewise */
	u64 fb_size;			/* family: bytes */
	u64 fb_reserved;		/* family: of them, at 0, not for vGPUs; rounded up */
	unsigned int max_vgpus;		/* family: 1..VGPU_MAX_PARTITIONS */
	unsigned int heads;		/* family: heads a vGPU can have */
	unsigned int compute_slices;	/* family: 0 or 1: it can't be divided */
	unsigned int memory_slices;	/* family: likewise */
	bool shares_memory;		/* family: several instances can have the same */
	u32 sysmem_pages;		/* family: aperture pages a vGPU, 0: none */
	bool lingers;			/* family: a run can linger for a stated time */
	unsigned int user_vectors;	/* family: hardware vectors a vGPU, 0 or 1 */
	bool migrates;			/* family: a vGPU's state can be saved and loaded */
	bool tracks_writes;		/* family: ... and what its engines write be noted */
	u32 context_max;		/* family: bytes of an image of unfinished work */
	u32 hardware_version;		/* family: as guests see it, major << 16 | minor */
	u64 capabilities;		/* family: as guests see them */
	u64 head_capabilities;		/* family: those that only guests with heads use */
	u16 vendor_id, device_id;	/* family: PCI ids the native personality shows */
	u16 subsystem_id;
	u32 class_code;
	u8 revision;
	bool has_firmware_modes;	/* family: the board can be for something else */
	enum openvgpu_work_mode firmware_mode; /* family: what it is for */

	struct mutex state_lock;	/* @state, @vgpus; see the lock order */
	enum vgpu_gpu_state state;	/* cmpxchg; DEAD may come any time */
	struct list_head vgpus;		/* state_lock */
	struct work_struct dead_work;	/* tells the vGPUs */
	struct delayed_work failed_work; /* declares it dead */
	const char *failed_why;		/* state_lock or failed_work */
	unsigned int recoveries;	/* successful ones; READ_ONCE */
	unsigned int failed_recoveries;	/* of them, before it failed */
	struct delayed_work stuck_work;	/* declares it dead if nobody recovers it */
	struct srcu_struct access;	/* who touches the hardware */

	/*
	 * One change of the layout at a time: with it, the layout changes only in
	 * whether a vGPU is closed, and in which queue of its instance one is that
	 * is. See the lock order.
	 */
	struct mutex place_lock;

	struct mutex console_lock;	/* @console, and what the output shows */
	struct vgpu *console;		/* console_lock for writing; NULL: none */
	struct work_struct console_work;

	struct mutex lock;		/* placement and last_error */
	struct layout layout;		/* lock, and place_lock for writing */
	struct vgpu *placed[VGPU_MAX_PARTITIONS]; /* lock; by partition */
	enum vgpu_hand_over hand_over;	/* lock: so that nobody creates a vGPU */
	enum openvgpu_work_mode work_mode; /* lock; READ_ONCE without it */
	enum openvgpu_work_mode firmware_mode_next; /* likewise; taken when it is unbound */
	char last_error[VGPU_LAST_ERROR_SIZE]; /* lock */
	struct vgpu __rcu *partition[VGPU_MAX_PARTITIONS];

	struct workqueue_struct *wq;	/* what waits for hardware: scrub, faults */
	/* What waits for VMMs, perhaps for ever: nobody waits for all of it. */
	struct workqueue_struct *memory_wq;
	struct vgpu_instance instance[LAYOUT_INSTANCES];
	struct kobject *instances;	/* folder of instances; NULL: none */
	struct vgpu_sched_log *sched_log;
	u64 looked_at;			/* kernel clock, by any run queue; READ_ONCE */

	struct mdev_parent parent;
	struct vgpu_type *types;
	struct mdev_type **mdev_types;
	unsigned int num_types;
	struct kobj_type type_ktype;
};

/**
 * vgpu_gpu_is_dead - whether the hardware must not be touched
 * @gpu: the GPU
 *
 * True for good when it is gone, and for a while when it is being reset. In both
 * cases the device reaches no memory of a guest: before the state changes, either
 * it has let go of all of it, or its bus mastering was switched off; one with @dma_unmap
 * in its family reaches it until it is unmapped. Who is going to touch it asks
 * vgpu_gpu_begin().
 */
static inline bool vgpu_gpu_is_dead(const struct vgpu_gpu *gpu)
{
	enum vgpu_gpu_state state = READ_ONCE(gpu->state);

	return state == VGPU_GPU_DEAD || state == VGPU_GPU_RESET;
}

/**
 * vgpu_firmware_mode_changes - whether a GPU is another one when it is bound again
 * @gpu: the GPU; with its lock held, for an answer that lasts
 *
 * Then nobody may begin to use it.
 */
static inline bool vgpu_firmware_mode_changes(const struct vgpu_gpu *gpu)
{
	return READ_ONCE(gpu->firmware_mode_next) != gpu->firmware_mode;
}

/* Whether vGPUs of a GPU take turns. */
static inline bool vgpu_is_scheduled(const struct vgpu_gpu *gpu)
{
	return gpu->family->engine == VGPU_ENGINE_AUTONOMOUS;
}

/**
 * vgpu_gpu_pool - the instance that has what no other has
 * @gpu: the GPU
 *
 * All of the GPU as long as there is no other. The one that attributes of the GPU
 * mean.
 */
static inline struct vgpu_instance *vgpu_gpu_pool(struct vgpu_gpu *gpu)
{
	return &gpu->instance[LAYOUT_POOL];
}

/**
 * vgpu_instance_policy - the policy in force
 * @instance: the instance
 *
 * It may change at any time. Return: the policy, or NULL: nothing is scheduled.
 */
static inline const struct sched_policy *
vgpu_instance_policy(const struct vgpu_instance *instance)
{
	return vgpu_is_scheduled(instance->gpu) ?
	       READ_ONCE(instance->rq.queue.policy) : NULL;
}

/* Whether a GPU can have instances beside the pool. */
static inline bool vgpu_gpu_is_divisible(const struct vgpu_gpu *gpu)
{
	return gpu->layout.compute_slices;
}

#endif /* BASE_GPU_H */
