// SPDX-License-Identifier: GPL-2.0-only
/*
 * type.c - the vGPU types of a GPU
 *
 * Each series in each size that comes from halving video memory, from the pool, and
 * where the GPU can be divided, those of some series from instances of each number of
 * compute slices. A new series is a line in the table below.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "base/gpu.h"
#include "base/personality.h"
#include "base/state.h"
#include "base/type.h"
#include "place/instance.h"
#include "place/mode.h"
#include "place/place.h"
#include "place/type.h"
#include "sched/run.h"

#define MIB		BIT_ULL(20)
#define GIB		BIT_ULL(30)
#define FB_MIN		(16 * MIB)

/*
 * Heads, resolutions and frame rates are those that users of such series expect.
 * A series whose personality this module does not have offers no types.
 */
static const struct vgpu_series all_series[] = {
	{
		.letter = 'q', .heads = 4, .small_heads = 2,
		.max_x = 7680, .max_y = 4320, .frl_config = 60,
		.personality = "native", .spatial = true,
	}, {
		.letter = 'b', .heads = 4, .small_heads = 2,
		.max_x = 5120, .max_y = 2880, .frl_config = 45,
		.personality = "bochs",
	}, {
		.letter = 'a', .heads = 1, .small_heads = 1,
		.max_x = 1280, .max_y = 1024, .frl_config = 60,
		.personality = "bochs",
	}, {
		.letter = 'c', .frl_config = 60,
		.personality = "native", .spatial = true,
	},
};

/*
 * What a head of a type may show at most, if its series allows it: the first
 * line that fits, and the last one always does. Four such pictures fit.
 */
static const struct {
	u64 fb_min;
	unsigned int x, y;
} resolutions[] = {
	{ 2048 * MIB, 7680, 4320 },
	{ 1024 * MIB, 5120, 2880 },
	{  512 * MIB, 2560, 1600 },
	{  128 * MIB, 1920, 1200 },
	{   64 * MIB, 1600, 1200 },
	{   32 * MIB, 1280, 1024 },
	{          0, 1024,  768 },
};

/*
 * How often memory can be halved: until there are as many pieces as the
 * hardware has partitions, a piece gets too small to be of use, or it is no
 * longer a whole number of MiB, which the names need.
 */
static unsigned int max_level(const struct vgpu_gpu *gpu)
{
	unsigned int level = 0;

	while (level < LAYOUT_LEVELS && 1u << level < gpu->max_vgpus &&
	       gpu->fb_size >> (level + 1) >= FB_MIN &&
	       !(gpu->fb_size & ((MIB << (level + 1)) - 1)))
		level++;
	return level;
}

static void fill_names(struct vgpu_type *type)
{
	bool mib = type->fb_size & (GIB - 1);
	u64 size = type->fb_size >> (mib ? 20 : 30);
	char letter = type->series->letter, slices[8] = "";

	if (type->profile.compute)
		snprintf(slices, sizeof(slices), "%u-", type->profile.compute);
	snprintf(type->sysfs_name, sizeof(type->sysfs_name), "%s%llu%s%c",
		 slices, size, mib ? "m" : "", letter);
	snprintf(type->pretty_name, sizeof(type->pretty_name),
		 "OpenVGPU %s-%s%llu%s%c", type->gpu->board, slices, size,
		 mib ? "M" : "", letter - 'a' + 'A');
	type->mdev.sysfs_name = type->sysfs_name;
	type->mdev.pretty_name = type->pretty_name;
}

/*
 * Whether there is a type of that series, of so many compute slices, 0 for the pool's,
 * and of that size; fills it in if so.
 */
