// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_instance.c - attributes about GPU instances, described in
 * doc/sysfs-driver-openvgpu: of GPUs, of vGPUs, and the folders of the instances
 *
 * An instance's folder is removed with place_lock held, which waits for those who
 * read and write its attributes. So an attribute that takes the lock itself gives
 * up that protection first, and then looks whether the instance is still its own.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "admin/settings.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "display/pacing.h"
#include "place/instance.h"
#include "place/place.h"
#include "place/type.h"

#define MIB	BIT_ULL(20)
#define GIB	BIT_ULL(30)

/* ------------------------------------------------------------ physical GPU */

/* What @count counts, under the lock of the layout. */
#define GPU_COUNT(name, count)						\
	static ssize_t gpu_##name##_show(struct device *dev,		\
					 struct device_attribute *attr,	\
					 char *buf)			\
	{								\
		struct vgpu_gpu *gpu = dev_get_drvdata(dev);		\
		const struct layout *layout = &gpu->layout;		\
		unsigned int value;					\
									\
		mutex_lock(&gpu->lock);					\
		value = count;						\
		mutex_unlock(&gpu->lock);				\
		return sysfs_emit(buf, "%u\n", value);			\
	}

#define GPU_COUNT_RO(name, count)					\
	GPU_COUNT(name, count)						\
	struct device_attribute vgpu_gpu_attr_##name =			\
		__ATTR(name, 0444, gpu_##name##_show, NULL)

/* A GPU that can't be divided is one slice. */
GPU_COUNT_RO(compute_slices, max(layout->compute_slices, 1U));
GPU_COUNT_RO(memory_slices, max(layout->memory_slices, 1U));
GPU_COUNT_RO(pool_slices, layout->compute_slices ? layout_pool_compute(layout) : 1);
GPU_COUNT_RO(max_instances, layout->compute_slices);
GPU_COUNT(pool_slices_min, layout->pool_min)

static ssize_t gpu_pool_slices_min_store(struct device *dev,
					 struct device_attribute *attr,
					 const char *buf, size_t count)
{
	struct vgpu_gpu *gpu = dev_get_drvdata(dev);
	unsigned int most = gpu->layout.compute_slices;
	u64 value;
	int ret;

	ret = vgpu_parse_number(gpu, NULL, "pool_slices_min", buf, count, &value);
	if (ret)
		return ret;
	if (value > most) {
		vgpu_gpu_error(gpu,
			       "pool_slices_min not changed: %llu was written, it takes 0 to %u",
			       value, most);
		return -EINVAL;
	}
	mutex_lock(&gpu->lock);
	gpu->layout.pool_min = value;
	mutex_unlock(&gpu->lock);
	return count;
}

struct device_attribute vgpu_gpu_attr_pool_slices_min =
	__ATTR(pool_slices_min, 0644, gpu_pool_slices_min_show,
	       gpu_pool_slices_min_store);

static ssize_t gpu_why_unavailable_show(struct device *dev,
					struct device_attribute *attr, char *buf)
{
	struct vgpu_gpu *gpu = dev_get_drvdata(dev);
	const char *reason;
	unsigned int i;
	int n = 0;

	for (i = 0; i < gpu->num_types; i++) {
		reason = vgpu_type_unavailable(&gpu->types[i]);
		if (reason)
			n += sysfs_emit_at(buf, n, "%s: %s\n",
					   gpu->types[i].sysfs_name, reason);
	}
	return n;
}

struct device_attribute vgpu_gpu_attr_why_unavailable =
	__ATTR(why_unavailable, 0444, gpu_why_unavailable_show, NULL);

/* -------------------------------------------------------------------- vGPU */

static ssize_t vgpu_instance_show_number(struct device *dev,
					 struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(vgpu->instance)->whole->index);
}

struct device_attribute vgpu_attr_instance =
	__ATTR(instance, 0444, vgpu_instance_show_number, NULL);

