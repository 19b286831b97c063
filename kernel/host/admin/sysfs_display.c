// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_display.c - attributes of what a guest sees and of what is seen of it,
 * described in doc/sysfs-driver-openvgpu
 *
 * Text in, text out; what is allowed is known to the files that do it.
 */
#include <linux/sysfs.h>

#include "admin/attr.h"
#include "base/vgpu.h"
#include "display/console.h"
#include "display/pacing.h"
#include "display/query.h"
#include "vgpu/choose.h"

/* -------------------------------------------------------------- personality */

static ssize_t personality_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	int n = vgpu_personality_list(dev_get_drvdata(dev), buf, PAGE_SIZE,
				      true);

	return n + sysfs_emit_at(buf, n, "\n");
}

static ssize_t personality_store(struct device *dev,
				 struct device_attribute *attr,
				 const char *buf, size_t count)
{
	int ret = vgpu_set_personality(dev_get_drvdata(dev), buf);

	return ret ? ret : count;
}

struct device_attribute vgpu_attr_personality =
	__ATTR(personality, 0644, personality_show, personality_store);

/* ------------------------------------------------------------------ display */

static ssize_t display_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return vgpu_display_list(dev_get_drvdata(dev), buf);
}

static ssize_t display_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	int ret = vgpu_set_display(dev_get_drvdata(dev), buf);

	return ret ? ret : count;
}

struct device_attribute vgpu_attr_display =
	__ATTR(display, 0644, display_show, display_store);

/* --------------------------------------------------------- frame-rate limit */

#define FRAME_RATE(name)						\
	static ssize_t name##_show(struct device *dev,			\
				   struct device_attribute *attr,	\
				   char *buf)				\
	{								\
		return sysfs_emit(buf, "%u\n",				\
				  vgpu_##name(dev_get_drvdata(dev)));	\
	}								\
									\
	static ssize_t name##_store(struct device *dev,			\
				    struct device_attribute *attr,	\
				    const char *buf, size_t count)	\
	{								\
		struct vgpu *vgpu = dev_get_drvdata(dev);		\
		u64 rate;						\
		int ret;						\
									\
		ret = vgpu_parse_number(vgpu->gpu, vgpu, #name, buf,	\
					count, &rate);			\
		if (!ret)						\
			ret = vgpu_set_##name(vgpu, rate);		\
		return ret ? ret : count;				\
	}								\
									\
	struct device_attribute vgpu_attr_##name =			\
		__ATTR(name, 0644, name##_show, name##_store)

FRAME_RATE(frame_rate_limit);
FRAME_RATE(frame_rate_ceiling);

/* -------------------------------------------------- physical GPU: its output */

static ssize_t console_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return vgpu_console_name(dev_get_drvdata(dev), buf);
}

static ssize_t console_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	int ret = vgpu_console_set(dev_get_drvdata(dev), buf);

	return ret ? ret : count;
}

struct device_attribute vgpu_gpu_attr_console =
	__ATTR(console, 0644, console_show, console_store);
