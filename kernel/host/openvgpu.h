/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * openvgpu.h - what the parts of openvgpu.ko share
 *
 * Three tables of operations hold the module together: a family drives a
 * physical GPU (gpu/), a personality is what a guest sees (vdev/), a policy
 * decides who runs (sched/). Core is everything beside them and names none of
 * them: the tables are gpu/families.c and vdev/personalities.c.
 *
 * Objects
 *   struct vgpu_gpu	one physical GPU; works from PCI probe to PCI remove,
 *			its memory stays until nobody refers to it
 *   struct vgpu	one vGPU: mdev and vfio_device; lives from create to the
 *			last reference, which may come after PCI remove
 *
 * Lock order, outermost first. A lock may be taken with any above it held,
 * none below.
 *   device lock of the PCI function, mdev parent's unreg_sem, VFIO group and
 *   device-set locks (not ours)
 *   vgpu_gpu.state_lock	mutex: reset, suspend and death of the GPU
 *				against create, open and removal of a vGPU;
 *				the list of vGPUs
 *   vgpu.lock			mutex: open, close, reset of one vGPU
 *   vgpu_gpu.console_lock	mutex: what the physical output shows
 *   locks of a personality	see vdev/: taken in its reset()
 *   vgpu.config_lock		mutex: the configuration space
 *   vgpu_gpu.lock		mutex: framebuffer, partitions, last_error
 *   vgpu.irq.lock		mutex: SET_IRQS
 *   vgpu.picture_lock		mutex: which picture the display window or the
 *				dma-bufs show
 *   vgpu.pin_lock		mutex: the tree of pinned guest pages. Taken in
 *				dma_unmap: never held over vfio_pin_pages()
 *   lock of the dma-bufs	mutex: which there are; see dmabuf.c
 *   [reservation lock of a dma-buf]
 *   lock of a copy		mutex: which devices see it; see dmabuf_copy.c
 *   [mmap_lock of the VMM]
 *   vgpu.map_sem		rwsem: which pages a BAR mapping may show. Nests
 *				inside mmap_lock: no user copy, no pinning under it
 *   dma-buf's own		rwsem: what a mapping of it may show; likewise
 *   vgpu_runqueue.lock		spinlock: who runs, and settings of the scheduler
 *   vgpu_sched_log.lock	spinlock: the log of switches
 *   vgpu_gpu.irq_lock		spinlock, irq-safe: family's registers
 * RCU protects eventfds (vgpu.irq) and vgpu_gpu.partition[]; both are read in
 * hard interrupt context.
 *
 * Trapped accesses of a guest hold none of these, so a personality may call
 * vgpu_reset() from its write(), holding no lock of its own.
 */
#ifndef OPENVGPU_H
#define OPENVGPU_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/interval_tree.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "buddy.h"
#include "compat.h"
#include "config.h"
#include "display.h"
#include "fault.h"
#include "scheduler.h"

#define VGPU_DRIVER_NAME	"openvgpu"
#define VGPU_DRIVER_VERSION	"0.1.0"
#define VGPU_ABI_VERSION	1	/* of sysfs */
#define VGPU_MAX_REGIONS	(VFIO_PCI_NUM_REGIONS + 4)
#define VGPU_MAX_VECTORS	8
#define VGPU_MAX_RUNQUEUES	8
#define VGPU_FAULT_LIMIT_MAX	100
#define VGPU_LAST_ERROR_SIZE	256

/* The offset in a VFIO file: region index above, offset in the region below. */
#define VGPU_OFFSET_SHIFT	40
#define VGPU_OFFSET_MASK	((1ULL << VGPU_OFFSET_SHIFT) - 1)

struct vgpu;
struct vgpu_gpu;
struct vgpu_runqueue;

/* ------------------------------------------------------------------ types */

/**
 * struct vgpu_series - a letter of the type name
 * @letter: 'q', 'b', 'a', 'c'
 * @heads: virtual heads, 0 for compute
 * @small_heads: heads of types below 1 GiB
 * @max_x, @max_y: largest resolution of its largest types, pixels
 * @frl_config: frames a second the frame-rate limiter allows
 * @personality: name of the personality its vGPUs have unless told otherwise
 */
