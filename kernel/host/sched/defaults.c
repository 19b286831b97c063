// SPDX-License-Identifier: GPL-2.0-only
/*
 * defaults.c - the settings that an instance begins with: module parameters
 *
 * They are the values a GPU has when the driver is bound to it, and change
 * nothing of GPUs that are bound already.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>

#include "openvgpu_settings.h"
#include "policy/policy.h"
#include "sched/run.h"
#include "sched/sched.h"

/**
 * struct default_number - a module parameter
 * @value: the setting of GPUs that are bound from now on
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
 * The most a vGPU that does not stop takes from the others, once. It is
 * generous, so that no innocent vGPU is reset on a busy host.
 */
static struct default_number default_preempt_timeout = {
	OPENVGPU_PREEMPT_TIMEOUT_US_DEFAULT, OPENVGPU_PREEMPT_TIMEOUT_US_MIN,
	OPENVGPU_PREEMPT_TIMEOUT_US_MAX,
};

/* NULL: the first there is. */
static const struct sched_policy *default_policy;

/**
 * vgpu_sched_default_policy - the policy that an instance begins with
 */
const struct sched_policy *vgpu_sched_default_policy(void)
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
	return scnprintf(buf, PAGE_SIZE, "%s\n", vgpu_sched_default_policy()->name);
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
MODULE_PARM_DESC(averaging_factor, "No effect any more, 1 to 60 (default 33)");
module_param_cb(preempt_timeout_us, &number_ops, &default_preempt_timeout, 0644);
MODULE_PARM_DESC(preempt_timeout_us, "Microseconds for each stage of a preemption of GPUs bound later, 100 to 10000000 (default 500000)");

/**
 * vgpu_sched_defaults - the settings that an instance begins with
 * @settings: receives them
 */
void vgpu_sched_defaults(struct vgpu_sched_settings *settings)
{
	unsigned int hz = READ_ONCE(default_hz.value);

	settings->timeslice_ns = hz ? NSEC_PER_SEC / hz : 0;
	settings->timeslice_max_ns =
		OPENVGPU_TIMESLICE_MAX_US_DEFAULT * (u64)NSEC_PER_USEC;
	settings->averaging = READ_ONCE(default_averaging.value);
	settings->wake_budget_permille = OPENVGPU_WAKE_BUDGET_PERMILLE_DEFAULT;
	settings->preempt_timeout_ns =
		READ_ONCE(default_preempt_timeout.value) * (u64)NSEC_PER_USEC;
	settings->fault_limit = OPENVGPU_FAULT_LIMIT_DEFAULT;
	settings->fault_window_s = OPENVGPU_FAULT_WINDOW_S_DEFAULT;
}
