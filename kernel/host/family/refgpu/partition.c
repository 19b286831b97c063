// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition.c - partitions of a reference GPU and their memory
 *
 * The slice of a partition can be written only while it is disabled, so a
 * guest that runs can't be moved; and the slice is read back before it is
 * enabled, because isolation rests on those two registers.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "family/refgpu/regs.h"

/* The device completes these whatever its engines do; the timeouts are for defects. */
#define RESET_TIMEOUT_MS	1000
#define INVALIDATE_TIMEOUT_MS	500
#define SCRUB_TIMEOUT_MS	9000
/* All one after the other; a process could take as long as each may. */
#define SCRUB_ALL_TIMEOUT_MS	60000

static size_t table_size(const struct vgpu_gpu *gpu)
{
	return gpu->sysmem_pages * sizeof(__le64);
}

/* ------------------------------------------------------ setup and teardown */

/**
 * refgpu_partition_setup - see struct vgpu_family
 * @vgpu: the vGPU
 *
 * Return: 0, or -ENOMEM.
 */
int refgpu_partition_setup(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	int section;

	if (vgpu->gpu->sysmem_pages) {
		partition->table = refgpu_alloc(refgpu, table_size(vgpu->gpu),
						&partition->table_bus);
		if (!partition->table)
			return -ENOMEM;
	}
	/* What was counted of a former owner is not this one's. */
	if (vgpu_gpu_begin(vgpu->gpu, &section)) {
		reg_write(refgpu, REFGPU_COUNTERS(vgpu->partition) +
			  REFGPU_COUNTER_CLEAR, 1);
		vgpu_gpu_end(vgpu->gpu, section);
	}
	refgpu_user_page(vgpu);
	return 0;
}

/**
 * refgpu_partition_teardown - see struct vgpu_family
 * @vgpu: the vGPU; its partition is disabled or the GPU is gone
 */
void refgpu_partition_teardown(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);

	if (partition->table)
		refgpu_free(refgpu_of(vgpu->gpu), table_size(vgpu->gpu),
			    partition->table, partition->table_bus);
	partition->table = NULL;
}

/* ------------------------------------------------------- enable and disable */

/* Give a disabled partition its slice, and make sure that it has it. */
static int program_slice(struct refgpu_partition *partition, u64 base, u64 size)
{
	/* Base and limit must be valid together after each write. */
	entry_write(partition, REFGPU_PARTITION_VRAM_LIMIT, 0);
	entry_write(partition, REFGPU_PARTITION_VRAM_BASE, base);
	entry_write(partition, REFGPU_PARTITION_VRAM_LIMIT, size);
	if (entry_read(partition, REFGPU_PARTITION_VRAM_BASE) != base ||
	    entry_read(partition, REFGPU_PARTITION_VRAM_LIMIT) != size)
		return -EIO;
	return 0;
}

static void program_table(struct refgpu_partition *partition, u32 pages)
{
	entry_write(partition, REFGPU_PARTITION_SYSMEM_PAGES, 0);
	if (!partition->table)
		return;
	memset(partition->table, 0, pages * sizeof(__le64));
	wmb();	/* the device reads it from the moment it is enabled */
	entry_write(partition, REFGPU_PARTITION_SYSMEM_BASE,
		    partition->table_bus);
	entry_write(partition, REFGPU_PARTITION_SYSMEM_PAGES, pages);
}

/*
 * Where it may run. The pool's slices change while the partition is enabled, and
 * its run-control block knows them. Those of another instance can't, as long as it
 * has an open vGPU; the block gets them before it runs any.
 */
static u64 slices_of(const struct vgpu *vgpu)
{
	unsigned int instance = vgpu->instance->index;
	struct layout_slices slices;

	if (instance == LAYOUT_POOL)
		return refgpu_of(vgpu->gpu)->slices;
	slices = layout_slices(&vgpu->gpu->layout, instance);
	return REFGPU_SLICES_MASK(slices.compute, slices.memory);
}

