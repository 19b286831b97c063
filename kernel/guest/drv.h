/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drv.h - the driver of guests: what its files share
 *
 * Locks, outermost first:
 *
 *   struct refgpu_context.submit	order of a context's jobs
 *   struct drm_device.object_name_lock	names of buffers
 *   struct refgpu.dma			the end of buffers in system memory
 *   reservations of buffers
 *   struct refgpu.recovery		one recovery, suspend or removal at a time
 *   struct refgpu.mapping		commands of the back end, buffers in the aperture
 *   struct refgpu_file.lock		grants and rights of a file
 *   struct refgpu_ring.mutex		what is written into a ring
 *   struct refgpu.memory		who has which video memory and aperture
 *   struct refgpu.rights		tables of rights, in video memory and their copies
 *   struct refgpu_ring.lock		jobs in a ring; taken by the interrupt handler
 *
 * Fences are signalled by the interrupt handler, or under recovery. Nothing that they
 * wait for (ring.mutex, rights, ring.lock, and recovery where it has stopped a ring) is held
 * while memory is allocated in a way that may wait for them.
 */
#ifndef REFGPU_DRV_H
#define REFGPU_DRV_H

#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_mm.h>
#include <drm/drm_print.h>
#include <drm/gpu_scheduler.h>

#include "refgpu_drm.h"
#include "refgpu_hw.h"

#define REFGPU_DRIVER_MAJOR	1
#define REFGPU_DRIVER_MINOR	0
#define REFGPU_GRANULE		REFGPU_RIGHTS_GRANULE	/* buffers are multiples of it */
#define REFGPU_USER_RINGS	(REFGPU_RINGS - 1)	/* ring 0 is the kernel's */
#define REFGPU_GONE		U64_MAX			/* every register of a GPU that is gone */

#define REFGPU_JOBS_IN_RING	15

/* Bits of struct refgpu.troubles */
#define REFGPU_HUNG		(1UL << 0) /* no packet was completed for too long */
#define REFGPU_LOST		(1UL << 1) /* a reset of the whole GPU is wanted */
#define REFGPU_REVOKED		(1UL << 2) /* the host took mappings back */
#define REFGPU_DEAD		(1UL << 3) /* it will not work again */

/* Numbers of bits of struct refgpu.flags */
#define REFGPU_UNPLUGGED	0
#define REFGPU_LEFT		1	/* what the device was may be another driver's */

struct refgpu;
struct refgpu_bo;
struct refgpu_context;
struct refgpu_kms;
struct sg_table;

/**
 * struct refgpu_backend - how the kinds of GPUs differ
 * @name: for messages
 * @sleep_clears: video memory does not survive the machine's sleep
 * @wanted: shall the driver have such GPUs? NULL: yes
 * @init: map the user page, learn the sizes, heads and BAR of video memory
 * @start: begin to work, with nothing mapped in the aperture: at first, after @reset
 * @stop: raise no interrupts any more; it may be gone
 * @reset: stop all rings, forget the aperture's mappings and all registers; video
 *	memory stays. May sleep; bounded
 * @map: let the GPU reach pages of system memory from aperture page @first on: all or
 *	none. May sleep; bounded. -ETIMEDOUT: it may still happen, until the next @reset
 * @unmap: take back what one @map of @pages pages gave; likewise
 * @gone: is it gone for good? What registers and memory read is not enough: while the
 *	host resets the GPU, a vGPU's are a scratch page
 * @away: is that what they are now? REFGPU_LOST comes when it is back, or REFGPU_DEAD.
 *	NULL: it never is
 * @interrupt: of vector 1, NULL: it has none; vector 0 is the user page's
 *
 * @reset, @map and @unmap are called with struct refgpu.mapping held.
 */
