/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console.h - the kernel's console on the first heads, as each kernel wants it set up
 *
 * What all versions need of a driver is dumb buffers and vmap.
 */
#ifndef REFGPU_CONSOLE_H
#define REFGPU_CONSOLE_H

#include <drm/drm_fb_helper.h>
#ifdef VGPU_HAVE_CLIENTS_SETUP_H
#include <drm/clients/drm_client_setup.h>
#endif
#ifdef VGPU_HAVE_CLIENT_SETUP_H
#include <drm/drm_client_setup.h>
#endif
#ifdef VGPU_HAVE_FBDEV_TTM_H
#include <drm/drm_fbdev_ttm.h>
#endif
#ifdef VGPU_HAVE_FBDEV_GENERIC_H
#include <drm/drm_fbdev_generic.h>
#endif

/* 6.13, and 6.12.y: clients of the kernel ask the driver for the framebuffer. */
#ifdef VGPU_HAVE_FBDEV_PROBE
#define REFGPU_CONSOLE_OPS	DRM_FBDEV_TTM_DRIVER_OPS,
static inline void refgpu_console_setup(struct drm_device *drm)
{
	drm_client_setup(drm, NULL);
}
#else
#define REFGPU_CONSOLE_OPS
static inline void refgpu_console_setup(struct drm_device *drm)
{
	drm_fbdev_generic_setup(drm, 32);
}
#endif

#endif /* REFGPU_CONSOLE_H */
