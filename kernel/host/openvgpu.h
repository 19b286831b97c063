/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * openvgpu.h - what the parts of openvgpu.ko share
 *
 * Three tables of operations hold the module together: a family drives a
 * physical GPU (gpu/), a personality is what a guest sees (vdev/), a policy
 * decides who runs (sched/). Core is everything beside them and names none of
 * them but in the tables of main.c.
 *
 * Objects
 *   struct vgpu_gpu	one physical GPU; lives from PCI probe to PCI remove
 *   struct vgpu	one vGPU: mdev and vfio_device; lives from create to the
 *			last reference, which may come after PCI remove
 *
 * Lock order, outermost first. A lock may be taken with any above it held,
 * none below.
 *   mdev parent's unreg_sem, VFIO group and device-set locks (not ours)
 *   vgpu_gpu.state_lock	mutex: probe/remove/error/suspend against open and
 *				create
 *   vgpu.lock			mutex: open, close, reset of one vGPU
 *   vgpu_gpu.lock		mutex: framebuffer, partitions, list of vGPUs,
 *				last_error
 *   vgpu.pin_lock		mutex: the tree of pinned guest pages. Taken in
 *				dma_unmap: never held over vfio_pin_pages()
 *   [mmap_lock of the VMM]
 *   vgpu.map_sem		rwsem: which pages a BAR mapping may show. Nests
 *				inside mmap_lock: no user copy, no pinning under it
 *   vgpu_runqueue.lock		spinlock: who runs
 *   vgpu_gpu.irq_lock		spinlock, irq-safe: family's registers
 * RCU protects eventfds (vgpu.irq) and vgpu_gpu.partition[]; both are read in
 * hard interrupt context.
 */
#ifndef OPENVGPU_H
#define OPENVGPU_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/interval_tree.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "buddy.h"
#include "compat.h"
#include "config.h"
#include "fault.h"
#include "sched/policy.h"

#define VGPU_DRIVER_NAME	"openvgpu"
#define VGPU_MAX_PARTITIONS	64	/* of any family */
#define VGPU_MAX_REGIONS	(VFIO_PCI_NUM_REGIONS + 4)
#define VGPU_MAX_VECTORS	8
#define VGPU_MAX_RUNQUEUES	8
#define VGPU_LAST_ERROR_SIZE	256

struct vgpu;
struct vgpu_gpu;
struct vgpu_runqueue;

/* ------------------------------------------------------------------ types */

/**
 * struct vgpu_series - a letter of the type name
 * @letter: 'q', 'b', 'a', 'c'
 * @heads: virtual heads, 0 for compute
 * @frl_config: frames a second the frame-rate limiter allows
 * @personality: name of the personality its vGPUs have unless told otherwise
 */
struct vgpu_series {
	char letter;
	unsigned int heads;
	unsigned int frl_config;
	const char *personality;
};

/**
 * struct vgpu_type - one vGPU type of one GPU
 * @mdev: what the mdev core knows of it
 * @series: its series
 * @fb_size: bytes of framebuffer
 * @bar_size: bytes of the framebuffer BAR, the next power of two
 * @max_instance: how many an empty GPU holds
 * @max_x, @max_y: largest resolution, pixels; 0 without heads
 * @sysfs_name, @pretty_name: storage of the names @mdev points at
 */
struct vgpu_type {
	struct mdev_type mdev;
	const struct vgpu_series *series;
	u64 fb_size;
	u64 bar_size;
	unsigned int max_instance;
	unsigned int max_x, max_y;
	char sysfs_name[16];
	char pretty_name[48];
};

/* --------------------------------------------------------------- families */

/**
 * enum vgpu_engine - how a family's engines get their work
 * @VGPU_ENGINE_NONE: no engine; nothing is scheduled
 * @VGPU_ENGINE_HOST_FED: the host submits every command
 * @VGPU_ENGINE_AUTONOMOUS: the GPU runs a partition's rings by itself
 */
enum vgpu_engine {
	VGPU_ENGINE_NONE,
	VGPU_ENGINE_HOST_FED,
	VGPU_ENGINE_AUTONOMOUS,
};

/**
 * struct vgpu_counters - what the hardware counted for one partition
 *
 * All since the vGPU was opened last; 0 where a family can't tell.
 */
