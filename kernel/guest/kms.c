// SPDX-License-Identifier: GPL-2.0-only
/*
 * kms.c - heads: each a CRTC with the planes of plane.c and one connector
 *
 * A head takes its mode, pitch and format only while it is off: another pitch is a
 * mode set. A flip is shown, and its event sent, when the head says so; the host may
 * limit how often it does. All modes have 60 Hz. A head shows video memory only.
 */
#include <linux/ktime.h>
#include <drm/drm_atomic.h>
#include <drm/drm_atomic_helper.h>
#include <drm/drm_debugfs_crc.h>
#include <drm/drm_edid.h>
#include <drm/drm_framebuffer.h>
#include <drm/drm_gem_framebuffer_helper.h>
#include <drm/drm_managed.h>
#include <drm/drm_modeset_helper_vtables.h>
#include <drm/drm_probe_helper.h>
#include <drm/drm_vblank.h>

#include "compat.h"
#include "drv.h"
#include "head.h"
#include "kms.h"

#define FRAMEBUFFER_MAX		16384
#define EDID_BLOCK		128

/**
 * struct refgpu_kms - all heads
 * @gpu: the GPU
 * @hotplug: tells user space that monitors have changed
 * @restore: sets all modes again
 * @heads: as many as the GPU has
 *
 * Both work items run in a freezable queue, since drm_atomic_helper_resume() replaces the
 * states of all heads without a lock: whoever sets a mode meanwhile uses freed memory.
 */
struct refgpu_kms {
	struct refgpu *gpu;
	struct work_struct hotplug;
	struct work_struct restore;
	struct refgpu_head heads[];
};

/* -------------------------------------------------------------------- heads */

static enum drm_mode_status crtc_mode_valid(struct drm_crtc *crtc,
					    const struct drm_display_mode *mode)
{
	struct refgpu *gpu = refgpu_of(crtc->dev);

	if (drm_mode_vrefresh(mode) != REFGPU_HEAD_REFRESH_HZ)
		return MODE_CLOCK_RANGE;
	if (mode->hdisplay > gpu->max_width)
		return MODE_VIRTUAL_X;
	if (mode->vdisplay > gpu->max_height)
		return MODE_VIRTUAL_Y;
	return MODE_OK;
}

static int crtc_check(struct drm_crtc *crtc, struct drm_atomic_state *commit)
{
	struct drm_crtc_state *state = drm_atomic_get_new_crtc_state(commit, crtc);

	/* A head that is on shows a picture. */
	if (state->enable && !(state->plane_mask & drm_plane_mask(crtc->primary)))
		return -EINVAL;
	return 0;
}

/* event_lock held */
static void send_event(struct refgpu_head *head)
{
	if (!head->event)
		return;
	drm_crtc_send_vblank_event(&head->crtc, head->event);
	drm_crtc_vblank_put(&head->crtc);
	head->event = NULL;
}

/*
 * A head that is dark has no vertical blanks: the host refused its mode, or lowered a
 * limit, or the GPU is gone.
 */
static bool is_dark(struct refgpu_head *head)
{
	bool dark = true;
	int section;

	if (drm_dev_enter(&head->gpu->drm, &section)) {
		dark = !(head_read(head, REFGPU_HEAD_STATUS) & HEAD_IS_ACTIVE);
		drm_dev_exit(section);
	}
	return dark;
}

/* At the next vertical blank. event_lock held. */
static void arm_event(struct refgpu_head *head, struct drm_pending_vblank_event *event)
{
	struct drm_crtc *crtc = &head->crtc;

	if (!event)
		return;
	if (is_dark(head) || drm_crtc_vblank_get(crtc))
		drm_crtc_send_vblank_event(crtc, event);
	else
		drm_crtc_arm_vblank_event(crtc, event);
}

/* @cursor: NULL: none */
static void switch_on(struct refgpu_head *head, const struct drm_display_mode *mode,
		      const struct drm_plane_state *picture,
		      const struct drm_plane_state *cursor)
{
	head_write(head, REFGPU_HEAD_CONTROL, 0);
	WRITE_ONCE(head->blanks_before, READ_ONCE(head->blanks));
	head_write(head, REFGPU_HEAD_BASE, refgpu_plane_address(picture));
	head_write(head, REFGPU_HEAD_PITCH, picture->fb->pitches[0]);
	head_write(head, REFGPU_HEAD_FORMAT, picture->fb->format->format);
	head_write(head, REFGPU_HEAD_SIZE, pair(mode->hdisplay, mode->vdisplay));
	refgpu_plane_write_cursor(head, cursor);
	if (is_dark(head))
		drm_err_ratelimited(&head->gpu->drm,
				    "head %u: the host refuses %ux%u\n", head->number,
				    mode->hdisplay, mode->vdisplay);
	refgpu_interrupt_enable(head->gpu, REFGPU_INTR_FLIP(head->number), 0);
}

