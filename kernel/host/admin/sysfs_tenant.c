// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_tenant.c - attributes that say whose a vGPU is, why it has ceilings, and
 * whether it can be opened, described in doc/sysfs-driver-openvgpu
 *
 * The driver does nothing by the first two: it shows them, and says in events what
 * they are. Who writes them is somebody who watches over a contract, and knows more.
 */
#include <linux/string.h>
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "base/state.h"
#include "base/tenant.h"
#include "base/uevent.h"
#include "base/vgpu.h"
#include "vgpu/life.h"

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

/* All words, the one in force in brackets. */
static ssize_t show_words(char *buf, const char *const *words, unsigned int count,
			  unsigned int now)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < count; i++)
		n = vgpu_list_name(buf, PAGE_SIZE, n, words[i], i == now);
	return n + sysfs_emit_at(buf, n, "\n");
}

/* -------------------------------------------------------------------- notice */

static const char *const notices[] = {
	[VGPU_NOTICE_NONE]	= "none",
	[VGPU_NOTICE_GRACE]	= "grace",
	[VGPU_NOTICE_LIMITED]	= "limited",
};

static ssize_t notice_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);

	return show_words(buf, notices, ARRAY_SIZE(notices), READ_ONCE(vgpu->limits.notice));
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

/* ----------------------------------------------------------------- admission */

static const char *const admissions[] = {
	[VGPU_ADMISSION_ALLOW]	= "allow",
	[VGPU_ADMISSION_REFUSE]	= "refuse",
};

static ssize_t admission_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);

	return show_words(buf, admissions, ARRAY_SIZE(admissions),
			  READ_ONCE(vgpu->limits.admission));
}

static ssize_t admission_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t count)
{
	struct vgpu *vgpu = dev_get_drvdata(dev);
	int admission = sysfs_match_string(admissions, buf);

	if (admission < 0) {
		vgpu_error(vgpu, ": admission not changed: there are only allow and refuse");
		return -EINVAL;
	}
	if (vgpu_set_admission(vgpu, admission) != admission)
		dev_notice(&vgpu->gpu->pdev->dev, "vGPU %s: admission: %s\n",
			   vgpu_name(vgpu), admissions[admission]);
	return count;
}

struct device_attribute vgpu_attr_admission =
	__ATTR(admission, 0644, admission_show, admission_store);