static bool fill_type(struct vgpu_type *type, struct vgpu_gpu *gpu,
		      const struct vgpu_series *series, unsigned int compute,
		      unsigned int level)
{
	const struct layout *layout = &gpu->layout;
	unsigned int i = 0;

	if ((compute && !series->spatial) || !layout_offers(layout, compute, level))
		return false;
	/* In firmware mode compute, for example. */
	if (series->heads && !gpu->heads)
		return false;
	memset(type, 0, sizeof(*type));
	type->gpu = gpu;
	type->series = series;
	type->profile = layout_profile_for(layout, compute, level);
	type->level = level;
	type->fb_size = gpu->fb_size >> level;
	type->bar_size = roundup_pow_of_two(type->fb_size);
	/* The GPU is empty but for what the family keeps. */
	type->max_instance = layout_available(layout, type->profile, level);
	if (!type->max_instance)
		return false;
	type->seats = compute ? 1u << (level - layout_profile_level(layout, type->profile)) :
				type->max_instance;
	type->heads = min(type->fb_size < GIB ? series->small_heads :
						series->heads, gpu->heads);
	if (type->heads) {
		while (type->fb_size < resolutions[i].fb_min ||
		       resolutions[i].x > series->max_x ||
		       resolutions[i].y > series->max_y)
			i++;
		type->max_x = resolutions[i].x;
		type->max_y = resolutions[i].y;
	}
	type->personality = vgpu_personality_find(series->personality);
	if (!type->personality || !type->personality->supports(gpu, type))
		return false;
	fill_names(type);
	return true;
}

/* How the GPU can be divided; slices that memory can't be halved into are not used. */
static bool init_layout(struct vgpu_gpu *gpu, unsigned int levels)
{
	bool reserved = gpu->fb_reserved;
	bool divisible = gpu->compute_slices > 1 && gpu->family->slices &&
			 vgpu_is_scheduled(gpu);
	unsigned int compute = divisible ? gpu->compute_slices : 0;

	return layout_init(&gpu->layout, gpu->fb_size, levels, reserved, gpu->max_vgpus,
			   compute, compute ? gpu->memory_slices : 0) ||
	       layout_init(&gpu->layout, gpu->fb_size, levels, reserved, gpu->max_vgpus,
			   0, 0);
}

/*
 * What the family keeps for itself costs one block of the smallest type, the
 * first, and is small in comparison.
 */
static bool reserve(struct vgpu_gpu *gpu, unsigned int levels)
{
	struct layout_profile pool = { };
	u64 block = gpu->fb_size >> levels;

	if (!gpu->fb_reserved)
		return true;
	if (gpu->fb_reserved > block)
		return false;
	gpu->fb_reserved = block;
	gpu->max_vgpus = min(gpu->max_vgpus,
			     layout_available(&gpu->layout, pool, levels));
	gpu->layout.vgpus = gpu->max_vgpus;
	return true;
}

/**
 * vgpu_types_create - find out which types a GPU offers
 * @gpu: the GPU, with the family's fields filled in
 *
 * Sets up the layout and the types that places are given to. The last put of @gpu
 * frees them.
 *
 * Return: 0 or errno.
 */
int vgpu_types_create(struct vgpu_gpu *gpu)
{
	unsigned int levels, level, compute, i, n = 0, most;

	if (!gpu->fb_size || (gpu->fb_size & (MIB - 1)) || !gpu->max_vgpus ||
	    gpu->max_vgpus > VGPU_MAX_PARTITIONS) {
		dev_err(&gpu->pdev->dev,
			"family %s: %llu bytes for %u vGPUs is nothing to divide\n",
			gpu->family->name, gpu->fb_size, gpu->max_vgpus);
		return -EINVAL;
	}
	levels = max_level(gpu);
	if (!init_layout(gpu, levels) || !reserve(gpu, levels))
		return -EINVAL;
	most = (levels + 1) * (gpu->layout.compute_slices + 1) * ARRAY_SIZE(all_series);
	gpu->types = kcalloc(most, sizeof(*gpu->types), GFP_KERNEL);
	gpu->mdev_types = kcalloc(most, sizeof(*gpu->mdev_types), GFP_KERNEL);
	if (!gpu->types || !gpu->mdev_types)
		return -ENOMEM;

	for (compute = 0; compute <= gpu->layout.compute_slices; compute++) {
		for (i = 0; i < ARRAY_SIZE(all_series); i++) {
			for (level = 0; level <= levels; level++) {
				if (!fill_type(&gpu->types[n], gpu, &all_series[i],
					       compute, level))
					continue;
				gpu->mdev_types[n] = &gpu->types[n].mdev;
				n++;
			}
		}
	}
	gpu->num_types = n;
	vgpu_place_policy(gpu);
	if (n)
		return vgpu_instances_restore(gpu);
	dev_err(&gpu->pdev->dev, "no personality can show a vGPU of this GPU\n");
	return -ENODEV;
}