struct vgpu_counters {
	u64 busy_ns;		/* executing work */
	u64 resident_ns;	/* holding the engine */
	u64 wait_ns;		/* had work, did not hold the engine */
	u64 switches;
	u64 switch_ns;
	u64 preempt_max_ns;
	u64 packets;
	u64 doorbells;
	u64 fences;
	u64 instructions;
	u64 bytes_read;
	u64 bytes_written;
	u64 faults;
	u64 interrupts;
};

/* Flags of vgpu_family.run. */
#define VGPU_RUN_LINGER		BIT(0)	/* stay resident when out of work */

/**
 * struct vgpu_family - how one family of physical GPUs is driven
 * @name: as shown in sysfs
 * @engine: how its engines get work
 * @match: true if this family drives that device; looks at vendor and device
 *	id only. May be called before the device is enabled.
 * @probe: device is enabled and bus master: map BARs, identify, set up
 *	interrupts, fill in the fields of struct vgpu_gpu marked "family". May
 *	sleep. 0 or errno.
 * @remove: undo @probe. Called with no partition enabled. Must cope with a
 *	device that is gone.
 * @alive: false when the device does not answer any more (reads all ones).
 *	May sleep.
 * @partition_setup: vgpu->partition and its framebuffer slice are chosen: set
 *	vgpu->user_phys/user_io/user_size, allocate tables. May sleep.
 * @partition_teardown: undo it.
 * @partition_enable: program the slice and let the partition run (it is not
 *	scheduled yet); everything a guest can read holds reset values. Called
 *	at open and after reset. May sleep.
 * @partition_disable: the partition runs nothing and reaches nothing when this
 *	returns; bounded time even with a hung engine. May sleep.
 * @partition_reset: reset engine state of an enabled partition, leaves it
 *	enabled. Bounded. 0, or -EIO when the hardware did not obey (the GPU is
 *	then declared dead by the caller). May sleep.
 * @scrub: zero the slice and every hidden store of a disabled partition. May
 *	sleep, bounded. 0 or errno.
 * @notify: tell the guest through its hardware-visible error register and
 *	interrupt that @code happened to it. May be NULL. May sleep.
 * @run: make @vgpu resident on @rq (NULL: idle slot) for @quantum_ns (0: until
 *	preempted). Ends with vgpu_sched_run_end(). Does not sleep for long: a
 *	few register writes. 0 or errno.
 * @preempt: ask the resident vGPU of @rq to stop; ends with run_end.
 * @poll: look at the truth (registers) and report what events were missed:
 *	pending partitions by vgpu_sched_pending(), run ends by
 *	vgpu_sched_run_end(). May sleep.
 * @now: the GPU's clock, nanoseconds. May be NULL: ktime is used.
 * @sysmem_set: entries [first, first + count) of the partition's
 *	system-memory table := addr[]. May sleep. NULL: no system memory.
 * @sysmem_clear: clear those entries and make sure that no access through
 *	them is under way when this returns; bounded, never waits for the
 *	progress of an engine, falls back on a partition reset. May sleep.
 * @counters: read the counters. May sleep.
 *
 * Nothing here is called in interrupt context. All but @probe and @remove may
 * be called for different vGPUs at the same time.
 */
struct vgpu_family {
	const char *name;
	enum vgpu_engine engine;
	bool (*match)(const struct pci_dev *pdev);
	int (*probe)(struct vgpu_gpu *gpu);
	void (*remove)(struct vgpu_gpu *gpu);
	bool (*alive)(struct vgpu_gpu *gpu);
	int (*partition_setup)(struct vgpu *vgpu);
	void (*partition_teardown)(struct vgpu *vgpu);
	int (*partition_enable)(struct vgpu *vgpu);
	void (*partition_disable)(struct vgpu *vgpu);
	int (*partition_reset)(struct vgpu *vgpu);
	int (*scrub)(struct vgpu *vgpu);
	void (*notify)(struct vgpu *vgpu, enum vgpu_fault code);
	int (*run)(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		   unsigned int flags, u64 quantum_ns);
	void (*preempt)(struct vgpu_runqueue *rq);
	void (*poll)(struct vgpu_gpu *gpu);
	u64 (*now)(struct vgpu_gpu *gpu);
	int (*sysmem_set)(struct vgpu *vgpu, u32 first, u32 count,
			  const dma_addr_t *addr, bool write);
	int (*sysmem_clear)(struct vgpu *vgpu, u32 first, u32 count);
	int (*counters)(struct vgpu *vgpu, struct vgpu_counters *counters);
};

/* ----------------------------------------------------------- personalities */