static ssize_t vgpu_compute_slices_show(struct device *dev,
					struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	const struct vgpu_instance *instance = READ_ONCE(vgpu->instance);

	return sysfs_emit(buf, "%u\n",
			  vgpu_gpu_is_divisible(vgpu->gpu) ?
			  hweight8(READ_ONCE(instance->compute)) : 1);
}

struct device_attribute vgpu_attr_compute_slices =
	__ATTR(compute_slices, 0444, vgpu_compute_slices_show, NULL);

static ssize_t vgpu_compute_instance_show(struct device *dev,
					  struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(vgpu->instance)->index);
}

static ssize_t vgpu_compute_instance_store(struct device *dev,
					   struct device_attribute *attr,
					   const char *buf, size_t count)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	u64 value;
	int ret;

	ret = vgpu_parse_number(vgpu->gpu, vgpu, "compute_instance", buf, count, &value);
	if (!ret)
		ret = vgpu_place_queue(vgpu, min(value, (u64)UINT_MAX));
	return ret ?: count;
}

struct device_attribute vgpu_attr_compute_instance =
	__ATTR(compute_instance, 0644, vgpu_compute_instance_show,
	       vgpu_compute_instance_store);

/* ------------------------------------------------------------ the folders */

/**
 * struct vgpu_instance_folder - a folder in sysfs
 * @kobj: the folder
 * @gpu: its GPU
 * @instance: what is described there; NULL: it is the folder of the folders
 */
struct vgpu_instance_folder {
	struct kobject kobj;
	struct vgpu_gpu *gpu;
	struct vgpu_instance *instance;
};

static struct vgpu_instance_folder *to_folder(struct kobject *kobj)
{
	return container_of(kobj, struct vgpu_instance_folder, kobj);
}

static void folder_release(struct kobject *kobj)
{
	struct vgpu_instance_folder *folder = to_folder(kobj);
	struct vgpu_gpu *gpu = folder->gpu;

	kfree(folder);
	vgpu_gpu_put(gpu);
}

static struct vgpu_instance_folder *
make_folder(struct vgpu_gpu *gpu, struct vgpu_instance *instance,
	    const struct kobj_type *type, struct kobject *parent, const char *name)
{
	struct vgpu_instance_folder *folder = kzalloc(sizeof(*folder), GFP_KERNEL);
	int ret;

	if (!folder)
		return ERR_PTR(-ENOMEM);
	vgpu_gpu_get(gpu);
	folder->gpu = gpu;
	folder->instance = instance;
	ret = kobject_init_and_add(&folder->kobj, type, parent, "%s", name);
	if (!ret)
		return folder;
	kobject_put(&folder->kobj);
	return ERR_PTR(ret);
}

static void remove_folder(struct vgpu_instance_folder *folder)
{
	kobject_del(&folder->kobj);
	kobject_put(&folder->kobj);
}

/* ------------------------------------------------------ what an instance has */

#define INSTANCE_RO(name)						\
	static struct kobj_attribute instance_##name =			\
		__ATTR(name, 0444, name##_show, NULL)

static struct layout_instance layout_at(const struct vgpu_instance *instance)
{
	struct layout_instance copy;

	mutex_lock(&instance->gpu->lock);
	copy = instance->gpu->layout.instance[instance->index];
	mutex_unlock(&instance->gpu->lock);
	return copy;
}

/* What the layout says of the GPU instance, also if this is a part of it. */
static struct layout_instance layout_of(struct kobject *kobj)
{
	return layout_at(to_folder(kobj)->instance->whole);
}

static struct layout_instance layout_of_part(struct kobject *kobj)
{
	return layout_at(to_folder(kobj)->instance);
}

static bool is_part(const struct vgpu_instance *instance)
{
	return instance->whole != instance;
}

static ssize_t name_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_folder(kobj)->instance->name);
}

INSTANCE_RO(name);

