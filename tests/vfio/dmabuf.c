// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmabuf.c - the picture of a vGPU as dma-bufs: stable names, and files that
 * may outlive the VM, the vGPU and the GPU without showing anybody's memory
 *
 * Runs last: there is no GPU after it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "admin.h"
#include "screen.h"
#include "vm.h"

#define TYPE		"64mq"
#define WIDTH		640u
#define HEIGHT		480u
#define BYTES		(4u * WIDTH * HEIGHT)
#define SLICE_BYTES	(64u << 20)	/* of TYPE */
#define LARGEST_BYTES	(4u * 1600 * 1200) /* of its largest mode */
#define PATIENCE_MS	60000
#define REMEMBERED	16u	/* pictures */
#define FILES_MAX	64u	/* of one vGPU */

static void make(struct vgpu *vgpu, struct screen *screen)
{
	screen_make(screen, vgpu, TYPE, "dmabuf");
}

static int get_file(struct vgpu *vgpu, uint32_t id)
{
	int fd = screen_file(vgpu, id);

	CHECK(fd >= 0, "%s", rt_message());
	return fd;
}

static volatile uint8_t *map_file(int fd, size_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED, "mapping a dma-buf: %s", strerror(errno));
	return map;
}

static void check_zero(volatile uint8_t *map, const char *when)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < BYTES; i += 256) {
		CHECK(peek(map + i, &value), "%s: SIGBUS at 0x%zx", when, i);
		CHECK(!value, "%s: 0x%llx at 0x%zx", when,
		      (unsigned long long)value, i);
	}
}

/* A picture of its own on head 0, and a mapped dma-buf of it. */
static volatile uint8_t *show(struct vgpu *vgpu, struct screen *screen,
			      uint32_t seed, struct rt_mode *mode, int *fd)
{
	volatile uint8_t *map;

	*mode = screen_draw(vgpu, WIDTH, HEIGHT, seed);
	OK(rt_head_on(vgpu->device, 0, mode));
	screen_dmabuf(screen, SCREEN_PRIMARY);
	CHECK(screen->plane.drm_format == RT_XR24, "format 0x%x",
	      screen->plane.drm_format);
	*fd = get_file(vgpu, screen->plane.dmabuf_id);
	map = map_file(*fd, BYTES);
	CHECK(screen_differs(vgpu, map, screen->plane.stride, mode) < 0,
	      "the dma-buf does not show what was drawn");
	return map;
}

TEST(picture, 0)
{
	const uint32_t probe = VFIO_GFX_PLANE_TYPE_PROBE;
	union region_info region;
	volatile uint8_t *map;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	int fd;

	make(&vgpu, &screen);
	OK(screen_ask(&screen, probe | VFIO_GFX_PLANE_TYPE_DMABUF, 0));
	CHECK(screen_ask(&screen, probe | VFIO_GFX_PLANE_TYPE_REGION, 0) == -EINVAL,
	      "a window without being chosen");
	screen_region(&vgpu, VFIO_PCI_NUM_REGIONS, &region);
	CHECK(!region.info.size, "there is a window of %llu bytes",
	      (unsigned long long)region.info.size);
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	CHECK(!screen.plane.drm_format && !screen.plane.size,
	      "a picture before a mode was set");
	CHECK(screen_file(&vgpu, 0) == -ENOENT && screen_file(&vgpu, 1) == -ENOENT,
	      "a dma-buf of no picture");

	map = show(&vgpu, &screen, 1, &mode, &fd);
	CHECK(screen.plane.width == WIDTH && screen.plane.height == HEIGHT &&
	      screen.plane.size == BYTES && lseek(fd, 0, SEEK_END) == BYTES,
	      "%ux%u in %u bytes, a file of %lld", screen.plane.width,
	      screen.plane.height, screen.plane.size,
	      (long long)lseek(fd, 0, SEEK_END));
	/* It is the memory, not a copy. */
	fill_words(rt_framebuffer(vgpu.device, mode.base), BYTES, 2);
	CHECK(screen_differs(&vgpu, map, 4 * WIDTH, &mode) < 0,
	      "the dma-buf does not show what was drawn later");
	CHECK(mmap(NULL, BYTES + RT_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0) ==
	      MAP_FAILED, "more than the picture could be mapped");
	CHECK(mmap(NULL, RT_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, BYTES) ==
	      MAP_FAILED, "what lies behind the picture could be mapped");
	/* A window can have copies; this can't. */
	mode.base += 64;
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	CHECK(!screen.plane.size, "a picture that does not begin with a page");
}