enum vgpu_region_kind {
	VGPU_REGION_ABSENT,
	VGPU_REGION_TRAPPED,	/* every access goes to the personality */
	VGPU_REGION_MAPPED,	/* mapped whole; pread and pwrite work too */
};

/**
 * struct vgpu_region - one VFIO region of a vGPU
 * @kind: absent, trapped or mapped
 * @size: bytes; a power of two for a BAR
 * @phys: mapped: bus address of the first byte
 * @io: mapped: kernel mapping of it
 * @backed: mapped: bytes behind @phys; beyond it a scratch page is shown
 * @write_combine: mapped: cache attribute, must match that of @io
 */
struct vgpu_region {
	enum vgpu_region_kind kind;
	u64 size;
	phys_addr_t phys;
	void __iomem *io;
	u64 backed;
	bool write_combine;
};

/**
 * struct vgpu_personality - a virtual PCI function model
 * @name: as shown in sysfs
 * @supports: true if it can show a vGPU of that GPU and type
 * @init: fill in vgpu->config (ids, BARs, capabilities), vgpu->region[],
 *	vgpu->vectors; allocate vgpu->personality_data. May sleep. 0 or errno.
 * @release: free what @init allocated. Last call.
 * @reset: registers to their power-on values; called at open and at every
 *	reset, with nothing of the vGPU running. May sleep.
 * @close: the VMM is gone: stop workers of the personality. May sleep.
 * @read, @write: a trapped region; size is 1, 2, 4 or 8, the offset naturally
 *	aligned and inside the region. Never fail, never block for long: may
 *	sleep, but not wait for hardware progress.
 * @fault: something happened to the vGPU that its guest must know. May sleep.
 */
struct vgpu_personality {
	const char *name;
	bool (*supports)(const struct vgpu_gpu *gpu, const struct vgpu_type *type);
	int (*init)(struct vgpu *vgpu);
	void (*release)(struct vgpu *vgpu);
	void (*reset)(struct vgpu *vgpu);
	void (*close)(struct vgpu *vgpu);
	u64 (*read)(struct vgpu *vgpu, unsigned int region, u64 offset,
		    unsigned int size);
	void (*write)(struct vgpu *vgpu, unsigned int region, u64 offset,
		      unsigned int size, u64 value);
	void (*fault)(struct vgpu *vgpu, enum vgpu_fault code);
};

/* --------------------------------------------------------------- scheduler */

/**
 * struct vgpu_runqueue - one independent execution resource and who wants it
 * @gpu: whose
 * @index: which run-control block of the hardware
 * @lock: protects all below
 * @policy: who is next
 * @state: the policy's data
 * @current: the vGPU that holds the resource, NULL: nobody
 * @stage: what is being waited for
 * @since: kernel clock when @stage began, ns
 * @deadline: kernel clock when patience ends, 0: no limit
 * @work: makes the decisions; runs on gpu->worker
 * @timer: fires at @deadline
 */
enum vgpu_sched_stage {
	VGPU_STAGE_IDLE,	/* nobody resident */
	VGPU_STAGE_RUNNING,
	VGPU_STAGE_PREEMPTING,
	VGPU_STAGE_RESETTING,
};

struct vgpu_runqueue {
	struct vgpu_gpu *gpu;
	unsigned int index;
	spinlock_t lock;
	const struct sched_policy *policy;
	struct sched_queue *state;
	struct vgpu *current_vgpu;
	enum vgpu_sched_stage stage;
	u64 since;
	u64 deadline;
	struct kthread_work work;
	struct hrtimer timer;
};

/* ------------------------------------------------------------ physical GPU */

/**
 * enum vgpu_gpu_state - whether a GPU takes requests
 * @VGPU_GPU_UP: yes
 * @VGPU_GPU_GOING: being unbound: no new opens or creates
 * @VGPU_GPU_DEAD: does not answer; guest mappings show scratch pages
 */
enum vgpu_gpu_state {
	VGPU_GPU_UP,
	VGPU_GPU_GOING,
	VGPU_GPU_DEAD,
};

/**
 * struct vgpu_gpu - one physical GPU
 *
 * Fields marked "family" are filled in by vgpu_family.probe and constant
 * after it.
 */
