// SPDX-License-Identifier: GPL-2.0-only
/*
 * plane.c - what a head shows: a picture, and a cursor over it
 *
 * A picture begins, with each of its lines, at a multiple of 64 bytes of video memory. A
 * cursor is shown whole, and may stand out of the picture.
 */
#include <drm/drm_atomic.h>
#include <drm/drm_atomic_helper.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_framebuffer.h>
#include <drm/drm_gem_atomic_helper.h>
#include <drm/drm_plane.h>
#include <drm/drm_vblank.h>

#include "compat.h"
#include "gem.h"
#include "head.h"
#include "kms.h"

#define ALIGNMENT		64	/* of a picture and its lines */

/**
 * refgpu_plane_address - where a picture's first visible pixel is, or a cursor's first
 * @state: of a plane that is shown
 */
u64 refgpu_plane_address(const struct drm_plane_state *state)
{
	struct drm_framebuffer *fb = state->fb;
	u32 x = state->src_x, y = state->src_y;

	/* It may begin left of the head, or above. */
	if (state->plane->type == DRM_PLANE_TYPE_PRIMARY) {
		x = state->src.x1;
		y = state->src.y1;
	}
	return refgpu_bo_address(refgpu_bo_of(fb->obj[0])) + fb->offsets[0] +
	       (u64)(y >> 16) * fb->pitches[0] + (u64)(x >> 16) * fb->format->cpp[0];
}

/*
 * What both planes want. A plane without a head is looked at, too: that is what makes it
 * invisible. Return: 1: it is shown.
 */
static int plane_check(struct drm_plane_state *state, struct drm_atomic_state *commit,
		       bool can_position)
{
	struct drm_crtc_state *crtc_state = NULL;
	int ret;

	if (state->crtc)
		crtc_state = drm_atomic_get_new_crtc_state(commit, state->crtc);
	ret = drm_atomic_helper_check_plane_state(state, crtc_state, DRM_PLANE_NO_SCALING,
						  DRM_PLANE_NO_SCALING, can_position, true);
	if (ret || !state->visible)
		return ret;
	if (!refgpu_bo_is_vram(refgpu_bo_of(state->fb->obj[0])) ||
	    refgpu_plane_address(state) % ALIGNMENT)
		return -EINVAL;
	return 1;
}

static int primary_check(struct drm_plane *plane, struct drm_atomic_state *commit)
{
	struct drm_plane_state *old = drm_atomic_get_old_plane_state(commit, plane);
	struct drm_plane_state *new = drm_atomic_get_new_plane_state(commit, plane);
	struct drm_crtc_state *crtc_state;
	int ret;

	ret = plane_check(new, commit, false);
	/* A head that is on shows a whole picture, not memory beside one. */
	if (!ret && new->crtc && new->fb &&
	    drm_atomic_get_new_crtc_state(commit, new->crtc)->enable)
		return -EINVAL;
	if (ret <= 0)
		return ret;
	if (new->fb->pitches[0] % ALIGNMENT)
		return -EINVAL;
	crtc_state = drm_atomic_get_new_crtc_state(commit, new->crtc);
	if (old->fb && (old->fb->pitches[0] != new->fb->pitches[0] ||
			old->fb->format != new->fb->format))
		crtc_state->mode_changed = true;
	return 0;
}

static void primary_update(struct drm_plane *plane, struct drm_atomic_state *commit)
{
	struct drm_plane_state *old = drm_atomic_get_old_plane_state(commit, plane);
	struct drm_plane_state *new = drm_atomic_get_new_plane_state(commit, plane);
	struct refgpu_head *head = container_of(plane, struct refgpu_head, primary);

	if (!new->visible)
		return;
	head->next = refgpu_plane_address(new);
	head->flips = !old->visible || head->next != refgpu_plane_address(old);
}

static int cursor_check(struct drm_plane *plane, struct drm_atomic_state *commit)
{
	struct drm_plane_state *new = drm_atomic_get_new_plane_state(commit, plane);
	int ret;

	ret = plane_check(new, commit, true);
	if (ret <= 0)
		return ret;
	/* Whole lines of a picture, without gaps between them. */
	if (new->crtc_w > REFGPU_CURSOR_MAX || new->crtc_h > REFGPU_CURSOR_MAX ||
	    new->fb->pitches[0] != new->crtc_w * 4)
		return -EINVAL;
	return 0;
}

