// SPDX-License-Identifier: GPL-2.0-only
/*
 * firmware_mode.c - what the board is for, as whoever gets all of it sees it
 *
 * Unlike the work mode, this is in the memory of the board and decides what the PCI
 * function is: its class, and whether it has heads. So it can change only when nobody
 * uses the GPU, and this driver begins anew with another one. The next mode is kept
 * here until the GPU is unbound; the family takes it then. Until that, no reset of the
 * GPU changes what is below the vGPUs, and nothing has to be undone.
 */
#include <linux/kernel.h>

#include "base/gpu.h"
#include "base/state.h"
#include "gpu/driver.h"
#include "place/mode.h"

static int list(const struct vgpu_gpu *gpu, enum openvgpu_work_mode mode, char *buf,
		size_t size)
{
	if (!gpu->has_firmware_modes)
		return scnprintf(buf, size, "none");
	return vgpu_mode_list(mode, GENMASK(OPENVGPU_MODES - 1, 0), buf, size);
}

/**
 * vgpu_firmware_mode_list - the modes of a board
 * @gpu: the GPU
 * @buf: receives them, the one in force in brackets; "none" if it has no such modes
 * @size: of @buf
 *
 * Return: bytes written.
 */
int vgpu_firmware_mode_list(struct vgpu_gpu *gpu, char *buf, size_t size)
{
	return list(gpu, gpu->firmware_mode, buf, size);
}

/**
 * vgpu_firmware_mode_list_next - likewise, in brackets the one that is next
 * @gpu: the GPU
 * @buf: receives them
 * @size: of @buf
 *
 * Return: bytes written.
 */
int vgpu_firmware_mode_list_next(struct vgpu_gpu *gpu, char *buf, size_t size)
{
	return list(gpu, READ_ONCE(gpu->firmware_mode_next), buf, size);
}

/* With gpu->lock held: why the mode must not change now; empty: it may. */
static void in_the_way(struct vgpu_gpu *gpu, char *why, size_t size)
{
	unsigned int vgpus, instances;

	vgpu_gpu_count_users(gpu, &vgpus, &instances);
	why[0] = '\0';
	if (vgpus)
		snprintf(why, size, "vGPUs exist (%u); remove them first", vgpus);
	else if (instances)
		snprintf(why, size, "GPU instances exist (%u); remove them first", instances);
	else if (gpu->hand_over != VGPU_KEPT)
		snprintf(why, size, "the GPU is being handed over to another driver");
}

/**
 * vgpu_firmware_mode_set - which mode the board has when it is bound the next time
 * @gpu: the GPU
 * @name: of the mode; a newline may follow
 *
 * Until then no vGPU can be created, unless it is the mode in force. May sleep.
 *
 * Return: 0; -EINVAL: no such mode; -EOPNOTSUPP: the board has no such modes; -EBUSY:
 * there are vGPUs or instances, or it is being handed over. The reason is in the log
 * and in last_error.
 */
int vgpu_firmware_mode_set(struct vgpu_gpu *gpu, const char *name)
{
	int mode = vgpu_mode_find(name);
	char why[64] = "";

	if (!gpu->has_firmware_modes) {
		vgpu_gpu_error(gpu,
			       "firmware_mode_next not changed: this GPU has no firmware modes");
		return -EOPNOTSUPP;
	}
	if (mode < 0) {
		vgpu_gpu_error(gpu,
			       "firmware_mode_next not changed: there are only mixed, graphics and compute");
		return -EINVAL;
	}
	mutex_lock(&gpu->lock);
	if (mode != gpu->firmware_mode)
		in_the_way(gpu, why, sizeof(why));
	if (!why[0])
		WRITE_ONCE(gpu->firmware_mode_next, mode);
	mutex_unlock(&gpu->lock);
	if (!why[0])
		return 0;
	vgpu_gpu_error(gpu, "firmware_mode_next not changed: %s", why);
	return -EBUSY;
}
