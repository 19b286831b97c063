// SPDX-License-Identifier: GPL-2.0-only
/*
 * scrub.c - zeroing a vGPU's slice between owners
 *
 * A mediated device outlives its VMs, so its framebuffer, registers and
 * context store are zeroed when it is created (whoever had that slice before
 * may have left without), at each last close, when it has moved, and not at a
 * guest's reset.
 * The work runs by itself; an open waits for it, so nothing of a former owner
 * is ever readable.
 *
 * A vGPU is DIRTY from a request on until a scrub that began after it has
 * ended. Requests are counted, so that one that comes while a scrub is under
 * way is not lost.
 */
#include <linux/sched.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "memory/scrub.h"

#define SCRUB_TIMEOUT	(10 * HZ)

static bool scrub_pending(const struct vgpu *vgpu)
{
	return READ_ONCE(vgpu->state) == VGPU_DIRTY;
}

/* A scrub that began after so many requests has ended well. */
static void note_clean(struct vgpu *vgpu, unsigned long wanted)
{
	down_write(&vgpu->mapping.sem);
	if (vgpu->scrub.wanted == wanted)
		vgpu_enter(vgpu, VGPU_CLEAN);
	up_write(&vgpu->mapping.sem);
}

/* Zeroing memory that has become another's would be too late. */
static void keep_in_place(struct vgpu *vgpu, bool keep)
{
	mutex_lock(&vgpu->gpu->lock);
	vgpu->scrub.running = keep;
	mutex_unlock(&vgpu->gpu->lock);
}

static void scrub_work(struct work_struct *work)
{
	struct vgpu *vgpu = container_of(work, struct vgpu, scrub.work);
	struct vgpu_gpu *gpu = vgpu->gpu;
	unsigned long wanted = READ_ONCE(vgpu->scrub.wanted);
	int ret;

	if (!scrub_pending(vgpu))
		return;
	keep_in_place(vgpu, true);
	ret = gpu->family->scrub(vgpu);
	keep_in_place(vgpu, false);
	if (ret && vgpu_gpu_is_dead(gpu))
		ret = -EAGAIN;
	if (!ret)
		note_clean(vgpu, wanted);
	else if (ret != -EAGAIN)
		vgpu_owner_error(vgpu,
				 ": its framebuffer can't be zeroed (%d); it can't be opened before that succeeds",
				 ret);
	WRITE_ONCE(vgpu->scrub.error, ret);
	wake_up_all(&vgpu->scrub.waiters);
}

/**
 * vgpu_scrub_init - nothing is wanted yet
 * @vgpu: the vGPU
 */
void vgpu_scrub_init(struct vgpu *vgpu)
{
	INIT_WORK(&vgpu->scrub.work, scrub_work);
	init_waitqueue_head(&vgpu->scrub.waiters);
}

/**
 * vgpu_scrub_queue - zero the slice before anybody opens the vGPU again
 * @vgpu: the vGPU; closed, its partition disabled
 *
 * With vgpu->lock held, or before anybody else knows the vGPU, or by who has moved it.
 */
void vgpu_scrub_queue(struct vgpu *vgpu)
{
	down_write(&vgpu->mapping.sem);
	WRITE_ONCE(vgpu->scrub.error, 0);
	WRITE_ONCE(vgpu->scrub.wanted, vgpu->scrub.wanted + 1);
	vgpu_enter(vgpu, VGPU_DIRTY);
	up_write(&vgpu->mapping.sem);
	queue_work(vgpu->gpu->wq, &vgpu->scrub.work);
}

/**
 * vgpu_scrub_wait - wait until the slice is zero
 * @vgpu: the vGPU
 *
 * Tries again what failed before. May sleep, up to ten seconds.
 *
 * Return: 0; -EAGAIN if the GPU must not be touched; -EBUSY if it takes too long; -EINTR if
 * the caller was killed; the error of the family.
 */
int vgpu_scrub_wait(struct vgpu *vgpu)
{
	long left;

	if (!scrub_pending(vgpu))
		return 0;
	WRITE_ONCE(vgpu->scrub.error, 0);
	queue_work(vgpu->gpu->wq, &vgpu->scrub.work);
	left = wait_event_killable_timeout(vgpu->scrub.waiters,
					   !scrub_pending(vgpu) ||
					   READ_ONCE(vgpu->scrub.error),
					   SCRUB_TIMEOUT);
	if (left < 0)
		return -EINTR;
	if (!scrub_pending(vgpu))
		return 0;
	return READ_ONCE(vgpu->scrub.error) ?: -EBUSY;
}