/**
 * vgpu_types_free - undo vgpu_types_create()
 * @gpu: the GPU; nothing of it is registered any more
 */
void vgpu_types_free(struct vgpu_gpu *gpu)
{
	kfree(gpu->mdev_types);
	kfree(gpu->types);
}

static void type_release(struct kobject *kobj)
{
	struct vgpu_type *type = container_of(kobj, struct vgpu_type, mdev.kobj);
	struct vgpu_gpu *gpu = type->gpu;

	type->core_release(kobj);
	vgpu_gpu_put(gpu);
}

/**
 * vgpu_types_adopt - keep the GPU's memory as long as the types' kobjects
 * @gpu: the GPU; its mdev parent has just been registered
 *
 * The kobjects are embedded in our types, and their release function reads
 * the mdev parent. The mdev core gives no sign of their end, and the last put
 * may come later than mdev_unregister_parent() returns: so their kobject type
 * is replaced by one that differs in release() alone.
 */
void vgpu_types_adopt(struct vgpu_gpu *gpu)
{
	unsigned int i;

	gpu->type_ktype = *gpu->types[0].mdev.kobj.ktype;
	gpu->type_ktype.release = type_release;
	for (i = 0; i < gpu->num_types; i++) {
		struct vgpu_type *type = &gpu->types[i];

		type->core_release = type->mdev.kobj.ktype->release;
		vgpu_gpu_get(gpu);
		type->mdev.kobj.ktype = &gpu->type_ktype;
	}
}

/* With gpu->lock held: none can be created whatever is free; NULL: one can. */
static const char *closed_reason(const struct vgpu_type *type)
{
	const struct vgpu_gpu *gpu = type->gpu;

	if (READ_ONCE(gpu->state) != VGPU_GPU_UP)
		return "the GPU is not up";
	if (gpu->hand_over != VGPU_KEPT)
		return "the GPU is handed over";
	if (vgpu_firmware_mode_changes(gpu))
		return "the firmware mode changes";
	return vgpu_work_mode_has(gpu, type) ? NULL : "the work mode has none";
}

/**
 * vgpu_type_available - how many vGPUs of a type can be created now
 * @mdev_type: the type
 *
 * So many creates succeed as long as no other program creates, opens or closes any.
 */
unsigned int vgpu_type_available(struct mdev_type *mdev_type)
{
	struct vgpu_type *type = vgpu_type_from_mdev(mdev_type);
	struct vgpu_gpu *gpu = type->gpu;
	unsigned int n = 0;

	mutex_lock(&gpu->lock);
	if (!closed_reason(type))
		n = layout_available(&gpu->layout, type->profile, type->level);
	mutex_unlock(&gpu->lock);
	return n;
}

/**
 * vgpu_type_unavailable - why no vGPU of a type can be created now
 * @type: the type
 *
 * Return: few words; NULL: one can.
 */
const char *vgpu_type_unavailable(const struct vgpu_type *type)
{
	struct vgpu_gpu *gpu = type->gpu;
	enum layout_refusal refusal;
	struct layout_change change;
	struct layout *copy;
	const char *reason;

	copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return "out of memory";
	mutex_lock(&gpu->lock);
	reason = closed_reason(type);
	*copy = gpu->layout;
	mutex_unlock(&gpu->lock);
	refusal = layout_add(copy, type->profile, type->level, &change);
	kfree(copy);
	if (!reason && refusal)
		reason = vgpu_refusal_reason(refusal);
	return reason;
}

/**
 * vgpu_type_description - the type's one line for people and parsers
 * @mdev_type: the type
 * @buf: of sysfs
 *
 * Tools parse it, so keys and their order are fixed.
 *
 * Return: bytes written.
 */
ssize_t vgpu_type_description(struct mdev_type *mdev_type, char *buf)
{
	const struct vgpu_type *type = vgpu_type_from_mdev(mdev_type);

	return sysfs_emit(buf,
			  "num_heads=%u, frl_config=%u, framebuffer=%lluM, max_resolution=%ux%u, max_instance=%u\n",
			  type->heads, type->series->frl_config,
			  type->fb_size >> 20, type->max_x, type->max_y,
			  type->max_instance);
}