struct vgpu_series {
	char letter;
	unsigned int heads;
	unsigned int small_heads;
	unsigned int max_x, max_y;
	unsigned int frl_config;
	const char *personality;
};

/**
 * struct vgpu_type - one vGPU type of one GPU
 * @mdev: what the mdev core knows of it
 * @gpu: whose
 * @core_release: release() the mdev core gave @mdev's kobject
 * @series: its series
 * @personality: what a vGPU of it shows its guest
 * @level: how often video memory is halved
 * @heads: heads a vGPU of it has
 * @fb_size: bytes of framebuffer
 * @bar_size: bytes of the framebuffer BAR, the next power of two
 * @max_instance: how many an empty GPU holds
 * @max_x, @max_y: largest resolution, pixels; 0 without heads
 * @sysfs_name, @pretty_name: storage of the names @mdev points at
 */
struct vgpu_type {
	struct mdev_type mdev;
	struct vgpu_gpu *gpu;
	void (*core_release)(struct kobject *kobj);
	const struct vgpu_series *series;
	const struct vgpu_personality *personality;
	unsigned int level;
	unsigned int heads;
	u64 fb_size;
	u64 bar_size;
	unsigned int max_instance;
	unsigned int max_x, max_y;
	char sysfs_name[24];
	char pretty_name[56];
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

/**
 * enum vgpu_run_stage - how far the hardware is with a run
 * @VGPU_RUN_LOADING: loads the context
 * @VGPU_RUN_EXECUTING: executes, or lingers
 * @VGPU_RUN_SAVING: saves the context
 */
enum vgpu_run_stage {
	VGPU_RUN_LOADING,
	VGPU_RUN_EXECUTING,
	VGPU_RUN_SAVING,
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
 * @reinit: the device was reset and its configuration space restored: program
 *	the global registers again as @probe did. Memory structures stay. Core
 *	enables the partitions of open vGPUs after it. May sleep. 0 or errno.
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
 * @run_stage: how far the run on @rq is. May be NULL: it always executes. May
 *	sleep.
 * @poll: look at the truth (registers) and report what events were missed:
 *	pending partitions by vgpu_sched_pending(), run ends by
 *	vgpu_sched_run_end(), and a resident partition that lingers without work
 *	by vgpu_sched_out_of_work(). May sleep.
 * @now: the GPU's clock, nanoseconds. May be NULL: ktime is used.
 * @sysmem_set: entries [first, first + count) of the partition's
 *	system-memory table := addr[]. May sleep. NULL: no system memory.
 * @sysmem_clear: clear those entries and make sure that no access through
 *	them is under way when this returns; bounded, never waits for the
 *	progress of an engine, falls back on a partition reset. May sleep.
 * @counters: read the counters. May sleep.
 * @head_plane: what a head of the partition shows, from the hardware's
 *	registers. NULL: partitions have no heads of their own. May sleep.
 * @head_monitor: connect a monitor with that EDID to a head of an enabled
 *	partition, or take it away (0 bytes); tells the guest. It stays there
 *	when @partition_reset is called. NULL with @head_plane. May sleep.
 * @flip_interval: at least so many nanoseconds between two flips of a head;
 *	0, as @partition_enable leaves it: as often as there are vertical
 *	blanks. Of an enabled partition; @partition_reset changes nothing in
 *	it. NULL: can't. May sleep.
 * @show: show that picture on the physical output: @vgpu's, with @plane
 *	inside its slice, or a black frame (both NULL), which is also what a
 *	picture becomes that the output can't show. Calls for one GPU do not
 *	overlap. NULL: the GPU has no output. May sleep.
 *
 * Nothing here is called in interrupt context. All but @probe, @remove and
 * @reinit may be called for different vGPUs at the same time. While
 * vgpu_gpu_is_dead(), all of them return at once without touching the
 * hardware: those that take something away with success.
 */
struct vgpu_family {
	const char *name;
	enum vgpu_engine engine;
	bool (*match)(const struct pci_dev *pdev);
	int (*probe)(struct vgpu_gpu *gpu);
	void (*remove)(struct vgpu_gpu *gpu);
	int (*reinit)(struct vgpu_gpu *gpu);
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
	enum vgpu_run_stage (*run_stage)(struct vgpu_runqueue *rq);
	void (*poll)(struct vgpu_gpu *gpu);
	u64 (*now)(struct vgpu_gpu *gpu);
	int (*sysmem_set)(struct vgpu *vgpu, u32 first, u32 count,
			  const dma_addr_t *addr, bool write);
	int (*sysmem_clear)(struct vgpu *vgpu, u32 first, u32 count);
	int (*counters)(struct vgpu *vgpu, struct vgpu_counters *counters);
	void (*head_plane)(struct vgpu *vgpu, unsigned int head,
			   enum vgpu_plane_kind kind, struct vgpu_plane *plane);
	void (*head_monitor)(struct vgpu *vgpu, unsigned int head,
			     const u8 *edid, unsigned int bytes);
	void (*flip_interval)(struct vgpu *vgpu, u64 ns);
	void (*show)(struct vgpu_gpu *gpu, struct vgpu *vgpu,
		     const struct vgpu_plane *plane);
};

/* ----------------------------------------------------------- personalities */

enum vgpu_region_kind {
	VGPU_REGION_ABSENT,
	VGPU_REGION_TRAPPED,	/* every access goes to the personality */
	VGPU_REGION_MAPPED,	/* mapped whole; pread and pwrite work too */
	VGPU_REGION_WINDOW,	/* the display window: mapped, read only */
	VGPU_REGION_EDID,	/* the EDID of head 0's monitor */
};

/**
 * struct vgpu_region - one VFIO region of a vGPU
 * @kind: absent, trapped or mapped; the last two kinds are core's own
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
 * @release: free what @init left in vgpu->personality_data. The vGPU may have
 *	another personality by then, and be open. May sleep.
 * @reset: registers to their power-on values; called at open and at every
 *	reset, with nothing of the vGPU running. May sleep.
 * @close: the VMM is gone: stop workers of the personality. Called before the
 *	scheduler and the guest's memory are taken away. May sleep.
 * @read, @write: a trapped region; size is 1, 2, 4 or 8, the offset naturally
 *	aligned and inside the region. Never fail, never block for long: may
 *	sleep, but not wait for hardware progress.
 * @fault: something happened to the vGPU that its guest must know. May sleep.
 * @revoked: the host took guest memory back (dma_unmap). Called under
 *	pin_lock: short. May be NULL.
 * @plane: what a head shows now; @plane is all zero on entry and stays so if
 *	nothing is shown. NULL: it has no display. May sleep.
 * @monitor: a monitor with that EDID was connected to a head, or taken away
 *	(0 bytes). Called for each head of the type after every @reset, and
 *	when the VMM changes it; with vgpu->lock held. NULL with @plane.
 *	May sleep.
 * @paced: whether core may pace its flips (frame_rate_limit) through the
 *	family
 *
 * A personality that learns of a guest's change of mode or scan-out calls
 * vgpu_display_changed().
 *
 * @reset is called with vgpu->lock held, @revoked with pin_lock, @plane perhaps
 * with gpu->console_lock and what is above it, the others with no lock of core.
 */
struct vgpu_personality {
	const char *name;
	bool (*supports)(const struct vgpu_gpu *gpu, const struct vgpu_type *type);
	int (*init)(struct vgpu *vgpu);
	void (*release)(void *data);
	void (*reset)(struct vgpu *vgpu);
	void (*close)(struct vgpu *vgpu);
	u64 (*read)(struct vgpu *vgpu, unsigned int region, u64 offset,
		    unsigned int size);
	void (*write)(struct vgpu *vgpu, unsigned int region, u64 offset,
		      unsigned int size, u64 value);
	void (*fault)(struct vgpu *vgpu, enum vgpu_fault code);
	void (*revoked)(struct vgpu *vgpu);
	void (*plane)(struct vgpu *vgpu, unsigned int head,
		      enum vgpu_plane_kind kind, struct vgpu_plane *plane);
	void (*monitor)(struct vgpu *vgpu, unsigned int head,
			const u8 *edid, unsigned int bytes);
	bool paced;
};

/* ------------------------------------------------------------ physical GPU */

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
 * struct vgpu_gpu - one physical GPU
 *
 * Fields marked "family" are filled in by vgpu_family.probe and constant
 * after it.
 */
struct vgpu_gpu {
	struct kref kref;
	struct pci_dev *pdev;
	const struct vgpu_family *family;
	void *family_data;		/* family */
	char board[16];			/* family: [A-Z0-9]+, part of type names */
	phys_addr_t fb_phys;		/* family: bus address of the framebuffer */
	void __iomem *fb_io;		/* family: its write-combined mapping */
	u64 fb_size;			/* family: bytes */
	u64 fb_reserved;		/* family: of them, at 0, not for vGPUs; rounded up */
	unsigned int max_vgpus;		/* family: 1..VGPU_MAX_PARTITIONS */
	unsigned int heads;		/* family: heads a vGPU can have */
	unsigned int runqueues;		/* family: 1.. if it has engines */
	u32 sysmem_pages;		/* family: aperture pages a vGPU, 0: none */
	unsigned int user_vectors;	/* family: hardware vectors a vGPU, 0 or 1 */
	u16 vendor_id, device_id;	/* family: PCI ids the native personality shows */
	u16 subsystem_id;
	u32 class_code;
	u8 revision;

