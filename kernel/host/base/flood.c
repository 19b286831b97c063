// SPDX-License-Identifier: GPL-2.0-only
/*
 * flood.c - how much a guest and its VMM may make the host say
 *
 * Whatever they can cause at will goes through here: each vGPU has ten lines of
 * the kernel log and ten uevents in 30 s, whatever the cause. libvirt answers
 * each uevent with two runs of mdevctl. What an administrator does is not
 * limited.
 */
#include <linux/ratelimit.h>

#include "base/flood.h"
#include "base/state.h"
#include "base/uevent.h"
#include "base/vgpu.h"

/*
 * With what follows an interval later, these make ten: a line (it was stopped) and
 * two events (whether it is open, whether it is stopped).
 */
#define LINES		9
#define EVENTS		8

/* With who has it open. */
static void send_open(struct vgpu *vgpu)
{
	pid_t owner = READ_ONCE(vgpu->owner_pid);

	if (owner)
		vgpu_uevent_process(vgpu, "open", owner);
	else
		vgpu_uevent(vgpu, "close", NULL, NULL);
}

static void settle_work(struct work_struct *work)
{
	send_open(container_of(to_delayed_work(work), struct vgpu,
			       flood.settle));
}

static void init_limit(struct ratelimit_state *limit, int burst)
{
	ratelimit_state_init(limit, VGPU_FLOOD_INTERVAL, burst);
	/* Its own message would name a function; stats has the numbers. */
	ratelimit_set_flags(limit, RATELIMIT_MSG_ON_RELEASE);
}

/**
 * vgpu_flood_init - nothing was said yet
 * @vgpu: the vGPU
 */
void vgpu_flood_init(struct vgpu *vgpu)
{
	init_limit(&vgpu->flood.lines, LINES);
	init_limit(&vgpu->flood.events, EVENTS);
	INIT_DELAYED_WORK(&vgpu->flood.settle, settle_work);
}

/**
 * vgpu_flood_exit - say what was to follow, then nothing any more
 * @vgpu: the vGPU; closed, and about to go
 *
 * May sleep.
 */
void vgpu_flood_exit(struct vgpu *vgpu)
{
	flush_delayed_work(&vgpu->flood.settle);
}

/**
 * vgpu_may_log - whether a line about a vGPU may go to the kernel log
 * @vgpu: the vGPU
 *
 * Counts it if not (stats/suppressed_lines). Any context.
 */
bool vgpu_may_log(struct vgpu *vgpu)
{
	if (__ratelimit(&vgpu->flood.lines))
		return true;
	atomic64_inc(&vgpu->stats.suppressed_lines);
	return false;
}

/**
 * vgpu_may_send - whether a uevent about a vGPU may be sent
 * @vgpu: the vGPU
 *
 * Counts it if not (stats/suppressed_events). Any context.
 */
bool vgpu_may_send(struct vgpu *vgpu)
{
	if (__ratelimit(&vgpu->flood.events))
		return true;
	atomic64_inc(&vgpu->stats.suppressed_events);
	return false;
}

/**
 * vgpu_send_open - say by a uevent that a vGPU was opened or closed
 * @vgpu: the vGPU
 *
 * Of a burst, the last one must not be the one that is left out: who follows the
 * events would believe in the one before it for ever. So one follows later. May
 * sleep.
 */
void vgpu_send_open(struct vgpu *vgpu)
{
	if (vgpu_may_send(vgpu))
		send_open(vgpu);
	else
		queue_delayed_work(vgpu->gpu->wq, &vgpu->flood.settle,
				   VGPU_FLOOD_INTERVAL);
}
