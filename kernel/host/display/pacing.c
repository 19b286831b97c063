// SPDX-License-Identifier: GPL-2.0-only
/*
 * pacing.c - the frame-rate limit: how often the heads of a vGPU may flip
 *
 * A guest that draws more frames than a person can see takes time of the GPU
 * from the other guests. A policy that guarantees each vGPU its share prevents
 * that, so the limit is in force under the other policies only; a ceiling, which
 * has nothing to do with the others, always. The hardware enforces it; this file
 * programs it when the limit, the ceiling, the policy or the partition has changed.
 */
#include <linux/math64.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "display/pacing.h"
#include "openvgpu_settings.h"

/* The reason why the flips of a vGPU can't be paced; NULL: they can be. */
static const char *refusal_reason(const struct vgpu *vgpu)
{
	if (!vgpu->type->heads)
		return "its type has no heads";
	if (!READ_ONCE(vgpu->personality)->paced)
		return "the host does not see when a guest of this personality shows a picture";
	if (!vgpu->gpu->family->flip_interval)
		return "this GPU has no means for it";
	return NULL;
}

/* The policy that makes a limit unnecessary; NULL: a limit is in force. */
static const struct sched_policy *guaranteeing_policy(const struct vgpu *vgpu)
{
	const struct sched_policy *policy = vgpu_instance_policy(vgpu->instance);

	return policy && policy->guarantees_share ? policy : NULL;
}

/**
 * vgpu_pace - program how often the heads of a vGPU may flip
 * @vgpu: the vGPU, with an enabled partition
 *
 * Needed without a limit, too. With vgpu->lock held. May sleep.
 */
void vgpu_pace(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	u32 rate = vgpu_limits_frame_rate(&vgpu->limits, guaranteeing_policy(vgpu));

	lockdep_assert_held(&vgpu->lock);
	if (refusal_reason(vgpu) || vgpu_gpu_is_dead(gpu))
		return;
	gpu->family->flip_interval(vgpu, rate ? div_u64(NSEC_PER_SEC, rate) : 0);
}

/**
 * vgpu_pace_all - the policy of a GPU has changed
 * @gpu: the GPU
 *
 * May sleep; takes the GPU's state_lock and the lock of each vGPU.
 */
void vgpu_pace_all(struct vgpu_gpu *gpu)
{
	struct vgpu *vgpu;

	mutex_lock(&gpu->state_lock);
	list_for_each_entry(vgpu, &gpu->vgpus, node) {
		mutex_lock(&vgpu->lock);
		if (vgpu_is_open(vgpu))
			vgpu_pace(vgpu);
		mutex_unlock(&vgpu->lock);
	}
	mutex_unlock(&gpu->state_lock);
}

/**
 * vgpu_frame_rate_limit - the limit an administrator sees
 * @vgpu: the vGPU
 *
 * Return: frames a second; 0: there is no limit, or there can't be one.
 */
u32 vgpu_frame_rate_limit(const struct vgpu *vgpu)
{
	return refusal_reason(vgpu) ? 0 : READ_ONCE(vgpu->limits.frame_rate);
}

/**
 * vgpu_frame_rate_ceiling - the ceiling an administrator sees
 * @vgpu: the vGPU
 *
 * Return: frames a second; 0: there is no ceiling, or there can't be one.
 */
u32 vgpu_frame_rate_ceiling(const struct vgpu *vgpu)
{
	return refusal_reason(vgpu) ? 0 : READ_ONCE(vgpu->limits.frame_rate_ceiling);
}

/* With vgpu->lock held. Both have the same range. */
static int set_rate(struct vgpu *vgpu, const char *name, u32 *field, u64 rate)
{
	const char *reason = refusal_reason(vgpu);

	if (reason) {
		vgpu_error(vgpu, ": %s not changed: %s", name, reason);
		return -EOPNOTSUPP;
	}
	if (rate > OPENVGPU_FRAME_RATE_LIMIT_MAX) {
		vgpu_error(vgpu,
			   ": %s not changed: %llu was written, it takes %u to %u, or 0 for none",
			   name, rate, OPENVGPU_FRAME_RATE_LIMIT_MIN,
			   OPENVGPU_FRAME_RATE_LIMIT_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(*field, rate);
	if (vgpu_is_open(vgpu))
		vgpu_pace(vgpu);
	return 0;
}

/**
 * vgpu_set_frame_rate_limit - set how many frames a second a vGPU may show
 * @vgpu: the vGPU, in any state
 * @rate: flips of a head in a second; 0: no limit
 *
 * A limit that the policy keeps from being in force is stored, and last_error
 * says so. May sleep.
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP: its flips can't be paced.
 */
int vgpu_set_frame_rate_limit(struct vgpu *vgpu, u64 rate)
{
	const struct sched_policy *policy;
	int ret;

	mutex_lock(&vgpu->lock);
	ret = set_rate(vgpu, "frame_rate_limit", &vgpu->limits.frame_rate, rate);
	mutex_unlock(&vgpu->lock);
	policy = guaranteeing_policy(vgpu);
	if (!ret && rate && policy)
		vgpu_error(vgpu,
			   ": frame_rate_limit %llu is kept but not in force: scheduler %s limits no frames",
			   rate, policy->name);
	return ret;
}

/**
 * vgpu_set_frame_rate_ceiling - set what its limit is in force with at most
 * @vgpu: the vGPU, in any state
 * @rate: flips of a head in a second; 0: no ceiling
 *
 * In force under every policy. May sleep.
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP: its flips can't be paced.
 */
int vgpu_set_frame_rate_ceiling(struct vgpu *vgpu, u64 rate)
{
	int ret;

	mutex_lock(&vgpu->lock);
	ret = set_rate(vgpu, "frame_rate_ceiling", &vgpu->limits.frame_rate_ceiling, rate);
	mutex_unlock(&vgpu->lock);
	return ret;
}
