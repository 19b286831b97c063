// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - pread and pwrite of a vGPU's regions
 *
 * Bounds are checked once, before anything else. What is left is cut into
 * naturally aligned pieces of 8, 4, 2 and 1 bytes, each of which is one access
 * of the guest. User memory is copied outside every lock.
 */
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "base/vgpu.h"
#include "display/monitor.h"
#include "display/window.h"
#include "pci/config_space.h"
#include "pci/mapping.h"
#include "vgpu/life.h"
#include "vgpu/vfio.h"

/* ------------------------------------------------------ configuration space */

static void config_read(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, u8 *bytes)
{
	mutex_lock(&vgpu->config_lock);
	vgpu_config_read(&vgpu->config, offset, size, bytes);
	mutex_unlock(&vgpu->config_lock);
}

static int config_write(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, const u8 *bytes)
{
	unsigned int todo;

	atomic64_inc(&vgpu->stats.config_writes);
	mutex_lock(&vgpu->config_lock);
	todo = vgpu_config_write(&vgpu->config, offset, size, bytes);
	/* Inside the lock: of two writers the later one's wish must last. */
	if (todo & VGPU_CONFIG_MEMORY)
		vgpu_mapping_set_memory(vgpu,
					vgpu_config_memory_enabled(&vgpu->config));
	mutex_unlock(&vgpu->config_lock);
	if (todo & VGPU_CONFIG_MASTER)
		vgpu_update_master(vgpu);
	if (todo & VGPU_CONFIG_FLR)
		vgpu_reset(vgpu, VGPU_RESET_FUNCTION);
	return 0;
}

const struct vgpu_region_ops vgpu_config_ops = {
	.read	= config_read,
	.write	= config_write,
};

/* ------------------------------------------------------------- trapped BARs */

static void trapped_read(struct vgpu *vgpu, unsigned int index, u64 offset,
			 unsigned int size, u8 *bytes)
{
	u64 value = ~0ULL;

	if (READ_ONCE(vgpu->mapping.memory_enabled)) {
		atomic64_inc(&vgpu->stats.trapped_reads);
		value = vgpu->personality->read(vgpu, index, offset, size);
	}
	vgpu_value_to_bytes(bytes, value, size);
}

static int trapped_write(struct vgpu *vgpu, unsigned int index, u64 offset,
			 unsigned int size, const u8 *bytes)
{
	if (READ_ONCE(vgpu->mapping.memory_enabled)) {
		atomic64_inc(&vgpu->stats.trapped_writes);
		vgpu->personality->write(vgpu, index, offset, size,
					 vgpu_value_from_bytes(bytes, size));
	}
	return 0;
}

const struct vgpu_region_ops vgpu_trapped_ops = {
	.read	= trapped_read,
	.write	= trapped_write,
};

/* With the same rules as a mapping: see pci/mapping.c. */
static bool shows_registers(const struct vgpu *vgpu)
{
	return READ_ONCE(vgpu->mapping.memory_enabled) && vgpu_has_hardware(vgpu);
}

static void user_read(struct vgpu *vgpu, unsigned int index, u64 offset,
		      unsigned int size, u8 *bytes)
{
	u64 value = ~0ULL;

	if (shows_registers(vgpu)) {
		atomic64_inc(&vgpu->stats.trapped_reads);
		value = vgpu->gpu->family->user_read(vgpu, offset, size);
	}
	vgpu_value_to_bytes(bytes, value, size);
}

static int user_write(struct vgpu *vgpu, unsigned int index, u64 offset,
		      unsigned int size, const u8 *bytes)
{
	if (shows_registers(vgpu)) {
		atomic64_inc(&vgpu->stats.trapped_writes);
		vgpu->gpu->family->user_write(vgpu, offset, size,
					      vgpu_value_from_bytes(bytes, size));
	}
	return 0;
}

const struct vgpu_region_ops vgpu_user_ops = {
	.read	= user_read,
	.write	= user_write,
};

/* ---------------------------------------------------------------- dispatch */

static unsigned int piece(u64 offset, size_t left)
{
	unsigned int size = 8;

	while (size > 1 && (size > left || offset & (size - 1)))
		size /= 2;
	return size;
}

static int access_piece(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, char __user *buf, bool write)
{
	const struct vgpu_region_ops *ops = vgpu->region[index].ops;
	u8 bytes[8];

	if (write) {
		if (!ops->write)
			return -EINVAL;
		if (copy_from_user(bytes, buf, size))
			return -EFAULT;
		return ops->write(vgpu, index, offset, size, bytes);
	}
	ops->read(vgpu, index, offset, size, bytes);
	return copy_to_user(buf, bytes, size) ? -EFAULT : 0;
}

/**
 * vgpu_region_rw - read or write of a VFIO file
 * @vgpu: the vGPU
 * @buf: of the user; only read when @write
 * @count: bytes; cut off at the end of the region
 * @ppos: region and place in it; moved on by what was done
 * @write: which direction
 *
 * Return: bytes done; -EINVAL if @ppos is not inside a region, or what is
 * written makes no sense there; -EFAULT for a bad buffer, -EINTR if the caller
 * was killed; each only when nothing was done.
 */
ssize_t vgpu_region_rw(struct vgpu *vgpu, char __user *buf, size_t count,
		       loff_t *ppos, bool write)
{
	u64 index = (u64)*ppos >> VGPU_OFFSET_SHIFT;
	u64 offset = *ppos & VGPU_OFFSET_MASK;
	size_t done = 0;
	int ret = 0;

	if (index >= vgpu->num_regions)
		return -EINVAL;
	index = array_index_nospec(index, vgpu->num_regions);
	/* An absent region has no size. */
	if (offset >= vgpu->region[index].size)
		return -EINVAL;
	count = min_t(u64, count, vgpu->region[index].size - offset);

	while (done < count) {
		unsigned int size = piece(offset, count - done);

		ret = access_piece(vgpu, index, offset, size, buf + done, write);
		if (ret)
			break;
		done += size;
		offset += size;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	*ppos += done;
	return done ?: ret;
}
