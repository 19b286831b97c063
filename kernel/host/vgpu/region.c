// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - pread and pwrite of a vGPU's regions
 *
 * Bounds are checked once, before anything else. What is left is cut into
 * naturally aligned pieces of 8, 4, 2 and 1 bytes, each of which is one access
 * of the guest. User memory is copied outside every lock.
 */
#include <linux/io-64-nonatomic-lo-hi.h>
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

static void bytes_from_value(u8 *bytes, u64 value, unsigned int size)
{
	while (size--) {
		*bytes++ = value;
		value >>= 8;
	}
}

static u64 value_from_bytes(const u8 *bytes, unsigned int size)
{
	u64 value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

/* ------------------------------------------------------ configuration space */

static void config_read(struct vgpu *vgpu, u64 offset, unsigned int size,
			u8 *bytes)
{
	mutex_lock(&vgpu->config_lock);
	vgpu_config_read(&vgpu->config, offset, size, bytes);
	mutex_unlock(&vgpu->config_lock);
}

static void config_write(struct vgpu *vgpu, u64 offset, unsigned int size,
			 const u8 *bytes)
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
	if (todo & VGPU_CONFIG_FLR)
		vgpu_reset(vgpu, VGPU_RESET_FUNCTION);
}

/* ------------------------------------------------------------------- BARs */

static u64 io_read(const void __iomem *io, unsigned int size)
{
	switch (size) {
	case 8:
		return readq(io);
	case 4:
		return readl(io);
	case 2:
		return readw(io);
	}
	return readb(io);
}

static void io_write(void __iomem *io, unsigned int size, u64 value)
{
	switch (size) {
	case 8:
		writeq(value, io);
		break;
	case 4:
		writel(value, io);
		break;
	case 2:
		writew(value, io);
		break;
	default:
		writeb(value, io);
	}
}

/* What a mapping would show, with the same rules as its fault handler. */
static bool mapped_access(struct vgpu *vgpu, const struct vgpu_region *region,
			  u64 offset, unsigned int size, u64 *value, bool write)
{
	bool backed;

	down_read(&vgpu->map_sem);
	backed = vgpu->memory_enabled && vgpu_has_hardware(vgpu) &&
		 offset + size <= region->backed;
	if (backed && write)
		io_write(region->io + offset, size, *value);
	else if (backed)
		*value = io_read(region->io + offset, size);
	up_read(&vgpu->map_sem);
	return backed;
}

static void bar_read(struct vgpu *vgpu, unsigned int index, u64 offset,
		     unsigned int size, u8 *bytes)
{
	const struct vgpu_region *region = &vgpu->region[index];
	u64 value = ~0ULL;

	if (region->kind == VGPU_REGION_MAPPED) {
		mapped_access(vgpu, region, offset, size, &value, false);
	} else if (READ_ONCE(vgpu->memory_enabled)) {
		atomic64_inc(&vgpu->stats.trapped_reads);
		value = vgpu->personality->read(vgpu, index, offset, size);
	}
	bytes_from_value(bytes, value, size);
}

static void bar_write(struct vgpu *vgpu, unsigned int index, u64 offset,
		      unsigned int size, const u8 *bytes)
{
	const struct vgpu_region *region = &vgpu->region[index];
	u64 value = value_from_bytes(bytes, size);

	if (region->kind == VGPU_REGION_MAPPED) {
		mapped_access(vgpu, region, offset, size, &value, true);
	} else if (READ_ONCE(vgpu->memory_enabled)) {
		atomic64_inc(&vgpu->stats.trapped_writes);
		vgpu->personality->write(vgpu, index, offset, size, value);
	}
}

/* -------------------------------------------------- one access of a region */

static void region_read(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, u8 *bytes)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_read(vgpu, offset, size, bytes);
		return;
	}
	switch (vgpu->region[index].kind) {
	case VGPU_REGION_WINDOW:
		vgpu_window_read(vgpu, offset, size, bytes);
		break;
	case VGPU_REGION_EDID:
		vgpu_edid_region_read(vgpu, offset, size, bytes);
		break;
	default:
		bar_read(vgpu, index, offset, size, bytes);
	}
}

/* What a guest writes never fails; a VMM is told. */
static int region_write(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, const u8 *bytes)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_write(vgpu, offset, size, bytes);
		return 0;
	}
	switch (vgpu->region[index].kind) {
	case VGPU_REGION_WINDOW:
		return -EINVAL;
	case VGPU_REGION_EDID:
		return vgpu_edid_region_write(vgpu, offset, size, bytes);
	default:
		bar_write(vgpu, index, offset, size, bytes);
		return 0;
	}
}

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
	u8 bytes[8];

	if (write) {
		if (copy_from_user(bytes, buf, size))
			return -EFAULT;
		return region_write(vgpu, index, offset, size, bytes);
	}
	region_read(vgpu, index, offset, size, bytes);
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
