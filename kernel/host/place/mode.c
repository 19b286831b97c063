// SPDX-License-Identifier: GPL-2.0-only
/*
 * mode.c - what a GPU is for: all vGPUs, those with pictures, or those that compute
 *
 * A mode only says which types there are, so it changes at any time, without a reset,
 * as long as no vGPU contradicts it. In work mode compute no vGPU has a head: none is
 * lit, and the GPU's output is black, since nobody can be its console.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "base/gpu.h"
#include "base/state.h"
#include "base/type.h"
#include "base/vgpu.h"
#include "place/mode.h"

#define NAMED	3	/* vGPUs in a message, which is a line */

static const char *const names[OPENVGPU_MODES] = {
	[OPENVGPU_MIXED]	= "mixed",
	[OPENVGPU_GRAPHICS]	= "graphics",
	[OPENVGPU_COMPUTE]	= "compute",
};

/**
 * vgpu_mode_find - a mode by its name
 * @name: its name; a newline may follow
 *
 * Return: enum openvgpu_work_mode; -EINVAL: there is none of that name.
 */
int vgpu_mode_find(const char *name)
{
	return sysfs_match_string(names, name);
}

/**
 * vgpu_mode_name - the name of a mode
 * @mode: the mode
 */
const char *vgpu_mode_name(enum openvgpu_work_mode mode)
{
	return names[mode];
}

/**
 * vgpu_mode_list - the names of modes
 * @now: that in brackets
 * @modes: a bit for each of them
 * @buf: receives them
 * @size: of @buf
 *
 * Return: bytes written.
 */
int vgpu_mode_list(enum openvgpu_work_mode now, u32 modes, char *buf, size_t size)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < OPENVGPU_MODES; i++)
		if (modes & BIT(i))
			n = vgpu_list_name(buf, size, n, names[i], i == now);
	return n;
}

/**
 * vgpu_work_mode_has - whether a GPU has vGPUs of a type
 * @gpu: the GPU; its lock is held
 * @type: the type
 */
bool vgpu_work_mode_has(const struct vgpu_gpu *gpu, const struct vgpu_type *type)
{
	lockdep_assert_held(&gpu->lock);
	return openvgpu_work_mode_has(gpu->work_mode, type->series->letter);
}

/**
 * vgpu_work_mode_name - the mode in force
 * @gpu: the GPU
 *
 * It may change at any time.
 */
const char *vgpu_work_mode_name(const struct vgpu_gpu *gpu)
{
	return names[READ_ONCE(gpu->work_mode)];
}

static bool has_types(const struct vgpu_gpu *gpu, enum openvgpu_work_mode mode)
{
	unsigned int i;

	for (i = 0; i < gpu->num_types; i++)
		if (openvgpu_work_mode_has(mode, gpu->types[i].series->letter))
			return true;
	return false;
}

/**
 * vgpu_work_mode_list - the modes that a GPU can have
 * @gpu: the GPU
 * @buf: receives them, the one in force in brackets
 * @size: of @buf
 *
 * Return: bytes written.
 */
int vgpu_work_mode_list(struct vgpu_gpu *gpu, char *buf, size_t size)
{
	u32 modes = BIT(OPENVGPU_MIXED);
	unsigned int i;

	for (i = 0; i < OPENVGPU_MODES; i++)
		if (has_types(gpu, i))
			modes |= BIT(i);
	return vgpu_mode_list(READ_ONCE(gpu->work_mode), modes, buf, size);
}

/* vGPUs that a mode has not, open or not: their number and the names of some. */
static unsigned int contradicting(const struct vgpu_gpu *gpu, enum openvgpu_work_mode mode,
				  char *some, size_t size)
{
	unsigned int p, count = 0;
	int n = 0;

	for (p = 0; p < VGPU_MAX_PARTITIONS; p++) {
		const struct vgpu *vgpu = gpu->placed[p];

		if (!vgpu || openvgpu_work_mode_has(mode, vgpu->type->series->letter))
			continue;
		if (count++ < NAMED)
			n = vgpu_list_name(some, size, n, vgpu_name(vgpu), false);
	}
	if (count > NAMED)
		scnprintf(some + n, size - n, " and %u more", count - NAMED);
	return count;
}

/**
 * vgpu_work_mode_set - change what a GPU is for
 * @gpu: the GPU
 * @name: of the mode; a newline may follow
 *
 * In force at once. May sleep.
 *
 * Return: 0; -EINVAL: no such mode; -EOPNOTSUPP: the GPU has no types of that mode;
 * -EBUSY: there are vGPUs which that mode has not. The reason is in the log and in
 * last_error.
 */
int vgpu_work_mode_set(struct vgpu_gpu *gpu, const char *name)
{
	int mode = vgpu_mode_find(name);
	char some[NAMED * 40 + 24] = "";
	unsigned int in_the_way;

	if (mode < 0) {
		vgpu_gpu_error(gpu,
			       "work_mode not changed: there are only mixed, graphics and compute");
		return -EINVAL;
	}
	if (mode != OPENVGPU_MIXED && !has_types(gpu, mode)) {
		vgpu_gpu_error(gpu, "work_mode not changed: this GPU has no types of vGPUs %s",
			       mode == OPENVGPU_COMPUTE ? "of series C" : "that show pictures");
		return -EOPNOTSUPP;
	}
	mutex_lock(&gpu->lock);
	in_the_way = contradicting(gpu, mode, some, sizeof(some));
	if (!in_the_way)
		WRITE_ONCE(gpu->work_mode, mode);
	mutex_unlock(&gpu->lock);
	if (!in_the_way)
		return 0;
	vgpu_gpu_error(gpu, "work_mode not changed: %s has no vGPUs %s; remove first: %s",
		       names[mode],
		       mode == OPENVGPU_COMPUTE ? "that show pictures" : "of series C", some);
	return -EBUSY;
}
