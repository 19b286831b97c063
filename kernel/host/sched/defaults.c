// SPDX-License-Identifier: GPL-2.0-only
/*
 * defaults.c - the settings that a GPU begins with: module parameters
 *
 * They are the values a GPU has when the driver is bound to it, and say
 * nothing about GPUs that are bound already.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>

#include "base/gpu.h"
#include "openvgpu_settings.h"
#include "policy/policy.h"
#include "sched/run.h"
#include "sched/sched.h"

/**
 * struct default_number - a module parameter
 * @value: what GPUs bound from now on get
 * @min: smallest value allowed
 * @max: largest
 */
struct default_number {
	unsigned int value;
	unsigned int min;
	unsigned int max;
};

static struct default_number default_hz = {
	OPENVGPU_SCHED_HZ_DEFAULT, 0, OPENVGPU_SCHED_HZ_MAX,
};

static struct default_number default_averaging = {
	OPENVGPU_AVERAGING_FACTOR_DEFAULT, OPENVGPU_AVERAGING_FACTOR_MIN,
	OPENVGPU_AVERAGING_FACTOR_MAX,
};

/*
 * What a vGPU may take from the others by being stubborn, once: generous, so
 * that a busy host resets nobody innocent.
 */
static struct default_number default_preempt_timeout = {
	OPENVGPU_PREEMPT_TIMEOUT_US_DEFAULT, OPENVGPU_PREEMPT_TIMEOUT_US_MIN,
	OPENVGPU_PREEMPT_TIMEOUT_US_MAX,
};

/* NULL: the first there is. */
static const struct sched_policy *default_policy;

static const struct sched_policy *default_in_force(void)
{
	return READ_ONCE(default_policy) ?: sched_policy_find(NULL);
}

static int number_set(const char *text, const struct kernel_param *param)
{
	struct default_number *number = param->arg;
	unsigned int value;

	if (!text || kstrtouint(text, 10, &value) || value < number->min ||
	    value > number->max) {
		pr_err("parameter %s must be a number from %u to %u\n",
		       param->name, number->min, number->max);
		return -EINVAL;
	}
	WRITE_ONCE(number->value, value);
	return 0;
}

static int number_get(char *buf, const struct kernel_param *param)
{
	const struct default_number *number = param->arg;

	return scnprintf(buf, PAGE_SIZE, "%u\n", number->value);
}

static const struct kernel_param_ops number_ops = {
	.set = number_set,
	.get = number_get,
};

static int policy_set(const char *text, const struct kernel_param *param)
{
	const struct sched_policy *policy = text ? sched_policy_find(text) : NULL;
	char names[64];

	if (!policy) {
		sched_policy_list(names, sizeof(names), NULL);
		pr_err("parameter %s must be one of: %s\n", param->name, names);
		return -EINVAL;
	}
	WRITE_ONCE(default_policy, policy);
	return 0;
}

static int policy_get(char *buf, const struct kernel_param *param)
{
	return scnprintf(buf, PAGE_SIZE, "%s\n", default_in_force()->name);
}

static const struct kernel_param_ops policy_ops = {
	.set = policy_set,
	.get = policy_get,
};

module_param_cb(scheduler, &policy_ops, NULL, 0644);
MODULE_PARM_DESC(scheduler, "Policy of GPUs bound later: best_effort (default), equal_share, fixed_share");
module_param_cb(sched_hz, &number_ops, &default_hz, 0644);
MODULE_PARM_DESC(sched_hz, "Time slices a second of GPUs bound later, 1 to 10000; 0 (default): by the number of open vGPUs");
module_param_cb(averaging_factor, &number_ops, &default_averaging, 0644);
MODULE_PARM_DESC(averaging_factor, "Over how many slices of GPUs bound later an overrun is paid back, 1 to 60 (default 33)");
module_param_cb(preempt_timeout_us, &number_ops, &default_preempt_timeout, 0644);
MODULE_PARM_DESC(preempt_timeout_us, "Microseconds for each stage of a preemption of GPUs bound later, 100 to 10000000 (default 500000)");

/**
 * vgpu_sched_defaults - give a GPU the settings it begins with
 * @gpu: the GPU; its run queues are made, nobody uses them yet
 */
void vgpu_sched_defaults(struct vgpu_gpu *gpu)
{
	const struct sched_policy *policy = default_in_force();
	unsigned int hz = READ_ONCE(default_hz.value), i;

	gpu->timeslice_ns = hz ? NSEC_PER_SEC / hz : 0;
	gpu->averaging = READ_ONCE(default_averaging.value);
	gpu->preempt_timeout_ns = READ_ONCE(default_preempt_timeout.value) *
				  (u64)NSEC_PER_USEC;
	gpu->fault_limit = OPENVGPU_FAULT_LIMIT_DEFAULT;
	gpu->fault_window_s = OPENVGPU_FAULT_WINDOW_S_DEFAULT;
	if (!vgpu_is_scheduled(gpu))
		return;
	for (i = 0; i < ARRAY_SIZE(gpu->rq); i++) {
		struct vgpu_runqueue *rq = &gpu->rq[i];

		spin_lock_irq(&rq->lock);
		sched_set_policy(&rq->queue, policy, ktime_get_ns());
		spin_unlock_irq(&rq->lock);
	}
}
