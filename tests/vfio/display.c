// SPDX-License-Identifier: GPL-2.0-only
/*
 * display.c - the picture of a vGPU in a region that a VMM maps: it is what the
 * guest drew, wherever that lies, and nobody else's
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "admin.h"
#include "screen.h"

#define TYPE		"64mq"	/* two heads, at most 1600x1200 */
#define TYPE_X		1600u
#define TYPE_Y		1200u
#define WIDTH		640u
#define HEIGHT		480u
#define PATIENCE_MS	60000
#define REGIONS		11u

static void make(struct vgpu *vgpu, struct screen *screen)
{
	screen_make(screen, vgpu, TYPE, NULL);
}

static void flip_to(struct vgpu *vgpu, const struct rt_mode *mode)
{
	OK(rt_head_flip(vgpu->device, 0, mode->base));
	OK(rt_head_wait_flip(vgpu->device, 0, PATIENCE_MS));
}

TEST(what_there_is, 0)
{
	const uint32_t probe = VFIO_GFX_PLANE_TYPE_PROBE;
	const uint32_t region = VFIO_GFX_PLANE_TYPE_REGION;
	const uint32_t dmabuf = VFIO_GFX_PLANE_TYPE_DMABUF;
	const uint32_t bad[] = { 0, probe, region | dmabuf, region | 8,
				 probe | region | dmabuf };
	struct vfio_device_info info = { .argsz = sizeof(info) };
	union region_info before, after;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	unsigned int i;

	make(&vgpu, &screen);
	CHECK(!ioctl(vgpu.device->fd, VFIO_DEVICE_GET_INFO, &info),
	      "GET_INFO: %s", strerror(errno));
	CHECK(info.num_regions == REGIONS, "%u regions, not %u",
	      info.num_regions, REGIONS);
	OK(screen_ask(&screen, probe | region, 0));
	CHECK(screen_ask(&screen, probe | dmabuf, 0) == -EINVAL,
	      "dma-bufs without being chosen");
	CHECK(screen_ask(&screen, dmabuf, SCREEN_PRIMARY) == -EINVAL,
	      "dma-bufs without being chosen");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(screen_ask(&screen, bad[i], SCREEN_PRIMARY) == -EINVAL,
		      "flags 0x%x were taken", bad[i]);
	CHECK(screen_ask(&screen, region, 3) == -EINVAL,
	      "a plane that is neither the picture nor the cursor");
	/* QEMU does not say which plane it means. */
	OK(screen_ask(&screen, region, 0));
	screen.plane.argsz = offsetof(struct vfio_device_gfx_plane_info, dmabuf_id);
	screen.plane.flags = probe | region;
	CHECK(ioctl(vgpu.device->fd, VFIO_DEVICE_QUERY_GFX_PLANE,
		    &screen.plane) < 0 && errno == EINVAL,
	      "an argsz that ends before the last field was taken");

	screen_update(&screen);
	screen_region(&vgpu, screen.plane.region_index, &before);
	CHECK(before.info.size == 4 * TYPE_X * TYPE_Y, "a window of %llu bytes, not %u",
	      (unsigned long long)before.info.size, 4 * TYPE_X * TYPE_Y);
	CHECK(before.info.flags == (VFIO_REGION_INFO_FLAG_READ |
				    VFIO_REGION_INFO_FLAG_MMAP),
	      "the window's flags are 0x%x", before.info.flags);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_region(&vgpu, screen.plane.region_index, &after);
	CHECK(!memcmp(&before, &after, sizeof(before)),
	      "a mode has changed what is said of the window");
	OK(screen_ask(&screen, region, SCREEN_CURSOR));
	CHECK(!screen.plane.drm_format && !screen.plane.size,
	      "a cursor in a window that has room for the picture alone");
}

TEST(nothing_yet, 0)
{
	struct screen screen;
	struct vgpu vgpu;

	make(&vgpu, &screen);
	/* In the slice is something, but no head shows it. */
	fill_words(rt_framebuffer(vgpu.device, 0), MIB, 7);
	screen_update(&screen);
	screen_empty(&screen, "before a mode was set");
}