	struct mutex state_lock;	/* @state, @vgpus; see the lock order */
	enum vgpu_gpu_state state;	/* cmpxchg; DEAD may come any time */
	struct list_head vgpus;		/* state_lock */
	struct work_struct dead_work;	/* tells the vGPUs */
	const char *dead_why;

	struct mutex console_lock;	/* @console, and what the output shows */
	struct vgpu *console;		/* console_lock for writing; NULL: none */
	struct work_struct console_work;

	struct mutex lock;		/* placement and last_error */
	struct buddy fb;		/* lock */
	u8 *fb_storage;
	unsigned long partitions[BITS_TO_LONGS(VGPU_MAX_PARTITIONS)]; /* lock */
	char last_error[VGPU_LAST_ERROR_SIZE]; /* lock */
	struct vgpu __rcu *partition[VGPU_MAX_PARTITIONS];

	spinlock_t irq_lock;		/* family registers */
	struct kthread_worker *worker;	/* scheduling decisions; FIFO */
	struct workqueue_struct *wq;	/* everything that waits: scrub, map, faults */
	struct vgpu_runqueue rq[VGPU_MAX_RUNQUEUES];
	struct vgpu_sched_log *sched_log;

	/* Settings of the scheduler: READ_ONCE, WRITE_ONCE; see sched_settings.c. */
	u64 timeslice_ns;		/* 0: by the number of open vGPUs */
	u64 preempt_timeout_ns;		/* of each stage */
	u32 averaging;
	u32 fault_limit;		/* resets in the window below; 0: any number */
	u32 fault_window_s;

