// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - attributes of GPUs and vGPUs, described in doc/sysfs-driver-openvgpu;
 * those of the scheduler are in sysfs_sched.c, of displays in sysfs_display.c, of
 * instances in sysfs_instance.c, of tenants in sysfs_tenant.c
 *
 * The driver core removes them before it calls our remove functions, so a
 * show or store always finds a working object.
 */
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "gpu/driver.h"
#include "place/mode.h"
#include "sched/sched.h"
#include "vgpu/life.h"
#include "vgpu/mdev.h"

/* ------------------------------------------------------------ physical GPU */

static struct vgpu_gpu *to_gpu(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static ssize_t abi_version_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", VGPU_ABI_VERSION);
}
static DEVICE_ATTR_RO(abi_version);

static ssize_t driver_version_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", VGPU_DRIVER_VERSION);
}
static DEVICE_ATTR_RO(driver_version);

static ssize_t family_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", to_gpu(dev)->family->name);
}
static DEVICE_ATTR_RO(family);

static ssize_t board_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", to_gpu(dev)->board);
}
static DEVICE_ATTR_RO(board);

/* Of PCI's capability. A device that does not answer reads all ones. */
static ssize_t serial_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	u64 serial = pci_get_dsn(to_pci_dev(dev));

	if (!serial || serial == U64_MAX)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%016llx\n", serial);
}
static DEVICE_ATTR_RO(serial);

/* The state of a vGPU as sysfs shows it. */
static const char *state_name(struct vgpu *vgpu)
{
	enum vgpu_state state = READ_ONCE(vgpu->state);

	if (state < VGPU_OPEN)
		return "closed";
	if (state == VGPU_OFFLINE)
		return "offline";
	if (state == VGPU_LOST)
		return "dead";
	if (READ_ONCE(vgpu->paused))
		return "paused";
	/* Open, but there is no engine to schedule. */
	if (READ_ONCE(vgpu->sched_state) == VGPU_SCHED_CLOSED)
		return "idle";
	return vgpu_sched_state_name(READ_ONCE(vgpu->sched_state));
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", vgpu_gpu_state_name(to_gpu(dev)));
}
static DEVICE_ATTR_RO(state);

static ssize_t framebuffer_total_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	const struct vgpu_gpu *gpu = to_gpu(dev);

	return sysfs_emit(buf, "%llu\n", gpu->fb_size - gpu->fb_reserved);
}
static DEVICE_ATTR_RO(framebuffer_total);

static ssize_t framebuffer_free_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	struct vgpu_gpu *gpu = to_gpu(dev);
	u64 bytes;

	mutex_lock(&gpu->lock);
	bytes = layout_free_bytes(&gpu->layout, LAYOUT_POOL);
	mutex_unlock(&gpu->lock);
	return sysfs_emit(buf, "%llu\n", bytes);
}
static DEVICE_ATTR_RO(framebuffer_free);

/* Of the pool's vGPUs that could be created now; closed ones move for it. */
static u64 largest(const struct layout *layout)
{
	struct layout_profile pool = { };
	unsigned int level;

	for (level = 0; level <= layout->levels; level++)
		if (layout_available(layout, pool, level))
			return layout->size >> level;
	return 0;
}

static ssize_t largest_free_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct vgpu_gpu *gpu = to_gpu(dev);
	u64 bytes;

	mutex_lock(&gpu->lock);
	bytes = largest(&gpu->layout);
	mutex_unlock(&gpu->lock);
	return sysfs_emit(buf, "%llu\n", bytes);
}
static DEVICE_ATTR_RO(largest_free);

static ssize_t max_vgpus_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_gpu(dev)->max_vgpus);
}
static DEVICE_ATTR_RO(max_vgpus);

static ssize_t last_error_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vgpu_gpu *gpu = to_gpu(dev);
	ssize_t ret;

	mutex_lock(&gpu->lock);
	ret = sysfs_emit(buf, "%s\n", gpu->last_error);
	mutex_unlock(&gpu->lock);
	return ret;
}
static DEVICE_ATTR_RO(last_error);

static ssize_t hand_over_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct vgpu_gpu *gpu = to_gpu(dev);
	bool away;

	mutex_lock(&gpu->lock);
	away = gpu->hand_over == VGPU_HANDED_OVER;
	mutex_unlock(&gpu->lock);
	return sysfs_emit(buf, "%d\n", away);
}