struct refgpu_backend {
	const char *name;
	bool sleep_clears;
	bool (*wanted)(void);
	int (*init)(struct refgpu *gpu);
	int (*start)(struct refgpu *gpu);
	void (*stop)(struct refgpu *gpu);
	int (*reset)(struct refgpu *gpu);
	int (*map)(struct refgpu *gpu, u64 first, struct sg_table *sgt, bool write);
	int (*unmap)(struct refgpu *gpu, u64 first, u64 pages);
	bool (*gone)(struct refgpu *gpu);
	bool (*away)(struct refgpu *gpu);
	irqreturn_t (*interrupt)(struct refgpu *gpu);
};

extern const struct refgpu_backend refgpu_backend_native;
extern const struct refgpu_backend refgpu_backend_whole;

/**
 * struct refgpu_ring - one ring of the GPU, and the scheduler in front of it
 * @gpu: its GPU
 * @index: 0..REFGPU_RINGS-1
 * @sched: gives it jobs; on ring 0, those of the kernel
 * @node: the ring's place in video memory
 * @packets: the packets
 * @done: the word that FENCE packets write
 * @ending: one context at a time ends; inside its @submit, outside @mutex
 * @mutex: protects the packets, @put and @paused
 * @put: packets written since the ring was enabled
 * @paused: jobs wait in @jobs; refgpu_ring_restart() writes them
 * @lock: protects the rest, and the ring's fields of jobs
 * @jobs: jobs that are not done, in order
 * @value: of the last FENCE written; each start of the ring begins at a random one
 */
struct refgpu_ring {
	struct refgpu *gpu;
	unsigned int index;
	struct drm_gpu_scheduler sched;
	struct drm_mm_node node;
	void __iomem *packets;
	void __iomem *done;
	struct mutex ending; /* see above */
	struct mutex mutex; /* packets, put, paused */
	u32 put;
	bool paused;
	spinlock_t lock; /* jobs, and their fields */
	struct list_head jobs;
	u64 value;
};

/**
 * struct refgpu - a GPU, whole or a vGPU
 * @drm: the DRM device
 * @pdev: the PCI function
 * @backend: what kind it is
 * @backend_data: the back end's
 * @user: the user page
 * @vram: video memory, write-combined
 * @vram_bar: its BAR
 * @vram_phys: where processors find it
 * @vram_size: bytes
 * @caps: REFGPU_CAP_*
 * @version: of the hardware
 * @host_version: of the control page; 0: there is none
 * @aperture_pages: pages of system memory that can be mapped at a time
 * @heads: heads that have modes
 * @max_width: of a mode, pixels
 * @max_height: of a mode, lines
 * @display_only: host and guest do not understand each other: heads only
 * @memory: protects the two below
 * @vram_mm: who has which bytes of video memory
 * @aperture_mm: who has which pages of the aperture
 * @vram_free: bytes in no buffer
 * @saved: copies of video memory, while the machine sleeps, and until they are back
 * @rights: protects @tables, and the tables
 * @tables: files with tables of rights
 * @dma: held while a buffer in system memory ends, or its mapping for DMA
 * @mapping: protects the back end's commands and the four below
 * @systems: buffers in the aperture
 * @zombies: buffers that are gone but may still be mapped, until the next reset
 * @buried: zombies that were, until somebody without locks frees them
 * @aperture_is_empty: nothing is mapped, and nothing will be
 * @rings: the rings
 * @user_scheds: the schedulers of those that files use
 * @kernel: the context of the kernel's own jobs
 * @owner: the file that has contexts, where files can't be kept apart
 * @recovery: one recovery, sleep or removal at a time
 * @troubles: what recovery is to look at
 * @flags: see above
 * @gone: it does not work any more; written with @mapping and @recovery held
 * @asleep: rings do not run, and that is right; protected by @recovery
 * @recover: looks what is wrong, and mends it
 * @depart: unplugs the device
 * @watch: looks after jobs every second
 * @watched: the sum of all rings' GET when it changed last
 * @watched_since: busy time then
 * @interrupt_lock: protects @interrupt_enable
 * @interrupt_enable: what INTR_ENABLE of the user page holds
 * @account_lock: protects @accounted
 * @accounted: busy time up to which files have been charged
 * @kms: the heads; NULL: none
 */