static int enable(struct refgpu_partition *partition, struct vgpu *vgpu)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	const struct vgpu_type *type = vgpu->type;
	int ret;

	entry_write(partition, REFGPU_PARTITION_CONTROL, 0);
	ret = entry_command(partition, REFGPU_PARTITION_RESET, RESET_TIMEOUT_MS);
	if (ret)
		return ret;
	ret = program_slice(partition, vgpu->fb_offset, vgpu->fb_size);
	if (ret)
		return ret;
	program_table(partition, vgpu->gpu->sysmem_pages);
	entry_write(partition, REFGPU_PARTITION_SLICES, slices_of(vgpu));
	entry_write(partition, REFGPU_PARTITION_DIRTY_CONTROL, 0);
	entry_write(partition, REFGPU_PARTITION_HEADS, type->heads);
	entry_write(partition, REFGPU_PARTITION_HEAD_MAX,
		    (u64)type->max_y << 32 | type->max_x);
	entry_write(partition, REFGPU_PARTITION_FLIP_NS, 0);
	/* The guest's clock starts now, which hides how long the GPU has been up. */
	entry_write(partition, REFGPU_PARTITION_TIMER_OFFSET,
		    -reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_TIMER));
	reg_write(refgpu, REFGPU_COUNTERS(partition->number) +
		  REFGPU_COUNTER_CLEAR, 1);
	entry_write(partition, REFGPU_PARTITION_CONTROL, refgpu->enable);
	if (entry_read(partition, REFGPU_PARTITION_CONTROL) != refgpu->enable)
		return -EIO;
	partition->enabled = true;
	return 0;
}

/**
 * refgpu_partition_enable - see struct vgpu_family
 * @vgpu: the vGPU; its partition is disabled
 *
 * Return: 0; -EIO: the registers do not take what is written; -ETIMEDOUT;
 * -ENODEV: the device is gone.
 */
int refgpu_partition_enable(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section, ret;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return -ENODEV;
	mutex_lock(&partition->lock);
	ret = enable(partition, vgpu);
	if (ret)
		entry_write(partition, REFGPU_PARTITION_CONTROL, 0);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	return ret;
}

static int disable(struct refgpu_partition *partition)
{
	int ret;

	/* RESET ends a run even on an engine that hangs. */
	ret = entry_command(partition, REFGPU_PARTITION_RESET, RESET_TIMEOUT_MS);
	entry_write(partition, REFGPU_PARTITION_CONTROL, 0);
	entry_write(partition, REFGPU_PARTITION_SYSMEM_PAGES, 0);
	if (!ret)
		ret = entry_wait(partition, REFGPU_PARTITION_STATUS,
				 REFGPU_PARTITION_IS_RESIDENT, STOP_TIMEOUT_MS);
	return ret;
}

/**
 * refgpu_partition_disable - see struct vgpu_family
 * @vgpu: the vGPU
 */
void refgpu_partition_disable(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section;

	mutex_lock(&partition->lock);
	if (partition->enabled && vgpu_gpu_begin(vgpu->gpu, &section)) {
		if (disable(partition))
			vgpu_gpu_failed(vgpu->gpu,
					"a partition can't be disabled");
		vgpu_gpu_end(vgpu->gpu, section);
	}
	partition->enabled = false;
	partition->frozen = false;
	memset(partition->monitor, 0, sizeof(partition->monitor));
	mutex_unlock(&partition->lock);
}

static int reset_entry(struct refgpu_partition *partition)
{
	int ret = entry_command(partition, REFGPU_PARTITION_RESET, RESET_TIMEOUT_MS);

	if (ret)
		dev_err(&partition->gpu->pdev->dev,
			"partition %u does not complete its reset (%d)\n",
			partition->number, ret);
	/* Perhaps nobody wants to know. */
	partition->forgotten = true;
	/* A reset disconnects the monitors, which must not be visible. */
	if (!ret)
		refgpu_heads_restore(partition);
	else
		vgpu_gpu_failed(partition->gpu, "a partition can't be reset");
	return ret ? -EIO : 0;
}

/**
 * refgpu_partition_reset - see struct vgpu_family
 * @vgpu: the vGPU
 *
 * Return: 0, or -EIO.
 */
int refgpu_partition_reset(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section, ret;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return 0;
	mutex_lock(&partition->lock);
	ret = reset_entry(partition);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	return ret;
}

/**
 * refgpu_scrub - see struct vgpu_family
 * @vgpu: the vGPU; its partition is disabled
 *
 * Return: 0 or errno.
 */
int refgpu_scrub(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section, ret = -EBUSY;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return -EAGAIN;
	mutex_lock(&partition->lock);
	if (!partition->enabled)
		ret = program_slice(partition, vgpu->fb_offset, vgpu->fb_size);
	if (!ret) {
		refgpu_fb_forget(vgpu->gpu, vgpu->fb_offset, vgpu->fb_size);
		ret = entry_command(partition, REFGPU_PARTITION_SCRUB,
				    SCRUB_TIMEOUT_MS);
	}
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	return ret;
}

