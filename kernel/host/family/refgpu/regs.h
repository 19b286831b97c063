/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regs.h - a reference GPU's state and registers, shared by the family's files
 *
 * Reading a register costs 50 to 100 microseconds, writing one far less, so
 * frequent operations read none.
 *
 * Locks, innermost of all: refgpu_partition.lock, refgpu.events. Neither is
 * taken with the other held. refgpu.window_lock nests in the first.
 *
 * Calls go one way: probe to all, partition to heads, events to runs, and
 * these and migrate to regs and host.
 *
 * The GPU is a PCI device, or a process that plays one: see soft_engine.h. What differs
 * is in host.c, and in two lines here.
 */
#ifndef FAMILY_REFGPU_REGS_H
#define FAMILY_REFGPU_REGS_H

#include <linux/io.h>
#include <linux/io-64-nonatomic-hi-lo.h>
#include <linux/mutex.h>

#include "base/vgpu.h"
#include "family/refgpu/ring.h"
#include "family/soft_engine.h"
#include "refgpu_hw.h"

#define REFGPU_GONE	(~0ULL)		/* what a device that is gone reads as */

/* Masks as in REFGPU_RC_SLICES. */
#define REFGPU_SLICES_MASK(compute, memory) \
	((u64)(compute) | (u64)(memory) << 8)
#define REFGPU_SLICES_COMPUTE(slices)	((slices) & 0xff)
#define REFGPU_SLICES_MEMORY(slices)	(((slices) >> 8) & 0xff)

/**
 * struct refgpu_run - a run-control block as the driver sees it
 * @busy: a RUN was written, and its end not yet reported
 * @partition: the partition that runs
 * @linger_ns: as RC_LINGER_NS was written last
 * @late_end: an end that was found in the registers, and whose event may still
 *	come
 */
struct refgpu_run {
	bool busy;
	unsigned int partition;
	u64 linger_ns;
	struct {
		bool expected;
		u8 partition;
		u8 reason;
		u64 run_ns;
		u64 switch_ns;
	} late_end;
};

/**
 * struct refgpu_monitor - the monitor of a head
 * @edid: its EDID
 * @bytes: size of @edid; 0: no monitor is connected
 */
struct refgpu_monitor {
	u8 edid[REFGPU_EDID_SIZE];
	unsigned int bytes;
};

/**
 * struct refgpu_partition - a partition as the driver sees it
 * @gpu: its GPU
 * @number: its number
 * @lock: serialises the commands of one partition, which share registers
 * @enabled: whether it is enabled; @lock
 * @frozen: whether it stands still for refgpu_stop(); @lock
 * @timer: its clock since it stands still; @lock
 * @forgotten: a reset has cleared the bits of what it has written; @lock
 * @monitor: monitors of its heads; @lock
 * @table: its system-memory table, NULL: none; hardware reads it any time
 * @table_bus: bus address of it
 */
struct refgpu_partition {
	struct vgpu_gpu *gpu;
	unsigned int number;
	struct mutex lock;	/* innermost */
	bool enabled;
	bool frozen;
	u64 timer;
	bool forgotten;
	struct refgpu_monitor monitor[REFGPU_HEADS];
	__le64 *table;
	dma_addr_t table_bus;
};

/**
 * struct refgpu - a reference GPU
 * @gpu: the GPU as core sees it
 * @engine: the process that it is; NULL: it is a device
 * @regs: BAR0; NULL with @engine
 * @caps: REFGPU_CAP_* bits
 * @slices: that it has, as REFGPU_GLOBAL_SLICES says
 * @enable: CONTROL of a partition that is enabled
 * @events: serialises reading events and starting runs
 * @ring: the event ring, in host memory
 * @ring_bus: bus address of it
 * @run: run-control blocks; @events
 * @faults: faults consumed; written by their thread, and by a reset
 * @vectors: interrupts requested
 * @event_work: what an interrupt thread does, for @engine
 * @fault_work: likewise
 * @window_lock: serialises who uses the context window, or @window
 * @window: host memory for what the device writes of a partition, or reads
 * @window_bus: bus address of it
 * @partition: the partitions
 */
struct refgpu {
	struct vgpu_gpu *gpu;
	struct soft_engine *engine;
	void __iomem *regs;
	u64 caps;
	u64 slices;
	u64 enable;
	struct mutex events;	/* innermost */
	struct refgpu_event_ring ring;
	dma_addr_t ring_bus;
	struct refgpu_run run[REFGPU_RUN_CONTROLS];
	u64 faults;
	unsigned int vectors;
	struct work_struct event_work;
	struct work_struct fault_work;
	struct mutex window_lock;	/* innermost */
	u8 *window;
	dma_addr_t window_bus;
	struct refgpu_partition partition[REFGPU_PARTITIONS];
};

static inline struct refgpu *refgpu_of(struct vgpu_gpu *gpu)
{
	return gpu->family_data;
}

static inline struct refgpu_partition *refgpu_partition_of(struct vgpu *vgpu)
{
	return &refgpu_of(vgpu->gpu)->partition[vgpu->partition];
}

/* Registers of the run-control block that is an instance's engine. */
static inline u32 refgpu_block_of(const struct vgpu_instance *instance)
{
	return REFGPU_RUN_CONTROL(layout_block(instance->index));
}

/* Until a partition has left its engine. For defects: the device does it at once. */
#define STOP_TIMEOUT_MS	500

static inline u64 reg_read(struct refgpu *refgpu, u32 offset)
{
	return refgpu->engine ? soft_engine_read(refgpu->engine, offset, 8) :
				readq(refgpu->regs + offset);
}

static inline void reg_write(struct refgpu *refgpu, u32 offset, u64 value)
{
	if (refgpu->engine)
		soft_engine_write(refgpu->engine, offset, 8, value);
	else
		writeq(value, refgpu->regs + offset);
}