static ssize_t hand_over_store(struct device *dev,
			       struct device_attribute *attr,
			       const char *buf, size_t count)
{
	struct vgpu_gpu *gpu = to_gpu(dev);
	u64 value;
	int ret;

	ret = vgpu_parse_number(gpu, NULL, "hand_over", buf, count, &value);
	if (ret)
		return ret;
	if (value > 1) {
		vgpu_gpu_error(gpu, "hand_over not changed: %llu was written, it takes 0 or 1",
			       value);
		return -EINVAL;
	}
	ret = value ? vgpu_gpu_hand_over(gpu) : vgpu_gpu_keep(gpu);
	return ret ?: count;
}
static DEVICE_ATTR_RW(hand_over);

static ssize_t work_mode_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	int n = vgpu_work_mode_list(to_gpu(dev), buf, PAGE_SIZE);

	return n + sysfs_emit_at(buf, n, "\n");
}

static ssize_t work_mode_store(struct device *dev,
			       struct device_attribute *attr,
			       const char *buf, size_t count)
{
	return vgpu_work_mode_set(to_gpu(dev), buf) ?: count;
}
static DEVICE_ATTR_RW(work_mode);

static ssize_t firmware_mode_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	int n = vgpu_firmware_mode_list(to_gpu(dev), buf, PAGE_SIZE);

	return n + sysfs_emit_at(buf, n, "\n");
}
static DEVICE_ATTR_RO(firmware_mode);

static ssize_t firmware_mode_next_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	int n = vgpu_firmware_mode_list_next(to_gpu(dev), buf, PAGE_SIZE);

	return n + sysfs_emit_at(buf, n, "\n");
}

static ssize_t firmware_mode_next_store(struct device *dev,
					struct device_attribute *attr,
					const char *buf, size_t count)
{
	return vgpu_firmware_mode_set(to_gpu(dev), buf) ?: count;
}
static DEVICE_ATTR_RW(firmware_mode_next);

static struct attribute *gpu_attrs[] = {
	&dev_attr_abi_version.attr,
	&dev_attr_driver_version.attr,
	&dev_attr_family.attr,
	&dev_attr_board.attr,
	&dev_attr_serial.attr,
	&dev_attr_state.attr,
	&dev_attr_framebuffer_total.attr,
	&dev_attr_framebuffer_free.attr,
	&dev_attr_largest_free.attr,
	&dev_attr_max_vgpus.attr,
	&dev_attr_last_error.attr,
	&dev_attr_hand_over.attr,
	&dev_attr_work_mode.attr,
	&dev_attr_firmware_mode.attr,
	&dev_attr_firmware_mode_next.attr,
	&vgpu_gpu_attr_dma_logging.attr,
	&vgpu_gpu_attr_compute_slices.attr,
	&vgpu_gpu_attr_memory_slices.attr,
	&vgpu_gpu_attr_pool_slices.attr,
	&vgpu_gpu_attr_pool_slices_min.attr,
	&vgpu_gpu_attr_max_instances.attr,
	&vgpu_gpu_attr_why_unavailable.attr,
	&vgpu_gpu_attr_console.attr,
	&vgpu_gpu_attr_scheduler.attr,
	&vgpu_gpu_attr_sched_hz.attr,
	&vgpu_gpu_attr_timeslice_us.attr,
	&vgpu_gpu_attr_timeslice_max_us.attr,
	&vgpu_gpu_attr_wake_budget_permille.attr,
	&vgpu_gpu_attr_averaging_factor.attr,
	&vgpu_gpu_attr_preempt_timeout_us.attr,
	&vgpu_gpu_attr_fault_limit.attr,
	&vgpu_gpu_attr_fault_window_s.attr,
	NULL
};

static const struct attribute_group gpu_group = {
	.name = "openvgpu",
	.attrs = gpu_attrs,
};

const struct attribute_group *vgpu_gpu_groups[] = {
	&gpu_group,
	NULL
};

/* -------------------------------------------------------------------- vGPU */

static struct vgpu *to_vgpu(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static ssize_t vgpu_state_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", state_name(to_vgpu(dev)));
}

static ssize_t owner_pid_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_vgpu(dev)->owner_pid));
}
static DEVICE_ATTR_RO(owner_pid);

static ssize_t refuse_opens_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_vgpu(dev)->refuse_opens));
}

static ssize_t refuse_opens_store(struct device *dev,
				  struct device_attribute *attr,
				  const char *buf, size_t count)
{
	struct vgpu *vgpu = to_vgpu(dev);
	u64 value;
	int ret;

	ret = vgpu_parse_number(vgpu->gpu, vgpu, "refuse_opens", buf, count,
				&value);
	if (ret)
		return ret;
	if (value > 1) {
		vgpu_error(vgpu, ": refuse_opens not changed: %llu was written, it takes 0 or 1",
			   value);
		return -EINVAL;
	}
	vgpu_refuse_opens(vgpu, value);
	return count;
}
static DEVICE_ATTR_RW(refuse_opens);