static void crtc_enable(struct drm_crtc *crtc, struct drm_atomic_state *commit)
{
	struct drm_crtc_state *state = drm_atomic_get_new_crtc_state(commit, crtc);
	struct refgpu_head *head = refgpu_head_of(crtc);
	int section;

	head->flips = false;
	if (drm_dev_enter(crtc->dev, &section)) {
		/* The former is part of each mode set: crtc_check() wants it. */
		switch_on(head, &state->mode,
			  drm_atomic_get_new_plane_state(commit, &head->primary),
			  drm_atomic_get_new_plane_state(commit, &head->cursor));
		drm_dev_exit(section);
	}
	drm_crtc_vblank_on(crtc);
	spin_lock_irq(&crtc->dev->event_lock);
	arm_event(head, state->event);
	state->event = NULL;
	spin_unlock_irq(&crtc->dev->event_lock);
}

static void crtc_disable(struct drm_crtc *crtc, struct drm_atomic_state *commit)
{
	struct drm_crtc_state *state = drm_atomic_get_new_crtc_state(commit, crtc);
	struct refgpu_head *head = refgpu_head_of(crtc);
	struct drm_device *drm = crtc->dev;
	int section;

	spin_lock_irq(&drm->event_lock);
	send_event(head);
	spin_unlock_irq(&drm->event_lock);
	drm_crtc_vblank_off(crtc);
	if (drm_dev_enter(drm, &section)) {
		refgpu_interrupt_enable(head->gpu, 0, REFGPU_INTR_FLIP(head->number));
		head_write(head, REFGPU_HEAD_CONTROL, 0);
		drm_dev_exit(section);
	}
	spin_lock_irq(&drm->event_lock);
	if (state->event && !state->active) {
		drm_crtc_send_vblank_event(crtc, state->event);
		state->event = NULL;
	}
	spin_unlock_irq(&drm->event_lock);
}

static void crtc_flush(struct drm_crtc *crtc, struct drm_atomic_state *commit)
{
	struct drm_crtc_state *state = drm_atomic_get_new_crtc_state(commit, crtc);
	struct refgpu_head *head = refgpu_head_of(crtc);
	struct drm_pending_vblank_event *event = state->event;
	bool flips = head->flips;

	/* Those of a mode set are crtc_enable()'s and crtc_disable()'s. */
	if (!state->active || drm_atomic_crtc_needs_modeset(state))
		return;
	/* A cursor that moves does not wait for a flip that is under way. */
	if (!event && !flips)
		return;
	state->event = NULL;
	head->flips = false;
	spin_lock_irq(&crtc->dev->event_lock);
	/* Of a commit that was given up. */
	send_event(head);
	if (!flips || is_dark(head)) {
		arm_event(head, event);
		goto unlock;
	}
	if (event && drm_crtc_vblank_get(crtc)) {
		drm_crtc_send_vblank_event(crtc, event);
		event = NULL;
	}
	head->event = event;
	head_write(head, REFGPU_HEAD_FLIP, head->next);
unlock:
	spin_unlock_irq(&crtc->dev->event_lock);
}

static void set_vblank(struct refgpu_head *head, bool wanted)
{
	u64 interrupt = REFGPU_INTR_VBLANK(head->number);
	int section;

	if (!drm_dev_enter(&head->gpu->drm, &section))
		return;
	refgpu_interrupt_enable(head->gpu, wanted ? interrupt : 0, wanted ? 0 : interrupt);
	drm_dev_exit(section);
}

/* It does not fail when the GPU is gone: DRM would warn. Then no head is on any more. */
static int crtc_enable_vblank(struct drm_crtc *crtc)
{
	set_vblank(refgpu_head_of(crtc), true);
	return 0;
}

static void crtc_disable_vblank(struct drm_crtc *crtc)
{
	set_vblank(refgpu_head_of(crtc), false);
}

static u32 crtc_vblank_counter(struct drm_crtc *crtc)
{
	struct refgpu_head *head = refgpu_head_of(crtc);
	u32 count = READ_ONCE(head->blanks_before) +
		    lower_32_bits(head_read(head, REFGPU_HEAD_VBLANK_COUNT));

	/* It stands still from a reset until the head has been switched on again. */
	if ((s32)(count - READ_ONCE(head->blanks)) > 0)
		WRITE_ONCE(head->blanks, count);
	return READ_ONCE(head->blanks);
}

