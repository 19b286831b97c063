// SPDX-License-Identifier: GPL-2.0-only
/*
 * monitor.c - the monitors at the heads of a vGPU
 *
 * Every head of a vGPU has a monitor, whose EDID is generated from the type. A
 * VMM may disconnect the monitor of head 0, or replace its EDID, through the
 * EDID region: VFIO's struct vfio_region_gfx_edid, and the EDID behind it. What
 * the VMM wrote lasts until it closes the vGPU, across resets too. A vGPU that came
 * from another host keeps the monitors that it had there, since their serial
 * numbers are made of the former UUID.
 */
#include "base/pack.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "display/edid.h"
#include "display/monitor.h"

#define EDID_OFFSET	256	/* in the EDID region */

static_assert(EDID_OFFSET + VGPU_EDID_SIZE == VGPU_EDID_REGION_SIZE);

/* -------------------------------------------------------------- connecting */

static unsigned int generate(struct vgpu *vgpu, unsigned int head, u8 *edid)
{
	struct vgpu_edid_info info = {
		.name = "OpenVGPU",
		.uuid = vgpu_name(vgpu),
		.head = head,
		.max_x = vgpu->type->max_x,
		.max_y = vgpu->type->max_y,
	};

	return vgpu_edid_build(&info, edid);
}

static unsigned int heads(const struct vgpu *vgpu)
{
	return min_t(unsigned int, vgpu->type->heads, VGPU_HEADS_MAX);
}

/**
 * vgpu_monitors_open - generate the EDIDs again, and connect head 0
 * @vgpu: the vGPU, about to be opened; its lock is held
 */
void vgpu_monitors_open(struct vgpu *vgpu)
{
	struct vgpu_monitor *monitor = &vgpu->monitor;
	unsigned int head;

	lockdep_assert_held(&vgpu->lock);
	memset(monitor, 0, sizeof(*monitor));
	if (!vgpu->type->heads)
		return;
	monitor->bytes = generate(vgpu, 0, monitor->edid);
	monitor->active_bytes = monitor->bytes;
	memcpy(monitor->active, monitor->edid, sizeof(monitor->active));
	monitor->connected = true;
	for (head = 1; head < heads(vgpu); head++) {
		struct vgpu_edid *edid = &monitor->other[head - 1];

		edid->bytes = generate(vgpu, head, edid->data);
	}
}

static void connect_first(struct vgpu *vgpu)
{
	const struct vgpu_monitor *monitor = &vgpu->monitor;

	vgpu->personality->monitor(vgpu, 0, monitor->active,
				   monitor->connected ? monitor->active_bytes : 0);
}

/**
 * vgpu_monitors_connect - connect the monitor of every head
 * @vgpu: the vGPU, which was reset; its lock is held
 *
 * May sleep.
 */
void vgpu_monitors_connect(struct vgpu *vgpu)
{
	unsigned int head;

	lockdep_assert_held(&vgpu->lock);
	if (!vgpu->personality->monitor || !vgpu->type->heads)
		return;
	connect_first(vgpu);
	for (head = 1; head < heads(vgpu); head++) {
		const struct vgpu_edid *edid = &vgpu->monitor.other[head - 1];

		vgpu->personality->monitor(vgpu, head, edid->data, edid->bytes);
	}
}

/* --------------------------------------------------------------- migration */

/**
 * vgpu_monitors_of_guest - how many heads of a vGPU its guest knows of
 * @vgpu: the vGPU, open
 *
 * Where the guest knows nothing of the GPU, that is the one it sees, whatever the
 * type has.
 */
unsigned int vgpu_monitors_of_guest(const struct vgpu *vgpu)
{
	return vgpu->personality->engine ? heads(vgpu) : min(heads(vgpu), 1U);
}

/**
 * vgpu_monitors_save - the monitors that its guest sees
 * @vgpu: the vGPU; its lock is held
 * @pack: receives their EDIDs
 */
void vgpu_monitors_save(struct vgpu *vgpu, struct vgpu_pack *pack)
{
	const struct vgpu_monitor *monitor = &vgpu->monitor;
	u32 bytes = monitor->connected ? monitor->active_bytes : 0;
	unsigned int head;

	lockdep_assert_held(&vgpu->lock);
	if (!vgpu->type->heads)
		return;
	vgpu_pack(pack, 4, bytes);
	vgpu_pack_bytes(pack, monitor->active, bytes);
	for (head = 1; head < vgpu_monitors_of_guest(vgpu); head++) {
		const struct vgpu_edid *edid = &monitor->other[head - 1];

		vgpu_pack(pack, 4, edid->bytes);
		vgpu_pack_bytes(pack, edid->data, edid->bytes);
	}
}

/* What is refused leaves no trace: the VMM resets the vGPU, which goes on with it. */
static bool load_edid(struct vgpu_edid *edid, struct vgpu_unpack *unpack)
{
	struct vgpu_edid loaded = { .bytes = vgpu_unpack(unpack, 4) };

	if (loaded.bytes > VGPU_EDID_SIZE)
		return false;
	vgpu_unpack_bytes(unpack, loaded.data, loaded.bytes);
	if (loaded.bytes && !vgpu_edid_valid(loaded.data, loaded.bytes))
		return false;
	*edid = loaded;
	return true;
}

