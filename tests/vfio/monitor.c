// SPDX-License-Identifier: GPL-2.0-only
/*
 * monitor.c - the EDID region: a VMM takes the monitor of head 0 away and puts
 * another in its place, and the guest notices
 */
#include <stdio.h>

#include "screen.h"

#define TYPE		"64mq"
#define EDID_REGION	10u
#define EDID_BYTES	128u
#define UP		VFIO_DEVICE_GFX_LINK_STATE_UP
#define DOWN		VFIO_DEVICE_GFX_LINK_STATE_DOWN
#define HOTPLUG		REFGPU_INTR_HOTPLUG(0)
#define PATIENCE_MS	60000

#define FIELD(name)	offsetof(struct vfio_region_gfx_edid, name)

static uint64_t region_offset(struct vgpu *vgpu)
{
	union region_info region;

	screen_region(vgpu, EDID_REGION, &region);
	return region.info.offset;
}

static int set_bytes(struct vgpu *vgpu, unsigned int offset, const void *bytes,
		     size_t n)
{
	ssize_t done = pwrite(vgpu->device->fd, bytes, n,
			      (off_t)(region_offset(vgpu) + offset));

	return done == (ssize_t)n ? 0 : done < 0 ? -errno : -EIO;
}

static int set_field(struct vgpu *vgpu, unsigned int offset, uint32_t value)
{
	return set_bytes(vgpu, offset, &value, sizeof(value));
}

static uint32_t field(struct vgpu *vgpu, unsigned int offset)
{
	uint32_t value;

	CHECK(pread(vgpu->device->fd, &value, sizeof(value),
		    (off_t)(region_offset(vgpu) + offset)) == sizeof(value),
	      "field at %u can't be read: %s", offset, strerror(errno));
	return value;
}

static void blob(struct vgpu *vgpu, uint8_t *edid, size_t bytes)
{
	CHECK(pread(vgpu->device->fd, edid, bytes,
		    (off_t)(region_offset(vgpu) +
			    field(vgpu, FIELD(edid_offset)))) == (ssize_t)bytes,
	      "the EDID can't be read: %s", strerror(errno));
}

/* Another one, valid: with a serial number of its own. */
static void make_edid(uint8_t edid[EDID_BYTES], uint8_t serial)
{
	unsigned int i;
	uint8_t sum = 0;

	memset(edid, 0, EDID_BYTES);
	memset(edid + 1, 0xff, 6);
	edid[12] = serial;
	edid[18] = 1;
	edid[19] = 4;
	for (i = 0; i < EDID_BYTES - 1; i++)
		sum += edid[i];
	edid[EDID_BYTES - 1] = -sum;
}

static void set_edid(struct vgpu *vgpu, const uint8_t *edid, uint32_t bytes)
{
	OK(set_field(vgpu, FIELD(edid_size), bytes));
	OK(set_bytes(vgpu, field(vgpu, FIELD(edid_offset)), edid, bytes));
}

static void guest_reads(struct vgpu *vgpu, const uint8_t *edid, int bytes,
			const char *when)
{
	uint8_t seen[REFGPU_EDID_SIZE];
	int n = rt_head_edid(vgpu->device, 0, seen);

	CHECK(n == bytes, "%s: the guest reads an EDID of %d bytes, not %d",
	      when, n, bytes);
	CHECK(!bytes || !memcmp(seen, edid, (size_t)bytes),
	      "%s: the guest reads another EDID", when);
}

static void clear_hotplug(struct vgpu *vgpu)
{
	rt_user_write(vgpu->device, REFGPU_USER_INTR_STATUS, HOTPLUG);
	CHECK(!(rt_user_read(vgpu->device, REFGPU_USER_INTR_STATUS) & HOTPLUG),
	      "the hot-plug interrupt can't be cleared");
}

