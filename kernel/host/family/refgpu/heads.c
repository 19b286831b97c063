// SPDX-License-Identifier: GPL-2.0-only
/*
 * heads.c - pictures and monitors of the heads of a partition
 *
 * The guest programs heads in its user page, and the device checks the values
 * against the limits in the partition's entry.
 */
#include "base/vgpu.h"
#include "family/refgpu/regs.h"

#define HEAD_CURSOR	BIT_ULL(1)	/* of CONTROL */
#define HEAD_ACTIVE	BIT_ULL(0)	/* of STATUS */

#define CURSOR_FORMAT	0x34325241	/* "AR24" */

static u32 head_of(const struct refgpu_partition *partition,
		   unsigned int number)
{
	return REFGPU_USER_ALIAS(partition->number) + REFGPU_USER_HEAD(number);
}

/* ---------------------------------------------------------------- monitors */

/* The device notifies the guest if the monitor has changed. */
static void program_monitor(struct refgpu_partition *partition,
			    unsigned int number)
{
	const struct refgpu_monitor *monitor = &partition->monitor[number];
	struct refgpu *refgpu = refgpu_of(partition->gpu);
	u32 head = head_of(partition, number);
	unsigned int i;
	__le64 word;

	for (i = 0; i < monitor->bytes; i += sizeof(word)) {
		memcpy(&word, monitor->edid + i, sizeof(word));
		reg_write(refgpu, head + REFGPU_HEAD_EDID + i,
			  le64_to_cpu(word));
	}
	/* Last, when the EDID is complete, since this notifies the guest. */
	reg_write(refgpu, head + REFGPU_HEAD_EDID_BYTES, monitor->bytes);
}

/**
 * refgpu_heads_restore - connect the monitors again after a reset
 * @partition: the partition, with its lock held
 *
 * Heads without a monitor are not touched.
 */
void refgpu_heads_restore(struct refgpu_partition *partition)
{
	unsigned int i;

	lockdep_assert_held(&partition->lock);
	for (i = 0; i < REFGPU_HEADS; i++)
		if (partition->monitor[i].bytes)
			program_monitor(partition, i);
}

/**
 * refgpu_head_monitor - see struct vgpu_family
 * @vgpu: the vGPU
 * @number: number of the head
 * @edid: EDID of the monitor
 * @bytes: size of @edid, a multiple of 8; 0: no monitor is connected
 */
void refgpu_head_monitor(struct vgpu *vgpu, unsigned int number,
			 const u8 *edid, unsigned int bytes)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	struct refgpu_monitor *monitor = &partition->monitor[number];
	int section;

	mutex_lock(&partition->lock);
	monitor->bytes = min_t(unsigned int, bytes, sizeof(monitor->edid));
	memcpy(monitor->edid, edid, monitor->bytes);
	if (partition->enabled && vgpu_gpu_begin(vgpu->gpu, &section)) {
		program_monitor(partition, number);
		vgpu_gpu_end(vgpu->gpu, section);
	}
	mutex_unlock(&partition->lock);
}

/* ---------------------------------------------------------------- pictures */

static u64 head_read(struct vgpu *vgpu, unsigned int number, u32 offset)
{
	return reg_read(refgpu_of(vgpu->gpu),
			head_of(refgpu_partition_of(vgpu), number) + offset);
}

static bool is_active(struct vgpu *vgpu, unsigned int number)
{
	u64 status = head_read(vgpu, number, REFGPU_HEAD_STATUS);

	return status != REFGPU_GONE && status & HEAD_ACTIVE;
}

static void primary(struct vgpu *vgpu, unsigned int number,
		    struct vgpu_plane *plane)
{
	u64 size = head_read(vgpu, number, REFGPU_HEAD_SIZE);

	plane->width = lower_32_bits(size);
	plane->height = upper_32_bits(size);
	plane->pitch = min_t(u64, U32_MAX,
			     head_read(vgpu, number, REFGPU_HEAD_PITCH));
	plane->base = head_read(vgpu, number, REFGPU_HEAD_BASE);
	plane->format = head_read(vgpu, number, REFGPU_HEAD_FORMAT);
}

static void cursor(struct vgpu *vgpu, unsigned int number,
		   struct vgpu_plane *plane)
{
	u64 size = head_read(vgpu, number, REFGPU_HEAD_CURSOR_SIZE);
	u64 position = head_read(vgpu, number, REFGPU_HEAD_CURSOR_POSITION);
	u64 hot = head_read(vgpu, number, REFGPU_HEAD_CURSOR_HOTSPOT);

	plane->width = lower_32_bits(size);
	plane->height = upper_32_bits(size);
	plane->pitch = plane->width * 4;
	plane->base = head_read(vgpu, number, REFGPU_HEAD_CURSOR_BASE);
	plane->x = lower_32_bits(position);
	plane->y = upper_32_bits(position);
	plane->hot_x = lower_32_bits(hot);
	plane->hot_y = upper_32_bits(hot);
	plane->format = CURSOR_FORMAT;
}

/**
 * refgpu_head_plane - see struct vgpu_family
 * @vgpu: the vGPU
 * @number: number of the head
 * @kind: which of its pictures
 * @plane: all zero; filled in if it is shown
 *
 * Takes half a millisecond: each register costs 50 to 100 microseconds.
 */
void refgpu_head_plane(struct vgpu *vgpu, unsigned int number,
		       enum vgpu_plane_kind kind, struct vgpu_plane *plane)
{
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	if (is_active(vgpu, number)) {
		if (kind == VGPU_PLANE_PRIMARY)
			primary(vgpu, number, plane);
		else if (head_read(vgpu, number, REFGPU_HEAD_CONTROL) &
			 HEAD_CURSOR)
			cursor(vgpu, number, plane);
	}
	vgpu_gpu_end(vgpu->gpu, section);
}

/**
 * refgpu_flip_interval - see struct vgpu_family
 * @vgpu: the vGPU
 * @ns: nanoseconds between two flips of a head; 0: vertical blanks decide
 */
void refgpu_flip_interval(struct vgpu *vgpu, u64 ns)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	mutex_lock(&partition->lock);
	entry_write(partition, REFGPU_PARTITION_FLIP_NS, ns);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
}