TEST(drawn_is_shown, 0)
{
	uint64_t bytes = 4ull * WIDTH * HEIGHT, offset;
	uint8_t line[4 * WIDTH], other[4 * WIDTH];
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	union region_info region;

	make(&vgpu, &screen);
	screen_update(&screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "the first picture");
	/* No question in between: memory is memory. */
	fill_words(rt_framebuffer(vgpu.device, mode.base), bytes, 2);
	screen_shows(&screen, &mode, "drawn over");
	/* What lies behind it in the slice is not part of it. */
	fill_words(rt_framebuffer(vgpu.device, mode.base + bytes), MIB, 3);
	for (offset = bytes; offset < screen.bytes; offset += 64) {
		uint64_t value;

		CHECK(peek(screen.map + offset, &value) && !value,
		      "0x%llx behind the picture, at 0x%llx",
		      (unsigned long long)value, (unsigned long long)offset);
	}
	/* A VMM that reads instead. */
	screen_region(&vgpu, screen.plane.region_index, &region);
	for (offset = 0; offset < bytes; offset += 7 * sizeof(line)) {
		CHECK(pread(vgpu.device->fd, line, sizeof(line),
			    (off_t)(region.info.offset + offset)) ==
		      (ssize_t)sizeof(line), "reading the window: %s",
		      strerror(errno));
		memcpy(other, (const void *)(screen.map + offset), sizeof(other));
		CHECK(!memcmp(line, other, sizeof(line)),
		      "reading the window differs from the mapping at 0x%llx",
		      (unsigned long long)offset);
	}
	rt_head_off(vgpu.device, 0);
	screen_update(&screen);
	screen_empty(&screen, "switched off");
	/* Another mode in the same mapping. */
	mode.width = 320;
	mode.height = 960;
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "another mode");
}

TEST(flips_are_followed, 0)
{
	struct rt_mode mode[3];
	struct screen screen;
	struct vgpu vgpu;
	unsigned int i;
	char when[32];

	make(&vgpu, &screen);
	for (i = 0; i < 3; i++)
		mode[i] = screen_draw(&vgpu, WIDTH, HEIGHT, i + 1);
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	/* The other head is none of the VMM's business. */
	OK(rt_head_on(vgpu.device, 1, &mode[2]));
	for (i = 0; i < 12; i++) {
		flip_to(&vgpu, &mode[i % 3]);
		screen_update(&screen);
		snprintf(when, sizeof(when), "flip %u", i);
		screen_shows(&screen, &mode[i % 3], when);
	}
}

/* Pictures that pages can't show as they are. */
TEST(copied, 0)
{
	struct rt_mode mode, aligned;
	struct screen screen;
	struct vgpu vgpu;
	unsigned int i;

	make(&vgpu, &screen);
	aligned = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	rt_framebuffer_alloc(vgpu.device, MIB, RT_PAGE_SIZE);
	mode = aligned;
	for (i = 1; i < 4; i++) {
		mode.base = aligned.base + 64 * i;
		OK(rt_head_on(vgpu.device, 0, &mode));
		screen_update(&screen);
		screen_shows(&screen, &mode, "in the middle of a page");
		fill_words(rt_framebuffer(vgpu.device, mode.base), 4 * WIDTH * HEIGHT,
			   10 + i);
		screen_update(&screen);
		screen_shows(&screen, &mode, "drawn over in the middle of a page");
		flip_to(&vgpu, &aligned);
		screen_update(&screen);
		screen_shows(&screen, &aligned, "from the begin of a page");
	}
	/* Lines so far apart that the picture is larger than the window. */
	rt_framebuffer_free_all(vgpu.device);
	mode = (struct rt_mode){
		.width = TYPE_X, .height = TYPE_Y, .pitch = 16384,
		.format = RT_XR24,
		.base = rt_framebuffer_alloc(vgpu.device, 16384ull * TYPE_Y,
					     RT_PAGE_SIZE),
	};
	fill_words(rt_framebuffer(vgpu.device, mode.base), 16384ull * TYPE_Y, 20);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "lines far apart");
	mode = screen_draw(&vgpu, TYPE_X, TYPE_Y, 21);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "the largest picture");
}

