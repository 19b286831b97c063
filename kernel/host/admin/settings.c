// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - what an administrator may change while vGPUs run
 *
 * Every value is checked here and nowhere else, against the ranges of
 * openvgpu_settings.h. One that is refused changes nothing and is explained in
 * the GPU's last_error. One that is taken acts on the run queue at its next
 * decision.
 */

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "admin/settings.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "place/place.h"
#include "sched/sched.h"

/* ------------------------------------------------------------------- checks */

/* A setting that is a number: see openvgpu_settings.h. */
struct number {
	const char *name;
	u32 min;
	u32 max;
	u32 by_default;
	u32 flags;
};

#define NUMBER(id, setting, minimum, maximum, standard, options, meaning)	\
	[VGPU_##id] = {								\
		.name = #setting,						\
		.min = (minimum),						\
		.max = (maximum),						\
		.by_default = (standard),					\
		.flags = (options),						\
	},

static const struct number numbers[] = {
	OPENVGPU_GPU_SETTINGS(NUMBER, OPENVGPU_NO_NUMBER, OPENVGPU_NO_NUMBER)
	OPENVGPU_VGPU_SETTINGS(NUMBER, OPENVGPU_NO_NUMBER, OPENVGPU_NO_NUMBER,
			       OPENVGPU_NO_NUMBER)
};

/* @of: "" or the vGPU or instance it is about, with a blank behind. */
static int check_scheduled(struct vgpu_gpu *gpu, const char *of,
			   const char *what)
{
	if (vgpu_is_scheduled(gpu))
		return 0;
	vgpu_gpu_error(gpu, "%s%s not changed: the host schedules no engine of this GPU",
		       of, what);
	return -EOPNOTSUPP;
}

/* Where 0 is not the default but has a meaning, it is the range's lower end. */
static int check(struct vgpu_gpu *gpu, const char *of,
		 const struct number *number, u64 value)
{
	bool or_zero = number->flags & OPENVGPU_OR_ZERO;
	u64 min = or_zero && number->by_default ? 0 : number->min;
	int ret = check_scheduled(gpu, of, number->name);

	if (ret || (value >= min && value <= number->max) || (or_zero && !value))
		return ret;
	vgpu_gpu_error(gpu, "%s%s not changed: %llu was written, it takes %llu to %u%s",
		       of, number->name, value, min, number->max,
		       or_zero && min ? ", or 0 for the default" : "");
	return -EINVAL;
}

/* ---------------------------------------------------------------- instance */

/**
 * vgpu_of_instance - whose setting it is, for messages
 * @instance: the instance
 * @of: receives what stands before the setting's name; VGPU_OF_INSTANCE bytes. The
 *	pool's settings are the GPU's
 */
void vgpu_of_instance(const struct vgpu_instance *instance, char *of)
{
	of[0] = '\0';
	if (instance->index != LAYOUT_POOL)
		snprintf(of, VGPU_OF_INSTANCE, "instance %u: ", instance->index);
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
	char names[64], of[VGPU_OF_INSTANCE];
	int ret;

	vgpu_of_instance(instance, of);
	ret = check_scheduled(instance->gpu, of, "scheduler");
	if (ret)
		return ret;
	if (!policy) {
		sched_policy_list(names, sizeof(names), NULL);
		vgpu_gpu_error(instance->gpu,
			       "%sscheduler not changed: there are only %s", of,
			       names);
		return -EINVAL;
	}
	spin_lock_irq(&rq->lock);
	if (rq->queue.policy != policy) {
		sched_set_policy(&rq->queue, policy, ktime_get_ns());
		vgpu_sched_kick(rq);
	}
	spin_unlock_irq(&rq->lock);
	vgpu_place_policy(instance->gpu);
	return 0;
}

/**
 * vgpu_get_number - a setting of an instance that is a number
 * @instance: the instance
 * @setting: which, of those in OPENVGPU_GPU_SETTINGS
 *
 * Return: the value in force, in the unit of the setting.
 */
u64 vgpu_get_number(const struct vgpu_instance *instance, enum vgpu_setting setting)
{
	const struct vgpu_sched_settings *settings = &instance->settings;

	switch (setting) {
	case VGPU_SCHED_HZ:
		return DIV64_U64_ROUND_CLOSEST(NSEC_PER_SEC,
					       vgpu_sched_timeslice(instance));
	case VGPU_TIMESLICE_US:
		return div_u64(vgpu_sched_timeslice(instance), NSEC_PER_USEC);
	case VGPU_TIMESLICE_MAX_US:
		return div_u64(READ_ONCE(settings->timeslice_max_ns), NSEC_PER_USEC);
	case VGPU_WAKE_BUDGET_PERMILLE:
		return READ_ONCE(settings->wake_budget_permille);
	case VGPU_AVERAGING_FACTOR:
		return READ_ONCE(settings->averaging);
	case VGPU_PREEMPT_TIMEOUT_US:
		return div_u64(READ_ONCE(settings->preempt_timeout_ns), NSEC_PER_USEC);
	case VGPU_FAULT_LIMIT:
		return READ_ONCE(settings->fault_limit);
	case VGPU_FAULT_WINDOW_S:
		return READ_ONCE(settings->fault_window_s);
	default:
		return 0;
	}
}

