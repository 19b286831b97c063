/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * screen.h - plays the display of a VMM: asks what a vGPU shows and looks at
 * it; every failure ends the test
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <linux/vfio.h>

#include "head.h"
#include "vgpu.h"

#define SCREEN_PRIMARY	1u	/* enum drm_plane_type */
#define SCREEN_CURSOR	2u

/**
 * struct screen - a VMM's view of a vGPU
 * @vgpu: whose picture; open
 * @plane: the last answer
 * @map: the display window, mapped once; NULL: not yet
 * @bytes: size of @map
 */
struct screen {
	struct vgpu *vgpu;
	struct vfio_device_gfx_plane_info plane;
	volatile uint8_t *map;
	uint64_t bytes;
};

/* Region information with its capabilities. */
union region_info {
	struct vfio_region_info info;
	uint8_t bytes[256];
};

void screen_make(struct screen *screen, struct vgpu *vgpu, const char *type,
		 const char *display);
void screen_region(struct vgpu *vgpu, unsigned int index,
		   union region_info *region);
int screen_query(struct vgpu *vgpu, uint32_t flags, uint32_t plane_type,
		 struct vfio_device_gfx_plane_info *plane);
volatile uint8_t *screen_window(struct vgpu *vgpu, unsigned int index,
				uint64_t *bytes);
int screen_ask(struct screen *screen, uint32_t flags, uint32_t plane_type);
void screen_update(struct screen *screen);
void screen_dmabuf(struct screen *screen, uint32_t plane_type);
int screen_file(struct vgpu *vgpu, uint32_t id);
void screen_close(struct screen *screen);
void screen_shows(const struct screen *screen, const struct rt_mode *mode,
		  const char *when);
void screen_empty(const struct screen *screen, const char *when);
long screen_differs(const struct vgpu *vgpu, const volatile uint8_t *picture,
		    uint32_t pitch, const struct rt_mode *mode);
struct rt_mode screen_draw(struct vgpu *vgpu, uint32_t width, uint32_t height,
			   uint32_t seed);

#endif /* SCREEN_H */