/*
 * The distance of lines is the guest's choice, and the host pays for it when
 * another GPU attaches: with a copy of all bytes from the first line to the
 * last.
 */
TEST(far_lines, 0)
{
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	/* As large as the largest mode, but for the end of the last line. */
	mode.pitch = LARGEST_BYTES / (HEIGHT - 1) / 64 * 64 - 64;
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	CHECK(screen.plane.stride == mode.pitch && screen.plane.dmabuf_id,
	      "a picture with lines of %u bytes in the largest mode's size is not shown",
	      mode.pitch);
	/* Much larger, and still inside the slice. */
	mode.pitch = SLICE_BYTES / 2 / HEIGHT / 64 * 64;
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	CHECK(!screen.plane.size && !screen.plane.dmabuf_id,
	      "a dma-buf of %u bytes for %ux%u pixels, the largest mode takes %u",
	      screen.plane.size, WIDTH, HEIGHT, LARGEST_BYTES);
	mode.pitch = 4 * WIDTH;
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	CHECK(screen.plane.size == BYTES, "the picture does not come back");
}

TEST(names, 0)
{
	uint32_t id[REMEMBERED + 4];
	struct rt_mode mode[REMEMBERED + 4];
	unsigned int i, j, round;
	struct screen screen;
	struct vgpu vgpu;
	int fd;

	make(&vgpu, &screen);
	/* Pictures may overlap. */
	mode[0] = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	rt_framebuffer_alloc(vgpu.device, MIB, RT_PAGE_SIZE);
	for (i = 1; i < REMEMBERED + 4; i++) {
		mode[i] = mode[0];
		mode[i].base += i * RT_PAGE_SIZE;
	}
	for (round = 0; round < 3; round++) {
		for (i = 0; i < REMEMBERED; i++) {
			OK(rt_head_on(vgpu.device, 0, &mode[i]));
			screen_dmabuf(&screen, SCREEN_PRIMARY);
			CHECK(!round || screen.plane.dmabuf_id == id[i],
			      "picture %u is called %u, and was %u before", i,
			      screen.plane.dmabuf_id, id[i]);
			id[i] = screen.plane.dmabuf_id;
			for (j = 0; j < i; j++)
				CHECK(id[i] != id[j], "pictures %u and %u are called %u",
				      i, j, id[i]);
		}
	}
	/* The same place with another layout is another picture. */
	mode[0].width /= 2;
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	for (i = 0; i < REMEMBERED; i++)
		CHECK(screen.plane.dmabuf_id != id[i],
		      "another layout is called %u, too", id[i]);
	/* It took the place of the one that was not asked for longest. */
	CHECK(screen_file(&vgpu, id[0]) == -ENOENT, "a forgotten picture was given");
	for (i = 1; i < REMEMBERED; i++) {
		volatile uint8_t *map;

		fd = get_file(&vgpu, id[i]);
		map = map_file(fd, BYTES);
		CHECK(screen_differs(&vgpu, map, 4 * WIDTH, &mode[i]) < 0,
		      "id %u means another picture now", id[i]);
		munmap((void *)map, BYTES);
		close(fd);
	}
}