/* QEMU looks at the pitch only when size or format have changed. */
TEST(pitch_stays, 0)
{
	struct rt_mode mode, wide;
	struct screen screen;
	struct vgpu vgpu;
	uint32_t pitch;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	pitch = screen.plane.stride;
	wide = mode;
	wide.pitch += 64;
	wide.base = rt_framebuffer_alloc(vgpu.device,
					 (uint64_t)wide.pitch * HEIGHT,
					 RT_PAGE_SIZE);
	fill_words(rt_framebuffer(vgpu.device, wide.base),
		   (uint64_t)wide.pitch * HEIGHT, 2);
	OK(rt_head_on(vgpu.device, 0, &wide));
	screen_update(&screen);
	CHECK(screen.plane.stride == pitch, "the pitch became %u from %u",
	      screen.plane.stride, pitch);
	screen_shows(&screen, &wide, "lines further apart than before");
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "lines as at first");
}

/* A VMM must not be killed for what its guest does with its function. */
TEST(decoding_off, 0)
{
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	uint64_t value;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	OK(rt_memory_decoding(vgpu.device, false));
	CHECK(!peek(rt_framebuffer(vgpu.device, mode.base), &value),
	      "memory decoding is not off");
	CHECK(peek(screen.map, &value) &&
	      peek(screen.map + 4 * WIDTH * HEIGHT - 8, &value) &&
	      peek(screen.map + screen.bytes - 8, &value),
	      "SIGBUS in the window");
	screen_update(&screen);
	CHECK(peek(screen.map, &value), "SIGBUS in the window");
	OK(rt_memory_decoding(vgpu.device, true));
	screen_update(&screen);
	screen_shows(&screen, &mode, "after memory decoding was off");
}

TEST(read_only, 0)
{
	union region_info region;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	uint64_t value = 1;
	void *map;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_region(&vgpu, screen.plane.region_index, &region);
	map = mmap(NULL, screen.bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vgpu.device->fd, (off_t)region.info.offset);
	CHECK(map == MAP_FAILED && errno == EPERM,
	      "mapping the window for writing: %s",
	      map == MAP_FAILED ? strerror(errno) : "works");
	map = mmap(NULL, screen.bytes + RT_PAGE_SIZE, PROT_READ, MAP_SHARED,
		   vgpu.device->fd, (off_t)region.info.offset);
	CHECK(map == MAP_FAILED, "more than the window could be mapped");
	CHECK(mprotect((void *)screen.map, RT_PAGE_SIZE,
		       PROT_READ | PROT_WRITE), "the mapping could be made writable");
	CHECK(pwrite(vgpu.device->fd, &value, sizeof(value),
		     (off_t)region.info.offset) < 0, "the window could be written");
	screen_shows(&screen, &mode, "after all that");
}

TEST(reset_and_close, 0)
{
	unsigned int round;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	char when[32];

	make(&vgpu, &screen);
	for (round = 0; round < 3; round++) {
		snprintf(when, sizeof(when), "round %u", round);
		mode = screen_draw(&vgpu, WIDTH, HEIGHT, round);
		OK(rt_head_on(vgpu.device, 0, &mode));
		screen_update(&screen);
		screen_shows(&screen, &mode, when);
		if (round == 0) {
			OK(rt_guest_reset(vgpu.device));
		} else if (round == 1) {
			vgpu_reset(&vgpu, BY_VMM);
		} else {
			screen_close(&screen);
			vgpu_close(&vgpu);
			vgpu_open(&vgpu);
		}
		screen_update(&screen);
		screen_empty(&screen, when);
	}
}

TEST(two_vgpus, 0)
{
	struct screen screen[2];
	struct rt_mode mode[2];
	struct vgpu vgpu[2];
	unsigned int i, round;

	for (i = 0; i < 2; i++) {
		make(&vgpu[i], &screen[i]);
		mode[i] = screen_draw(&vgpu[i], WIDTH, HEIGHT, 10 + i);
		OK(rt_head_on(vgpu[i].device, 0, &mode[i]));
		screen_update(&screen[i]);
	}
	for (round = 0; round < 4; round++)
		for (i = 0; i < 2; i++) {
			fill_words(rt_framebuffer(vgpu[i].device, mode[i].base),
				   4 * WIDTH * HEIGHT, 100 * round + i);
			screen_update(&screen[i]);
			screen_shows(&screen[i], &mode[i], "its own");
			screen_shows(&screen[!i], &mode[!i], "the other's");
		}
	screen_close(&screen[0]);
	vgpu_close(&vgpu[0]);
	screen_update(&screen[1]);
	screen_shows(&screen[1], &mode[1], "alone");
}