/**
 * refgpu_plane_write_cursor - have a head show its cursor as a state wants it
 * @head: the head, on
 * @state: of the cursor; NULL: there is none
 */
void refgpu_plane_write_cursor(struct refgpu_head *head, const struct drm_plane_state *state)
{
	bool visible = state && state->visible;

	if (visible) {
		head_write(head, REFGPU_HEAD_CURSOR_BASE, refgpu_plane_address(state));
		head_write(head, REFGPU_HEAD_CURSOR_SIZE, pair(state->crtc_w, state->crtc_h));
		head_write(head, REFGPU_HEAD_CURSOR_POSITION,
			   pair(state->crtc_x, state->crtc_y));
	}
	head_write(head, REFGPU_HEAD_CONTROL, HEAD_ENABLE | (visible ? HEAD_CURSOR : 0));
}

static void cursor_update(struct drm_plane *plane, struct drm_atomic_state *commit)
{
	struct refgpu_head *head = container_of(plane, struct refgpu_head, cursor);
	struct drm_crtc_state *crtc_state;
	int section;

	/* A mode set writes it, too. */
	crtc_state = drm_atomic_get_new_crtc_state(commit, &head->crtc);
	if (!crtc_state || !crtc_state->active || drm_atomic_crtc_needs_modeset(crtc_state) ||
	    !drm_dev_enter(plane->dev, &section))
		return;
	refgpu_plane_write_cursor(head, drm_atomic_get_new_plane_state(commit, plane));
	/*
	 * A cursor that moves waits for nothing. Whoever then waits for the next vertical
	 * blank shall not get a former one, whose interrupt is late.
	 */
	drm_crtc_accurate_vblank_count(&head->crtc);
	drm_dev_exit(section);
}

static const struct drm_plane_helper_funcs primary_helpers = {
	.prepare_fb	= drm_gem_plane_helper_prepare_fb,
	.atomic_check	= primary_check,
	.atomic_update	= primary_update,
};

static const struct drm_plane_helper_funcs cursor_helpers = {
	.prepare_fb	= drm_gem_plane_helper_prepare_fb,
	.atomic_check	= cursor_check,
	.atomic_update	= cursor_update,
};

static const struct drm_plane_funcs plane_funcs = {
	.update_plane		= drm_atomic_helper_update_plane,
	.disable_plane		= drm_atomic_helper_disable_plane,
	.destroy		= drm_plane_cleanup,
	.reset			= drm_atomic_helper_plane_reset,
	.atomic_duplicate_state	= drm_atomic_helper_plane_duplicate_state,
	.atomic_destroy_state	= drm_atomic_helper_plane_destroy_state,
};

/**
 * refgpu_planes_init - make a head's planes known to DRM
 * @head: with its number
 */
int refgpu_planes_init(struct refgpu_head *head)
{
	static const u32 primary_formats[] = { DRM_FORMAT_XRGB8888, DRM_FORMAT_ARGB8888 };
	static const u32 cursor_formats[] = { DRM_FORMAT_ARGB8888 };
	struct drm_device *drm = &head->gpu->drm;
	int ret;

	ret = drm_universal_plane_init(drm, &head->primary, BIT(head->number), &plane_funcs,
				       primary_formats, ARRAY_SIZE(primary_formats), NULL,
				       DRM_PLANE_TYPE_PRIMARY, NULL);
	if (ret)
		return ret;
	drm_plane_helper_add(&head->primary, &primary_helpers);
	ret = drm_universal_plane_init(drm, &head->cursor, BIT(head->number), &plane_funcs,
				       cursor_formats, ARRAY_SIZE(cursor_formats), NULL,
				       DRM_PLANE_TYPE_CURSOR, NULL);
	if (!ret)
		drm_plane_helper_add(&head->cursor, &cursor_helpers);
	return ret;
}
