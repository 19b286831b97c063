// SPDX-License-Identifier: GPL-2.0-only
/*
 * heads.c - heads of a vGPU with the native personality: what is drawn is what
 * is shown, within the limits of the type, and nobody else's
 */
#include <linux/vfio.h>
#include <stdio.h>

#include "screen.h"

#define WIDTH		640u
#define HEIGHT		480u
#define PITCH		(4 * WIDTH)
#define PATIENCE_MS	60000
#define SMALL		"64mq"	/* two heads, at most 1600x1200 */
#define SMALL_HEADS	2u

static struct rt_mode draw(struct vgpu *vgpu, uint32_t seed)
{
	return screen_draw(vgpu, WIDTH, HEIGHT, seed);
}

static void check_shown(struct vgpu *vgpu, unsigned int head,
			const struct rt_mode *mode,
			const struct rt_cursor *cursor)
{
	uint32_t want = rt_frame_crc(vgpu->device, mode, cursor), crc;

	OK(rt_head_crc(vgpu->device, head, &crc, PATIENCE_MS));
	CHECK(crc == want, "head %u shows a frame of CRC 0x%08x, not 0x%08x",
	      head, crc, want);
}

TEST(shown, 0)
{
	struct rt_cursor cursor = { .width = 64, .height = 64, .x = -20, .y = 440 };
	struct rt_mode mode[3];
	struct vgpu vgpu;
	unsigned int i;

	vgpu_make(&vgpu, SMALL);
	for (i = 0; i < 3; i++)
		mode[i] = draw(&vgpu, i + 1);
	cursor.base = rt_framebuffer_alloc(vgpu.device, 64 * 64 * 4, 64);
	fill_words(rt_framebuffer(vgpu.device, cursor.base), 64 * 64 * 4, 9);
	for (i = 0; i < SMALL_HEADS; i++)
		OK(rt_head_on(vgpu.device, i, &mode[i]));
	for (i = 0; i < SMALL_HEADS; i++)
		check_shown(&vgpu, i, &mode[i], NULL);
	OK(rt_head_flip(vgpu.device, 0, mode[2].base));
	OK(rt_head_wait_flip(vgpu.device, 0, PATIENCE_MS));
	check_shown(&vgpu, 0, &mode[2], NULL);
	rt_head_cursor(vgpu.device, 1, &cursor);
	check_shown(&vgpu, 1, &mode[1], &cursor);
	check_shown(&vgpu, 0, &mode[2], NULL);
}

TEST(limits_of_the_type, 0)
{
	struct rt_mode mode, large;
	struct vgpu vgpu;

	vgpu_make(&vgpu, SMALL);
	mode = draw(&vgpu, 1);
	CHECK(rt_head_on(vgpu.device, SMALL_HEADS, &mode) == -EINVAL,
	      "head %u of a type with %u works", SMALL_HEADS, SMALL_HEADS);
	large = (struct rt_mode){
		.width = 1600, .height = 1200, .pitch = 6400, .format = RT_XR24,
	};
	OK(rt_head_on(vgpu.device, 0, &large));
	large.height = 1201;
	CHECK(rt_head_on(vgpu.device, 0, &large) == -EINVAL,
	      "a mode larger than the type's is shown");
	large.height = 1200;
	large.base = vgpu.device->framebuffer_bytes - 1200 * 6400 + 64;
	CHECK(rt_head_on(vgpu.device, 0, &large) == -EINVAL,
	      "a picture beyond the slice is shown");
	OK(rt_head_on(vgpu.device, 0, &mode));
}

TEST(two_vgpus, 0)
{
	struct vgpu vgpu[2];
	struct rt_mode mode[2];
	unsigned int i, round;

	for (i = 0; i < 2; i++) {
		vgpu_make(&vgpu[i], SMALL);
		mode[i] = draw(&vgpu[i], 10 + i);
		OK(rt_head_on(vgpu[i].device, 0, &mode[i]));
	}
	for (round = 0; round < 3; round++)
		for (i = 0; i < 2; i++) {
			fill_words(rt_framebuffer(vgpu[i].device, mode[i].base),
				   PITCH * HEIGHT, 100 * round + i);
			check_shown(&vgpu[i], 0, &mode[i], NULL);
			check_shown(&vgpu[!i], 0, &mode[!i], NULL);
		}
	vgpu_close(&vgpu[0]);
	check_shown(&vgpu[1], 0, &mode[1], NULL);
}

