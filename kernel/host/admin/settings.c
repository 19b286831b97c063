// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - what an administrator may change while vGPUs run
 *
 * Every value is checked here and nowhere else. One that is refused changes
 * nothing and is explained in the GPU's last_error. One that is taken acts on
 * the run queue at its next decision.
 */

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "admin/settings.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "sched/sched.h"

/* ------------------------------------------------------------------- checks */

/* @of: "" or the vGPU it is about, with a blank behind. */
static int check_scheduled(struct vgpu_gpu *gpu, const char *of,
			   const char *what)
{
	if (vgpu_is_scheduled(gpu))
		return 0;
	vgpu_gpu_error(gpu, "%s%s not changed: the host schedules no engine of this GPU",
		       of, what);
	return -EOPNOTSUPP;
}

static int check_range(struct vgpu_gpu *gpu, const char *of, const char *what,
		       u64 value, u64 min, u64 max, bool zero)
{
	if ((value >= min && value <= max) || (zero && !value))
		return 0;
	vgpu_gpu_error(gpu, "%s%s not changed: %llu was written, it takes %llu to %llu%s",
		       of, what, value, min, max,
		       zero && min ? ", or 0 for the default" : "");
	return -EINVAL;
}

static int check(struct vgpu_gpu *gpu, const char *what, u64 value, u64 min,
		 u64 max, bool zero)
{
	int ret = check_scheduled(gpu, "", what);

	return ret ?: check_range(gpu, "", what, value, min, max, zero);
}

static int check_vgpu(struct vgpu *vgpu, const char *what, u64 value, u64 min,
		      u64 max, bool zero)
{
	char of[48];
	int ret;

	snprintf(of, sizeof(of), "vGPU %s: ", vgpu_name(vgpu));
	ret = check_scheduled(vgpu->gpu, of, what);
	return ret ?: check_range(vgpu->gpu, of, what, value, min, max, zero);
}

/* ---------------------------------------------------------------- instance */

static void kick(struct vgpu_runqueue *rq)
{
	spin_lock_irq(&rq->lock);
	vgpu_sched_kick(rq);
	spin_unlock_irq(&rq->lock);
}

/**
 * vgpu_set_scheduler - change the policy of an instance
 * @instance: the instance
 * @name: of the policy; a newline may follow
 *
 * Runs that are under way end as they began. May sleep.
 *
 * Return: 0, -EINVAL: no such policy, or -EOPNOTSUPP: nothing is scheduled.
 */
int vgpu_set_scheduler(struct vgpu_instance *instance, const char *name)
{
	const struct sched_policy *policy = sched_policy_find(name);
	struct vgpu_runqueue *rq = &instance->rq;
	char names[64];
	int ret;

	ret = check_scheduled(instance->gpu, "", "scheduler");
	if (ret)
		return ret;
	if (!policy) {
		sched_policy_list(names, sizeof(names), NULL);
		vgpu_gpu_error(instance->gpu,
			       "scheduler not changed: there are only %s",
			       names);
		return -EINVAL;
	}
	spin_lock_irq(&rq->lock);
	if (rq->queue.policy != policy) {
		sched_set_policy(&rq->queue, policy, ktime_get_ns());
		vgpu_sched_kick(rq);
	}
	spin_unlock_irq(&rq->lock);
	return 0;
}