static void expect_hotplug(struct vgpu *vgpu, int fd, const char *when)
{
	CHECK(eventfd_count(fd, PATIENCE_MS), "%s: no interrupt", when);
	CHECK(rt_user_read(vgpu->device, REFGPU_USER_INTR_STATUS) & HOTPLUG,
	      "%s: an interrupt, but not for the monitor", when);
	clear_hotplug(vgpu);
}

TEST(found_by_capability, 0)
{
	const struct vfio_region_info_cap_type *type;
	union region_info region;
	struct vgpu vgpu;

	vgpu_make(&vgpu, TYPE);
	screen_region(&vgpu, EDID_REGION, &region);
	CHECK(region.info.flags == (VFIO_REGION_INFO_FLAG_READ |
				    VFIO_REGION_INFO_FLAG_WRITE |
				    VFIO_REGION_INFO_FLAG_CAPS),
	      "flags 0x%x", region.info.flags);
	CHECK(region.info.cap_offset >= sizeof(region.info) &&
	      region.info.cap_offset + sizeof(*type) <= region.info.argsz,
	      "capability at %u of %u", region.info.cap_offset,
	      region.info.argsz);
	type = (const void *)(region.bytes + region.info.cap_offset);
	CHECK(type->header.id == VFIO_REGION_INFO_CAP_TYPE &&
	      !type->header.next && type->type == VFIO_REGION_TYPE_GFX &&
	      type->subtype == VFIO_REGION_SUBTYPE_GFX_EDID,
	      "capability %u of type %u, %u", type->header.id, type->type,
	      type->subtype);
}

TEST(as_generated, 0)
{
	uint8_t edid[REFGPU_EDID_SIZE];
	struct vgpu vgpu;
	uint32_t bytes;

	vgpu_make(&vgpu, TYPE);
	bytes = field(&vgpu, FIELD(edid_size));
	CHECK(field(&vgpu, FIELD(edid_max_size)) >= 256, "room for %u bytes",
	      field(&vgpu, FIELD(edid_max_size)));
	CHECK(bytes == 128 || bytes == 256, "an EDID of %u bytes", bytes);
	CHECK(field(&vgpu, FIELD(link_state)) == UP, "no monitor");
	CHECK(field(&vgpu, FIELD(max_xres)) == 1600 &&
	      field(&vgpu, FIELD(max_yres)) == 1200, "at most %ux%u",
	      field(&vgpu, FIELD(max_xres)), field(&vgpu, FIELD(max_yres)));
	blob(&vgpu, edid, bytes);
	guest_reads(&vgpu, edid, (int)bytes, "as generated");
}

/* As QEMU does: down, size, EDID, and up a little later. */
TEST(another_monitor, 0)
{
	uint8_t edid[EDID_BYTES], other[REFGPU_EDID_SIZE], now[REFGPU_EDID_SIZE];
	struct vgpu vgpu;
	int fd, bytes;
	unsigned int i;

	vgpu_make(&vgpu, TYPE);
	fd = vgpu_eventfd(&vgpu, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	clear_hotplug(&vgpu);
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, HOTPLUG);
	CHECK(!eventfd_count(fd, 100), "an interrupt before anything happened");
	bytes = rt_head_edid(vgpu.device, 1, other);
	for (i = 1; i < 4; i++) {
		make_edid(edid, (uint8_t)i);
		OK(set_field(&vgpu, FIELD(link_state), DOWN));
		expect_hotplug(&vgpu, fd, "taken away");
		guest_reads(&vgpu, NULL, 0, "taken away");
		set_edid(&vgpu, edid, EDID_BYTES);
		guest_reads(&vgpu, NULL, 0, "written, but the link is down");
		CHECK(field(&vgpu, FIELD(link_state)) == DOWN, "the link is up");
		OK(set_field(&vgpu, FIELD(link_state), UP));
		expect_hotplug(&vgpu, fd, "connected");
		guest_reads(&vgpu, edid, EDID_BYTES, "connected");
	}
	CHECK(rt_head_edid(vgpu.device, 1, now) == bytes &&
	      !memcmp(now, other, (size_t)bytes), "the monitor of head 1 changed");
	/* What it is already is no news. */
	OK(set_field(&vgpu, FIELD(link_state), UP));
	CHECK(!eventfd_count(fd, 200), "an interrupt for nothing");
}

