// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_sched.c - attributes of the scheduler, described in
 * doc/sysfs-driver-openvgpu
 *
 * Text in, text out; which values are allowed is known to settings.c.
 * Whatever is written wrongly gives EINVAL and a line in last_error.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "admin/settings.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "display/pacing.h"
#include "sched/sched.h"

/**
 * vgpu_quote - what was written to an attribute, for a message
 * @buf: what was written
 * @count: length of @buf
 * @shown: receives the beginning of it, in printable characters; VGPU_QUOTE_SIZE bytes
 */
void vgpu_quote(const char *buf, size_t count, char *shown)
{
	int n;

	if (count && buf[count - 1] == '\n')
		count--;
	/* %*pE would leave bytes that are letters in Latin-1, but no UTF-8. */
	n = string_escape_mem(buf, min_t(size_t, count, VGPU_QUOTE_CHARS), shown,
			      VGPU_QUOTE_SIZE - 1, ESCAPE_ANY | ESCAPE_NAP, NULL);
	shown[n] = '\0';
}

static int parse_number(struct vgpu_gpu *gpu, const char *of, const char *what,
			const char *buf, size_t count, u64 *value)
{
	char shown[VGPU_QUOTE_SIZE];
	int ret;

	/*
	 * It would take "+1", and no notice of what stands behind a zero byte.
	 * One at the end is how some programs write strings.
	 */
	ret = isdigit(buf[0]) && strnlen(buf, count) + 1 >= count ?
	      kstrtou64(buf, 10, value) : -EINVAL;
	if (!ret)
		return 0;
	if (ret == -ERANGE) {
		/* Beyond any range: the setter reports the range. */
		*value = U64_MAX;
		return 0;
	}
	vgpu_quote(buf, count, shown);
	vgpu_gpu_error(gpu, "%s%s not changed: '%s' is not a decimal number", of, what,
		       shown);
	return -EINVAL;
}

/**
 * vgpu_parse_number - what was written to an attribute that takes a number
 * @gpu: the GPU
 * @vgpu: whose attribute it is, NULL: the GPU's
 * @what: its name
 * @buf: what was written
 * @count: length of @buf
 * @value: receives the number; U64_MAX for all that are larger
 *
 * Return: 0; -EINVAL, explained in last_error: not a decimal number.
 */
int vgpu_parse_number(struct vgpu_gpu *gpu, const struct vgpu *vgpu,
		      const char *what, const char *buf, size_t count,
		      u64 *value)
{
	char of[48] = "";

	if (vgpu)
		snprintf(of, sizeof(of), "vGPU %s: ", vgpu_name(vgpu));
	return parse_number(gpu, of, what, buf, count, value);
}

/**
 * vgpu_parse_number_of - the same for an attribute of an instance
 * @instance: whose attribute it is; the pool's are the GPU's
 * @what: its name
 * @buf: what was written
 * @count: length of @buf
 * @value: receives the number; U64_MAX for all that are larger
 *
 * Return: as vgpu_parse_number().
 */
int vgpu_parse_number_of(const struct vgpu_instance *instance, const char *what,
			 const char *buf, size_t count, u64 *value)
{
	char of[VGPU_OF_INSTANCE];

	vgpu_of_instance(instance, of);
	return parse_number(instance->gpu, of, what, buf, count, value);
}

/* ---------------------------------------------------------------- instance */

/**
 * vgpu_number_show - show a setting of an instance that is a number
 * @instance: the instance
 * @setting: which
 * @buf: of sysfs
 */
ssize_t vgpu_number_show(const struct vgpu_instance *instance, enum vgpu_setting setting,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", vgpu_get_number(instance, setting));
}

/**
 * vgpu_number_store - change a setting of an instance that is a number
 * @instance: the instance
 * @setting: which
 * @name: its name
 * @buf: what was written
 * @count: length of @buf
 */
ssize_t vgpu_number_store(struct vgpu_instance *instance, enum vgpu_setting setting,
			  const char *name, const char *buf, size_t count)
{
	u64 value;
	int ret;

	ret = vgpu_parse_number_of(instance, name, buf, count, &value);
	if (!ret)
		ret = vgpu_set_number(instance, setting, value);
	return ret ?: count;
}