	struct mdev_parent parent;
	struct vgpu_type *types;
	struct mdev_type **mdev_types;
	unsigned int num_types;
	struct kobj_type type_ktype;
};

/* -------------------------------------------------------------------- vGPU */

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
	atomic64_t violations;		/* accesses the hardware refused */
};

/**
 * struct vgpu_irq - the interrupts of one vGPU
 * @lock: serialises SET_IRQS
 * @msix: eventfds of the vectors; RCU
 * @err, @req: eventfds of the error and request indexes; RCU
 * @pending: vectors raised while they had no eventfd
 */
struct vgpu_irq {
	struct mutex lock;		/* of SET_IRQS */
	struct vgpu_irq_eventfd __rcu *msix[VGPU_MAX_VECTORS];
	struct vgpu_irq_eventfd __rcu *err;
	struct vgpu_irq_eventfd __rcu *req;
	unsigned long pending;
};

/**
 * struct vgpu - one vGPU
 * @vdev: first member, as vfio_alloc_device() wants it
 * @gpu: its GPU; works while the mdev does (until vgpu_mdev_remove()
 *	returned); after that only fields of struct vgpu may be used
 * @mdev: the mediated device; valid as long as @gpu works
 * @lock: open, close, reset
 * @map_sem: @memory_enabled, @offline against faults
 * @memory_enabled: COMMAND bit 1 of the guest
 * @offline: the GPU is gone or in reset: mappings show @scratch
 * @scratch: one page, all ones at open, of this vGPU alone
 * @scrub_work: zeroes the framebuffer slice
 * @scrub_wanted: how often that was asked for
 * @scrub_done: @scrub_wanted when the last successful scrub began
 * @scrub_error: why the last scrub failed, or 0
 * @entity: how the policy sees it, its settings included
 * @frozen: gets no turns until it is thawed; survives open and close
 * @faulted: gets no turns until it is reset
 * @hang_resets: when the scheduler had to reset it, kernel clock: a ring
 * @hang_count: how often, since it was opened or reset
 * @framebuffer_used: bytes of its slice that its guest says it uses; what the
 *	guest wrote, which may be nonsense
 * @last_reset: why it was reset last since it was opened: a fault's code or
 *	enum vgpu_reset_reason
 * @faults_pending: what its guest must be told, bits by code
 * @faults_unsent: what the host's user space must be told, bits by code, and
 *	that it has recovered
 * @fault_ratelimit: of what is said about its faults
 * @frame_rate_limit: flips of a head in a second; 0: no limit
 * @display: how the VMM gets at the picture, if the vGPU has one
 * @monitor: what the VMM wants at head 0
 * @picture_lock: serialises questions for the picture
 * @window: what the display window shows
 * @window_told: the picture the VMM was told of last, as the window has it
 * @window_copy: memory for copies of pictures, NULL: none
 * @window_copy_bytes: size of it
 * @dmabuf_name: the last pictures a VMM was told of
 * @dmabuf_last_id: the last id that was given away
 * @dmabuf_clock: counts questions
 * @dmabufs: what shows memory of the slice
 * @num_dmabufs: their number
 * @num_copies: how many of them have a copy for other devices
 * @pins: interval tree of pinned guest pages by guest-physical page number
 * @pinned_pages: their number, at most gpu->sysmem_pages
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

	/* Placement: constant from create to removal. */
	unsigned int partition;
	u64 fb_offset;
	u64 fb_size;
	phys_addr_t user_phys;		/* family */
	void __iomem *user_io;		/* family */
	u64 user_size;			/* family */
	u64 framebuffer_used;		/* READ_ONCE, WRITE_ONCE */