TEST(lasts_until_close, 0)
{
	uint8_t edid[EDID_BYTES], generated[REFGPU_EDID_SIZE];
	struct vgpu vgpu;
	uint32_t bytes;

	vgpu_make(&vgpu, TYPE);
	bytes = field(&vgpu, FIELD(edid_size));
	blob(&vgpu, generated, bytes);
	make_edid(edid, 9);
	OK(set_field(&vgpu, FIELD(link_state), DOWN));
	OK(rt_guest_reset(vgpu.device));
	guest_reads(&vgpu, NULL, 0, "reset without a monitor");
	set_edid(&vgpu, edid, EDID_BYTES);
	OK(set_field(&vgpu, FIELD(link_state), UP));
	OK(rt_guest_reset(vgpu.device));
	guest_reads(&vgpu, edid, EDID_BYTES, "the guest's reset");
	vgpu_reset(&vgpu, BY_VMM);
	guest_reads(&vgpu, edid, EDID_BYTES, "the VMM's reset");
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	guest_reads(&vgpu, generated, (int)bytes, "the next VM");
	CHECK(field(&vgpu, FIELD(link_state)) == UP, "the next VM has no monitor");
}

/* What is no EDID never reaches a guest. */
TEST(nonsense, 0)
{
	uint8_t edid[EDID_BYTES], zero[EDID_BYTES] = { 0 };
	uint32_t sizes[] = { 0, 1, 127, 129, 256 };
	struct vgpu vgpu;
	unsigned int i;

	vgpu_make(&vgpu, TYPE);
	make_edid(edid, 5);
	OK(set_field(&vgpu, FIELD(link_state), DOWN));
	set_edid(&vgpu, zero, EDID_BYTES);
	CHECK(set_field(&vgpu, FIELD(link_state), UP) == -EINVAL,
	      "zeros were taken for an EDID");
	guest_reads(&vgpu, NULL, 0, "zeros");
	edid[20]++;
	set_edid(&vgpu, edid, EDID_BYTES);
	CHECK(set_field(&vgpu, FIELD(link_state), UP) == -EINVAL,
	      "a wrong checksum was taken");
	edid[20]--;
	set_edid(&vgpu, edid, EDID_BYTES);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		OK(set_field(&vgpu, FIELD(edid_size), sizes[i]));
		CHECK(set_field(&vgpu, FIELD(link_state), UP) == -EINVAL,
		      "an EDID of %u bytes was taken", sizes[i]);
	}
	CHECK(set_field(&vgpu, FIELD(edid_size), 257) == -EINVAL &&
	      set_field(&vgpu, FIELD(edid_size), UINT32_MAX) == -EINVAL,
	      "an EDID larger than its room");
	CHECK(set_field(&vgpu, FIELD(link_state), 0) == -EINVAL &&
	      set_field(&vgpu, FIELD(link_state), 3) == -EINVAL,
	      "a link that is neither up nor down");
	CHECK(set_bytes(&vgpu, FIELD(edid_size), "\x80", 1) == -EINVAL,
	      "a part of a field was taken");
	guest_reads(&vgpu, NULL, 0, "after all that");
	/* Read-only fields drop what is written. */
	OK(set_field(&vgpu, FIELD(edid_offset), 0));
	OK(set_field(&vgpu, FIELD(max_xres), 1));
	CHECK(field(&vgpu, FIELD(edid_offset)) && field(&vgpu, FIELD(max_xres)) == 1600,
	      "a read-only field was written");
	OK(set_field(&vgpu, FIELD(edid_size), EDID_BYTES));
	OK(set_field(&vgpu, FIELD(link_state), UP));
	guest_reads(&vgpu, edid, EDID_BYTES, "right at last");
}
