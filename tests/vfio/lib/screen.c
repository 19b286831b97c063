// SPDX-License-Identifier: GPL-2.0-only
/*
 * screen.c - plays the display of a VMM
 */
#include "screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "admin.h"

/**
 * screen_make - create a vGPU, choose how it is shown, and open it
 * @screen: receives the VMM's view of it
 * @vgpu: receives it
 * @type: with heads
 * @display: "dmabuf" or another; NULL: what a new one has
 */
void screen_make(struct screen *screen, struct vgpu *vgpu, const char *type,
		 const char *display)
{
	OK(host_create_any(type, vgpu->uuid));
	if (display)
		admin_set(admin_vgpu_path(vgpu->uuid, "openvgpu/display"),
			  display);
	vgpu_open(vgpu);
	*screen = (struct screen){ .vgpu = vgpu };
}

/**
 * screen_region - ask about a region as QEMU does, with its capabilities
 * @vgpu: open
 * @index: of the region
 * @region: receives it
 */
void screen_region(struct vgpu *vgpu, unsigned int index,
		   union region_info *region)
{
	uint32_t need;

	memset(region, 0, sizeof(*region));
	region->info.argsz = sizeof(region->info);
	region->info.index = index;
	CHECK(!ioctl(vgpu->device->fd, VFIO_DEVICE_GET_REGION_INFO, region),
	      "region %u: %s", index, strerror(errno));
	need = region->info.argsz;
	CHECK(need >= sizeof(region->info) && need <= sizeof(*region),
	      "region %u: information of %u bytes", index, need);
	CHECK(need == sizeof(region->info) || !region->info.cap_offset,
	      "region %u: capabilities where there was no room", index);
	if (need == sizeof(region->info))
		return;
	CHECK(!ioctl(vgpu->device->fd, VFIO_DEVICE_GET_REGION_INFO, region),
	      "region %u: %s", index, strerror(errno));
}

/**
 * screen_query - VFIO_DEVICE_QUERY_GFX_PLANE
 * @vgpu: open
 * @flags: VFIO_GFX_PLANE_TYPE_*
 * @plane_type: SCREEN_PRIMARY or SCREEN_CURSOR; QEMU says 0
 * @plane: receives the answer
 *
 * Return: 0 or -errno.
 */
int screen_query(struct vgpu *vgpu, uint32_t flags, uint32_t plane_type,
		 struct vfio_device_gfx_plane_info *plane)
{
	memset(plane, 0xa5, sizeof(*plane));
	plane->argsz = sizeof(*plane);
	plane->flags = flags;
	plane->drm_plane_type = plane_type;
	if (ioctl(vgpu->device->fd, VFIO_DEVICE_QUERY_GFX_PLANE, plane))
		return rt_fail(errno, "QUERY_GFX_PLANE: %m");
	return 0;
}

/**
 * screen_window - map the display window
 * @vgpu: open
 * @index: of its region
 * @bytes: receives its size
 */
volatile uint8_t *screen_window(struct vgpu *vgpu, unsigned int index,
				uint64_t *bytes)
{
	union region_info region;
	void *map;

	screen_region(vgpu, index, &region);
	*bytes = region.info.size;
	map = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, vgpu->device->fd,
		   (off_t)region.info.offset);
	CHECK(map != MAP_FAILED, "mapping the window of %llu bytes: %s",
	      (unsigned long long)*bytes, strerror(errno));
	return map;
}

/**
 * screen_ask - screen_query() of a screen
 * @screen: receives the answer
 * @flags: VFIO_GFX_PLANE_TYPE_*
 * @plane_type: SCREEN_PRIMARY or SCREEN_CURSOR
 *
 * Return: 0 or -errno.
 */
int screen_ask(struct screen *screen, uint32_t flags, uint32_t plane_type)
{
	return screen_query(screen->vgpu, flags, plane_type, &screen->plane);
}

static void check_plane(const struct screen *screen)
{
	const struct vfio_device_gfx_plane_info *plane = &screen->plane;
	uint64_t end;

	if (!plane->drm_format || !plane->size) {
		CHECK(!plane->drm_format && !plane->size && !plane->width &&
		      !plane->height, "half a picture: format 0x%x, %ux%u, %u bytes",
		      plane->drm_format, plane->width, plane->height, plane->size);
		return;
	}
	end = (uint64_t)plane->stride * (plane->height - 1) + 4ull * plane->width;
	/* QEMU ends when these do not hold. */
	CHECK(plane->width && plane->height && !(plane->stride % 4) &&
	      plane->stride >= 4ull * plane->width && plane->size >= end,
	      "%ux%u with lines of %u bytes in %u bytes", plane->width,
	      plane->height, plane->stride, plane->size);
	CHECK(!screen->map || end <= screen->bytes,
	      "a picture of %llu bytes in a window of %llu",
	      (unsigned long long)end, (unsigned long long)screen->bytes);
	CHECK(!plane->drm_format_mod, "modifier 0x%llx",
	      (unsigned long long)plane->drm_format_mod);
}