static ssize_t profile_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	const struct vgpu_instance *instance = to_folder(kobj)->instance;
	char profile[VGPU_PROFILE_NAME_SIZE];

	vgpu_profile_name(instance->gpu, layout_of(kobj).profile, profile,
			  sizeof(profile));
	if (!is_part(instance))
		return sysfs_emit(buf, "%s\n", profile);
	return sysfs_emit(buf, "%uc.%s\n", layout_of_part(kobj).profile.compute, profile);
}

INSTANCE_RO(profile);

static ssize_t compute_mask_show(struct kobject *kobj, struct kobj_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "0x%02x\n", layout_of_part(kobj).compute);
}

INSTANCE_RO(compute_mask);

static ssize_t queue_mask_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "0x%02x\n", layout_of_part(kobj).queue);
}

INSTANCE_RO(queue_mask);

static ssize_t memory_of_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", layout_of_part(kobj).shares);
}

INSTANCE_RO(memory_of);

static ssize_t memory_first_show(struct kobject *kobj, struct kobj_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%u\n", layout_of(kobj).memory_first);
}

INSTANCE_RO(memory_first);

static ssize_t memory_slices_show(struct kobject *kobj, struct kobj_attribute *attr,
				  char *buf)
{
	return sysfs_emit(buf, "%u\n", layout_of(kobj).profile.memory);
}

INSTANCE_RO(memory_slices);

static ssize_t members_emit(struct kobject *kobj,
			    unsigned int (*count)(const struct layout *layout,
						  unsigned int instance), char *buf)
{
	struct vgpu_instance_folder *folder = to_folder(kobj);
	unsigned int members;

	mutex_lock(&folder->gpu->lock);
	members = count(&folder->gpu->layout, folder->instance->index);
	mutex_unlock(&folder->gpu->lock);
	return sysfs_emit(buf, "%u\n", members);
}

static ssize_t members_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return members_emit(kobj, is_part(to_folder(kobj)->instance) ?
				  layout_queue_members : layout_members, buf);
}

INSTANCE_RO(members);

static ssize_t queue_members_show(struct kobject *kobj, struct kobj_attribute *attr,
				  char *buf)
{
	return members_emit(kobj, layout_queue_members, buf);
}

INSTANCE_RO(queue_members);

static ssize_t time_show(struct kobject *kobj, bool of_busy, char *buf)
{
	u64 busy = 0, idle = 0;

	/* A GPU that is away has counted nothing. */
	vgpu_instance_time(to_folder(kobj)->instance, &busy, &idle);
	return sysfs_emit(buf, "%llu\n", of_busy ? busy : idle);
}

static ssize_t busy_ns_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return time_show(kobj, true, buf);
}

INSTANCE_RO(busy_ns);

static ssize_t idle_ns_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return time_show(kobj, false, buf);
}

INSTANCE_RO(idle_ns);

/* ------------------------------------------------- what can be done with it */

/*
 * Call @act for an instance with place_lock held, unless it is gone already. See the
 * top of this file. The caller holds a reference to the GPU, which may go.
 */
static int act_on(struct kobject *kobj, struct kobj_attribute *attr,
		  int (*act)(struct vgpu_instance *instance, const char *text),
		  const char *text)
{
	struct vgpu_instance_folder *folder = to_folder(kobj);
	struct vgpu_gpu *gpu = folder->gpu;
	struct kernfs_node *node;
	int ret = -ENODEV;

	node = sysfs_break_active_protection(kobj, &attr->attr);
	if (!node)
		return ret;
	mutex_lock(&gpu->place_lock);
	if (folder->instance->folder == folder)
		ret = act(folder->instance, text);
	mutex_unlock(&gpu->place_lock);
	/* Frame-rate limits are in force under some policies only. */
	if (!ret && act == vgpu_set_scheduler)
		vgpu_pace_all(gpu);
	sysfs_unbreak_active_protection(node);
	return ret;
}