static int scrub_whole(struct refgpu_partition *partition)
{
	u64 bytes = partition->number ? 0 : partition->gpu->fb_size;
	int ret, undo;

	/* Here, where a reset can't be under way, which forgets it, too. */
	refgpu_fb_forget(partition->gpu, 0, bytes);
	/* What the slice was before makes no difference; each has its context store. */
	ret = program_slice(partition, 0, bytes);
	if (!ret)
		ret = entry_command(partition, REFGPU_PARTITION_SCRUB,
				    SCRUB_TIMEOUT_MS);
	undo = program_slice(partition, 0, 0);
	return ret ?: undo;
}

/**
 * refgpu_scrub_all - see struct vgpu_family
 * @gpu: the GPU; all partitions are disabled
 *
 * Partition 0 zeroes all of video memory, the others their context stores. May sleep, for
 * SCRUB_ALL_TIMEOUT_MS and the timeout of one.
 *
 * Return: 0 or errno.
 */
int refgpu_scrub_all(struct vgpu_gpu *gpu)
{
	unsigned long end = jiffies + msecs_to_jiffies(SCRUB_ALL_TIMEOUT_MS);
	struct refgpu *refgpu = refgpu_of(gpu);
	int section, ret = 0;
	unsigned int p;

	for (p = 0; !ret && p < gpu->max_vgpus; p++) {
		struct refgpu_partition *partition = &refgpu->partition[p];

		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		if (!vgpu_gpu_begin(gpu, &section))
			return -EAGAIN;
		mutex_lock(&partition->lock);
		ret = partition->enabled ? -EBUSY : scrub_whole(partition);
		mutex_unlock(&partition->lock);
		vgpu_gpu_end(gpu, section);
	}
	return ret;
}

/* ------------------------------------------------------ notifying the guest */

static enum refgpu_error error_of(enum vgpu_fault code)
{
	switch (code) {
	case VGPU_FAULT_PREEMPT_TIMEOUT:
	case VGPU_FAULT_RUN_TIMEOUT:
	case VGPU_FAULT_UNMAP_TIMEOUT:
	case VGPU_FAULT_LOAD_TIMEOUT:
	case VGPU_FAULT_SAVE_TIMEOUT:
		return REFGPU_ERROR_HANG;
	case VGPU_FAULT_MEMORY:
		return REFGPU_ERROR_MEMORY;
	case VGPU_FAULT_GPU_RESET:
		return REFGPU_ERROR_RESET;
	default:
		return REFGPU_ERROR_NONE;
	}
}

/**
 * refgpu_notify - see struct vgpu_family
 * @vgpu: the vGPU
 * @code: what happened to it
 *
 * Sets the error register and the interrupt status through the privileged
 * alias, which may be written only while the partition is frozen.
 */
void refgpu_notify(struct vgpu *vgpu, enum vgpu_fault code)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	u32 alias = REFGPU_USER_ALIAS(vgpu->partition);
	enum refgpu_error error = error_of(code);
	int section;
	u64 status;

	if (error == REFGPU_ERROR_NONE ||
	    !vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	mutex_lock(&partition->lock);
	if (!partition->enabled) {
		mutex_unlock(&partition->lock);
		vgpu_gpu_end(vgpu->gpu, section);
		return;
	}
	entry_write(partition, REFGPU_PARTITION_CONTROL,
		    refgpu->enable | REFGPU_PARTITION_FREEZE);
	status = reg_read(refgpu, alias + REFGPU_USER_INTR_STATUS);
	reg_write(refgpu, alias + REFGPU_USER_ERROR, error);
	if (status != REFGPU_GONE)
		reg_write(refgpu, alias + REFGPU_USER_INTR_STATUS,
			  status | REFGPU_INTR_ERROR);
	if (!partition->frozen)
		entry_write(partition, REFGPU_PARTITION_CONTROL, refgpu->enable);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	/* The reset has disabled the hardware's interrupt, so this is ours. */
	vgpu_irq_raise(vgpu, 0);
}

/* ------------------------------------------------------------ system memory */

/**
 * refgpu_sysmem_set - see struct vgpu_family
 * @vgpu: the vGPU
 * @first: first entry
 * @count: number of entries
 * @addr: bus address of each page
 * @write: the device may write
 *
 * Return: 0, or -EFAULT: an address the device can't form.
 */
