// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_tenant.c - attributes that say whose a vGPU is, and why it has ceilings,
 * described in doc/sysfs-driver-openvgpu
 *
 * The driver does nothing by them: it shows them, and says in events what they are.
 */
#include <linux/string.h>
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "base/state.h"
#include "base/tenant.h"
#include "base/uevent.h"
#include "base/vgpu.h"

/* -------------------------------------------------------------------- tenant */

static ssize_t tenant_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	char name[VGPU_TENANT_SIZE];

	vgpu_tenant_get(dev_get_drvdata(dev), name);
	return sysfs_emit(buf, "%s\n", name);
}

static ssize_t tenant_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	char shown[VGPU_QUOTE_SIZE];
	size_t length = count;

	/* Some programs write strings with their zero byte. */
	if (length && !buf[length - 1])
		length--;
	if (length && buf[length - 1] == '\n')
		length--;
	if (!openvgpu_name_valid(buf, length)) {
		vgpu_quote(buf, count, shown);
		vgpu_error(vgpu,
			   ": tenant not changed: '%s' is not a name of 1 to %u letters, digits, dots, dashes and underscores",
			   shown, OPENVGPU_NAME_MAX);
		return -EINVAL;
	}
	if (sysfs_streq(buf, "none"))
		length = 0;
	vgpu_tenant_set(vgpu, buf, length);
	vgpu_uevent(vgpu, "tenant", NULL, NULL);
	return count;
}

struct device_attribute vgpu_attr_tenant =
	__ATTR(tenant, 0644, tenant_show, tenant_store);

/* -------------------------------------------------------------------- notice */

static const char *const notices[] = {
	[VGPU_NOTICE_NONE]	= "none",
	[VGPU_NOTICE_GRACE]	= "grace",
	[VGPU_NOTICE_LIMITED]	= "limited",
};

static ssize_t notice_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	enum vgpu_notice now = READ_ONCE(vgpu->limits.notice);
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(notices); i++)
		n = vgpu_list_name(buf, PAGE_SIZE, n, notices[i], i == now);
	return n + sysfs_emit_at(buf, n, "\n");
}

static ssize_t notice_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	int notice = sysfs_match_string(notices, buf);
	char said[32];

	if (notice < 0) {
		vgpu_error(vgpu, ": notice not changed: there are only none, grace and limited");
		return -EINVAL;
	}
	if (xchg(&vgpu->limits.notice, notice) == notice)
		return count;
	/* Never silently: whoever wonders why it is slow finds it here, too. */
	dev_notice(&vgpu->gpu->pdev->dev, "vGPU %s: notice: %s\n", vgpu_name(vgpu),
		   notices[notice]);
	snprintf(said, sizeof(said), "OPENVGPU_NOTICE=%s", notices[notice]);
	vgpu_uevent(vgpu, "notice", said, NULL);
	return count;
}

struct device_attribute vgpu_attr_notice =
	__ATTR(notice, 0644, notice_show, notice_store);