TEST(cursor, 0)
{
	struct rt_cursor cursor = { .width = 64, .height = 64, .x = -20, .y = 440 };
	struct rt_mode mode, image;
	volatile uint8_t *map;
	struct screen screen;
	struct vgpu vgpu;
	int fd;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	image = screen_draw(&vgpu, 64, 64, 9);
	cursor.base = image.base;
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_CURSOR);
	CHECK(!screen.plane.drm_format, "a cursor before there is one");
	rt_head_write(vgpu.device, 0, REFGPU_HEAD_CURSOR_HOTSPOT, 7ull << 32 | 5);
	rt_head_cursor(vgpu.device, 0, &cursor);
	screen_dmabuf(&screen, SCREEN_CURSOR);
	CHECK(screen.plane.drm_format == RT_AR24 && screen.plane.width == 64 &&
	      screen.plane.height == 64, "a cursor of %ux%u, format 0x%x",
	      screen.plane.width, screen.plane.height, screen.plane.drm_format);
	CHECK((int32_t)screen.plane.x_pos == -20 && screen.plane.y_pos == 440 &&
	      screen.plane.x_hot == 5 && screen.plane.y_hot == 7,
	      "cursor at %d, %d, pointing at %u, %u",
	      (int32_t)screen.plane.x_pos, (int32_t)screen.plane.y_pos,
	      screen.plane.x_hot, screen.plane.y_hot);
	fd = get_file(&vgpu, screen.plane.dmabuf_id);
	map = map_file(fd, 64 * 64 * 4);
	CHECK(screen_differs(&vgpu, map, screen.plane.stride, &image) < 0,
	      "the dma-buf is not the cursor");
	rt_head_cursor(vgpu.device, 0, NULL);
	screen_dmabuf(&screen, SCREEN_CURSOR);
	CHECK(!screen.plane.drm_format, "a hidden cursor is shown");
}

TEST(bounded, 0)
{
	int fd[FILES_MAX + 1], again;
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	unsigned int i;

	make(&vgpu, &screen);
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	for (i = 0; i < FILES_MAX; i++)
		fd[i] = get_file(&vgpu, screen.plane.dmabuf_id);
	again = screen_file(&vgpu, screen.plane.dmabuf_id);
	CHECK(again == -EMFILE, "file %u: %s", FILES_MAX,
	      again < 0 ? strerror(-again) : "works");
	close(fd[3]);
	fd[3] = get_file(&vgpu, screen.plane.dmabuf_id);
}

/* The VM is gone, its files are not. */
TEST(closed, 0)
{
	volatile uint8_t *map[2], *late;
	struct rt_mode mode;
	struct screen screen;
	struct vgpu vgpu;
	uint64_t value;
	unsigned int i;
	long word;
	int fd[2];

	make(&vgpu, &screen);
	map[0] = show(&vgpu, &screen, 1, &mode, &fd[0]);
	fd[1] = get_file(&vgpu, screen.plane.dmabuf_id);
	/* Mapped, but not touched before. */
	map[1] = map_file(fd[1], BYTES);
	vgpu_close(&vgpu);
	check_zero(map[0], "closed, seen before");
	check_zero(map[1], "closed, not seen before");
	late = map_file(fd[0], BYTES);
	check_zero(late, "closed, mapped after it");

	/* The same slice, and somebody else's picture at the same place. */
	vgpu_open(&vgpu);
	screen.plane.dmabuf_id = 0;
	mode = screen_draw(&vgpu, WIDTH, HEIGHT, 2);
	OK(rt_head_on(vgpu.device, 0, &mode));
	for (i = 0; i < BYTES; i += 64)
		CHECK(poke(map[i / 64 % 2] + i, UINT64_MAX),
		      "SIGBUS at 0x%x of a file that was cut off", i);
	word = differing_word(rt_framebuffer(vgpu.device, mode.base), BYTES, 2);
	CHECK(word < 0, "the former owner wrote word %ld of the next one's picture",
	      word);
	munmap((void *)map[1], BYTES);
	map[1] = map_file(fd[1], BYTES);
	for (i = 0; i < BYTES; i += 64)
		CHECK(peek(map[1] + i, &value) &&
		      (value == 0 || value == UINT64_MAX),
		      "the former owner reads 0x%llx at 0x%x",
		      (unsigned long long)value, i);
	vgpu_remove(&vgpu);
	CHECK(peek(map[0], &value), "SIGBUS after the vGPU was removed");
}