int refgpu_sysmem_set(struct vgpu *vgpu, u32 first, u32 count,
		      const dma_addr_t *addr, bool write)
{
	__le64 *table = refgpu_partition_of(vgpu)->table;
	u64 bits = REFGPU_SYSMEM_VALID | (write ? REFGPU_SYSMEM_WRITE : 0);
	u32 i;

	for (i = 0; i < count; i++)
		if (addr[i] & ~REFGPU_SYSMEM_ADDRESS)
			return -EFAULT;
	for (i = 0; i < count; i++)
		WRITE_ONCE(table[first + i], cpu_to_le64(addr[i] | bits));
	/* Before the guest is notified, and lets the device use them. */
	wmb();
	return 0;
}

/*
 * If an engine never completes an access, the partition is reset. Returns whether
 * it was.
 */
static bool forget(struct refgpu_partition *partition, u32 first, u32 count)
{
	int ret;

	entry_write(partition, REFGPU_PARTITION_INVALIDATE_FIRST, first);
	entry_write(partition, REFGPU_PARTITION_INVALIDATE_PAGES, count);
	ret = entry_command(partition, REFGPU_PARTITION_INVALIDATE,
			    INVALIDATE_TIMEOUT_MS);
	if (ret == -ETIMEDOUT)
		reset_entry(partition);
	else if (ret)
		vgpu_gpu_failed(partition->gpu,
				"it does not let go of guest memory");
	return ret == -ETIMEDOUT;
}

/**
 * refgpu_sysmem_clear - see struct vgpu_family
 * @vgpu: the vGPU
 * @first: first entry
 * @count: number of entries
 */
void refgpu_sysmem_clear(struct vgpu *vgpu, u32 first, u32 count)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	u32 i;

	for (i = 0; i < count; i++)
		WRITE_ONCE(partition->table[first + i], 0);
}

/**
 * refgpu_sysmem_invalidate - see struct vgpu_family
 * @vgpu: the vGPU
 * @first: first entry
 * @count: number of entries
 *
 * If nothing helps, the device has lost its bus mastering when this returns.
 */
void refgpu_sysmem_invalidate(struct vgpu *vgpu, u32 first, u32 count)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	bool was_reset = false;
	int section;

	wmb();	/* the device must not read an old entry after INVALIDATE */

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	mutex_lock(&partition->lock);
	if (partition->enabled)
		was_reset = forget(partition, first, count);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	if (was_reset)
		vgpu_report_fault(vgpu, VGPU_FAULT_UNMAP_TIMEOUT);
}

/* ----------------------------------------------------------------- counters */

/* Where a counter is in the device's block. */
static const u32 counter_register[VGPU_COUNTERS] = {
	[VGPU_COUNTER_BUSY_NS] = REFGPU_COUNTER_BUSY_NS,
	[VGPU_COUNTER_RESIDENT_NS] = REFGPU_COUNTER_RESIDENT_NS,
	[VGPU_COUNTER_WAIT_NS] = REFGPU_COUNTER_WAIT_NS,
	[VGPU_COUNTER_SWITCHES] = REFGPU_COUNTER_SWITCHES,
	[VGPU_COUNTER_SWITCH_NS] = REFGPU_COUNTER_SWITCH_NS,
	[VGPU_COUNTER_PREEMPT_MAX_NS] = REFGPU_COUNTER_PREEMPT_MAX_NS,
	[VGPU_COUNTER_PACKETS] = REFGPU_COUNTER_PACKETS,
	[VGPU_COUNTER_DOORBELLS] = REFGPU_COUNTER_DOORBELLS,
	[VGPU_COUNTER_FENCES] = REFGPU_COUNTER_FENCES,
	[VGPU_COUNTER_INSTRUCTIONS] = REFGPU_COUNTER_INSTRUCTIONS,
	[VGPU_COUNTER_BYTES_READ] = REFGPU_COUNTER_BYTES_READ,
	[VGPU_COUNTER_BYTES_WRITTEN] = REFGPU_COUNTER_BYTES_WRITTEN,
};

/**
 * refgpu_counter - see struct vgpu_family
 * @vgpu: the vGPU
 * @which: the counter
 * @value: filled in
 *
 * Return: 0, or -ENODEV.
 */
int refgpu_counter(struct vgpu *vgpu, enum vgpu_counter which, u64 *value)
{
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return -ENODEV;
	*value = reg_read(refgpu_of(vgpu->gpu),
			  REFGPU_COUNTERS(vgpu->partition) +
			  counter_register[which]);
	vgpu_gpu_end(vgpu->gpu, section);
	return *value == REFGPU_GONE ? -ENODEV : 0;
}