/* The administrator resets the GPU under running VMs. */
TEST(gpu_reset, SLOW)
{
	uint8_t before[REFGPU_EDID_SIZE], after[REFGPU_EDID_SIZE];
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	int bytes;

	make(&vgpu, &screen);
	bytes = rt_head_edid(vgpu.device, 0, before);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "before");
	admin_set(admin_pci_path("reset"), "1");
	screen_update(&screen);
	screen_empty(&screen, "after the reset");
	CHECK(rt_head_edid(vgpu.device, 0, after) == bytes &&
	      !memcmp(before, after, (size_t)bytes), "the monitor is not back");
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 2);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "a new picture");
}

/* What no driver writes: the VMM never sees more than its slice. */
TEST(hostile_registers, 0)
{
	static const uint64_t values[] = {
		0, 1, 63, 64, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0xffffffffffffffff, 0xffffffc0, 0xfffffffffffff000,
		0x0000040000000400, 0xffffffff00000001, 0x00000001ffffffff,
		0x8000000080000000, 64 * MIB, 64 * MIB - 4096, 1ull << 40,
	};
	static const unsigned int reg[] = {
		REFGPU_HEAD_BASE, REFGPU_HEAD_PITCH, REFGPU_HEAD_SIZE,
		REFGPU_HEAD_FORMAT, REFGPU_HEAD_CURSOR_BASE,
		REFGPU_HEAD_CURSOR_SIZE, REFGPU_HEAD_CURSOR_POSITION,
		REFGPU_HEAD_CURSOR_HOTSPOT, REFGPU_HEAD_FLIP,
	};
	unsigned int i, j, n = sizeof(values) / sizeof(values[0]), shown = 0;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	for (i = 0; i < sizeof(reg) / sizeof(reg[0]); i++) {
		for (j = 0; j < n; j++) {
			OK(rt_head_on(vgpu.device, 0, &mode));
			/* While it is on, and while it is off. */
			rt_head_write(vgpu.device, 0, reg[i], values[j]);
			screen_update(&screen);
			rt_head_off(vgpu.device, 0);
			rt_head_write(vgpu.device, 0, reg[i], values[j]);
			rt_head_write(vgpu.device, 0, REFGPU_HEAD_CONTROL,
				      UINT64_MAX);
			screen_update(&screen);
			if (screen.plane.size)
				shown++;
			CHECK(!screen.plane.size ||
			      (uint64_t)screen.plane.stride * screen.plane.height <=
			      64 * MIB, "%u lines of %u bytes in a slice of 64 MiB",
			      screen.plane.height, screen.plane.stride);
		}
	}
	CHECK(shown, "no picture at all, so nothing was tested");
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "after all that");
}

struct storm {
	struct vgpu *vgpu;
	struct rt_mode mode[4];
	volatile bool stop;
};

/* A guest that changes everything all the time; what fails, fails. */
static void *rage(void *argument)
{
	struct storm *storm = argument;
	unsigned int i;

	for (i = 0; !storm->stop; i++) {
		rt_head_on(storm->vgpu->device, 0, &storm->mode[i / 4 % 4]);
		rt_head_flip(storm->vgpu->device, 0, storm->mode[i % 2].base);
		if (i % 16 == 0) {
			rt_memory_decoding(storm->vgpu->device, false);
			rt_memory_decoding(storm->vgpu->device, true);
		}
		if (i % 64 == 63)
			rt_guest_reset(storm->vgpu->device);
	}
	return NULL;
}

