// SPDX-License-Identifier: GPL-2.0-only
/*
 * import.c - the picture of a vGPU on another GPU: QEMU's Cirrus adapter, whose
 * driver imports the dma-buf and scans it out
 *
 * Needs a machine with that adapter, and a kernel that lets its video memory be
 * looked at (iomem=relaxed).
 */
#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "admin.h"
#include "screen.h"

#define TYPE		"64mq"
#define WIDTH		640u
#define HEIGHT		480u
#define BYTES		(4u * WIDTH * HEIGHT)
#define COPIES_MAX	8u	/* of one vGPU */
#define OBJECTS_MAX	16
#define MODES_MAX	64
#define MEMORY_BYTES	(4u << 20)

/**
 * struct card - the other GPU
 * @fd: of its device
 * @memory: what it scans out from, the first byte is the first pixel
 * @crtc: its only one
 * @connector: likewise
 * @mode: of WIDTH and HEIGHT
 */
struct card {
	int fd;
	volatile uint8_t *memory;
	uint32_t crtc;
	uint32_t connector;
	struct drm_mode_modeinfo mode;
};

static int open_card(const char *driver)
{
	struct drm_version version;
	char name[32];
	int fd = -1;
	glob_t list;
	size_t i;

	if (glob("/dev/dri/card*", 0, NULL, &list))
		return -1;
	for (i = 0; i < list.gl_pathc; i++) {
		fd = open(list.gl_pathv[i], O_RDWR | O_CLOEXEC);
		memset(name, 0, sizeof(name));
		version = (struct drm_version){
			.name = name, .name_len = sizeof(name) - 1,
		};
		if (fd >= 0 && !ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strncmp(name, driver, strlen(driver)))
			break;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	globfree(&list);
	return fd;
}

static volatile uint8_t *map_memory(void)
{
	void *map = MAP_FAILED;
	char path[PATH_SIZE], vendor[32];
	glob_t list;
	size_t i;
	int fd;

	CHECK(!glob("/sys/bus/pci/devices/*/vendor", 0, NULL, &list),
	      "no PCI devices");
	for (i = 0; i < list.gl_pathc && map == MAP_FAILED; i++) {
		if (host_read(list.gl_pathv[i], vendor, sizeof(vendor)) ||
		    strcmp(vendor, "0x1013"))
			continue;
		snprintf(path, sizeof(path), "%.*sresource0",
			 (int)(strlen(list.gl_pathv[i]) - strlen("vendor")),
			 list.gl_pathv[i]);
		fd = open(path, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0, "%s: %s", path, strerror(errno));
		map = mmap(NULL, MEMORY_BYTES, PROT_READ, MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED, "mapping %s: %s", path, strerror(errno));
		close(fd);
	}
	globfree(&list);
	CHECK(map != MAP_FAILED, "this machine has no Cirrus adapter");
	return map;
}

static void find_outputs(struct card *card)
{
	struct drm_mode_modeinfo modes[MODES_MAX];
	uint32_t connectors[OBJECTS_MAX], crtcs[OBJECTS_MAX], i;
	struct drm_mode_card_res resources = {
		.connector_id_ptr = (uintptr_t)connectors,
		.crtc_id_ptr = (uintptr_t)crtcs,
		.count_connectors = OBJECTS_MAX,
		.count_crtcs = OBJECTS_MAX,
	};
	struct drm_mode_get_connector get = { 0 };

	CHECK(!ioctl(card->fd, DRM_IOCTL_MODE_GETRESOURCES, &resources) &&
	      resources.count_connectors == 1 && resources.count_crtcs == 1,
	      "%u connectors, %u CRTCs: %s", resources.count_connectors,
	      resources.count_crtcs, strerror(errno));
	card->connector = connectors[0];
	card->crtc = crtcs[0];
	get.connector_id = card->connector;
	CHECK(!ioctl(card->fd, DRM_IOCTL_MODE_GETCONNECTOR, &get) &&
	      get.count_modes && get.count_modes <= MODES_MAX,
	      "%u modes: %s", get.count_modes, strerror(errno));
	get.modes_ptr = (uintptr_t)modes;
	get.count_props = 0;
	get.count_encoders = 0;
	CHECK(!ioctl(card->fd, DRM_IOCTL_MODE_GETCONNECTOR, &get), "modes: %s",
	      strerror(errno));
	for (i = 0; i < get.count_modes; i++)
		if (modes[i].hdisplay == WIDTH && modes[i].vdisplay == HEIGHT)
			break;
	CHECK(i < get.count_modes, "no mode of %ux%u", WIDTH, HEIGHT);
	card->mode = modes[i];
}

static void card_open(struct card *card)
{
	CHECK(!system("modprobe -q cirrus || modprobe -q cirrus-qemu"),
	      "this kernel has no driver for the Cirrus adapter");
	card->fd = open_card("cirrus");
	CHECK(card->fd >= 0, "no DRM device is driven by cirrus");
	card->memory = map_memory();
	find_outputs(card);
}

static int import(int card, int fd, uint32_t *handle)
{
	struct drm_prime_handle prime = { .fd = fd };
	int error = ioctl(card, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	*handle = prime.handle;
	return error ? -errno : 0;
}

static void release(const struct card *card, uint32_t handle)
{
	struct drm_gem_close gem = { .handle = handle };

	CHECK(!ioctl(card->fd, DRM_IOCTL_GEM_CLOSE, &gem), "GEM close: %s",
	      strerror(errno));
}

/* The framebuffer that shows it. */
static uint32_t scan_out(const struct card *card, uint32_t handle)
{
	struct drm_mode_fb_cmd2 framebuffer = {
		.width = WIDTH,
		.height = HEIGHT,
		.pixel_format = DRM_FORMAT_XRGB8888,
		.handles = { handle },
		.pitches = { 4 * WIDTH },
	};
	struct drm_mode_crtc crtc = {
		.set_connectors_ptr = (uintptr_t)&card->connector,
		.count_connectors = 1,
		.crtc_id = card->crtc,
		.mode_valid = 1,
		.mode = card->mode,
	};

	CHECK(!ioctl(card->fd, DRM_IOCTL_MODE_ADDFB2, &framebuffer),
	      "framebuffer of an imported picture: %s", strerror(errno));
	crtc.fb_id = framebuffer.fb_id;
	CHECK(!ioctl(card->fd, DRM_IOCTL_MODE_SETCRTC, &crtc),
	      "showing an imported picture: %s", strerror(errno));
	return framebuffer.fb_id;
}

/* The card draws what it finds now. */
static void redraw(const struct card *card, uint32_t framebuffer)
{
	struct drm_mode_fb_dirty_cmd dirty = { .fb_id = framebuffer };

	CHECK(!ioctl(card->fd, DRM_IOCTL_MODE_DIRTYFB, &dirty), "redraw: %s",
	      strerror(errno));
}

static void expect_picture(const struct card *card, struct vgpu *vgpu,
			   const struct rt_mode *mode, const char *when)
{
	long pixel = screen_differs(vgpu, card->memory, 4 * WIDTH, mode);

	CHECK(pixel < 0, "%s: the other GPU shows another pixel %ld", when,
	      pixel);
}

static void expect_black(const struct card *card, const char *when)
{
	const volatile uint32_t *pixel = (const volatile uint32_t *)card->memory;
	size_t i;

	for (i = 0; i < WIDTH * HEIGHT; i++)
		CHECK(!(pixel[i] & 0xffffff), "%s: pixel %zu is %08x", when, i,
		      pixel[i]);
}

static void make(struct vgpu *vgpu, struct screen *screen)
{
	screen_make(screen, vgpu, TYPE, "dmabuf");
}

/* A picture on head 0 and a dma-buf of it. */
static int show(struct screen *screen, uint32_t seed, struct rt_mode *mode)
{
	struct vgpu *vgpu = screen->vgpu;
	int fd;

	*mode = screen_draw(vgpu, WIDTH, HEIGHT, seed);
	OK(rt_head_on(vgpu->device, 0, mode));
	screen_dmabuf(screen, SCREEN_PRIMARY);
	fd = screen_file(vgpu, screen->plane.dmabuf_id);
	CHECK(fd >= 0, "%s", rt_message());
	return fd;
}

TEST(another_gpu_shows_it, 0)
{
	uint32_t handle, framebuffer;
	struct screen screen;
	struct rt_mode mode;
	struct card card;
	struct vgpu vgpu;
	int fd, i;

	card_open(&card);
	make(&vgpu, &screen);
	fd = show(&screen, 1, &mode);
	OK(import(card.fd, fd, &handle));
	framebuffer = scan_out(&card, handle);
	expect_picture(&card, &vgpu, &mode, "at first");
	/* What the guest draws then is seen when the VMM has asked again. */
	for (i = 2; i < 6; i++) {
		fill_words(rt_framebuffer(vgpu.device, mode.base), BYTES,
			   (uint32_t)i);
		screen_dmabuf(&screen, SCREEN_PRIMARY);
		redraw(&card, framebuffer);
		expect_picture(&card, &vgpu, &mode, "drawn later");
	}
}

/* Two pictures that a guest flips between keep their imports. */
TEST(flips, 0)
{
	uint32_t handle[2], framebuffer[2];
	struct screen screen;
	struct rt_mode mode[2];
	struct card card;
	struct vgpu vgpu;
	uint32_t i;

	card_open(&card);
	make(&vgpu, &screen);
	for (i = 0; i < 2; i++) {
		OK(import(card.fd, show(&screen, i, &mode[i]), &handle[i]));
		framebuffer[i] = scan_out(&card, handle[i]);
		expect_picture(&card, &vgpu, &mode[i], "a new picture");
	}
	for (i = 0; i < 6; i++) {
		OK(rt_head_on(vgpu.device, 0, &mode[i % 2]));
		fill_words(rt_framebuffer(vgpu.device, mode[i % 2].base), BYTES,
			   10 + i);
		screen_dmabuf(&screen, SCREEN_PRIMARY);
		framebuffer[i % 2] = scan_out(&card, handle[i % 2]);
		redraw(&card, framebuffer[i % 2]);
		expect_picture(&card, &vgpu, &mode[i % 2], "after a flip");
	}
}

/* The other GPU can't be made to let go: what it has is empty then. */
TEST(empty_after_close, 0)
{
	uint32_t handle, framebuffer;
	struct screen screen;
	struct rt_mode mode;
	struct card card;
	struct vgpu vgpu;
	int fd;

	card_open(&card);
	make(&vgpu, &screen);
	fd = show(&screen, 3, &mode);
	OK(import(card.fd, fd, &handle));
	framebuffer = scan_out(&card, handle);
	expect_picture(&card, &vgpu, &mode, "while it is open");
	vgpu_close(&vgpu);
	redraw(&card, framebuffer);
	expect_black(&card, "after the close");
	/* The next owner's picture is not to be seen there, either. */
	vgpu_open(&vgpu);
	show(&screen, 4, &mode);
	redraw(&card, framebuffer);
	expect_black(&card, "after the next open");
	vgpu_close(&vgpu);
	vgpu_remove(&vgpu);
	redraw(&card, framebuffer);
	expect_black(&card, "after the removal");
	release(&card, handle);
}

TEST(bounded, 0)
{
	uint32_t handle[COPIES_MAX], more, i;
	int fd[COPIES_MAX + 1], error;
	struct screen screen;
	struct rt_mode mode;
	struct card card;
	struct vgpu vgpu;

	card_open(&card);
	make(&vgpu, &screen);
	for (i = 0; i <= COPIES_MAX; i++) {
		fd[i] = show(&screen, i, &mode);
		if (i < COPIES_MAX)
			OK(import(card.fd, fd[i], &handle[i]));
	}
	error = import(card.fd, fd[COPIES_MAX], &more);
	CHECK(error == -EMFILE, "import number %u: %s", COPIES_MAX + 1,
	      error ? strerror(-error) : "works");
	/* Again, the same file: it has its copy. */
	OK(import(card.fd, fd[0], &more));
	CHECK(more == handle[0], "the same file is another object");
	release(&card, handle[0]);
	close(fd[0]);
	OK(import(card.fd, fd[COPIES_MAX], &more));
}

/* Software can map the file; Mesa's would not get far with an import. */
TEST(not_by_software, 0)
{
	struct screen screen;
	struct rt_mode mode;
	struct vgpu vgpu;
	uint32_t handle;
	int vgem, error;

	CHECK(!system("modprobe vgem"), "this kernel has no vgem");
	vgem = open_card("vgem");
	CHECK(vgem >= 0, "vgem has no device");
	make(&vgpu, &screen);
	error = import(vgem, show(&screen, 1, &mode), &handle);
	CHECK(error == -EOPNOTSUPP, "importing into vgem: %s",
	      error ? strerror(-error) : "works");
}