static ssize_t partition_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", to_vgpu(dev)->partition);
}
static DEVICE_ATTR_RO(partition);

static ssize_t framebuffer_offset_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(to_vgpu(dev)->fb_offset));
}
static DEVICE_ATTR_RO(framebuffer_offset);

static ssize_t framebuffer_size_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", to_vgpu(dev)->fb_size);
}
static DEVICE_ATTR_RO(framebuffer_size);

static ssize_t type_name_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%s\n", to_vgpu(dev)->type->pretty_name);
}
static DEVICE_ATTR_RO(type_name);

static ssize_t last_fault_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_vgpu(dev)->faults.last));
}
static DEVICE_ATTR_RO(last_fault);

static ssize_t last_reset_reason_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	unsigned int reason = READ_ONCE(to_vgpu(dev)->faults.last_reset);

	return sysfs_emit(buf, "%u %s\n", reason, vgpu_reset_name(reason));
}
static DEVICE_ATTR_RO(last_reset_reason);

/* The guest's word, but no more than can be true. */
static ssize_t framebuffer_used_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = to_vgpu(dev);

	return sysfs_emit(buf, "%llu\n",
			  min(READ_ONCE(vgpu->framebuffer_used), vgpu->fb_size));
}
static DEVICE_ATTR_RO(framebuffer_used);

static ssize_t guest_driver_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = to_vgpu(dev);
	const struct vgpu_personality *personality =
		READ_ONCE(vgpu->personality);
	char text[48] = "none";

	if (personality->guest_driver)
		personality->guest_driver(READ_ONCE(vgpu->guest_driver), text,
					  sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}
static DEVICE_ATTR_RO(guest_driver);

static ssize_t pinned_pages_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", READ_ONCE(to_vgpu(dev)->pins.pages));
}
static DEVICE_ATTR_RO(pinned_pages);

/* Its name is taken above, by the GPU's. */
static struct device_attribute vgpu_attr_state =
	__ATTR(state, 0444, vgpu_state_show, NULL);

static struct attribute *vgpu_attrs[] = {
	&vgpu_attr_personality.attr,
	&vgpu_attr_display.attr,
	&vgpu_attr_frame_rate_limit.attr,
	&vgpu_attr_frame_rate_ceiling.attr,
	&vgpu_attr_tenant.attr,
	&vgpu_attr_notice.attr,
	&vgpu_attr_admission.attr,
	&vgpu_attr_migration.attr,
	&vgpu_attr_migration_hello.attr,
	&vgpu_attr_state.attr,
	&dev_attr_owner_pid.attr,
	&dev_attr_refuse_opens.attr,
	&vgpu_attr_instance.attr,
	&vgpu_attr_compute_slices.attr,
	&vgpu_attr_compute_instance.attr,
	&dev_attr_partition.attr,
	&dev_attr_framebuffer_offset.attr,
	&dev_attr_framebuffer_size.attr,
	&dev_attr_framebuffer_used.attr,
	&dev_attr_guest_driver.attr,
	&dev_attr_type_name.attr,
	&dev_attr_last_fault.attr,
	&dev_attr_last_reset_reason.attr,
	&vgpu_attr_weight.attr,
	&vgpu_attr_cap_percent.attr,
	&vgpu_attr_cap_ceiling_percent.attr,
	&vgpu_attr_timeslice_us.attr,
	&vgpu_attr_frozen.attr,
	&vgpu_attr_migration_throttle.attr,
	&vgpu_attr_sched_state.attr,
	&dev_attr_pinned_pages.attr,
	NULL
};

static const struct attribute_group vgpu_group = {
	.name = "openvgpu",
	.attrs = vgpu_attrs,
};

/* -------------------------------------------------------------- statistics */

/**
 * struct stat_attribute - one counter
 * @attr: the attribute
 * @which: offset of an atomic64_t in struct vgpu_stats, or enum vgpu_counter
 */
struct stat_attribute {
	struct device_attribute attr;
	size_t which;
};

static size_t stat_of(struct device_attribute *attr)
{
	return container_of(attr, struct stat_attribute, attr)->which;
}

/* Counted by this module, since the vGPU was created. */
static ssize_t software_stat_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	const void *stats = &to_vgpu(dev)->stats;
	const atomic64_t *value = stats + stat_of(attr);

	return sysfs_emit(buf, "%lld\n", atomic64_read(value));
}