struct refgpu {
	struct drm_device drm;
	struct pci_dev *pdev;
	const struct refgpu_backend *backend;
	void *backend_data;
	void __iomem *user;
	void __iomem *vram;
	unsigned int vram_bar;
	phys_addr_t vram_phys;
	u64 vram_size;
	u64 caps;
	u64 version;
	u64 host_version;
	u64 aperture_pages;
	unsigned int heads;
	unsigned int max_width;
	unsigned int max_height;
	bool display_only;

	struct mutex memory; /* vram_mm, aperture_mm, vram_free */
	struct drm_mm vram_mm;
	struct drm_mm aperture_mm;
	u64 vram_free;
	struct list_head saved;

	struct mutex rights; /* tables */
	struct list_head tables;

	struct mutex dma; /* buffers in system memory end, or their mappings for DMA */
	struct mutex mapping; /* the back end's commands, systems, zombies, buried */
	struct list_head systems;
	struct list_head zombies;
	struct list_head buried;
	bool aperture_is_empty;

	struct refgpu_ring rings[REFGPU_RINGS];
	struct drm_gpu_scheduler *user_scheds[REFGPU_USER_RINGS];
	struct refgpu_context *kernel;
	struct refgpu_file *owner;

	struct mutex recovery; /* troubles are looked at, the GPU sleeps or leaves */
	unsigned long troubles;
	unsigned long flags;
	bool gone;
	bool asleep;
	struct work_struct recover;
	struct work_struct depart;
	struct delayed_work watch;
	u64 watched;
	u64 watched_since;
	spinlock_t interrupt_lock; /* interrupt_enable */
	u64 interrupt_enable;
	spinlock_t account_lock; /* accounted */
	u64 accounted;

	struct refgpu_kms *kms;
};

static inline struct refgpu *refgpu_of(struct drm_device *drm)
{
	return container_of(drm, struct refgpu, drm);
}

static inline u64 user_read(struct refgpu *gpu, u32 offset)
{
	return readq(gpu->user + offset);
}

static inline void user_write(struct refgpu *gpu, u32 offset, u64 value)
{
	writeq(value, gpu->user + offset);
}

static inline u64 ring_read(struct refgpu_ring *ring, u32 offset)
{
	return user_read(ring->gpu, REFGPU_USER_RING(ring->index) + offset);
}

static inline void ring_write(struct refgpu_ring *ring, u32 offset, u64 value)
{
	user_write(ring->gpu, REFGPU_USER_RING(ring->index) + offset, value);
}

/* The host resets it: user page and video memory are a scratch page, or were just now. */
static inline bool refgpu_is_away(struct refgpu *gpu)
{
	return gpu->backend->away && gpu->backend->away(gpu);
}

/* Files can be kept apart. */
static inline bool refgpu_isolates(struct refgpu *gpu)
{
	return gpu->caps & REFGPU_CAP_RIGHTS;
}

/**
 * struct refgpu_file - an open file of the device
 * @gpu: the device
 * @id: for people
 * @ref: held by the file itself, its contexts, private buffers and grants
 * @work: ends it, because the last reference may go where nothing can sleep
 * @reservation: an object without memory, whose reservation the file's private
 *	buffers share
 * @contexts: by number
 * @has_module: it holds the module, because it has had a context
 * @rights: copy of the table of rights; changes with struct refgpu.rights held
 * @rights_node: its place in video memory; no node: the file had no context yet
 * @table: in struct refgpu.tables
 * @lock: protects what follows
 * @grants: by the address of their buffers
 * @vram_bytes: video memory that it has handles of
 * @system_bytes: system memory, likewise
 * @busy_ns: time of the GPU that its jobs took
 */
