// SPDX-License-Identifier: GPL-2.0-only
/*
 * plane.c - pictures in a slice of video memory; see plane.h
 */
#include "display/plane.h"

#define FOURCC(a, b, c, d) \
	((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/* A VMM's image library takes 32767 pixels, and VFIO's sizes have 32 bits. */
#define PIXELS_MAX	16384
#define BYTES_MAX	0xffff0000ULL

/* A VMM's image library takes lines of whole 32-bit words. */
#define PITCH_ALIGN	4

/**
 * vgpu_plane_pixel_bytes - the size of a pixel
 * @format: DRM fourcc
 *
 * Any context.
 *
 * Return: bytes, at most 4; 0: not a format that can be shown.
 */
unsigned int vgpu_plane_pixel_bytes(__u32 format)
{
	switch (format) {
	case FOURCC('X', 'R', '2', '4'):
	case FOURCC('A', 'R', '2', '4'):
	case FOURCC('X', 'B', '2', '4'):
	case FOURCC('A', 'B', '2', '4'):
	case FOURCC('B', 'X', '2', '4'):
		return 4;
	case FOURCC('R', 'G', '2', '4'):
		return 3;
	case FOURCC('R', 'G', '1', '6'):
	case FOURCC('X', 'R', '1', '5'):
		return 2;
	}
	return 0;
}

/**
 * vgpu_plane_inside - whether a picture can be shown
 * @plane: the picture as the guest describes it; any values
 * @slice: size of the slice, bytes
 * @pixels: pixels of the largest mode
 *
 * Width and height may be exchanged: a screen may stand upright. Any context.
 *
 * Return: true if its format is known, its size is sane and not beyond
 * @pixels, and every pixel lies in the slice.
 */
bool vgpu_plane_inside(const struct vgpu_plane *plane, __u64 slice,
		       __u64 pixels)
{
	unsigned int pixel = vgpu_plane_pixel_bytes(plane->format);
	__u64 bytes;

	if (!pixel || !plane->width || plane->width > PIXELS_MAX ||
	    !plane->height || plane->height > PIXELS_MAX ||
	    (__u64)plane->width * plane->height > pixels)
		return false;
	if (plane->pitch < plane->width * pixel || plane->base >= slice)
		return false;
	bytes = vgpu_plane_bytes(plane);
	return bytes <= BYTES_MAX && bytes <= slice - plane->base;
}

/**
 * vgpu_plane_bytes - size of a picture, from its first byte to its last
 * @plane: the picture; width and height are at most PIXELS_MAX
 *
 * Any context.
 *
 * Return: bytes; below 2^47.
 */
__u64 vgpu_plane_bytes(const struct vgpu_plane *plane)
{
	return (__u64)plane->pitch * (plane->height - 1) +
	       plane->width * vgpu_plane_pixel_bytes(plane->format);
}

static bool same_layout(const struct vgpu_plane *a, const struct vgpu_plane *b)
{
	return a->format == b->format && a->width == b->width &&
	       a->height == b->height;
}

/**
 * vgpu_plane_packed_pitch - the smallest pitch of a copy of a picture
 * @plane: the picture, which fits
 *
 * A copy with this pitch has no more than 4 bytes a pixel. Any context.
 *
 * Return: bytes.
 */
__u32 vgpu_plane_packed_pitch(const struct vgpu_plane *plane)
{
	__u32 line = plane->width * vgpu_plane_pixel_bytes(plane->format);

	return (line + PITCH_ALIGN - 1) & ~(PITCH_ALIGN - 1u);
}

/**
 * vgpu_plane_window_pitch - the pitch with which the window shows a picture
 * @plane: the picture, which fits
 * @reported: the picture that the VMM was informed of last; all zero: none yet
 * @window: size of the window, bytes, whole pages
 *
 * A VMM looks at the pitch only when size or format have changed, so the pitch
 * stays until then. Otherwise it is the picture's own, unless that is not a
 * multiple of a word, or so large that the picture exceeds the window. Any
 * context.
 *
 * Return: bytes. A picture with another pitch has to be copied.
 */
__u32 vgpu_plane_window_pitch(const struct vgpu_plane *plane,
			      const struct vgpu_plane *reported, __u64 window)
{
	if (same_layout(plane, reported))
		return reported->pitch;
	if (plane->pitch % PITCH_ALIGN || vgpu_plane_bytes(plane) > window)
		return vgpu_plane_packed_pitch(plane);
	return plane->pitch;
}
