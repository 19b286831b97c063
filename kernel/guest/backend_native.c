// SPDX-License-Identifier: GPL-2.0-only
/*
 * backend_native.c - a vGPU: the user page, and the control page of its host
 *
 * See uapi/openvgpu_native.h. Rings and heads are the hardware's; what needs the host
 * is mapping system memory, reset, and hearing of what happened to the GPU.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_managed.h>

#include "drv.h"
#include "kms.h"
#include "negotiation.h"

#define COMMAND_TIMEOUT_MS	10000
#define RESET_TIMEOUT_MS	10000
#define LIST_PAGES_MAX		8192	/* 64 KiB of video memory are enough */
#define OLDEST			OPENVGPU_NATIVE_INTERFACE(1, 0)
#define NEWEST			OPENVGPU_NATIVE_INTERFACE(1, 2)
#define DRIVER			OPENVGPU_NATIVE_DRIVER(REFGPU_DRIVER_MAJOR, \
						       REFGPU_DRIVER_MINOR, 0, OLDEST, NEWEST)
#define EVENTS			(OPENVGPU_NATIVE_EVENT_MAP | OPENVGPU_NATIVE_EVENT_FAULT | \
				 OPENVGPU_NATIVE_EVENT_REVOKED | OPENVGPU_NATIVE_EVENT_DEAD)

/**
 * struct native - a vGPU's own data
 * @gpu: the vGPU
 * @control: the control page
 * @list: where in video memory commands that map find their page list
 * @list_pages: pages a command
 * @done: a command may be complete
 */
struct native {
	struct refgpu *gpu;
	void __iomem *control;
	struct drm_mm_node list;
	u64 list_pages;
	struct completion done;
};

static struct native *native_of(struct refgpu *gpu)
{
	return gpu->backend_data;
}

static u64 control_read(struct native *native, u32 offset)
{
	return readq(native->control + offset);
}

static void control_write(struct native *native, u32 offset, u64 value)
{
	writeq(value, native->control + offset);
}

/* --------------------------------------------------------------- commands */

static const int status_error[] = {
	[OPENVGPU_NATIVE_OK]		= 0,
	[OPENVGPU_NATIVE_BUSY]		= -ETIMEDOUT,
	[OPENVGPU_NATIVE_INVALID]	= -EIO,
	[OPENVGPU_NATIVE_EXISTS]	= -EIO,
	[OPENVGPU_NATIVE_NOT_MAPPED]	= -ENOENT,
	[OPENVGPU_NATIVE_LIMIT]		= -EDQUOT,
	[OPENVGPU_NATIVE_NO_MEMORY]	= -EFAULT,
};

/* Mapping is the host's work on its pages, and may take as long as it does there. */
static int command(struct native *native, u64 what, u64 first, u64 pages)
{
	ktime_t end = ktime_add_ms(ktime_get(), COMMAND_TIMEOUT_MS);
	bool late = false;
	u64 status;

	lockdep_assert_held(&native->gpu->mapping);
	/* One that was given up may still be under way: this one would be dropped. */
	if (control_read(native, OPENVGPU_NATIVE_MAP_STATUS) == OPENVGPU_NATIVE_BUSY)
		return -ETIMEDOUT;
	reinit_completion(&native->done);
	control_write(native, OPENVGPU_NATIVE_MAP_LIST, native->list.start);
	control_write(native, OPENVGPU_NATIVE_MAP_FIRST, first);
	control_write(native, OPENVGPU_NATIVE_MAP_PAGES, pages);
	control_write(native, OPENVGPU_NATIVE_MAP_COMMAND, what);
	for (;;) {
		/* The interrupt is only the fast way: each read is a trap. */
		wait_for_completion_timeout(&native->done, msecs_to_jiffies(20));
		status = control_read(native, OPENVGPU_NATIVE_MAP_STATUS);
		if (status != OPENVGPU_NATIVE_BUSY || late)
			break;
		late = ktime_after(ktime_get(), end);
	}
	if (status == REFGPU_GONE)
		return -ENODEV;
	return status < ARRAY_SIZE(status_error) ? status_error[status] : -EPROTO;
}

static int native_unmap(struct refgpu *gpu, u64 first, u64 pages)
{
	struct native *native = native_of(gpu);
	int ret = 0, error;
	u64 at;

	/* In the units in which they were mapped. */
	for (at = 0; at < pages; at += native->list_pages) {
		error = command(native, OPENVGPU_NATIVE_UNMAP, first + at, 0);
		/* The host took it back by itself. */
		if (error && error != -ENOENT)
			ret = error;
	}
	return ret;
}

