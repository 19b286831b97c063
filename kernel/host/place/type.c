// SPDX-License-Identifier: GPL-2.0-only
/*
 * type.c - the vGPU types of a GPU
 *
 * Each series in each size that comes from halving video memory. A new series
 * is a line in the table below.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "base/gpu.h"
#include "base/personality.h"
#include "base/state.h"
#include "base/type.h"
#include "place/buddy.h"
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
		.personality = "native",
	}, {
		.letter = 'b', .heads = 4, .small_heads = 2,
		.max_x = 5120, .max_y = 2880, .frl_config = 45,
		.personality = "bochs",
	}, {
		.letter = 'a', .heads = 1, .small_heads = 1,
		.max_x = 1280, .max_y = 1024, .frl_config = 60,
		.personality = "bochs",
	}, {
		.letter = 'c', .frl_config = 60, .personality = "native",
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

	while (level < BUDDY_MAX_LEVEL && 1u << level < gpu->max_vgpus &&
	       gpu->fb_size >> (level + 1) >= FB_MIN &&
	       !(gpu->fb_size & ((MIB << (level + 1)) - 1)))
		level++;
	return level;
}

static void fill_names(struct vgpu_type *type)
{
	bool mib = type->fb_size & (GIB - 1);
	u64 size = type->fb_size >> (mib ? 20 : 30);
	char letter = type->series->letter;

	snprintf(type->sysfs_name, sizeof(type->sysfs_name), "%llu%s%c",
		 size, mib ? "m" : "", letter);
	snprintf(type->pretty_name, sizeof(type->pretty_name),
		 "OpenVGPU %s-%llu%s%c", type->gpu->board, size,
		 mib ? "M" : "", letter - 'a' + 'A');
	type->mdev.sysfs_name = type->sysfs_name;
	type->mdev.pretty_name = type->pretty_name;
}

/* Whether there is a type of that series and size; fills it in if so. */
static bool fill_type(struct vgpu_type *type, struct vgpu_gpu *gpu,
		      const struct vgpu_series *series, unsigned int level)
{
	unsigned int i = 0;

	memset(type, 0, sizeof(*type));
	type->gpu = gpu;
	type->series = series;
	type->level = level;
	type->fb_size = gpu->fb_size >> level;
	type->bar_size = roundup_pow_of_two(type->fb_size);
	/* The GPU is empty but for what the family keeps. */
	type->max_instance = min(buddy_count(&vgpu_gpu_pool(gpu)->memory, level),
				 gpu->max_vgpus);
	if (!type->max_instance)
		return false;
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

/*
 * What the family keeps for itself costs one block of the smallest type, the
 * first, and is small in comparison.
 */
static bool reserve(struct vgpu_gpu *gpu, unsigned int levels)
{
	struct buddy *memory = &vgpu_gpu_pool(gpu)->memory;
	u64 block = gpu->fb_size >> levels, offset;

	if (!gpu->fb_reserved)
		return true;
	if (!levels || gpu->fb_reserved > block ||
	    !buddy_alloc(memory, levels, &offset) || offset)
		return false;
	gpu->fb_reserved = block;
	gpu->max_vgpus = min(gpu->max_vgpus, buddy_count(memory, levels));
	return true;
}

/**
 * vgpu_types_create - find out which types a GPU offers
 * @gpu: the GPU, with the family's fields filled in
 *
 * Sets up the types and the allocator of video memory they are cut from. The
 * last put of @gpu frees them.
 *
 * Return: 0 or errno.
 */
int vgpu_types_create(struct vgpu_gpu *gpu)
{
	struct vgpu_instance *pool = vgpu_gpu_pool(gpu);
	unsigned int levels, level, i, n = 0;

	if (!gpu->fb_size || (gpu->fb_size & (MIB - 1)) || !gpu->max_vgpus ||
	    gpu->max_vgpus > VGPU_MAX_PARTITIONS) {
		dev_err(&gpu->pdev->dev,
			"family %s: %llu bytes for %u vGPUs is nothing to divide\n",
			gpu->family->name, gpu->fb_size, gpu->max_vgpus);
		return -EINVAL;
	}
	levels = max_level(gpu);
	pool->memory_storage = kzalloc(buddy_storage(levels), GFP_KERNEL);
	gpu->types = kcalloc((levels + 1) * ARRAY_SIZE(all_series),
			     sizeof(*gpu->types), GFP_KERNEL);
	gpu->mdev_types = kcalloc((levels + 1) * ARRAY_SIZE(all_series),
				  sizeof(*gpu->mdev_types), GFP_KERNEL);
	if (!pool->memory_storage || !gpu->types || !gpu->mdev_types)
		return -ENOMEM;
	if (!buddy_init(&pool->memory, pool->memory_storage, gpu->fb_size,
			levels) || !reserve(gpu, levels))
		return -EINVAL;

	for (i = 0; i < ARRAY_SIZE(all_series); i++) {
		for (level = 0; level <= levels; level++) {
			if (!fill_type(&gpu->types[n], gpu, &all_series[i], level))
				continue;
			gpu->mdev_types[n] = &gpu->types[n].mdev;
			n++;
		}
	}
	gpu->num_types = n;
	if (n)
		return 0;
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
	kfree(vgpu_gpu_pool(gpu)->memory_storage);
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

/**
 * vgpu_type_available - how many vGPUs of a type can be created now
 * @mdev_type: the type
 *
 * So many creates succeed as long as no other program creates any.
 */
unsigned int vgpu_type_available(struct mdev_type *mdev_type)
{
	struct vgpu_type *type = vgpu_type_from_mdev(mdev_type);
	struct vgpu_gpu *gpu = type->gpu;
	unsigned int n = 0;

	mutex_lock(&gpu->lock);
	if (READ_ONCE(gpu->state) == VGPU_GPU_UP &&
	    gpu->hand_over == VGPU_KEPT)
		n = min(buddy_count(&vgpu_gpu_pool(gpu)->memory, type->level),
			gpu->max_vgpus - bitmap_weight(gpu->partitions,
						       gpu->max_vgpus));
	mutex_unlock(&gpu->lock);
	return n;
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
