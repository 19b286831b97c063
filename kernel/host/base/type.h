/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * type.h - vGPU types of a GPU
 */
#ifndef BASE_TYPE_H
#define BASE_TYPE_H

#include <linux/kobject.h>
#include <linux/mdev.h>
#include <linux/types.h>

#include "place/layout.h"

struct vgpu_gpu;
struct vgpu_personality;

/**
 * struct vgpu_series - a letter of the type name
 * @letter: 'q', 'b', 'a', 'c'
 * @heads: virtual heads, 0 for compute
 * @small_heads: heads of types below 1 GiB
 * @max_x, @max_y: largest resolution of its largest types, pixels
 * @frl_config: frames a second the frame-rate limiter allows
 * @personality: name of the personality its vGPUs have by default
 * @spatial: there are types of it for instances, too
 */
struct vgpu_series {
	char letter;
	unsigned int heads;
	unsigned int small_heads;
	unsigned int max_x, max_y;
	unsigned int frl_config;
	const char *personality;
	bool spatial;
};

/**
 * struct vgpu_type - one vGPU type of one GPU
 * @mdev: the type as the mdev core sees it
 * @gpu: its GPU
 * @core_release: release() the mdev core gave @mdev's kobject
 * @series: its series
 * @personality: the personality of its vGPUs by default
 * @profile: of the instance its vGPUs are in; compute is 0: the pool
 * @level: how often video memory is halved
 * @heads: heads a vGPU of it has
 * @fb_size: bytes of framebuffer
 * @bar_size: bytes of the framebuffer BAR, the next power of two
 * @max_instance: how many an empty GPU holds
 * @seats: how many of them one instance holds
 * @max_x, @max_y: largest resolution, pixels; 0 without heads
 * @sysfs_name, @pretty_name: storage of the names @mdev points at
 */
struct vgpu_type {
	struct mdev_type mdev;
	struct vgpu_gpu *gpu;
	void (*core_release)(struct kobject *kobj);
	const struct vgpu_series *series;
	const struct vgpu_personality *personality;
	struct layout_profile profile;
	unsigned int level;
	unsigned int heads;
	u64 fb_size;
	u64 bar_size;
	unsigned int max_instance;
	unsigned int seats;
	unsigned int max_x, max_y;
	char sysfs_name[24];
	char pretty_name[56];
};

static inline struct vgpu_type *vgpu_type_from_mdev(struct mdev_type *mdev_type)
{
	return container_of(mdev_type, struct vgpu_type, mdev);
}

#endif /* BASE_TYPE_H */