static int native_map(struct refgpu *gpu, u64 first, struct sg_table *sgt, bool write)
{
	u64 what = write ? OPENVGPU_NATIVE_MAP_WRITE : OPENVGPU_NATIVE_MAP_READ;
	struct native *native = native_of(gpu);
	void __iomem *list = gpu->vram + native->list.start;
	struct sg_dma_page_iter page;
	u64 done = 0, count = 0;
	int ret = 0;

	if (gpu->display_only)
		return -EOPNOTSUPP;
	for_each_sgtable_dma_page(sgt, &page, 0) {
		writeq(sg_page_iter_dma_address(&page), list + count++ * sizeof(u64));
		if (count < native->list_pages)
			continue;
		wmb(); /* the list before the command */
		ret = command(native, what, first + done, count);
		if (ret)
			break;
		done += count;
		count = 0;
	}
	if (!ret && count) {
		wmb(); /* likewise */
		ret = command(native, what, first + done, count);
	}
	if (ret && ret != -ETIMEDOUT && done && native_unmap(gpu, first, done))
		ret = -ETIMEDOUT;
	return ret;
}

/* ------------------------------------------------------------------- events */

/* The control page is the host's own. It says EVENT_DEAD of what is behind the others. */
static bool native_gone(struct refgpu *gpu)
{
	return control_read(native_of(gpu), OPENVGPU_NATIVE_ID) == REFGPU_GONE;
}

/*
 * Only the control page can tell: what else there is may be a scratch page, which has
 * what any program wrote to it. A host that does not tell is believed that page's word.
 */
static bool native_away(struct refgpu *gpu)
{
	u64 state = OPENVGPU_NATIVE_NO_STATE;

	if (gpu->host_version >= REFGPU_HOST_1_2)
		state = control_read(native_of(gpu), OPENVGPU_NATIVE_STATE);
	if (state == OPENVGPU_NATIVE_NO_STATE)
		return user_read(gpu, REFGPU_USER_ID) != REFGPU_ID;
	return state != OPENVGPU_NATIVE_HERE;
}

static irqreturn_t native_interrupt(struct refgpu *gpu)
{
	struct native *native = native_of(gpu);
	u64 events = control_read(native, OPENVGPU_NATIVE_EVENT_STATUS);

	if (!events || events == REFGPU_GONE)
		return IRQ_NONE;
	control_write(native, OPENVGPU_NATIVE_EVENT_STATUS, events);
	if (events & OPENVGPU_NATIVE_EVENT_MAP)
		complete(&native->done);
	if (events & OPENVGPU_NATIVE_EVENT_REVOKED)
		refgpu_recover(gpu, REFGPU_REVOKED);
	if (events & OPENVGPU_NATIVE_EVENT_FAULT)
		refgpu_recover(gpu, REFGPU_LOST);
	if (events & OPENVGPU_NATIVE_EVENT_DEAD)
		refgpu_recover(gpu, REFGPU_DEAD);
	return IRQ_HANDLED;
}

/* ------------------------------------------------------------ start and stop */

static void list_end(struct drm_device *drm, void *data)
{
	struct native *native = data;

	refgpu_mm_free(native->gpu, &native->list);
}

static int native_start(struct refgpu *gpu)
{
	struct native *native = native_of(gpu);
	int ret;

	control_write(native, OPENVGPU_NATIVE_GUEST_DRIVER, DRIVER);
	if (gpu->display_only)
		return 0;
	if (!drm_mm_node_allocated(&native->list)) {
		ret = refgpu_mm_vram(gpu, &native->list, native->list_pages * sizeof(u64), true);
		if (!ret)
			ret = drmm_add_action_or_reset(&gpu->drm, list_end, native);
		if (ret)
			return ret;
	}
	control_write(native, OPENVGPU_NATIVE_EVENT_STATUS, U64_MAX);
	control_write(native, OPENVGPU_NATIVE_EVENT_ENABLE, EVENTS);
	return 0;
}

static void native_stop(struct refgpu *gpu)
{
	struct native *native = native_of(gpu);

	if (!gpu->display_only)
		control_write(native, OPENVGPU_NATIVE_EVENT_ENABLE, 0);
	control_write(native, OPENVGPU_NATIVE_GUEST_DRIVER, 0);
}

static int native_reset(struct refgpu *gpu)
{
	ktime_t end = ktime_add_ms(ktime_get(), RESET_TIMEOUT_MS);
	struct native *native = native_of(gpu);
	bool late = false;
	u64 running;

	/* There is nothing mapped, and no ring runs. */
	if (gpu->display_only)
		return 0;
	control_write(native, OPENVGPU_NATIVE_RESET, 1);
	for (;;) {
		running = control_read(native, OPENVGPU_NATIVE_RESET);
		if (running == REFGPU_GONE)
			return -ENODEV;
		if (!running)
			return 0;
		if (late)
			return -ETIMEDOUT;
		usleep_range(500, 1000);
		late = ktime_after(ktime_get(), end);
	}
}

