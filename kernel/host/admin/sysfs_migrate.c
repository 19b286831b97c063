// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_migrate.c - attributes of a vGPU that goes to another host, and of its GPU,
 * described in doc/sysfs-driver-openvgpu
 */
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "base/vgpu.h"
#include "compat/migration.h"
#include "vgpu/migrate.h"

static ssize_t migration_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	int n = vgpu_migrate_list(dev_get_drvdata(dev), buf, PAGE_SIZE);

	return n + sysfs_emit_at(buf, n, "\n");
}

static ssize_t migration_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	int ret = vgpu_migrate_set(dev_get_drvdata(dev), buf);

	return ret ? ret : count;
}

struct device_attribute vgpu_attr_migration =
	__ATTR(migration, 0644, migration_show, migration_store);

static ssize_t hello_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	int n = vgpu_migrate_hello(dev_get_drvdata(dev), buf);

	return n < 0 ? n : n + sysfs_emit_at(buf, n, "\n");
}

struct device_attribute vgpu_attr_migration_hello =
	__ATTR(migration_hello, 0444, hello_show, NULL);

static ssize_t dma_logging_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", VGPU_DMA_LOGGING);
}

struct device_attribute vgpu_gpu_attr_dma_logging =
	__ATTR(dma_logging, 0444, dma_logging_show, NULL);

static ssize_t stats_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	const struct vgpu_migrate_stats *stats = &vgpu->migration.stats;

	return sysfs_emit(buf,
			  "rounds %llu\nbytes %llu\nremaining %llu\nblackout_ns %llu\nslow_percent %u\n",
			  READ_ONCE(stats->rounds), READ_ONCE(stats->bytes),
			  READ_ONCE(stats->remaining),
			  READ_ONCE(stats->blackout_ns),
			  READ_ONCE(stats->slow_percent));
}

struct device_attribute vgpu_stat_migration =
	__ATTR(migration, 0444, stats_show, NULL);