/**
 * vgpu_scheduler_show - show the policy of an instance among all there are
 * @instance: the instance
 * @buf: of sysfs
 */
ssize_t vgpu_scheduler_show(const struct vgpu_instance *instance, char *buf)
{
	const struct sched_policy *policy = vgpu_instance_policy(instance);
	int n;

	if (!policy)
		return sysfs_emit(buf, "none\n");
	n = sched_policy_list(buf, PAGE_SIZE, policy);
	return n + sysfs_emit_at(buf, n, "\n");
}

/* ------------------------------- physical GPU: the settings of its pool */

#define GPU_SETTING(name, id)						\
	static ssize_t gpu_##name##_show(struct device *dev,		\
					 struct device_attribute *attr,	\
					 char *buf)			\
	{								\
		struct vgpu_gpu *gpu = dev_get_drvdata(dev);		\
									\
		return vgpu_number_show(vgpu_gpu_pool(gpu), id, buf);	\
	}								\
									\
	static ssize_t gpu_##name##_store(struct device *dev,		\
					  struct device_attribute *attr,\
					  const char *buf, size_t count)\
	{								\
		struct vgpu_gpu *gpu = dev_get_drvdata(dev);		\
									\
		return vgpu_number_store(vgpu_gpu_pool(gpu), id, #name,	\
					 buf, count);			\
	}								\
									\
	struct device_attribute vgpu_gpu_attr_##name =			\
		__ATTR(name, 0644, gpu_##name##_show, gpu_##name##_store)

GPU_SETTING(sched_hz, VGPU_SCHED_HZ);
GPU_SETTING(timeslice_us, VGPU_TIMESLICE_US);
GPU_SETTING(timeslice_max_us, VGPU_TIMESLICE_MAX_US);
GPU_SETTING(wake_budget_permille, VGPU_WAKE_BUDGET_PERMILLE);
GPU_SETTING(averaging_factor, VGPU_AVERAGING_FACTOR);
GPU_SETTING(preempt_timeout_us, VGPU_PREEMPT_TIMEOUT_US);
GPU_SETTING(fault_limit, VGPU_FAULT_LIMIT);
GPU_SETTING(fault_window_s, VGPU_FAULT_WINDOW_S);

static ssize_t gpu_scheduler_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return vgpu_scheduler_show(vgpu_gpu_pool(dev_get_drvdata(dev)), buf);
}

static ssize_t gpu_scheduler_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	struct vgpu_gpu *gpu = dev_get_drvdata(dev);
	int ret = vgpu_set_scheduler(vgpu_gpu_pool(gpu), buf);

	if (ret)
		return ret;
	/* Frame-rate limits are in force under some policies only. */
	vgpu_pace_all(gpu);
	return count;
}

struct device_attribute vgpu_gpu_attr_scheduler =
	__ATTR(scheduler, 0644, gpu_scheduler_show, gpu_scheduler_store);

/* -------------------------------------------------------------------- vGPU */

static u64 to_us(u64 ns)
{
	return div_u64(ns, NSEC_PER_USEC);
}

/*
 * Nothing is scheduled on some GPUs: their vGPUs have the values of one that
 * was never opened, which are constant.
 */
static void settings_lock(struct vgpu *vgpu)
	__acquires(vgpu->instance->rq.lock)
{
	vgpu_sched_lock(vgpu);
}

static void settings_unlock(struct vgpu *vgpu)
	__releases(vgpu->instance->rq.lock)
{
	spin_unlock_irq(&vgpu->instance->rq.lock);
}