/**
 * vgpu_set_timeslice - fix the length of an instance's slices
 * @instance: the instance
 * @us: microseconds; 0: by the number of open vGPUs
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_timeslice(struct vgpu_instance *instance, u64 us)
{
	int ret = check(instance->gpu, "timeslice_us", us, VGPU_TIMESLICE_MIN_US,
			VGPU_TIMESLICE_MAX_US, true);

	if (ret)
		return ret;
	WRITE_ONCE(instance->settings.timeslice_ns, us * NSEC_PER_USEC);
	kick(&instance->rq);
	return 0;
}

/**
 * vgpu_set_hz - fix the length of an instance's slices by their number
 * @instance: the instance
 * @hz: slices a second; 0: by the number of open vGPUs
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_hz(struct vgpu_instance *instance, u64 hz)
{
	int ret = check(instance->gpu, "sched_hz", hz, VGPU_HZ_MIN, VGPU_HZ_MAX, true);

	if (ret)
		return ret;
	WRITE_ONCE(instance->settings.timeslice_ns, hz ? div64_u64(NSEC_PER_SEC, hz) : 0);
	kick(&instance->rq);
	return 0;
}

/**
 * vgpu_set_averaging - over how many slices an overrun is paid back
 * @instance: the instance
 * @factor: slices
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_averaging(struct vgpu_instance *instance, u64 factor)
{
	int ret = check(instance->gpu, "averaging_factor", factor, SCHED_AVERAGING_MIN,
			SCHED_AVERAGING_MAX, false);

	if (ret)
		return ret;
	WRITE_ONCE(instance->settings.averaging, factor);
	kick(&instance->rq);
	return 0;
}

/**
 * vgpu_set_preempt_timeout - patience with a vGPU that has to leave an engine
 * @instance: the instance
 * @us: microseconds for each stage
 *
 * Holds for stages that begin after it. May sleep.
 *
 * Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_preempt_timeout(struct vgpu_instance *instance, u64 us)
{
	int ret = check(instance->gpu, "preempt_timeout_us", us, VGPU_PREEMPT_TIMEOUT_MIN_US,
			VGPU_PREEMPT_TIMEOUT_MAX_US, false);

	if (ret)
		return ret;
	WRITE_ONCE(instance->settings.preempt_timeout_ns, us * NSEC_PER_USEC);
	return 0;
}

/**
 * vgpu_set_fault_limit - how many hangs put a vGPU out of turn
 * @instance: the instance
 * @limit: resets for a hang within the window; 0: any number is borne
 *
 * Counts at the next hang. May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_fault_limit(struct vgpu_instance *instance, u64 limit)
{
	int ret = check(instance->gpu, "fault_limit", limit, 0, VGPU_FAULT_LIMIT_MAX,
			true);

	if (ret)
		return ret;
	WRITE_ONCE(instance->settings.fault_limit, limit);
	return 0;
}

/**
 * vgpu_set_fault_window - within which time they do
 * @instance: the instance
 * @seconds: length of the window
 *
 * Counts at the next hang. May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_fault_window(struct vgpu_instance *instance, u64 seconds)
{
	int ret = check(instance->gpu, "fault_window_s", seconds, VGPU_FAULT_WINDOW_MIN_S,
			VGPU_FAULT_WINDOW_MAX_S, false);

	if (ret)
		return ret;
	WRITE_ONCE(instance->settings.fault_window_s, seconds);
	return 0;
}

/* --------------------------------------------------------------------- vGPU */

/* Changes the settings whose pointer is given. */
static void update(struct vgpu *vgpu, const u32 *weight, const u32 *cap_percent,
		   const u64 *timeslice_ns)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	struct sched_client *client = &vgpu->entity;

	spin_lock_irq(&rq->lock);
	sched_update(&rq->queue, client, weight ? *weight : client->weight,
		     cap_percent ? *cap_percent : client->cap_percent,
		     timeslice_ns ? *timeslice_ns : client->timeslice_ns,
		     ktime_get_ns());
	vgpu_sched_kick(rq);
	spin_unlock_irq(&rq->lock);
}

/**
 * vgpu_set_weight - a vGPU's share relative to others'
 * @vgpu: the vGPU, in any state
 * @weight: SCHED_WEIGHT_MIN..MAX; best_effort alone goes by it
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_weight(struct vgpu *vgpu, u64 weight)
{
	int ret = check_vgpu(vgpu, "weight", weight, SCHED_WEIGHT_MIN,
			     SCHED_WEIGHT_MAX, false);
	u32 value = weight;

	if (!ret)
		update(vgpu, &value, NULL, NULL);
	return ret;
}

/**
 * vgpu_set_cap - the most a vGPU gets, whatever nobody else wants
 * @vgpu: the vGPU, in any state
 * @percent: of an engine's time; 100: all
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_cap(struct vgpu *vgpu, u64 percent)
{
	int ret = check_vgpu(vgpu, "cap_percent", percent, 1, SCHED_CAP_MAX,
			     false);
	u32 value = percent;

	if (!ret)
		update(vgpu, NULL, &value, NULL);
	return ret;
}

/**
 * vgpu_set_own_timeslice - give a vGPU slices of its own length
 * @vgpu: the vGPU, in any state
 * @us: microseconds; 0: as long as its instance's
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_own_timeslice(struct vgpu *vgpu, u64 us)
{
	int ret = check_vgpu(vgpu, "timeslice_us", us, VGPU_TIMESLICE_MIN_US,
			     VGPU_TIMESLICE_MAX_US, true);
	u64 ns = us * NSEC_PER_USEC;

	if (!ret)
		update(vgpu, NULL, NULL, &ns);
	return ret;
}

/**
 * vgpu_set_frozen - an administrator's pause
 * @vgpu: the vGPU, in any state
 * @frozen: 1: it gets no turns; 0: it does
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_frozen(struct vgpu *vgpu, u64 frozen)
{
	int ret = check_vgpu(vgpu, "frozen", frozen, 0, 1, true);

	if (!ret)
		vgpu_sched_freeze(vgpu, frozen);
	return ret;
}