struct refgpu_file {
	struct refgpu *gpu;
	u64 id;
	struct kref ref;
	struct work_struct work;
	struct drm_gem_object *reservation;
	struct xarray contexts;
	bool has_module;
	u64 *rights;
	struct drm_mm_node rights_node;
	struct list_head table;
	struct mutex lock; /* grants, sums of bytes */
	struct xarray grants;
	u64 vram_bytes;
	u64 system_bytes;
	atomic64_t busy_ns;
};

/**
 * struct refgpu_context - a queue of jobs
 * @file: whose; NULL: the kernel's
 * @ref: held by the file's list and by jobs
 * @entity: the scheduler's side of it
 * @submit: keeps jobs in order
 * @ended: takes no jobs any more; protected by @submit
 * @jobs: jobs that are not done
 * @room: woken when one is
 * @lock: protects what follows
 * @state: enum drm_refgpu_context_state
 * @error: enum refgpu_error of the first job that failed
 * @address: what it wanted to reach
 * @where: and where
 */
struct refgpu_context {
	struct refgpu_file *file;
	struct kref ref;
	struct drm_sched_entity entity;
	struct mutex submit; /* the order of jobs, ended */
	bool ended;
	atomic_t jobs;
	wait_queue_head_t room;
	spinlock_t lock; /* state and what explains it */
	enum drm_refgpu_context_state state;
	u32 error;
	u64 address;
	u64 where;
};

/**
 * struct refgpu_job_fence - tells the scheduler of the end of a job
 * @base: signalled when the ring has passed the job
 * @lock: the fence's
 * @gpu: it holds this device, and the module; NULL: the job is the kernel's
 * @work: frees it, because the device's end may sleep
 */
struct refgpu_job_fence {
	struct dma_fence base;
	spinlock_t lock; /* of base */
	struct refgpu *gpu;
	struct rcu_work work;
};

/**
 * struct refgpu_job - packets of one context
 * @base: the scheduler's side of it
 * @context: whose
 * @bo: of the kernel's jobs: buffer that stays until the job is done; may be NULL
 * @fence: tells the scheduler of its end
 * @packets: the packets
 * @count: how many
 * @node: in the ring's list of jobs
 * @done: packets that had been completed before the ring was restarted
 * @begin: position of packet @done in the ring
 * @value: of the FENCE behind it
 */
struct refgpu_job {
	struct drm_sched_job base;
	struct refgpu_context *context;
	struct refgpu_bo *bo;
	struct refgpu_job_fence *fence;
	void *packets;
	unsigned int count;
	struct list_head node;
	unsigned int done;
	u32 begin;
	u64 value;
};

/* drv.c */
extern struct workqueue_struct *refgpu_wq;
void refgpu_depart(struct refgpu *gpu);
int refgpu_identify(struct refgpu *gpu);
void refgpu_interrupt_enable(struct refgpu *gpu, u64 set, u64 clear);
int refgpu_iomap(struct refgpu *gpu, unsigned int bar, u64 offset, u64 bytes, bool combine,
		 void __iomem **mapping);

/* mm.c */
int refgpu_mm_init(struct refgpu *gpu);
int refgpu_mm_vram(struct refgpu *gpu, struct drm_mm_node *node, u64 bytes, bool kernel);
int refgpu_mm_aperture(struct refgpu *gpu, struct drm_mm_node *node, u64 bytes);
void refgpu_mm_free(struct refgpu *gpu, struct drm_mm_node *node);
int refgpu_mm_map(struct refgpu_bo *bo);
bool refgpu_mm_unmap(struct refgpu_bo *bo);
void refgpu_mm_remap(struct refgpu *gpu);
int refgpu_mm_save(struct refgpu *gpu);
void refgpu_mm_discard(struct refgpu *gpu);
bool refgpu_mm_restore(struct refgpu *gpu);
int refgpu_mm_reset(struct refgpu *gpu, bool again);
void refgpu_mm_forget(struct refgpu *gpu);
void refgpu_mm_bury(struct refgpu *gpu);
void refgpu_mm_leave(struct refgpu *gpu);
int refgpu_rights_create(struct refgpu_file *file);
void refgpu_rights_destroy(struct refgpu_file *file);
void refgpu_rights_set(struct refgpu_file *file, struct refgpu_bo *bo, bool granted);
void refgpu_rights_restore(struct refgpu *gpu);
void refgpu_rights_packet(struct refgpu *gpu, struct refgpu_file *file,
			  struct refgpu_rights *packet);