static bool crtc_vblank_time(struct drm_crtc *crtc, int *max_error, ktime_t *time,
			     bool in_vblank_irq)
{
	struct refgpu_head *head = refgpu_head_of(crtc);
	u64 now, blank;
	ktime_t here;

	if (head->gpu->caps & REFGPU_CAP_VIRTUAL_CLOCK)
		return false;
	blank = head_read(head, REFGPU_HEAD_VBLANK_TIME);
	here = ktime_get();
	now = user_read(head->gpu, REFGPU_USER_TIMER);
	if (!blank || now == REFGPU_GONE || now < blank)
		return false;
	*time = ktime_sub_ns(here, now - blank);
	return true;
}

/* ---------------------------------------------------------------------- CRC */

static const char * const crc_sources[] = { "auto" };

static const char * const *crtc_crc_sources(struct drm_crtc *crtc, size_t *count)
{
	*count = ARRAY_SIZE(crc_sources);
	return crc_sources;
}

static int crtc_verify_crc_source(struct drm_crtc *crtc, const char *source, size_t *values)
{
	if (source && strcmp(source, crc_sources[0]))
		return -EINVAL;
	*values = 1;
	return 0;
}

static int crtc_set_crc_source(struct drm_crtc *crtc, const char *source)
{
	struct refgpu_head *head = refgpu_head_of(crtc);
	size_t values;
	int ret;

	ret = crtc_verify_crc_source(crtc, source, &values);
	if (ret || head->crc == !!source)
		return ret;
	if (source) {
		ret = drm_crtc_vblank_get(crtc);
		if (ret)
			return ret;
	} else {
		drm_crtc_vblank_put(crtc);
	}
	WRITE_ONCE(head->crc, source);
	return 0;
}

/* Of the frame that ended now; 0: nobody looked at it. */
static void add_crc(struct refgpu_head *head)
{
	u32 crc = lower_32_bits(head_read(head, REFGPU_HEAD_CRC));

	if (crc)
		drm_crtc_add_crc_entry(&head->crtc, true, drm_crtc_vblank_count(&head->crtc),
				       &crc);
}

static const struct drm_crtc_helper_funcs crtc_helpers = {
	.mode_valid	= crtc_mode_valid,
	.atomic_check	= crtc_check,
	.atomic_enable	= crtc_enable,
	.atomic_disable	= crtc_disable,
	.atomic_flush	= crtc_flush,
};

static const struct drm_crtc_funcs crtc_funcs = {
	.reset			= drm_atomic_helper_crtc_reset,
	.destroy		= drm_crtc_cleanup,
	.set_config		= drm_atomic_helper_set_config,
	.page_flip		= drm_atomic_helper_page_flip,
	.atomic_duplicate_state	= drm_atomic_helper_crtc_duplicate_state,
	.atomic_destroy_state	= drm_atomic_helper_crtc_destroy_state,
	.enable_vblank		= crtc_enable_vblank,
	.disable_vblank		= crtc_disable_vblank,
	.get_vblank_counter	= crtc_vblank_counter,
	.get_vblank_timestamp	= crtc_vblank_time,
	.get_crc_sources	= crtc_crc_sources,
	.set_crc_source		= crtc_set_crc_source,
	.verify_crc_source	= crtc_verify_crc_source,
};

/* --------------------------------------------------------------- connectors */

static int read_edid(void *data, u8 *block, unsigned int number, size_t bytes)
{
	struct refgpu_head *head = data;
	u32 at = number * EDID_BLOCK;
	u64 word;
	size_t i;

	if (at + bytes > min_t(u64, head_read(head, REFGPU_HEAD_EDID_BYTES), REFGPU_EDID_SIZE))
		return -EINVAL;
	for (i = 0; i < bytes; i += sizeof(word)) {
		word = head_read(head, REFGPU_HEAD_EDID + at + i);
		memcpy(block + i, &word, min(sizeof(word), bytes - i));
	}
	return 0;
}

static int connector_get_modes(struct drm_connector *connector)
{
	struct refgpu_head *head = container_of(connector, struct refgpu_head, connector);
	const struct drm_edid *edid;
	int section, modes;

	if (!drm_dev_enter(connector->dev, &section))
		return 0;
	edid = drm_edid_read_custom(connector, read_edid, head);
	drm_dev_exit(section);
	modes = refgpu_drm_edid_modes(connector, edid);
	drm_edid_free(edid);
	return modes;
}

static int connector_detect(struct drm_connector *connector,
			    struct drm_modeset_acquire_ctx *context, bool force)
{
	struct refgpu_head *head = container_of(connector, struct refgpu_head, connector);
	int status = connector_status_disconnected, section;
	u64 bytes;