/* A partition's entry in the table, which is the host's. */
static inline u64 entry_read(struct refgpu_partition *partition, u32 offset)
{
	return reg_read(refgpu_of(partition->gpu),
			REFGPU_PARTITION(partition->number) + offset);
}

static inline void entry_write(struct refgpu_partition *partition, u32 offset,
			       u64 value)
{
	reg_write(refgpu_of(partition->gpu),
		  REFGPU_PARTITION(partition->number) + offset, value);
}

/* regs.c */
int reg_wait_zero(struct refgpu *refgpu, u32 offset, u64 mask,
		  unsigned int timeout_ms);
int entry_wait(struct refgpu_partition *partition, u32 offset, u64 mask,
	       unsigned int timeout_ms);
int entry_command(struct refgpu_partition *partition, u32 offset,
		  unsigned int timeout_ms);
u64 refgpu_now(struct vgpu_gpu *gpu);

/* host.c: what the GPU and the host have of each other */
int refgpu_host_init(struct refgpu *refgpu);
void refgpu_host_exit(struct refgpu *refgpu);
int refgpu_host_take_mode(struct refgpu *refgpu);
u64 refgpu_host_room(struct refgpu *refgpu);
void *refgpu_alloc(struct refgpu *refgpu, size_t bytes, dma_addr_t *address);
void refgpu_free(struct refgpu *refgpu, size_t bytes, void *memory,
		 dma_addr_t address);
void refgpu_user_page(struct vgpu *vgpu);
u64 refgpu_user_read(struct vgpu *vgpu, u64 offset, unsigned int size);
void refgpu_user_write(struct vgpu *vgpu, u64 offset, unsigned int size,
		       u64 value);
struct page *refgpu_fb_page(struct vgpu_gpu *gpu, u64 offset, bool make);
void refgpu_fb_forget(struct vgpu_gpu *gpu, u64 offset, u64 bytes);
int refgpu_dma_map(struct vgpu_gpu *gpu, struct page *page, bool write,
		   dma_addr_t *address);
void refgpu_dma_unmap(struct vgpu_gpu *gpu, const dma_addr_t *address, u32 count);

/* runs.c: run-control blocks */
int refgpu_run(struct vgpu *vgpu, u64 quantum_ns, u64 linger_ns);
void refgpu_preempt(struct vgpu_instance *instance);
enum vgpu_run_stage refgpu_run_stage(struct vgpu_instance *instance);
int refgpu_slices(struct vgpu_instance *instance, u8 compute, u8 memory, bool shared);
int refgpu_engine_time(struct vgpu_instance *instance, u64 *busy_ns, u64 *idle_ns);
void refgpu_run_end_event(struct refgpu *refgpu,
			  const struct refgpu_event *event);
bool refgpu_run_look(struct refgpu *refgpu, unsigned int control);
void refgpu_run_found_ended(struct refgpu *refgpu, unsigned int control);

/* events.c: events, faults, interrupts */
int refgpu_events_init(struct refgpu *refgpu);
void refgpu_events_program(struct refgpu *refgpu);
void refgpu_events_exit(struct refgpu *refgpu);
void refgpu_poll(struct vgpu_gpu *gpu);

/* partition.c: partitions and their tables */
int refgpu_partition_setup(struct vgpu *vgpu);
void refgpu_partition_teardown(struct vgpu *vgpu);
int refgpu_partition_enable(struct vgpu *vgpu);
void refgpu_partition_disable(struct vgpu *vgpu);
int refgpu_partition_reset(struct vgpu *vgpu);
int refgpu_scrub(struct vgpu *vgpu);
int refgpu_scrub_all(struct vgpu_gpu *gpu);
void refgpu_notify(struct vgpu *vgpu, enum vgpu_fault code);
int refgpu_sysmem_set(struct vgpu *vgpu, u32 first, u32 count,
		      const dma_addr_t *addr, bool write);
void refgpu_sysmem_clear(struct vgpu *vgpu, u32 first, u32 count);
void refgpu_sysmem_invalidate(struct vgpu *vgpu, u32 first, u32 count);
int refgpu_counter(struct vgpu *vgpu, enum vgpu_counter which, u64 *value);

/* migrate.c: partitions stand still, are saved and loaded */
int refgpu_migrate_init(struct refgpu *refgpu);
void refgpu_migrate_exit(struct refgpu *refgpu);
void refgpu_stop(struct vgpu *vgpu);
void refgpu_go(struct vgpu *vgpu);
int refgpu_save(struct vgpu *vgpu, struct vgpu_pack *pack);
int refgpu_load(struct vgpu *vgpu, struct vgpu_unpack *unpack);
int refgpu_context_bytes(struct vgpu *vgpu);
int refgpu_context_save(struct vgpu *vgpu, u8 *image, u32 bytes);
int refgpu_context_load(struct vgpu *vgpu, const u8 *image, u32 bytes);
int refgpu_dirty_start(struct vgpu *vgpu);
void refgpu_dirty_stop(struct vgpu *vgpu);
int refgpu_dirty_fetch(struct vgpu *vgpu, unsigned long *bits);

/* heads.c: pictures and monitors of heads */
void refgpu_heads_restore(struct refgpu_partition *partition);
void refgpu_head_monitor(struct vgpu *vgpu, unsigned int number,
			 const u8 *edid, unsigned int bytes);
void refgpu_head_plane(struct vgpu *vgpu, unsigned int number,
		       enum vgpu_plane_kind kind, struct vgpu_plane *plane);
void refgpu_flip_interval(struct vgpu *vgpu, u64 ns);

#endif /* FAMILY_REFGPU_REGS_H */
