/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plane.h - pictures in a slice of video memory, as a guest describes them
 *
 * Guests are not trusted: a picture is shown only after vgpu_plane_inside() has
 * accepted it. Pure C without calls or locks, so that unit tests compile it in
 * user space.
 */
#ifndef OPENVGPU_PLANE_H
#define OPENVGPU_PLANE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <linux/types.h>
#endif

/**
 * struct vgpu_plane - one picture in a vGPU's slice
 * @format: DRM fourcc; 0: there is none
 * @width, @height: pixels
 * @pitch: bytes from one line to the next
 * @base: offset of the first pixel in the slice, bytes
 * @x, @y: cursor: position of its top left corner
 * @hot_x, @hot_y: cursor: position of the hot spot in it
 *
 * All fields are values of the guest; vgpu_plane_fits() checks them.
 */
struct vgpu_plane {
	__u32 format;
	__u32 width, height;
	__u32 pitch;
	__u64 base;
	__s32 x, y;
	__u32 hot_x, hot_y;
};

unsigned int vgpu_plane_pixel_bytes(__u32 format);
bool vgpu_plane_inside(const struct vgpu_plane *plane, __u64 slice,
		       __u64 pixels);
__u64 vgpu_plane_bytes(const struct vgpu_plane *plane);
__u32 vgpu_plane_packed_pitch(const struct vgpu_plane *plane);
__u32 vgpu_plane_window_pitch(const struct vgpu_plane *plane,
			      const struct vgpu_plane *reported, __u64 window);

#endif /* OPENVGPU_PLANE_H */