	if (!drm_dev_enter(connector->dev, &section))
		return status;
	bytes = head_read(head, REFGPU_HEAD_EDID_BYTES);
	if (bytes && bytes <= REFGPU_EDID_SIZE)
		status = connector_status_connected;
	drm_dev_exit(section);
	return status;
}

static const struct drm_connector_helper_funcs connector_helpers = {
	.get_modes	= connector_get_modes,
	.detect_ctx	= connector_detect,
};

static const struct drm_connector_funcs connector_funcs = {
	.fill_modes		= drm_helper_probe_single_connector_modes,
	.destroy		= drm_connector_cleanup,
	.reset			= drm_atomic_helper_connector_reset,
	.atomic_duplicate_state	= drm_atomic_helper_connector_duplicate_state,
	.atomic_destroy_state	= drm_atomic_helper_connector_destroy_state,
};

static const struct drm_encoder_funcs encoder_funcs = { .destroy = drm_encoder_cleanup };

static void hotplug_work(struct work_struct *work)
{
	struct refgpu_kms *kms = container_of(work, struct refgpu_kms, hotplug);

	/* User space has been told of the end already. */
	if (!drm_dev_is_unplugged(&kms->gpu->drm))
		drm_kms_helper_hotplug_event(&kms->gpu->drm);
}

/* ------------------------------------------------------------------ commits */

/* Primary planes may have found that a mode set is needed: look again. */
static int atomic_check(struct drm_device *drm, struct drm_atomic_state *commit)
{
	int ret = drm_atomic_helper_check(drm, commit);

	return ret ? ret : drm_atomic_helper_check(drm, commit);
}

/* The old picture is used until the flip is done, which may be after the next blank. */
static void commit_tail(struct drm_atomic_state *commit)
{
	struct drm_device *drm = commit->dev;

	drm_atomic_helper_commit_modeset_disables(drm, commit);
	drm_atomic_helper_commit_planes(drm, commit, 0);
	drm_atomic_helper_commit_modeset_enables(drm, commit);
	drm_atomic_helper_commit_hw_done(commit);
	drm_atomic_helper_wait_for_flip_done(drm, commit);
	drm_atomic_helper_cleanup_planes(drm, commit);
}

static const struct drm_mode_config_funcs mode_config_funcs = {
	.fb_create	= refgpu_fb_create,
	.atomic_check	= atomic_check,
	.atomic_commit	= drm_atomic_helper_commit,
};

static const struct drm_mode_config_helper_funcs mode_config_helpers = {
	.atomic_commit_tail = commit_tail,
};

/* ------------------------------------------------------------- the interface */

/**
 * refgpu_kms_interrupt - a head has something to say
 * @gpu: the GPU
 * @status: of REFGPU_USER_INTR_STATUS, cleared
 */
void refgpu_kms_interrupt(struct refgpu *gpu, u64 status)
{
	struct refgpu_head *head;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < gpu->heads; i++) {
		head = &gpu->kms->heads[i];
		if (status & REFGPU_INTR_VBLANK(i)) {
			drm_crtc_handle_vblank(&head->crtc);
			if (READ_ONCE(head->crc))
				add_crc(head);
		}
		if (status & REFGPU_INTR_FLIP(i)) {
			spin_lock_irqsave(&gpu->drm.event_lock, flags);
			if (!(head_read(head, REFGPU_HEAD_STATUS) & HEAD_FLIP_PENDING))
				send_event(head);
			spin_unlock_irqrestore(&gpu->drm.event_lock, flags);
		}
		if (status & REFGPU_INTR_HOTPLUG(i))
			queue_work(system_freezable_wq, &gpu->kms->hotplug);
	}
}

static void restore_work(struct work_struct *work)
{
	struct refgpu_kms *kms = container_of(work, struct refgpu_kms, restore);
	struct drm_device *drm = &kms->gpu->drm;
	struct refgpu_head *head;
	unsigned int i;
	int section;

	/* Whoever has the locks may wait for fences; who unplugs shall not wait for him. */
	drm_modeset_lock_all(drm);
	if (!drm_dev_enter(drm, &section))
		goto unlock;
	for (i = 0; i < kms->gpu->heads; i++) {
		head = &kms->heads[i];
		if (head->crtc.state->active)
			switch_on(head, &head->crtc.state->mode, head->primary.state,
				  head->cursor.state);
		spin_lock_irq(&drm->event_lock);
		send_event(head);
		spin_unlock_irq(&drm->event_lock);
	}
	drm_dev_exit(section);
unlock:
	drm_modeset_unlock_all(drm);
}