	/* VFIO device model. */
	struct mutex lock;
	bool opened;			/* lock */
	pid_t owner_pid;		/* lock; 0: closed */
	struct mutex config_lock;
	struct vgpu_config config;	/* config_lock */
	/* Constant while it is open; lock. */
	struct vgpu_region region[VGPU_MAX_REGIONS];
	unsigned int num_regions;
	unsigned int vectors;		/* constant */
	struct vgpu_irq irq;

	/* BAR mappings. */
	struct rw_semaphore map_sem;
	bool memory_enabled;		/* map_sem */
	bool offline;			/* map_sem */
	struct page *scratch;
	struct inode *map_inode;	/* zap domain, see mapping.c */

	/* Displays: see display.c. */
	u32 frame_rate_limit;		/* lock for writing; READ_ONCE */
	enum vgpu_display display;	/* lock; constant while it is open */
	struct vgpu_monitor monitor;	/* lock */
	struct mutex picture_lock;
	struct vgpu_window window;	/* map_sem; picture_lock for writing */
	struct vgpu_plane window_told;	/* picture_lock */
	void *window_copy;		/* picture_lock */
	u64 window_copy_bytes;		/* picture_lock */
	struct vgpu_dmabuf_name dmabuf_name[VGPU_DMABUF_NAMES]; /* picture_lock */
	u32 dmabuf_last_id;		/* picture_lock */
	u64 dmabuf_clock;		/* picture_lock */
	struct list_head dmabufs;	/* lock of the dma-bufs */
	unsigned int num_dmabufs;	/* lock of the dma-bufs */
	unsigned int num_copies;	/* lock of the dma-bufs */