#define VGPU_SETTING(name, id, value_in_force)				\
	static ssize_t vgpu_##name##_show(struct device *dev,		\
					  struct device_attribute *attr,\
					  char *buf)			\
	{								\
		struct vgpu *vgpu = dev_get_drvdata(dev);		\
		u64 value;						\
									\
		settings_lock(vgpu);					\
		value = value_in_force;					\
		settings_unlock(vgpu);					\
		return sysfs_emit(buf, "%llu\n", value);		\
	}								\
									\
	static ssize_t vgpu_##name##_store(struct device *dev,		\
					   struct device_attribute *attr,\
					   const char *buf, size_t count)\
	{								\
		struct vgpu *vgpu = dev_get_drvdata(dev);		\
		u64 value;						\
		int ret;						\
									\
		ret = vgpu_parse_number(vgpu->gpu, vgpu, #name, buf,	\
					count, &value);			\
		if (!ret)						\
			ret = vgpu_set_own_number(vgpu, id, value);	\
		return ret ? ret : count;				\
	}								\
									\
	struct device_attribute vgpu_attr_##name =			\
		__ATTR(name, 0644, vgpu_##name##_show, vgpu_##name##_store)

VGPU_SETTING(weight, VGPU_WEIGHT, vgpu->entity.weight);
VGPU_SETTING(cap_percent, VGPU_CAP_PERCENT, vgpu->limits.cap_percent);
VGPU_SETTING(cap_ceiling_percent, VGPU_CAP_CEILING_PERCENT,
	     vgpu->limits.cap_ceiling_percent);
VGPU_SETTING(timeslice_us, VGPU_VGPU_TIMESLICE_US,
	     to_us(vgpu->entity.timeslice_ns));
VGPU_SETTING(frozen, VGPU_FROZEN, vgpu->frozen);
VGPU_SETTING(migration_throttle, VGPU_MIGRATION_THROTTLE,
	     vgpu->migration.throttle);

static ssize_t sched_state_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n",
			  vgpu_sched_state_name(READ_ONCE(vgpu->sched_state)));
}

struct device_attribute vgpu_attr_sched_state =
	__ATTR(sched_state, 0444, sched_state_show, NULL);

/* -------------------------------------------------------------- statistics */

static s64 lag_now(struct vgpu *vgpu)
{
	return sched_lag(&vgpu->instance->rq.queue, &vgpu->entity,
			 ktime_get_ns());
}

#define SCHED_STAT(name, value_now)					\
	static ssize_t stat_##name##_show(struct device *dev,		\
					  struct device_attribute *attr,\
					  char *buf)			\
	{								\
		struct vgpu *vgpu = dev_get_drvdata(dev);		\
		u64 value;						\
									\
		settings_lock(vgpu);					\
		value = value_now;					\
		settings_unlock(vgpu);					\
		return sysfs_emit(buf, "%llu\n", value);		\
	}								\
									\
	struct device_attribute vgpu_stat_##name =			\
		__ATTR(name, 0444, stat_##name##_show, NULL)

SCHED_STAT(overrun_ns, vgpu->account.overrun_ns);
SCHED_STAT(debt_ns, max_t(s64, -lag_now(vgpu), 0));
SCHED_STAT(idle_ns, vgpu->entity.share.lost_ns);
SCHED_STAT(wait_max_ns, vgpu->account.wait_max_ns);
SCHED_STAT(wait_sum_ns, vgpu->account.wait_sum_ns);

static ssize_t stat_lag_ns_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	s64 value;

	settings_lock(vgpu);
	value = lag_now(vgpu);
	settings_unlock(vgpu);
	return sysfs_emit(buf, "%lld\n", value);
}

struct device_attribute vgpu_stat_lag_ns =
	__ATTR(lag_ns, 0444, stat_lag_ns_show, NULL);

static ssize_t stat_wait_histogram_show(struct device *dev,
					struct device_attribute *attr,
					char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	u64 waits[VGPU_WAIT_BUCKETS];
	unsigned int i;
	int n = 0;

	settings_lock(vgpu);
	memcpy(waits, vgpu->account.waits, sizeof(waits));
	settings_unlock(vgpu);
	for (i = 0; i < VGPU_WAIT_BUCKETS; i++)
		n += sysfs_emit_at(buf, n, "%llu%c", waits[i],
				   i + 1 < VGPU_WAIT_BUCKETS ? ' ' : '\n');
	return n;
}

struct device_attribute vgpu_stat_wait_histogram =
	__ATTR(wait_histogram, 0444, stat_wait_histogram_show, NULL);