struct vgpu_gpu {
	struct pci_dev *pdev;
	const struct vgpu_family *family;
	void *family_data;		/* family */
	char board[16];			/* family: [A-Z0-9]+, part of type names */
	phys_addr_t fb_phys;		/* family: bus address of the framebuffer */
	void __iomem *fb_io;		/* family: its write-combined mapping */
	u64 fb_size;			/* family: bytes, for vGPUs */
	unsigned int max_vgpus;		/* family: 1..VGPU_MAX_PARTITIONS */
	unsigned int heads;		/* family: heads a vGPU can have */
	unsigned int runqueues;		/* family: 1.. if it has engines */
	u32 sysmem_pages;		/* family: aperture pages a vGPU, 0: none */
	unsigned int user_vectors;	/* family: hardware vectors a vGPU, 0 or 1 */
	u16 vendor_id, device_id;	/* family: PCI ids the native personality shows */
	u16 subsystem_id;
	u32 class_code;
	u8 revision;

	struct mutex state_lock;
	enum vgpu_gpu_state state;	/* state_lock; READ_ONCE elsewhere */

	struct mutex lock;
	struct buddy fb;		/* lock */
	unsigned long partitions[BITS_TO_LONGS(VGPU_MAX_PARTITIONS)]; /* lock */
	struct list_head vgpus;		/* lock */
	char last_error[VGPU_LAST_ERROR_SIZE]; /* lock */
	struct vgpu __rcu *partition[VGPU_MAX_PARTITIONS];

	spinlock_t irq_lock;
	struct kthread_worker *worker;	/* scheduling decisions; FIFO */
	struct workqueue_struct *wq;	/* everything that waits: scrub, map, faults */
	struct vgpu_runqueue rq[VGPU_MAX_RUNQUEUES];
	u64 timeslice_ns;
	u64 preempt_timeout_ns;

	struct mdev_parent parent;
	struct vgpu_type *types;
	struct mdev_type **mdev_types;
	unsigned int num_types;
	struct dentry *debugfs;
};

/* -------------------------------------------------------------------- vGPU */

/**
 * enum vgpu_sched_state - a vGPU as the scheduler sees it (design 3.4)
 */
enum vgpu_sched_state {
	VGPU_SCHED_CLOSED,
	VGPU_SCHED_IDLE,
	VGPU_SCHED_RUNNABLE,
	VGPU_SCHED_RUNNING,
	VGPU_SCHED_FROZEN,
	VGPU_SCHED_FAULTED,
};

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
};

/**
 * struct vgpu_irq - the interrupts of one vGPU
 * @lock: serialises SET_IRQS
 * @msix: eventfds of the vectors; RCU
 * @err, @req: eventfds of the error and request indexes; RCU
 * @pending: vectors raised while they had no eventfd
 */
struct vgpu_irq {
	struct mutex lock;
	struct vgpu_irq_eventfd __rcu *msix[VGPU_MAX_VECTORS];
	struct vgpu_irq_eventfd __rcu *err;
	struct vgpu_irq_eventfd __rcu *req;
	unsigned long pending;
};

/**
 * struct vgpu - one vGPU
 * @vdev: first member, as vfio_alloc_device() wants it
 * @gpu: its GPU; valid while the mdev is (until vgpu_mdev_remove() returned);
 *	after that only fields of struct vgpu may be used
 * @lock: open, close, reset
 * @map_sem: @memory_enabled, @dead against faults
 * @memory_enabled: COMMAND bit 1 of the guest
 * @dead: the GPU is gone: mappings show @scratch
 * @scratch: one page of all ones, of this vGPU alone
 * @entity: how the policy sees it
 * @pins: interval tree of pinned guest pages by guest-physical page number
 * @pinned_pages: their number, at most gpu->sysmem_pages
 */
struct vgpu {
	struct vfio_device vdev;
	struct vgpu_gpu *gpu;
	struct mdev_device *mdev;
	const struct vgpu_type *type;
	const struct vgpu_personality *personality;
	void *personality_data;
	void *family_data;
	struct list_head node;		/* gpu->vgpus; gpu->lock */

	/* Placement: constant from create to removal. */
	unsigned int partition;
	u64 fb_offset;
	u64 fb_size;
	phys_addr_t user_phys;		/* family */
	void __iomem *user_io;		/* family */
	u64 user_size;			/* family */

	/* VFIO device model. */
	struct mutex lock;
	bool opened;			/* lock */
	pid_t owner_pid;		/* lock; 0: closed */
	struct vgpu_config config;	/* lock */
	struct vgpu_region region[VGPU_MAX_REGIONS];	/* constant */
	unsigned int num_regions;	/* constant */
	unsigned int vectors;		/* constant */
	struct vgpu_irq irq;