	/* Guest memory. */
	struct mutex pin_lock;
	struct rb_root_cached pins;	/* pin_lock */
	struct rb_root_cached batches;	/* pin_lock; by aperture page */
	struct xarray pin_dma;		/* pin_lock; by guest page, see pin.c */
	wait_queue_head_t pin_wait;	/* woken when a pin under way has ended */
	unsigned int pins_ended;	/* pin_lock */
	unsigned long unmapped_at;	/* pin_lock; jiffies of the last dma_unmap */
	unsigned long pinned_pages;	/* pin_lock */

	/* Scheduling. */
	struct sched_client entity;	/* lock of gpu->rq[0] */
	enum vgpu_sched_state sched_state; /* likewise, and what follows */
	struct vgpu_runqueue *rq;
	struct vgpu_sched_account account;
	bool frozen;
	bool faulted;
	u64 hang_resets[VGPU_FAULT_LIMIT_MAX];
	unsigned int hang_count;

	/* Scrub: see scrub.c. */
	struct work_struct scrub_work;
	wait_queue_head_t scrub_waiters;
	unsigned long scrub_wanted;	/* lock for writing */
	unsigned long scrub_done;	/* scrub_work */
	int scrub_error;

	/* Faults: see fault.c. */
	enum vgpu_fault last_fault;	/* READ_ONCE, WRITE_ONCE */
	unsigned int last_reset;	/* READ_ONCE, WRITE_ONCE */
	unsigned long faults_pending;
	unsigned long faults_unsent;
	struct ratelimit_state fault_ratelimit;
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

/* gpu/families.c, vdev/personalities.c: the tables */
extern const struct pci_device_id vgpu_pci_ids[];
const struct vgpu_family *vgpu_family_find(const struct pci_dev *pdev);
const struct vgpu_personality *vgpu_personality_find(const char *name);
int vgpu_personality_list(const struct vgpu *vgpu, char *buf, size_t size,
			  bool brackets);

/* main.c: what must be gone before the module's text may go */
void vgpu_live_get(void);
void vgpu_live_put(void);

/* gpu.c: life of a physical GPU */
extern struct pci_driver vgpu_pci_driver;
void vgpu_gpu_get(struct vgpu_gpu *gpu);
void vgpu_gpu_put(struct vgpu_gpu *gpu);
void vgpu_gpu_error(struct vgpu_gpu *gpu, const char *fmt, ...) __printf(2, 3);
void vgpu_gpu_dead(struct vgpu_gpu *gpu, const char *why);
const char *vgpu_gpu_state_name(const struct vgpu_gpu *gpu);
/**
 * vgpu_gpu_is_dead - whether the hardware must not be touched
 * @gpu: the GPU
 *
 * True for good when it is gone, and for a while when it is being reset.
 */
static inline bool vgpu_gpu_is_dead(const struct vgpu_gpu *gpu)
{
	enum vgpu_gpu_state state = READ_ONCE(gpu->state);

	return state == VGPU_GPU_DEAD || state == VGPU_GPU_RESET;
}

/* recovery.c: reset, errors and suspend of a physical GPU */
extern const struct pci_error_handlers vgpu_pci_error_handlers;
extern const struct dev_pm_ops vgpu_pm_ops;
void vgpu_gpu_quiesce(struct vgpu_gpu *gpu);

/* type.c */
int vgpu_types_create(struct vgpu_gpu *gpu);
void vgpu_types_free(struct vgpu_gpu *gpu);
void vgpu_types_adopt(struct vgpu_gpu *gpu);
unsigned int vgpu_type_available(struct mdev_type *mdev_type);
ssize_t vgpu_type_description(struct mdev_type *mdev_type, char *buf);
static inline struct vgpu_type *vgpu_type_from_mdev(struct mdev_type *mdev_type)
{
	return container_of(mdev_type, struct vgpu_type, mdev);
}

/* framebuffer.c: placement of partitions */
int vgpu_place(struct vgpu *vgpu);
void vgpu_unplace(struct vgpu *vgpu);

/* mdev.c: life of a vGPU */
extern struct mdev_driver vgpu_mdev_driver;
const char *vgpu_name(const struct vgpu *vgpu);
const char *vgpu_sched_state_name(enum vgpu_sched_state state);
const char *vgpu_state_name(struct vgpu *vgpu);

/* personality.c: what a vGPU is to its guest */
int vgpu_personality_init(struct vgpu *vgpu,
			  const struct vgpu_personality *personality);
void vgpu_personality_release(struct vgpu *vgpu);
int vgpu_set_personality(struct vgpu *vgpu, const char *name);

/* scrub.c: zeroing a slice between owners */
void vgpu_scrub_init(struct vgpu *vgpu);
void vgpu_scrub_queue(struct vgpu *vgpu);
int vgpu_scrub_wait(struct vgpu *vgpu);

/* vfio.c */
extern const struct vfio_device_ops vgpu_vfio_ops;
int vgpu_reset(struct vgpu *vgpu, enum vgpu_reset_reason reason);
int vgpu_reset_locked(struct vgpu *vgpu, enum vgpu_reset_reason reason);

/* fault.c: telling about faults */
void vgpu_fault_init(struct vgpu *vgpu);
void vgpu_fault_cancel(struct vgpu *vgpu);
void vgpu_report_fault(struct vgpu *vgpu, enum vgpu_fault code);
void vgpu_report_recovery(struct vgpu *vgpu);
const char *vgpu_reset_name(unsigned int reason);

/* uevent.c */
void vgpu_uevent(struct vgpu *vgpu, const char *event, char *first,
		 char *second);

/* region.c: pread and pwrite */
ssize_t vgpu_region_rw(struct vgpu *vgpu, char __user *buf, size_t count,
		       loff_t *ppos, bool write);

/* mapping.c: BAR mappings */
int vgpu_mapping_module_init(void);
void vgpu_mapping_module_exit(void);
int vgpu_mapping_init(struct vgpu *vgpu);
void vgpu_mapping_destroy(struct vgpu *vgpu);
void vgpu_mapping_open(struct vgpu *vgpu);
int vgpu_mapping_mmap(struct vgpu *vgpu, struct vm_area_struct *vma);
void vgpu_mapping_set_memory(struct vgpu *vgpu, bool enabled);
void vgpu_mapping_set_offline(struct vgpu *vgpu, bool offline);
void vgpu_mapping_zap(struct vgpu *vgpu);
void vgpu_mapping_zap_region(struct vgpu *vgpu, unsigned int index);

/* irq.c: eventfds */
int vgpu_irq_info(struct vgpu *vgpu, struct vfio_irq_info *info);
int vgpu_irq_set(struct vgpu *vgpu, struct vfio_irq_set *hdr, void *data);
void vgpu_irq_raise(struct vgpu *vgpu, unsigned int vector);
bool vgpu_irq_request(struct vgpu *vgpu);
void vgpu_irq_error(struct vgpu *vgpu);
void vgpu_irq_close(struct vgpu *vgpu);

/* pin.c: guest memory in the system-memory aperture */
void vgpu_pin_init(struct vgpu *vgpu);
int vgpu_pin_map(struct vgpu *vgpu, u32 first, u32 count, const u64 *addr,
		 bool write);
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first);
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length);
void vgpu_pin_unmap_all(struct vgpu *vgpu);

/* Whether vGPUs of a GPU take turns. */
static inline bool vgpu_is_scheduled(const struct vgpu_gpu *gpu)
{
	return gpu->family->engine == VGPU_ENGINE_AUTONOMOUS;
}

/* sysfs.c */
extern const struct attribute_group *vgpu_gpu_groups[];
extern const struct attribute_group *vgpu_mdev_groups[];

#endif /* OPENVGPU_H */