/* Counted by the hardware, since the vGPU was opened last. */
static ssize_t hardware_stat_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = to_vgpu(dev);
	const struct vgpu_family *family = vgpu->gpu->family;
	u64 value = 0;

	/* A GPU that is away has counted nothing. */
	if (family->counter && family->counter(vgpu, stat_of(attr), &value))
		value = 0;
	return sysfs_emit(buf, "%llu\n", value);
}

static ssize_t dma_pinned_bytes_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	u64 pages = READ_ONCE(to_vgpu(dev)->pins.pages);

	return sysfs_emit(buf, "%llu\n", pages << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(dma_pinned_bytes);

#define SOFTWARE_STAT(field)						\
	static struct stat_attribute stat_##field = {			\
		.attr = __ATTR(field, 0444, software_stat_show, NULL),	\
		.which = offsetof(struct vgpu_stats, field),		\
	}

#define HARDWARE_STAT(field, counter)					\
	static struct stat_attribute stat_##field = {			\
		.attr = __ATTR(field, 0444, hardware_stat_show, NULL),	\
		.which = VGPU_COUNTER_##counter,			\
	}

SOFTWARE_STAT(trapped_reads);
SOFTWARE_STAT(trapped_writes);
SOFTWARE_STAT(bad_accesses);
SOFTWARE_STAT(config_writes);
SOFTWARE_STAT(interrupts);
SOFTWARE_STAT(slices);
SOFTWARE_STAT(preemptions);
SOFTWARE_STAT(run_ns);
SOFTWARE_STAT(resets);
SOFTWARE_STAT(faults);
SOFTWARE_STAT(page_faults);
SOFTWARE_STAT(revoked);
SOFTWARE_STAT(memory_refused);
SOFTWARE_STAT(violations);
SOFTWARE_STAT(suppressed_lines);
SOFTWARE_STAT(suppressed_events);
HARDWARE_STAT(busy_ns, BUSY_NS);
HARDWARE_STAT(resident_ns, RESIDENT_NS);
HARDWARE_STAT(wait_ns, WAIT_NS);
HARDWARE_STAT(switches, SWITCHES);
HARDWARE_STAT(switch_ns, SWITCH_NS);
HARDWARE_STAT(preempt_max_ns, PREEMPT_MAX_NS);
HARDWARE_STAT(packets, PACKETS);
HARDWARE_STAT(doorbells, DOORBELLS);
HARDWARE_STAT(fences, FENCES);
HARDWARE_STAT(instructions, INSTRUCTIONS);
HARDWARE_STAT(bytes_read, BYTES_READ);
HARDWARE_STAT(bytes_written, BYTES_WRITTEN);

static struct attribute *vgpu_stats_attrs[] = {
	&stat_trapped_reads.attr.attr,
	&stat_trapped_writes.attr.attr,
	&stat_bad_accesses.attr.attr,
	&stat_config_writes.attr.attr,
	&stat_interrupts.attr.attr,
	&stat_slices.attr.attr,
	&stat_preemptions.attr.attr,
	&stat_run_ns.attr.attr,
	&stat_resets.attr.attr,
	&stat_faults.attr.attr,
	&stat_page_faults.attr.attr,
	&stat_revoked.attr.attr,
	&stat_memory_refused.attr.attr,
	&stat_violations.attr.attr,
	&stat_suppressed_lines.attr.attr,
	&stat_suppressed_events.attr.attr,
	&stat_busy_ns.attr.attr,
	&stat_resident_ns.attr.attr,
	&stat_wait_ns.attr.attr,
	&stat_switches.attr.attr,
	&stat_switch_ns.attr.attr,
	&stat_preempt_max_ns.attr.attr,
	&stat_packets.attr.attr,
	&stat_doorbells.attr.attr,
	&stat_fences.attr.attr,
	&stat_instructions.attr.attr,
	&stat_bytes_read.attr.attr,
	&stat_bytes_written.attr.attr,
	&vgpu_stat_overrun_ns.attr,
	&vgpu_stat_debt_ns.attr,
	&vgpu_stat_idle_ns.attr,
	&vgpu_stat_lag_ns.attr,
	&vgpu_stat_wait_max_ns.attr,
	&vgpu_stat_wait_sum_ns.attr,
	&vgpu_stat_wait_histogram.attr,
	&dev_attr_dma_pinned_bytes.attr,
	&vgpu_stat_migration.attr,
	NULL
};

/* A group of its own: sysfs nests groups one level deep. */
static const struct attribute_group vgpu_stats_group = {
	.name = "stats",
	.attrs = vgpu_stats_attrs,
};

const struct attribute_group *vgpu_mdev_groups[] = {
	&vgpu_group,
	&vgpu_stats_group,
	NULL
};