static ssize_t store(struct kobject *kobj, struct kobj_attribute *attr,
		     int (*act)(struct vgpu_instance *instance, const char *text),
		     const char *text, size_t count)
{
	struct vgpu_gpu *gpu = to_folder(kobj)->gpu;
	int ret;

	vgpu_gpu_get(gpu);
	ret = act_on(kobj, attr, act, text);
	vgpu_gpu_put(gpu);
	return ret ?: count;
}

static int refuse_part(const struct vgpu_instance *instance, const char *what)
{
	vgpu_gpu_error(instance->gpu,
		       "instance %u not %s: it is a part of instance %u, as which it comes and goes",
		       instance->index, what, instance->whole->index);
	return -EPERM;
}

/* A bit that was written; -EINVAL, explained in last_error, if it is none. */
static int parse_bit(struct vgpu_instance *instance, const char *what, const char *text,
		     bool must_be_one)
{
	u64 number;
	int ret;

	ret = vgpu_parse_number_of(instance, what, text, strlen(text), &number);
	if (ret)
		return ret;
	if (number <= 1 && (number || !must_be_one))
		return number;
	vgpu_gpu_error(instance->gpu, "instance %u: %s not changed: %llu was written, it takes %s",
		       instance->index, what, number, must_be_one ? "1" : "0 or 1");
	return -EINVAL;
}

static int set_reserved(struct vgpu_instance *instance, const char *text)
{
	int bit = parse_bit(instance, "reserved", text, false);

	if (bit < 0)
		return bit;
	if (is_part(instance))
		return refuse_part(instance, "changed");
	vgpu_set_reserved(instance, bit);
	return 0;
}

static int remove(struct vgpu_instance *instance, const char *text)
{
	int bit = parse_bit(instance, "remove", text, true);

	if (bit < 0)
		return bit;
	if (is_part(instance))
		return refuse_part(instance, "removed");
	return vgpu_release(instance);
}

static ssize_t reserved_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%d\n", layout_of(kobj).reserved);
}

static ssize_t reserved_store(struct kobject *kobj, struct kobj_attribute *attr,
			      const char *buf, size_t count)
{
	return store(kobj, attr, set_reserved, buf, count);
}

static struct kobj_attribute instance_reserved =
	__ATTR(reserved, 0644, reserved_show, reserved_store);

static ssize_t remove_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	return store(kobj, attr, remove, buf, count);
}

static struct kobj_attribute instance_remove = __ATTR(remove, 0200, NULL, remove_store);

static ssize_t scheduler_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return vgpu_scheduler_show(to_folder(kobj)->instance, buf);
}

static ssize_t scheduler_store(struct kobject *kobj, struct kobj_attribute *attr,
			       const char *buf, size_t count)
{
	return store(kobj, attr, vgpu_set_scheduler, buf, count);
}

static struct kobj_attribute instance_scheduler =
	__ATTR(scheduler, 0644, scheduler_show, scheduler_store);

/* ---------------------------------------------------------------- settings */

/**
 * struct setting_attribute - a setting that is a number
 * @attr: the attribute
 * @setting: which
 */
struct setting_attribute {
	struct kobj_attribute attr;
	enum vgpu_setting setting;
};

static ssize_t number_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return vgpu_number_show(to_folder(kobj)->instance,
				container_of(attr, struct setting_attribute,
					     attr)->setting, buf);
}

static ssize_t number_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	return vgpu_number_store(to_folder(kobj)->instance,
				 container_of(attr, struct setting_attribute,
					      attr)->setting,
				 attr->attr.name, buf, count);
}

#define INSTANCE_SETTING(name, id)					\
	static struct setting_attribute instance_##name = {		\
		.attr = __ATTR(name, 0644, number_show, number_store),	\
		.setting = (id),					\
	}

