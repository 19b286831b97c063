// SPDX-License-Identifier: GPL-2.0-only
/*
 * query.c - how a VMM gets the picture of head 0 of a vGPU
 *
 * A VMM gets it either in the display window, a region of fixed size whose
 * pages follow the picture (window.c), or as dma-bufs (dmabuf.c). What a guest
 * programs is not trusted: a picture is reported to the VMM only if it lies in
 * the vGPU's slice, in a format and size that VMMs can cope with.
 */
#include <drm/drm_fourcc.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "display/dmabuf.h"
#include "display/monitor.h"
#include "display/picture.h"
#include "display/plane.h"
#include "display/query.h"
#include "display/window.h"

#define PIXEL_BYTES_MAX	4	/* of all formats */

/* Values of enum drm_plane_type; drm/drm_plane.h can't be included without DRM. */
#define DRM_PLANE_TYPE_PRIMARY	1
#define DRM_PLANE_TYPE_CURSOR	2

/* --------------------------------------------------------------- regions */

/* The size of the largest mode, since a VMM maps the window only once. */
static u64 window_size(const struct vgpu *vgpu)
{
	return PAGE_ALIGN((u64)vgpu->type->max_x * vgpu->type->max_y *
			  PIXEL_BYTES_MAX);
}

/**
 * vgpu_display_setup - set up the regions of the display
 * @vgpu: the vGPU, closed; its personality has filled in the others
 *
 * To be called when the personality or the display attribute has changed,
 * with vgpu->lock held or before the vGPU is registered.
 */
void vgpu_display_setup(struct vgpu *vgpu)
{
	struct vgpu_region *window = &vgpu->region[VGPU_WINDOW_REGION];
	struct vgpu_region *edid = &vgpu->region[VGPU_EDID_REGION];

	memset(window, 0, sizeof(*window));
	memset(edid, 0, sizeof(*edid));
	vgpu->num_regions = max_t(unsigned int, vgpu->num_regions,
				  VGPU_EDID_REGION + 1);
	if (!vgpu_has_display(vgpu) || vgpu->display.method == VGPU_DISPLAY_OFF)
		return;
	if (vgpu->display.method == VGPU_DISPLAY_REGION) {
		window->ops = &vgpu_window_ops;
		window->size = window_size(vgpu);
		window->write_combine = true;
	}
	edid->ops = &vgpu_edid_ops;
	edid->gfx_subtype = VFIO_REGION_SUBTYPE_GFX_EDID;
	edid->size = VGPU_EDID_REGION_SIZE;
}

/* ---------------------------------------------------------------- choice */

static const char *const method_name[] = {
	[VGPU_DISPLAY_REGION]	= "region",
	[VGPU_DISPLAY_DMABUF]	= "dmabuf",
	[VGPU_DISPLAY_OFF]	= "off",
};

/* Constant while it is open. */
static enum vgpu_display_method display_method(const struct vgpu *vgpu)
{
	return vgpu_has_display(vgpu) ? READ_ONCE(vgpu->display.method) :
					VGPU_DISPLAY_OFF;
}

/**
 * vgpu_display_list - the values of the display attribute
 * @vgpu: the vGPU
 * @buf: buffer of sysfs
 *
 * Return: bytes written: all names, the one in force in brackets.
 */
int vgpu_display_list(const struct vgpu *vgpu, char *buf)
{
	enum vgpu_display_method method = display_method(vgpu);
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(method_name); i++) {
		if (i != VGPU_DISPLAY_OFF && !vgpu_has_display(vgpu))
			continue;
		n = vgpu_list_name(buf, PAGE_SIZE, n, method_name[i],
				   i == method);
	}
	return n + sysfs_emit_at(buf, n, "\n");
}