/**
 * refgpu_kms_restore - after a reset, have all heads show again what they showed
 * @gpu: the GPU
 *
 * In a work item of its own: it waits for commits, which may wait for jobs, which may
 * wait for another recovery.
 */
void refgpu_kms_restore(struct refgpu *gpu)
{
	if (gpu->kms)
		queue_work(system_freezable_wq, &gpu->kms->restore);
}

static int init_head(struct refgpu *gpu, struct refgpu_head *head, unsigned int number)
{
	struct drm_device *drm = &gpu->drm;
	int ret;

	head->gpu = gpu;
	head->number = number;
	ret = refgpu_planes_init(head);
	if (ret)
		return ret;
	ret = drm_crtc_init_with_planes(drm, &head->crtc, &head->primary, &head->cursor,
					&crtc_funcs, NULL);
	if (ret)
		return ret;
	drm_crtc_helper_add(&head->crtc, &crtc_helpers);
	ret = drm_encoder_init(drm, &head->encoder, &encoder_funcs, DRM_MODE_ENCODER_VIRTUAL,
			       NULL);
	if (ret)
		return ret;
	head->encoder.possible_crtcs = drm_crtc_mask(&head->crtc);
	ret = drm_connector_init(drm, &head->connector, &connector_funcs,
				 DRM_MODE_CONNECTOR_VIRTUAL);
	if (ret)
		return ret;
	drm_connector_helper_add(&head->connector, &connector_helpers);
	drm_connector_attach_edid_property(&head->connector);
	head->connector.polled = DRM_CONNECTOR_POLL_HPD;
	return drm_connector_attach_encoder(&head->connector, &head->encoder);
}

/**
 * refgpu_kms_init - make heads known to DRM
 * @gpu: with heads or without
 */
int refgpu_kms_init(struct refgpu *gpu)
{
	struct drm_device *drm = &gpu->drm;
	struct refgpu_kms *kms;
	unsigned int i;
	int ret;

	if (!gpu->heads)
		return 0;
	kms = drmm_kzalloc(drm, struct_size(kms, heads, gpu->heads), GFP_KERNEL);
	if (!kms)
		return -ENOMEM;
	kms->gpu = gpu;
	INIT_WORK(&kms->hotplug, hotplug_work);
	INIT_WORK(&kms->restore, restore_work);
	ret = drmm_mode_config_init(drm);
	if (ret)
		return ret;
	drm->mode_config.funcs = &mode_config_funcs;
	drm->mode_config.helper_private = &mode_config_helpers;
	drm->mode_config.max_width = FRAMEBUFFER_MAX;
	drm->mode_config.max_height = FRAMEBUFFER_MAX;
	drm->mode_config.cursor_width = REFGPU_CURSOR_MAX;
	drm->mode_config.cursor_height = REFGPU_CURSOR_MAX;
	drm->mode_config.preferred_depth = 24;
	drm->mode_config.prefer_shadow = 1;
	for (i = 0; i < gpu->heads && !ret; i++)
		ret = init_head(gpu, &kms->heads[i], i);
	if (!ret)
		ret = drm_vblank_init(drm, gpu->heads);
	if (ret)
		return ret;
	drm->max_vblank_count = U32_MAX;
	drm_mode_config_reset(drm);
	drm_kms_helper_poll_init(drm);
	gpu->kms = kms;
	return 0;
}

/**
 * refgpu_kms_start - hear of monitors from now on
 * @gpu: works
 */
void refgpu_kms_start(struct refgpu *gpu)
{
	unsigned int i;

	for (i = 0; i < gpu->heads; i++)
		refgpu_interrupt_enable(gpu, REFGPU_INTR_HOTPLUG(i), 0);
}

/**
 * refgpu_kms_end - switch all heads off
 * @gpu: unplugged
 */
void refgpu_kms_end(struct refgpu *gpu)
{
	if (!gpu->kms)
		return;
	drm_kms_helper_poll_fini(&gpu->drm);
	/* Taken away while the machine sleeps. */
	if (gpu->drm.mode_config.suspend_state)
		drm_atomic_state_put(gpu->drm.mode_config.suspend_state);
	gpu->drm.mode_config.suspend_state = NULL;
	drm_atomic_helper_shutdown(&gpu->drm);
}

/**
 * refgpu_kms_cancel - no work item of heads is left
 * @gpu: without interrupts and recovery, which queue them
 */
void refgpu_kms_cancel(struct refgpu *gpu)
{
	if (!gpu->kms)
		return;
	cancel_work_sync(&gpu->kms->hotplug);
	cancel_work_sync(&gpu->kms->restore);
}