INSTANCE_SETTING(sched_hz, VGPU_SCHED_HZ);
INSTANCE_SETTING(timeslice_us, VGPU_TIMESLICE_US);
INSTANCE_SETTING(timeslice_max_us, VGPU_TIMESLICE_MAX_US);
INSTANCE_SETTING(wake_budget_permille, VGPU_WAKE_BUDGET_PERMILLE);
INSTANCE_SETTING(averaging_factor, VGPU_AVERAGING_FACTOR);
INSTANCE_SETTING(preempt_timeout_us, VGPU_PREEMPT_TIMEOUT_US);
INSTANCE_SETTING(fault_limit, VGPU_FAULT_LIMIT);
INSTANCE_SETTING(fault_window_s, VGPU_FAULT_WINDOW_S);

static struct attribute *instance_attrs[] = {
	&instance_name.attr,
	&instance_profile.attr,
	&instance_compute_mask.attr,
	&instance_queue_mask.attr,
	&instance_memory_of.attr,
	&instance_memory_first.attr,
	&instance_memory_slices.attr,
	&instance_reserved.attr,
	&instance_members.attr,
	&instance_queue_members.attr,
	&instance_busy_ns.attr,
	&instance_idle_ns.attr,
	&instance_remove.attr,
	&instance_scheduler.attr,
	&instance_sched_hz.attr.attr,
	&instance_timeslice_us.attr.attr,
	&instance_timeslice_max_us.attr.attr,
	&instance_wake_budget_permille.attr.attr,
	&instance_averaging_factor.attr.attr,
	&instance_preempt_timeout_us.attr.attr,
	&instance_fault_limit.attr.attr,
	&instance_fault_window_s.attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(instance);

static const struct kobj_type instance_type = {
	.release	= folder_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= instance_groups,
};

/**
 * vgpu_instance_show - make the folder of an instance
 * @instance: the instance; gpu->place_lock is held
 *
 * Return: 0 or errno.
 */
int vgpu_instance_show(struct vgpu_instance *instance)
{
	struct vgpu_instance_folder *folder;
	char number[8];

	snprintf(number, sizeof(number), "%u", instance->index);
	folder = make_folder(instance->gpu, instance, &instance_type,
			     instance->gpu->instances, number);
	if (IS_ERR(folder))
		return PTR_ERR(folder);
	instance->folder = folder;
	return 0;
}

/**
 * vgpu_instance_hide - undo vgpu_instance_show()
 * @instance: the instance; gpu->place_lock is held
 *
 * When it returns, nobody reads or writes its attributes.
 */
void vgpu_instance_hide(struct vgpu_instance *instance)
{
	if (!instance->folder)
		return;
	remove_folder(instance->folder);
	instance->folder = NULL;
}

/* --------------------------------------------------------------- instances/ */

/* "4g.512m": a shape this GPU can name, whether or not it can have it. */
static bool parse_profile(const struct vgpu_gpu *gpu, const char *text,
			  struct layout_profile *profile)
{
	u64 slice = gpu->fb_size / gpu->layout.memory_slices, bytes;
	unsigned int compute, memory;
	char unit, end;