/* With vgpu->lock held. */
static int set_method(struct vgpu *vgpu, enum vgpu_display_method method)
{
	const char *reason = NULL;

	/* Also while it is being closed. */
	if (vgpu->owner_pid) {
		vgpu_error(vgpu, ": display not changed: process %d has it open; end its VM first",
			   vgpu->owner_pid);
		return -EBUSY;
	}
	if (!vgpu->type->heads)
		reason = "its type has no heads";
	else if (!vgpu_has_display(vgpu))
		reason = "its personality has no display";
	if (reason && method != VGPU_DISPLAY_OFF) {
		vgpu_error(vgpu, ": display not changed: %s", reason);
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(vgpu->display.method, method);
	vgpu_display_setup(vgpu);
	return 0;
}

/**
 * vgpu_set_display - choose how a VMM gets the picture
 * @vgpu: the vGPU
 * @name: name of the method; a newline may follow
 *
 * May sleep.
 *
 * Return: 0; -EINVAL: there is no such method; -EOPNOTSUPP: the vGPU has no
 * display; -EBUSY: the vGPU is open.
 */
int vgpu_set_display(struct vgpu *vgpu, const char *name)
{
	int method = sysfs_match_string(method_name, name), ret;

	if (method < 0) {
		vgpu_error(vgpu, ": display not changed: it can be region, dmabuf or off");
		return -EINVAL;
	}
	mutex_lock(&vgpu->lock);
	ret = set_method(vgpu, method);
	mutex_unlock(&vgpu->lock);
	return ret;
}

/* ---------------------------------------------------------------- queries */

/* The answer to a query, for a picture that fits. */
static void fill_info(struct vfio_device_gfx_plane_info *info,
		      const struct vgpu_plane *plane)
{
	info->drm_format = plane->format;
	info->drm_format_mod = DRM_FORMAT_MOD_LINEAR;
	info->width = plane->width;
	info->height = plane->height;
	info->stride = plane->pitch;
	info->size = PAGE_ALIGN(vgpu_plane_bytes(plane));
	info->x_pos = plane->x;
	info->y_pos = plane->y;
	info->x_hot = plane->hot_x;
	info->y_hot = plane->hot_y;
}

/* Return: whether there is a picture that can be shown; @plane is zero if not. */
static bool read_picture(struct vgpu *vgpu, enum vgpu_plane_kind kind,
			 struct vgpu_plane *plane)
{
	vgpu->personality->plane(vgpu, 0, kind, plane);
	if (plane->format && vgpu_plane_fits(vgpu, plane))
		return true;
	memset(plane, 0, sizeof(*plane));
	return false;
}

static void query_region(struct vgpu *vgpu, enum vgpu_plane_kind kind,
			 struct vfio_device_gfx_plane_info *info)
{
	struct vgpu_plane plane = { };

	info->region_index = VGPU_WINDOW_REGION;
	/* The window shows the primary plane only. */
	if (kind != VGPU_PLANE_PRIMARY)
		return;
	read_picture(vgpu, kind, &plane);
	mutex_lock(&vgpu->display.lock);
	if (vgpu_window_show(vgpu, &plane))
		fill_info(info, &plane);
	mutex_unlock(&vgpu->display.lock);
}

static void query_dmabuf(struct vgpu *vgpu, enum vgpu_plane_kind kind,
			 struct vfio_device_gfx_plane_info *info)
{
	struct vgpu_plane plane = { };

	if (!read_picture(vgpu, kind, &plane))
		return;
	/* The interface has no offset: the picture begins with the first byte. */
	if (!PAGE_ALIGNED(plane.base))
		return;
	/* Its pitch must not make a copy larger than that of the largest mode. */
	if (vgpu_plane_bytes(&plane) > window_size(vgpu))
		return;
	fill_info(info, &plane);
	mutex_lock(&vgpu->display.lock);
	info->dmabuf_id = vgpu_dmabuf_id(vgpu, &plane);
	mutex_unlock(&vgpu->display.lock);
	vgpu_dmabuf_refresh(vgpu, &plane);
}

/* QEMU leaves the plane's type 0 when it queries the region. */
static int kind_of(enum vgpu_display_method method, u32 drm_plane_type,
		   enum vgpu_plane_kind *kind)
{
	if (method == VGPU_DISPLAY_REGION && !drm_plane_type)
		drm_plane_type = DRM_PLANE_TYPE_PRIMARY;
	switch (drm_plane_type) {
	case DRM_PLANE_TYPE_PRIMARY:
		*kind = VGPU_PLANE_PRIMARY;
		return 0;
	case DRM_PLANE_TYPE_CURSOR:
		*kind = VGPU_PLANE_CURSOR;
		return 0;
	}
	return -EINVAL;
}

/**
 * vgpu_display_query - VFIO_DEVICE_QUERY_GFX_PLANE
 * @vgpu: the vGPU, open
 * @arg: the user's struct vfio_device_gfx_plane_info
 *
 * VMMs call it many times a second. Size and format are 0 if there is no
 * picture. May sleep.
 *
 * Return: 0; -EINVAL: it is not the method of this vGPU, there is no such plane,
 * or the flags are not valid; -EFAULT.
 */
long vgpu_display_query(struct vgpu *vgpu, void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_gfx_plane_info,
					  dmabuf_id);
	struct vfio_device_gfx_plane_info info, answer = { };
	enum vgpu_display_method method;
	enum vgpu_plane_kind kind;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	switch (info.flags & ~VFIO_GFX_PLANE_TYPE_PROBE) {
	case VFIO_GFX_PLANE_TYPE_REGION:
		method = VGPU_DISPLAY_REGION;
		break;
	case VFIO_GFX_PLANE_TYPE_DMABUF:
		method = VGPU_DISPLAY_DMABUF;
		break;
	default:
		return -EINVAL;
	}
	if (display_method(vgpu) != method)
		return -EINVAL;
	if (info.flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return 0;
	if (kind_of(method, info.drm_plane_type, &kind))
		return -EINVAL;

	answer.argsz = info.argsz;
	answer.flags = info.flags;
	answer.drm_plane_type = info.drm_plane_type;
	if (method == VGPU_DISPLAY_REGION)
		query_region(vgpu, kind, &answer);
	else
		query_dmabuf(vgpu, kind, &answer);
	return copy_to_user(arg, &answer, minsz) ? -EFAULT : 0;
}

/**
 * vgpu_display_close - the VMM has closed the vGPU
 * @vgpu: the vGPU; vgpu->lock is held
 *
 * When it returns, no mapping and no dma-buf of the VMM shows the slice.
 */
void vgpu_display_close(struct vgpu *vgpu)
{
	vgpu_window_close(vgpu);
	vgpu_dmabuf_close(vgpu);
}