TEST(storm, SLOW)
{
	unsigned int i, seen = 0, empty = 0;
	struct screen screen;
	struct storm storm;
	pthread_t thread;
	struct vgpu vgpu;
	uint64_t value;

	make(&vgpu, &screen);
	storm = (struct storm){ .vgpu = &vgpu };
	for (i = 0; i < 3; i++)
		storm.mode[i] = screen_draw(&vgpu, WIDTH, HEIGHT, i);
	/* One that has to be copied. */
	storm.mode[3] = storm.mode[0];
	storm.mode[3].base += 64;
	CHECK(!pthread_create(&thread, NULL, rage, &storm), "no thread");
	for (i = 0; i < 2000; i++) {
		screen_update(&screen);
		CHECK(peek(screen.map + i % 300 * RT_PAGE_SIZE, &value),
		      "SIGBUS in the window");
		if (screen.plane.size)
			seen++;
		else
			empty++;
	}
	storm.stop = true;
	pthread_join(thread, NULL);
	CHECK(seen && empty, "%u pictures and %u times none: nothing was tested",
	      seen, empty);
	OK(rt_head_on(vgpu.device, 0, &storm.mode[2]));
	screen_update(&screen);
	screen_shows(&screen, &storm.mode[2], "after the storm");
}

static void set_display(struct vgpu *vgpu, const char *method)
{
	admin_set(admin_vgpu_path(vgpu->uuid, "openvgpu/display"), method);
}

static void check_no_display(struct vgpu *vgpu, const char *what)
{
	struct screen screen = { .vgpu = vgpu };
	union region_info region;
	unsigned int i;

	for (i = VFIO_PCI_NUM_REGIONS; i < REGIONS; i++) {
		screen_region(vgpu, i, &region);
		CHECK(!region.info.size && !region.info.flags,
		      "%s: region %u has %llu bytes, flags 0x%x", what, i,
		      (unsigned long long)region.info.size, region.info.flags);
	}
	CHECK(screen_ask(&screen, VFIO_GFX_PLANE_TYPE_PROBE |
			 VFIO_GFX_PLANE_TYPE_REGION, 0) == -EINVAL &&
	      screen_ask(&screen, VFIO_GFX_PLANE_TYPE_PROBE |
			 VFIO_GFX_PLANE_TYPE_DMABUF, 0) == -EINVAL &&
	      screen_ask(&screen, VFIO_GFX_PLANE_TYPE_REGION,
			 SCREEN_PRIMARY) == -EINVAL, "%s: a display", what);
}

TEST(attribute, 0)
{
	char text[TEXT_SIZE];
	const char *path;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;

	make(&vgpu, &screen);
	path = admin_vgpu_path(vgpu.uuid, "openvgpu/display");
	admin_expect(path, "[region] dmabuf off");
	/* A VMM has asked what there is: it must stay so. */
	CHECK(host_write(path, "off") == -EBUSY, "changed while it is open");
	OK(host_last_error(text, sizeof(text)));
	CHECK(strstr(text, "display") && strstr(text, vgpu.uuid),
	      "last_error does not say why: %s", text);
	admin_expect(path, "[region] dmabuf off");
	vgpu_close(&vgpu);

	set_display(&vgpu, "off");
	admin_expect(path, "region dmabuf [off]");
	vgpu_open(&vgpu);
	check_no_display(&vgpu, "off");
	/* Heads work all the same. */
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	vgpu_close(&vgpu);
	CHECK(host_write(path, "vnc") == -EINVAL, "there is a method vnc");
	set_display(&vgpu, "region\n");
	vgpu_open(&vgpu);
	screen = (struct screen){ .vgpu = &vgpu };
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 2);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_update(&screen);
	screen_shows(&screen, &mode, "switched on again");
}

/* Series C has no heads. */
TEST(no_heads, 0)
{
	struct vgpu vgpu;
	const char *path;

	OK(host_create_any("64mc", vgpu.uuid));
	path = admin_vgpu_path(vgpu.uuid, "openvgpu/display");
	admin_expect(path, "[off]");
	CHECK(host_write(path, "region") == -EOPNOTSUPP,
	      "a display without heads");
	OK(host_write(path, "off"));
	vgpu_open(&vgpu);
	check_no_display(&vgpu, "no heads");
}