	/* BAR mappings. */
	struct rw_semaphore map_sem;
	bool memory_enabled;		/* map_sem */
	bool dead;			/* map_sem */
	struct page *scratch;
	struct vgpu_mapping *mapping;	/* zap domain, see mapping.c */

	/* Guest memory. */
	struct mutex pin_lock;
	struct rb_root_cached pins;	/* pin_lock */
	struct list_head batches;	/* pin_lock */
	unsigned long pinned_pages;	/* pin_lock */

	/* Scheduling. */
	struct sched_entity entity;	/* rq->lock */
	enum vgpu_sched_state sched_state; /* rq->lock */
	struct vgpu_runqueue *rq;

	/* Scrub: queued at the last close, waited for at the next open. */
	struct work_struct scrub_work;
	struct completion scrubbed;
	bool needs_scrub;		/* lock */

	enum vgpu_fault last_fault;	/* lock for writing */
	struct work_struct fault_work;
	struct vgpu_stats stats;
};

static inline struct vgpu *vgpu_from_vdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct vgpu, vdev);
}

/*
 * What the files offer each other; kernel-doc stands at the definitions.
 */

/* main.c: the tables of families and personalities */
const struct vgpu_family *vgpu_family_find(const struct pci_dev *pdev);
const struct vgpu_personality *vgpu_personality_find(const char *name);

/* gpu.c: life of a physical GPU */
void vgpu_gpu_error(struct vgpu_gpu *gpu, const char *fmt, ...) __printf(2, 3);
void vgpu_gpu_dead(struct vgpu_gpu *gpu, const char *why);
static inline bool vgpu_gpu_is_dead(const struct vgpu_gpu *gpu)
{
	return READ_ONCE(gpu->state) == VGPU_GPU_DEAD;
}

/* type.c */
int vgpu_types_create(struct vgpu_gpu *gpu);
void vgpu_types_destroy(struct vgpu_gpu *gpu);
unsigned int vgpu_type_available(struct vgpu_type *type);

/* framebuffer.c: placement of partitions */
int vgpu_place(struct vgpu *vgpu);
void vgpu_unplace(struct vgpu *vgpu);

/* mdev.c, vfio.c */
extern struct mdev_driver vgpu_mdev_driver;
extern const struct vfio_device_ops vgpu_vfio_ops;
int vgpu_reset(struct vgpu *vgpu);
void vgpu_report_fault(struct vgpu *vgpu, enum vgpu_fault code);

/* region.c: pread and pwrite */
ssize_t vgpu_region_rw(struct vgpu *vgpu, char __user *buf, size_t count,
		       loff_t *ppos, bool write);

/* mapping.c: BAR mappings */
int vgpu_mapping_init(struct vgpu *vgpu);
void vgpu_mapping_destroy(struct vgpu *vgpu);
int vgpu_mapping_mmap(struct vgpu *vgpu, struct vm_area_struct *vma);
void vgpu_mapping_set_memory(struct vgpu *vgpu, bool enabled);
void vgpu_mapping_zap(struct vgpu *vgpu);
void vgpu_mapping_set_dead(struct vgpu *vgpu);

/* irq.c: eventfds */
int vgpu_irq_set(struct vgpu *vgpu, struct vfio_irq_set *hdr, void *data);
void vgpu_irq_raise(struct vgpu *vgpu, unsigned int vector);
void vgpu_irq_request(struct vgpu *vgpu);
void vgpu_irq_error(struct vgpu *vgpu);
void vgpu_irq_close(struct vgpu *vgpu);

/* pin.c: guest memory in the system-memory aperture */
int vgpu_pin_map(struct vgpu *vgpu, u32 first, u32 count, const u64 *addr,
		 bool write);
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first);
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length);
void vgpu_pin_unmap_all(struct vgpu *vgpu);

/* sched.c: who runs */
int vgpu_sched_init(struct vgpu_gpu *gpu);
void vgpu_sched_exit(struct vgpu_gpu *gpu);
void vgpu_sched_add(struct vgpu *vgpu);
void vgpu_sched_remove(struct vgpu *vgpu);
void vgpu_sched_pending(struct vgpu *vgpu);
void vgpu_sched_run_end(struct vgpu_runqueue *rq, struct vgpu *vgpu,
			enum sched_end reason, u64 run_ns, u64 switch_ns);

/* sysfs.c */
extern const struct attribute_group *vgpu_gpu_groups[];
extern const struct attribute_group *vgpu_mdev_groups[];

#endif /* OPENVGPU_H */