/* ring.c */
int refgpu_rings_init(struct refgpu *gpu);
u64 refgpu_busy_ns(struct refgpu *gpu);
void refgpu_account(struct refgpu *gpu);
void refgpu_ring_add(struct refgpu_ring *ring, struct refgpu_job *job);
void refgpu_ring_finish(struct refgpu_job *job, int error);
void refgpu_ring_retire(struct refgpu_ring *ring, bool ask);
void refgpu_ring_cancel(struct refgpu_ring *ring, bool all, int error);
void refgpu_ring_remove(struct refgpu_ring *ring, struct refgpu_job *job);
void refgpu_ring_lose(struct refgpu_ring *ring);
bool refgpu_ring_busy(struct refgpu_ring *ring);
struct refgpu_job *refgpu_ring_head(struct refgpu_ring *ring);
void refgpu_ring_pause(struct refgpu_ring *ring);
void refgpu_ring_forget(struct refgpu_ring *ring);
int refgpu_ring_stop(struct refgpu_ring *ring);
u32 refgpu_ring_start(struct refgpu_ring *ring, bool one);
void refgpu_ring_go_on(struct refgpu_ring *ring);

/* context.c */
int refgpu_open(struct drm_device *drm, struct drm_file *drm_file);
void refgpu_postclose(struct drm_device *drm, struct drm_file *drm_file);
struct refgpu_file *refgpu_file_get(struct refgpu_file *file);
void refgpu_file_put(struct refgpu_file *file);
struct refgpu_context *refgpu_context_create(struct refgpu_file *file,
					     enum drm_sched_priority priority,
					     struct drm_gpu_scheduler **scheds,
					     unsigned int count);
void refgpu_context_end(struct refgpu_context *context);
struct refgpu_context *refgpu_context_find(struct refgpu_file *file, u32 id);
void refgpu_context_put(struct refgpu_context *context);
bool refgpu_context_takes_jobs(struct refgpu_context *context);
void refgpu_context_blame(struct refgpu_context *context, enum drm_refgpu_context_state state,
			  u32 error, u64 address, u64 where);
int refgpu_context_create_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);
int refgpu_context_destroy_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);
int refgpu_context_status_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);

/* submit.c */
int refgpu_submit_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);

/* sched.c */
struct refgpu_job *refgpu_job_create(struct refgpu_context *context, void *packets,
				     unsigned int count);
void refgpu_job_free(struct refgpu_job *job);
struct dma_fence *refgpu_kernel_job(struct refgpu *gpu, struct refgpu_bo *bo, void *packets,
				    unsigned int count);
int refgpu_sched_init(struct refgpu *gpu);
void refgpu_sched_end(struct refgpu *gpu);

/* reset.c */
int refgpu_recovery_init(struct refgpu *gpu);
int refgpu_start(struct refgpu *gpu);
int refgpu_drain(struct refgpu *gpu);
void refgpu_watch(struct refgpu *gpu);
void refgpu_recover(struct refgpu *gpu, unsigned long trouble);
void refgpu_jobs_end(struct refgpu *gpu);
void refgpu_recovery_end(struct refgpu *gpu);

#endif /* REFGPU_DRV_H */