/* What a guest of an older host has to find out: a head it has takes a mode. */
static unsigned int count_heads(struct refgpu *gpu)
{
	unsigned int head;
	u32 offset;
	u64 status;

	for (head = 0; head < REFGPU_HEADS; head++) {
		offset = REFGPU_USER_HEAD(head);
		user_write(gpu, offset + REFGPU_HEAD_CONTROL, 0);
		user_write(gpu, offset + REFGPU_HEAD_BASE, 0);
		user_write(gpu, offset + REFGPU_HEAD_PITCH, 64);
		user_write(gpu, offset + REFGPU_HEAD_FORMAT, DRM_FORMAT_XRGB8888);
		user_write(gpu, offset + REFGPU_HEAD_SIZE, 1 | 1ULL << 32);
		user_write(gpu, offset + REFGPU_HEAD_CONTROL, 1);
		status = user_read(gpu, offset + REFGPU_HEAD_STATUS);
		user_write(gpu, offset + REFGPU_HEAD_CONTROL, 0);
		if (!(status & HEAD_IS_ACTIVE))
			break;
	}
	return head;
}

static void find_heads(struct refgpu *gpu, struct native *native)
{
	u64 max = 0;

	if (!(gpu->caps & REFGPU_CAP_HEADS))
		return;
	if (gpu->host_version >= REFGPU_HOST_1_2) {
		gpu->heads = min_t(u64, control_read(native, OPENVGPU_NATIVE_HEADS), REFGPU_HEADS);
		max = control_read(native, OPENVGPU_NATIVE_HEAD_MAX);
	}
	/* Also when the register is not where we think it is. */
	if (!gpu->heads || !max) {
		gpu->heads = count_heads(gpu);
		max = U64_MAX;
	}
	gpu->max_width = lower_32_bits(max);
	gpu->max_height = upper_32_bits(max);
}

/* Both sides say it, each to its own administrator. */
static void negotiate(struct refgpu *gpu, struct native *native)
{
	u64 answer = 0;

	if (refgpu_has_verdict(gpu->host_version)) {
		control_write(native, OPENVGPU_NATIVE_GUEST_DRIVER, DRIVER);
		answer = control_read(native, OPENVGPU_NATIVE_VERDICT);
	}
	switch (refgpu_verdict(gpu->host_version, DRIVER, answer)) {
	case OPENVGPU_NATIVE_GUEST_TOO_OLD:
		drm_err(&gpu->drm, "this driver is too old for the host's version %llu.%llu: update refgpu in this guest; until then it has a display only\n",
			gpu->host_version >> 16, gpu->host_version & 0xffff);
		break;
	case OPENVGPU_NATIVE_HOST_TOO_OLD:
		drm_err(&gpu->drm, "the host's version %llu.%llu is too old for this driver: have openvgpu updated on the host; until then there is a display only\n",
			gpu->host_version >> 16, gpu->host_version & 0xffff);
		break;
	default:
		return;
	}
	gpu->display_only = true;
	gpu->caps &= ~(u64)(REFGPU_CAP_RIGHTS | REFGPU_CAP_BUSY);
	gpu->aperture_pages = 0;
}

static int native_init(struct refgpu *gpu)
{
	struct native *native;
	int ret;

	native = drmm_kzalloc(&gpu->drm, sizeof(*native), GFP_KERNEL);
	if (!native)
		return -ENOMEM;
	native->gpu = gpu;
	init_completion(&native->done);
	gpu->backend_data = native;
	ret = refgpu_iomap(gpu, OPENVGPU_NATIVE_BAR_USER, 0, REFGPU_USER_PAGE_SIZE, false,
			   &gpu->user);
	if (!ret)
		ret = refgpu_iomap(gpu, OPENVGPU_NATIVE_BAR_CONTROL, 0,
				   OPENVGPU_NATIVE_CONTROL_SIZE, false, &native->control);
	if (ret)
		return ret;
	if (control_read(native, OPENVGPU_NATIVE_ID) != OPENVGPU_NATIVE_ID_VALUE)
		return -ENODEV;
	gpu->host_version = control_read(native, OPENVGPU_NATIVE_VERSION);
	native->list_pages = clamp_t(u64, control_read(native, OPENVGPU_NATIVE_MAP_PAGES_MAX),
				     1, LIST_PAGES_MAX);
	ret = refgpu_identify(gpu);
	if (ret)
		return ret;
	gpu->vram_bar = OPENVGPU_NATIVE_BAR_FRAMEBUFFER;
	negotiate(gpu, native);
	find_heads(gpu, native);
	return 0;
}

const struct refgpu_backend refgpu_backend_native = {
	.name		= "vGPU",
	.init		= native_init,
	.start		= native_start,
	.stop		= native_stop,
	.reset		= native_reset,
	.map		= native_map,
	.unmap		= native_unmap,
	.gone		= native_gone,
	.away		= native_away,
	.interrupt	= native_interrupt,
};
