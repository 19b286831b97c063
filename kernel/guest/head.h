/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * head.h - one head: what kms.c and plane.c share
 */
#ifndef REFGPU_HEAD_H
#define REFGPU_HEAD_H

#include <drm/drm_connector.h>
#include <drm/drm_crtc.h>
#include <drm/drm_encoder.h>
#include <drm/drm_plane.h>

#include "drv.h"

#define REFGPU_CURSOR_MAX	256

/**
 * struct refgpu_head - one head
 * @gpu: the GPU
 * @number: 0..REFGPU_HEADS-1
 * @primary: shows the picture
 * @cursor: over it
 * @crtc: the head itself
 * @encoder: what DRM wants between the two
 * @connector: its monitor
 * @next: address that the commit under way flips to
 * @flips: it does
 * @event: to be sent when that is shown; protected by the device's event_lock
 * @crc: CRCs are wanted
 * @blanks: vertical blanks that were reported last
 * @blanks_before: those before it was switched on, when the hardware begins at 0
 */
struct refgpu_head {
	struct refgpu *gpu;
	unsigned int number;
	struct drm_plane primary;
	struct drm_plane cursor;
	struct drm_crtc crtc;
	struct drm_encoder encoder;
	struct drm_connector connector;
	u64 next;
	bool flips;
	struct drm_pending_vblank_event *event;
	bool crc;
	u32 blanks;
	u32 blanks_before;
};

static inline struct refgpu_head *refgpu_head_of(struct drm_crtc *crtc)
{
	return container_of(crtc, struct refgpu_head, crtc);
}

static inline u64 head_read(struct refgpu_head *head, u32 offset)
{
	return user_read(head->gpu, REFGPU_USER_HEAD(head->number) + offset);
}

static inline void head_write(struct refgpu_head *head, u32 offset, u64 value)
{
	user_write(head->gpu, REFGPU_USER_HEAD(head->number) + offset, value);
}

static inline u64 pair(u32 low, u32 high)
{
	return (u64)high << 32 | low;
}

u64 refgpu_plane_address(const struct drm_plane_state *state);
void refgpu_plane_write_cursor(struct refgpu_head *head, const struct drm_plane_state *state);
int refgpu_planes_init(struct refgpu_head *head);

#endif /* REFGPU_HEAD_H */