	if (strspn(text, "0123456789mg.") != strlen(text) ||
	    sscanf(text, "%1ug.%6u%c%c", &compute, &memory, &unit, &end) != 3 ||
	    (unit != 'm' && unit != 'g'))
		return false;
	bytes = memory * (unit == 'm' ? MIB : GIB);
	if (bytes % slice || bytes / slice > U8_MAX)
		return false;
	profile->compute = compute;
	profile->memory = bytes / slice;
	return profile->compute && profile->memory;
}

static const char name_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

static bool valid_name(const char *name)
{
	size_t length = strlen(name);

	return length && length < VGPU_INSTANCE_NAME_SIZE &&
	       strspn(name, name_characters) == length;
}

/*
 * "compute=2,1,1": compute slices of each queue, as many as @profile has at most.
 * Return: how many queues; -EINVAL.
 */
static int parse_parts(const char *text, struct layout_profile profile, u8 *parts)
{
	unsigned int sum = 0, n = 0;
	char end;

	if (!str_has_prefix(text, "compute="))
		return -EINVAL;
	for (text += strlen("compute="); ; text += 2) {
		if (n == LAYOUT_SLICES || text[0] < '1' || text[0] > '8')
			return -EINVAL;
		parts[n] = text[0] - '0';
		sum += parts[n++];
		end = text[1];
		if (end != ',')
			break;
	}
	return end || sum > profile.compute ? -EINVAL : n;
}

static int create(struct vgpu_gpu *gpu, char *text)
{
	char shown[VGPU_QUOTE_SIZE], *name = strim(text), *word, *division = NULL;
	struct layout_profile profile;
	u8 parts[LAYOUT_SLICES];
	int num_parts = 0;

	vgpu_quote(name, strlen(name), shown);
	word = strsep(&name, " ");
	if (!parse_profile(gpu, word, &profile)) {
		vgpu_gpu_error(gpu,
			       "instance not created: '%s' is no profile; it takes PROFILE [NAME] [compute=A,B...], a profile as 1g.%llum: compute slices and memory",
			       shown, gpu->fb_size / gpu->layout.memory_slices >> 20);
		return -EINVAL;
	}
	if (name && strchr(name, '=')) {
		division = strrchr(name, ' ');
		if (division)
			*division++ = '\0';
		else
			swap(name, division);
		num_parts = parse_parts(division, profile, parts);
	}
	if (num_parts < 0) {
		vgpu_gpu_error(gpu,
			       "instance not created: '%s' does not divide its compute slices; that is compute=A,B..., together at most %u",
			       shown, profile.compute);
		return -EINVAL;
	}
	if (num_parts > 1 && !gpu->shares_memory) {
		vgpu_gpu_error(gpu,
			       "instance not created: this GPU can't have several queues over the memory of one");
		return -EOPNOTSUPP;
	}
	if (name && !valid_name(name)) {
		vgpu_gpu_error(gpu,
			       "instance not created: '%s' has no name in it; that has 1 to %u characters of A-Z, a-z, 0-9, '_', '.' and '-'",
			       shown, VGPU_INSTANCE_NAME_SIZE - 1);
		return -EINVAL;
	}
	return vgpu_reserve(gpu, profile, name, parts, num_parts);
}

static ssize_t create_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	char *text = kmemdup_nul(buf, count, GFP_KERNEL);
	int ret;

	if (!text)
		return -ENOMEM;
	ret = create(to_folder(kobj)->gpu, text);
	kfree(text);
	return ret ?: count;
}

static struct kobj_attribute instances_create = __ATTR(create, 0200, NULL, create_store);

static struct attribute *instances_attrs[] = {
	&instances_create.attr,
	NULL
};
ATTRIBUTE_GROUPS(instances);

static const struct kobj_type instances_type = {
	.release	= folder_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= instances_groups,
};

/**
 * vgpu_instances_show - make the folder of a GPU's instances
 * @gpu: the GPU; one that can't be divided has none
 *
 * Return: 0 or errno.
 */
int vgpu_instances_show(struct vgpu_gpu *gpu)
{
	struct vgpu_instance_folder *folder;

	if (!vgpu_gpu_is_divisible(gpu))
		return 0;
	folder = make_folder(gpu, NULL, &instances_type, &gpu->pdev->dev.kobj,
			     "instances");
	if (IS_ERR(folder))
		return PTR_ERR(folder);
	gpu->instances = &folder->kobj;
	return 0;
}

/**
 * vgpu_instances_hide - undo vgpu_instances_show()
 * @gpu: the GPU
 *
 * When it returns, nobody creates instances there.
 */
void vgpu_instances_hide(struct vgpu_gpu *gpu)
{
	if (gpu->instances)
		remove_folder(to_folder(gpu->instances));
	gpu->instances = NULL;
}