/**
 * vgpu_set_number - change a setting of an instance that is a number
 * @instance: the instance
 * @setting: which, of those in OPENVGPU_GPU_SETTINGS
 * @value: the number
 *
 * The length of slices and wake_budget_permille act at once, preempt_timeout_us
 * on stages of a preemption that begin after it, fault_limit and fault_window_s
 * at the next hang. May sleep.
 *
 * Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_number(struct vgpu_instance *instance, enum vgpu_setting setting,
		    u64 value)
{
	struct vgpu_sched_settings *settings = &instance->settings;
	struct vgpu_runqueue *rq = &instance->rq;
	char of[VGPU_OF_INSTANCE];
	int ret;

	vgpu_of_instance(instance, of);
	ret = check(instance->gpu, of, &numbers[setting], value);
	if (ret)
		return ret;
	switch (setting) {
	case VGPU_SCHED_HZ:
		WRITE_ONCE(settings->timeslice_ns,
			   value ? div64_u64(NSEC_PER_SEC, value) : 0);
		break;
	case VGPU_TIMESLICE_US:
		WRITE_ONCE(settings->timeslice_ns, value * NSEC_PER_USEC);
		break;
	case VGPU_TIMESLICE_MAX_US:
		WRITE_ONCE(settings->timeslice_max_ns, value * NSEC_PER_USEC);
		break;
	case VGPU_WAKE_BUDGET_PERMILLE:
		WRITE_ONCE(settings->wake_budget_permille, value);
		break;
	case VGPU_AVERAGING_FACTOR:
		WRITE_ONCE(settings->averaging, value);
		return 0;
	case VGPU_PREEMPT_TIMEOUT_US:
		WRITE_ONCE(settings->preempt_timeout_ns, value * NSEC_PER_USEC);
		return 0;
	case VGPU_FAULT_LIMIT:
		WRITE_ONCE(settings->fault_limit, value);
		return 0;
	case VGPU_FAULT_WINDOW_S:
		WRITE_ONCE(settings->fault_window_s, value);
		return 0;
	default:
		return -EINVAL;
	}
	spin_lock_irq(&rq->lock);
	vgpu_sched_kick(rq);
	spin_unlock_irq(&rq->lock);
	return 0;
}

/* --------------------------------------------------------------------- vGPU */

/**
 * vgpu_set_own_number - change a setting of a vGPU's scheduling
 * @vgpu: the vGPU, in any state
 * @setting: which, of those in OPENVGPU_VGPU_SETTINGS about the scheduler
 * @value: the number
 *
 * May sleep. Return: 0, -EINVAL or -EOPNOTSUPP.
 */
int vgpu_set_own_number(struct vgpu *vgpu, enum vgpu_setting setting, u64 value)
{
	struct sched_client *client = &vgpu->entity;
	struct vgpu_limits *limits = &vgpu->limits;
	struct vgpu_runqueue *rq;
	u64 timeslice_ns;
	u32 weight;
	char of[48];
	int ret;

	snprintf(of, sizeof(of), "vGPU %s: ", vgpu_name(vgpu));
	ret = check(vgpu->gpu, of, &numbers[setting], value);
	if (ret)
		return ret;
	if (setting == VGPU_FROZEN) {
		vgpu_sched_freeze(vgpu, value);
		return 0;
	}
	if (setting == VGPU_MIGRATION_THROTTLE) {
		WRITE_ONCE(vgpu->migration.throttle, value);
		return 0;
	}
	rq = vgpu_sched_lock(vgpu);
	weight = setting == VGPU_WEIGHT ? value : client->weight;
	if (setting == VGPU_CAP_PERCENT)
		limits->cap_percent = value;
	if (setting == VGPU_CAP_CEILING_PERCENT)
		limits->cap_ceiling_percent = value;
	timeslice_ns = setting == VGPU_VGPU_TIMESLICE_US ?
		       value * NSEC_PER_USEC : client->timeslice_ns;
	sched_update(&rq->queue, client, weight, vgpu_limits_cap(limits),
		     timeslice_ns, ktime_get_ns());
	vgpu_sched_kick(rq);
	spin_unlock_irq(&rq->lock);
	return 0;
}