/* Two vGPUs at a time: each sees its own, whatever the other does. */
TEST(two_vgpus, 0)
{
	volatile uint8_t *map[2];
	struct screen screen[2];
	struct rt_mode mode[2];
	struct vgpu vgpu[2];
	unsigned int i;
	int fd[2];

	for (i = 0; i < 2; i++) {
		make(&vgpu[i], &screen[i]);
		map[i] = show(&vgpu[i], &screen[i], 50 + i, &mode[i], &fd[i]);
	}
	for (i = 0; i < 2; i++)
		CHECK(screen_differs(&vgpu[i], map[i], 4 * WIDTH, &mode[i]) < 0,
		      "vGPU %u does not show its own picture", i);
	vgpu_close(&vgpu[0]);
	check_zero(map[0], "closed");
	CHECK(screen_differs(&vgpu[1], map[1], 4 * WIDTH, &mode[1]) < 0,
	      "another vGPU's close has changed the picture");
	OK(rt_guest_reset(vgpu[1].device));
	screen_dmabuf(&screen[1], SCREEN_PRIMARY);
	CHECK(!screen[1].plane.size, "a picture after a reset");
}

#define RACING		8u

static void *use_files(void *argument)
{
	const int *fd = argument;
	unsigned int i;
	uint64_t value;

	for (i = 0; i < RACING; i++) {
		volatile uint8_t *map = mmap(NULL, BYTES, PROT_READ, MAP_SHARED,
					     fd[i], 0);

		if (map == MAP_FAILED)
			return "a dma-buf could not be mapped";
		value = *(volatile uint64_t *)(map + RT_PAGE_SIZE * i);
		(void)value;
		munmap((void *)map, BYTES);
		close(fd[i]);
	}
	return NULL;
}

/* Files end while their vGPU is closed. */
TEST(race, SLOW)
{
	unsigned int round, i;
	struct screen screen;
	struct rt_mode mode;
	pthread_t thread;
	struct vgpu vgpu;
	int fd[RACING];
	void *why;

	make(&vgpu, &screen);
	for (round = 0; round < 30; round++) {
		mode = screen_draw(&vgpu, WIDTH, HEIGHT, round);
		OK(rt_head_on(vgpu.device, 0, &mode));
		screen_dmabuf(&screen, SCREEN_PRIMARY);
		for (i = 0; i < RACING; i++)
			fd[i] = get_file(&vgpu, screen.plane.dmabuf_id);
		CHECK(!pthread_create(&thread, NULL, use_files, fd), "no thread");
		vgpu_close(&vgpu);
		CHECK(!pthread_join(thread, &why) && !why, "round %u: %s", round,
		      (const char *)why);
		vgpu_open(&vgpu);
	}
}

TEST(surprise_removal, ONCE | SLOW)
{
	volatile uint8_t *map;
	struct screen screen;
	struct rt_mode mode;
	uint64_t value, end;
	struct vgpu vgpu;
	int fd, req, go;
	pid_t remover;

	need_control();
	remover = host_gpu_remover(&go);
	CHECK(remover >= 0, "no remover: %s", strerror(errno));
	make(&vgpu, &screen);
	map = show(&vgpu, &screen, 1, &mode, &fd);
	req = vgpu_eventfd(&vgpu, VFIO_PCI_REQ_IRQ_INDEX, 0);
	inject("remove");
	CHECK(peek(map, &value), "SIGBUS in a dma-buf of a GPU that is gone");
	/* The host notices, and shows nothing of it any more. */
	end = rt_now_ns() + 20 * second();
	while (peek(map, &value) && value) {
		CHECK(rt_now_ns() < end, "nobody noticed for 20 s: 0x%llx",
		      (unsigned long long)value);
		rt_head_read(vgpu.device, 0, REFGPU_HEAD_STATUS);
		usleep(50000);
	}
	check_zero(map, "the GPU is gone");
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	CHECK(!screen.plane.size, "a picture of a GPU that is gone");
	CHECK(write(go, "g", 1) == 1, "pipe: %s", strerror(errno));
	CHECK(eventfd_count(req, 10000), "the VMM got no REQ");
	vgpu_close(&vgpu);
	wait_child(remover, "removing the GPU");
	check_zero(map, "the vGPU is gone, too");
	/* The file's code must stay. */
	CHECK(!admin_unload(),
	      "the module was unloaded under a dma-buf");
	check_zero(map, "after rmmod was tried");
	munmap((void *)map, BYTES);
	close(fd);
	CHECK(admin_unload(), "the module can't be unloaded");
}