/**
 * screen_update - what a VMM does many times a second, with the region method
 * @screen: its window is mapped if it was not
 */
void screen_update(struct screen *screen)
{
	int error = screen_ask(screen, VFIO_GFX_PLANE_TYPE_REGION,
			       SCREEN_PRIMARY);

	CHECK(!error, "no answer what is shown: %s", strerror(-error));
	if (!screen->map)
		screen->map = screen_window(screen->vgpu,
					    screen->plane.region_index,
					    &screen->bytes);
	check_plane(screen);
}

/**
 * screen_dmabuf - the same with the dma-buf method
 * @screen: receives the answer; there is a picture
 * @plane_type: SCREEN_PRIMARY or SCREEN_CURSOR
 */
void screen_dmabuf(struct screen *screen, uint32_t plane_type)
{
	int error = screen_ask(screen, VFIO_GFX_PLANE_TYPE_DMABUF, plane_type);

	CHECK(!error, "no answer what is shown: %s", strerror(-error));
	check_plane(screen);
}

/**
 * screen_file - VFIO_DEVICE_GET_GFX_DMABUF
 * @vgpu: open
 * @id: the dma-buf's, from the answer what is shown
 *
 * Return: the file, or -errno.
 */
int screen_file(struct vgpu *vgpu, uint32_t id)
{
	int fd = ioctl(vgpu->device->fd, VFIO_DEVICE_GET_GFX_DMABUF, &id);

	return fd < 0 ? rt_fail(errno, "no dma-buf of id %u: %m", id) : fd;
}

/**
 * screen_close - the VMM unmaps the window
 * @screen: any
 */
void screen_close(struct screen *screen)
{
	if (screen->map)
		munmap((void *)screen->map, screen->bytes);
	screen->map = NULL;
}

/**
 * screen_differs - compare a picture with what the guest drew
 * @vgpu: whose framebuffer holds the original
 * @picture: what somebody sees
 * @pitch: bytes from one line of it to the next
 * @mode: where the original is
 *
 * Return: the first line that differs, or -1.
 */
long screen_differs(const struct vgpu *vgpu, const volatile uint8_t *picture,
		    uint32_t pitch, const struct rt_mode *mode)
{
	uint32_t y;

	for (y = 0; y < mode->height; y++)
		if (memcmp((const void *)(picture + (uint64_t)y * pitch),
			   rt_framebuffer(vgpu->device, mode->base +
					  (uint64_t)y * mode->pitch),
			   4 * mode->width))
			return y;
	return -1;
}

/**
 * screen_shows - the window shows what the guest drew
 * @screen: after screen_update()
 * @mode: what the head shows
 * @when: for messages
 */
void screen_shows(const struct screen *screen, const struct rt_mode *mode,
		  const char *when)
{
	long line;

	CHECK(screen->plane.drm_format == mode->format &&
	      screen->plane.width == mode->width &&
	      screen->plane.height == mode->height,
	      "%s: told %ux%u of format 0x%x, not %ux%u of 0x%x", when,
	      screen->plane.width, screen->plane.height,
	      screen->plane.drm_format, mode->width, mode->height, mode->format);
	line = screen_differs(screen->vgpu, screen->map, screen->plane.stride,
			      mode);
	CHECK(line < 0, "%s: line %ld of the window is not what was drawn", when,
	      line);
}

/**
 * screen_empty - nothing is shown, and the window is black
 * @screen: after screen_update()
 * @when: for messages
 */
void screen_empty(const struct screen *screen, const char *when)
{
	uint64_t offset, value;

	CHECK(!screen->plane.drm_format && !screen->plane.size,
	      "%s: a picture: format 0x%x, %u bytes", when,
	      screen->plane.drm_format, screen->plane.size);
	for (offset = 0; offset < screen->bytes; offset += RT_PAGE_SIZE / 2) {
		CHECK(peek(screen->map + offset, &value),
		      "%s: SIGBUS at 0x%llx of the window", when,
		      (unsigned long long)offset);
		CHECK(!value, "%s: 0x%llx at 0x%llx of the window", when,
		      (unsigned long long)value, (unsigned long long)offset);
	}
}

/**
 * screen_draw - a mode with a picture of its own
 * @vgpu: whose framebuffer
 * @width: pixels
 * @height: lines
 * @seed: of the picture
 *
 * Return: the mode; it begins with a page.
 */
struct rt_mode screen_draw(struct vgpu *vgpu, uint32_t width, uint32_t height,
			   uint32_t seed)
{
	struct rt_mode mode = {
		.width = width, .height = height, .pitch = 4 * width,
		.format = RT_XR24,
		.base = rt_framebuffer_alloc(vgpu->device,
					     4ull * width * height,
					     RT_PAGE_SIZE),
	};

	fill_words(rt_framebuffer(vgpu->device, mode.base), 4ull * width * height,
		   seed);
	return mode;
}