/* Drawn by the GPU, and flipped by it when it is done. */
TEST(ring, 0)
{
	struct rt_mode mode[2];
	struct rt_ring ring;
	struct vgpu vgpu;
	unsigned int i;

	vgpu_make(&vgpu, SMALL);
	mode[0] = draw(&vgpu, 1);
	mode[1] = draw(&vgpu, 2);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	for (i = 1; i < 8; i++) {
		OK(rt_fill(&ring, mode[i % 2].base, PITCH * HEIGHT / 2, i * 0x10305u));
		OK(rt_flip(&ring, 0, mode[i % 2].base, true));
		OK(rt_ring_finish(&ring, PATIENCE_MS));
		CHECK(rt_head_read(vgpu.device, 0, REFGPU_HEAD_BASE) ==
		      mode[i % 2].base, "flip %u: the ring went on before it", i);
		check_shown(&vgpu, 0, &mode[i % 2], NULL);
	}
}

TEST(vblank_interrupts, 0)
{
	uint64_t blanks, interrupts = 0;
	struct rt_mode mode;
	struct vgpu vgpu;
	int fd;

	vgpu_make(&vgpu, SMALL);
	mode = draw(&vgpu, 1);
	fd = vgpu_eventfd(&vgpu, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_VBLANK(1));
	CHECK(!eventfd_count(fd, 200), "an interrupt of a head that is off");
	OK(rt_head_on(vgpu.device, 1, &mode));
	while (interrupts < 20) {
		uint64_t count = eventfd_count(fd, PATIENCE_MS);

		CHECK(count, "no interrupt after %llu",
		      (unsigned long long)interrupts);
		interrupts += count;
		rt_user_write(vgpu.device, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	}
	blanks = rt_head_read(vgpu.device, 1, REFGPU_HEAD_VBLANK_COUNT);
	CHECK(blanks >= interrupts, "%llu interrupts of %llu vertical blanks",
	      (unsigned long long)interrupts, (unsigned long long)blanks);
}

/* Sum of the bytes of each block must be 0. */
static void check_edid(struct vgpu *vgpu, unsigned int head,
		       uint8_t edid[REFGPU_EDID_SIZE])
{
	int bytes = rt_head_edid(vgpu->device, head, edid), i;
	uint8_t sum = 0;

	CHECK(bytes == 128 || bytes == 256, "head %u: EDID of %d bytes", head,
	      bytes);
	CHECK(!memcmp(edid, "\0\xff\xff\xff\xff\xff\xff\0", 8),
	      "head %u: not an EDID", head);
	for (i = 0; i < bytes; i++)
		sum += edid[i];
	CHECK(!sum, "head %u: wrong checksum", head);
}

TEST(edid, 0)
{
	uint8_t edid[SMALL_HEADS][REFGPU_EDID_SIZE], other[REFGPU_EDID_SIZE];
	struct vgpu vgpu[2];
	unsigned int i;

	vgpu_make(&vgpu[0], SMALL);
	vgpu_make(&vgpu[1], SMALL);
	for (i = 0; i < SMALL_HEADS; i++)
		check_edid(&vgpu[0], i, edid[i]);
	CHECK(memcmp(edid[0], edid[1], 128), "two heads with one monitor");
	CHECK(!rt_head_edid(vgpu[0].device, SMALL_HEADS, other),
	      "a monitor on a head the type does not have");
	check_edid(&vgpu[1], 0, other);
	CHECK(memcmp(edid[0], other, 128), "two vGPUs with one monitor");
	/* A reset does not unplug it, and it is the same again next time. */
	OK(rt_guest_reset(vgpu[0].device));
	check_edid(&vgpu[0], 0, other);
	CHECK(!memcmp(edid[0], other, 128), "another monitor after a reset");
	vgpu_close(&vgpu[0]);
	vgpu_open(&vgpu[0]);
	check_edid(&vgpu[0], 0, other);
	CHECK(!memcmp(edid[0], other, 128), "another monitor at the next open");
}

/* Nothing of what a guest did to its heads is left after it. */
TEST(reset_and_close, 0)
{
	unsigned int offset, round;
	struct rt_mode mode;
	struct vgpu vgpu;
	uint64_t value;

	vgpu_make(&vgpu, SMALL);
	for (round = 0; round < 3; round++) {
		mode = draw(&vgpu, 1);
		OK(rt_head_on(vgpu.device, 0, &mode));
		OK(rt_head_wait_vblank(vgpu.device, 0, 2, PATIENCE_MS));
		if (round == 0) {
			OK(rt_guest_reset(vgpu.device));
		} else if (round == 1) {
			vgpu_reset(&vgpu, BY_VMM);
		} else {
			vgpu_close(&vgpu);
			vgpu_open(&vgpu);
		}
		for (offset = 0; offset < REFGPU_HEAD_EDID_BYTES; offset += 8) {
			value = rt_head_read(vgpu.device, 0, offset);
			CHECK(!value, "round %u: head register 0x%x is 0x%llx",
			      round, offset, (unsigned long long)value);
		}
	}
}