static void take_first(struct vgpu_monitor *monitor, const struct vgpu_edid *edid)
{
	monitor->connected = edid->bytes;
	if (!edid->bytes)
		return;
	memcpy(monitor->edid, edid->data, edid->bytes);
	monitor->bytes = edid->bytes;
	memcpy(monitor->active, edid->data, edid->bytes);
	monitor->active_bytes = edid->bytes;
}

/**
 * vgpu_monitors_load - the reverse: connects the monitors that a guest knows
 * @vgpu: the vGPU; its lock is held
 * @unpack: what vgpu_monitors_save() of another has written, or anything
 *
 * May sleep.
 *
 * Return: 0, or -EBADMSG; some may be connected by then.
 */
int vgpu_monitors_load(struct vgpu *vgpu, struct vgpu_unpack *unpack)
{
	struct vgpu_edid first;
	unsigned int head;

	lockdep_assert_held(&vgpu->lock);
	if (!vgpu->type->heads)
		return 0;
	if (!load_edid(&first, unpack))
		return -EBADMSG;
	for (head = 1; head < vgpu_monitors_of_guest(vgpu); head++)
		if (!load_edid(&vgpu->monitor.other[head - 1], unpack))
			return -EBADMSG;
	take_first(&vgpu->monitor, &first);
	vgpu_monitors_connect(vgpu);
	return 0;
}

/* --------------------------------------------------------- the EDID region */

static struct vfio_region_gfx_edid header_of(const struct vgpu *vgpu)
{
	return (struct vfio_region_gfx_edid) {
		.edid_offset	= EDID_OFFSET,
		.edid_max_size	= VGPU_EDID_SIZE,
		.edid_size	= vgpu->monitor.bytes,
		.max_xres	= vgpu->type->max_x,
		.max_yres	= vgpu->type->max_y,
		.link_state	= vgpu->monitor.connected ?
				  VFIO_DEVICE_GFX_LINK_STATE_UP :
				  VFIO_DEVICE_GFX_LINK_STATE_DOWN,
	};
}

/* The access is naturally aligned, so it lies in the header or in the EDID. */
static void edid_read(struct vgpu *vgpu, unsigned int index, u64 offset,
		      unsigned int size, u8 *bytes)
{
	struct vfio_region_gfx_edid header;

	memset(bytes, 0, size);
	mutex_lock(&vgpu->lock);
	header = header_of(vgpu);
	if (offset >= EDID_OFFSET)
		memcpy(bytes, vgpu->monitor.edid + offset - EDID_OFFSET, size);
	else if (offset + size <= sizeof(header))
		memcpy(bytes, (u8 *)&header + offset, size);
	mutex_unlock(&vgpu->lock);
}

/* The VMM connects a monitor with the EDID that is in the region. */
static int link_up(struct vgpu *vgpu)
{
	struct vgpu_monitor *monitor = &vgpu->monitor;

	if (!vgpu_edid_valid(monitor->edid, monitor->bytes)) {
		vgpu_owner_error(vgpu,
				 ": no monitor connected: the %u bytes that its VMM wrote are no EDID; look at its header, the number of blocks and the checksums",
				 monitor->bytes);
		return -EINVAL;
	}
	memcpy(monitor->active, monitor->edid, monitor->bytes);
	monitor->active_bytes = monitor->bytes;
	monitor->connected = true;
	return 0;
}

static int write_field(struct vgpu *vgpu, u64 offset, u32 value)
{
	struct vgpu_monitor *monitor = &vgpu->monitor;
	int ret = 0;

	switch (offset) {
	case offsetof(struct vfio_region_gfx_edid, edid_size):
		if (value > VGPU_EDID_SIZE)
			return -EINVAL;
		monitor->bytes = value;
		return 0;
	case offsetof(struct vfio_region_gfx_edid, link_state):
		if (value == VFIO_DEVICE_GFX_LINK_STATE_UP)
			ret = link_up(vgpu);
		else if (value == VFIO_DEVICE_GFX_LINK_STATE_DOWN)
			monitor->connected = false;
		else
			ret = -EINVAL;
		if (!ret && vgpu->personality->monitor)
			connect_first(vgpu);
		return ret;
	}
	return 0;	/* read-only */
}

static int write_header(struct vgpu *vgpu, u64 offset, unsigned int size,
			const u8 *bytes)
{
	unsigned int i;
	u32 value;
	int ret;

	if (size < sizeof(value))
		return -EINVAL;
	for (i = 0; i < size; i += sizeof(value)) {
		memcpy(&value, bytes + i, sizeof(value));
		ret = write_field(vgpu, offset + i, value);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * An EDID takes effect when the link goes up. Return: 0; -EINVAL: a field of
 * the header is written in part, the size or the state of the link is not
 * valid, or the EDID is not valid when the link goes up.
 */
static int edid_write(struct vgpu *vgpu, unsigned int index, u64 offset,
		      unsigned int size, const u8 *bytes)
{
	int ret = 0;

	mutex_lock(&vgpu->lock);
	if (offset >= EDID_OFFSET)
		memcpy(vgpu->monitor.edid + offset - EDID_OFFSET, bytes, size);
	else
		ret = write_header(vgpu, offset, size, bytes);
	mutex_unlock(&vgpu->lock);
	return ret;
}

const struct vgpu_region_ops vgpu_edid_ops = {
	.read	= edid_read,
	.write	= edid_write,
};
