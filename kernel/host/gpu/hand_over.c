// SPDX-License-Identifier: GPL-2.0-only
/*
 * hand_over.c - a GPU goes to another driver, and comes back
 *
 * The other driver gives all of it to one tenant, so none may find a byte of
 * another: the whole of video memory is zeroed when the GPU is handed over, when
 * it is unbound without that, and when it is bound.
 */
#include <linux/random.h>
#include <linux/sched.h>

#include "base/gpu.h"
#include "base/state.h"
#include "gpu/driver.h"
#include "pci/framebuffer.h"

/* One word in so many bytes is read back, another one each time. */
#define SAMPLE	((u64)1 << 20)

/*
 * Reading all of it would take minutes over a bus. This finds a device that did
 * nothing, or not everywhere.
 */
static int check_zero(struct vgpu_gpu *gpu)
{
	u64 at, word, offset;
	int section;

	for (at = 0; at + SAMPLE <= gpu->fb_size; at += SAMPLE) {
		offset = get_random_u32() & (SAMPLE - sizeof(word));
		if (!vgpu_gpu_begin(gpu, &section))
			return -EAGAIN;
		vgpu_fb_read(gpu, at + offset, &word, sizeof(word));
		vgpu_gpu_end(gpu, section);
		if (word) {
			dev_err(&gpu->pdev->dev,
				"video memory at 0x%llx is not zero after it was zeroed\n",
				at + offset);
			return -EIO;
		}
		cond_resched();
	}
	return 0;
}

/**
 * vgpu_gpu_scrub - zero all video memory of a GPU, and look
 * @gpu: the GPU; no vGPU is open, and none is opened meanwhile
 *
 * May sleep, bounded by the family's timeouts.
 *
 * Return: 0; -EAGAIN: the GPU must not be touched; -EIO: the memory is not zero
 * after it; the error of the family.
 */
int vgpu_gpu_scrub(struct vgpu_gpu *gpu)
{
	int ret = gpu->family->scrub_all(gpu);

	return ret ?: check_zero(gpu);
}

/**
 * vgpu_gpu_count_users - what there is on a GPU
 * @gpu: the GPU; its lock is held
 * @vgpus: receives how many vGPUs, open or not
 * @instances: receives how many instances beside the pool
 */
void vgpu_gpu_count_users(struct vgpu_gpu *gpu, unsigned int *vgpus,
			  unsigned int *instances)
{
	const struct layout *layout = &gpu->layout;
	unsigned int i;

	lockdep_assert_held(&gpu->lock);
	*vgpus = 0;
	*instances = 0;
	for (i = 0; i < layout->vgpus; i++)
		*vgpus += layout->vgpu[i].used;
	for (i = 1; i < LAYOUT_INSTANCES; i++)
		*instances += !!layout->instance[i].profile.compute;
}

/* From here on nobody creates a vGPU or an instance, and there is none. */
static int begin(struct vgpu_gpu *gpu, unsigned int *vgpus, unsigned int *instances)
{
	int ret = 0;

	mutex_lock(&gpu->lock);
	vgpu_gpu_count_users(gpu, vgpus, instances);
	if (vgpu_firmware_mode_changes(gpu))
		ret = -EAGAIN;
	else if (*vgpus || *instances || gpu->hand_over == VGPU_HANDING_OVER)
		ret = -EBUSY;
	else if (gpu->hand_over == VGPU_HANDED_OVER)
		ret = -EALREADY;
	else
		gpu->hand_over = VGPU_HANDING_OVER;
	mutex_unlock(&gpu->lock);
	return ret;
}

static void end(struct vgpu_gpu *gpu, enum vgpu_hand_over result)
{
	mutex_lock(&gpu->lock);
	gpu->hand_over = result;
	mutex_unlock(&gpu->lock);
}

/**
 * vgpu_gpu_hand_over - prepare a GPU for another driver
 * @gpu: the GPU, bound
 *
 * After it, no vGPU exists or can be created, and video memory is zero and stays
 * so: the GPU may be unbound. May sleep, bounded.
 *
 * Return: 0, also if that is so already; -EBUSY: it has vGPUs, is being reset, its
 * firmware mode changes, or another process hands it over; -ENODEV: it is dead;
 * -EIO: video memory is not zero after it; the error of the family. The reason is in
 * the log and in last_error.
 */
int vgpu_gpu_hand_over(struct vgpu_gpu *gpu)
{
	unsigned int vgpus, instances;
	int ret = begin(gpu, &vgpus, &instances);

	if (ret == -EALREADY)
		return 0;
	if (ret == -EAGAIN) {
		vgpu_gpu_error(gpu,
			       "hand_over not changed: the firmware mode changes; remove and rescan the GPU first");
		return -EBUSY;
	}
	if (ret) {
		if (vgpus)
			vgpu_gpu_error(gpu,
				       "hand_over not changed: vGPUs exist (%u); remove them first",
				       vgpus);
		else if (instances)
			vgpu_gpu_error(gpu,
				       "hand_over not changed: GPU instances exist (%u); remove them first",
				       instances);
		else
			vgpu_gpu_error(gpu, "hand_over not changed: another process is writing it");
		return ret;
	}
	ret = vgpu_gpu_scrub(gpu);
	end(gpu, ret ? VGPU_KEPT : VGPU_HANDED_OVER);
	if (ret == -EAGAIN) {
		vgpu_gpu_error(gpu, "hand_over not changed: the GPU is in state %s",
			       vgpu_gpu_state_name(gpu));
		return READ_ONCE(gpu->state) == VGPU_GPU_DEAD ? -ENODEV : -EBUSY;
	}
	if (ret)
		vgpu_gpu_error(gpu, "hand_over not changed: video memory can't be zeroed (%d)",
			       ret);
	return ret;
}

/**
 * vgpu_gpu_keep - a GPU is not handed over after all, and offers vGPUs again
 * @gpu: the GPU
 *
 * Return: 0, or -EBUSY: it is being handed over; the reason is in the log and in
 * last_error.
 */
int vgpu_gpu_keep(struct vgpu_gpu *gpu)
{
	bool busy;

	mutex_lock(&gpu->lock);
	busy = gpu->hand_over == VGPU_HANDING_OVER;
	if (!busy)
		gpu->hand_over = VGPU_KEPT;
	mutex_unlock(&gpu->lock);
	if (busy)
		vgpu_gpu_error(gpu, "hand_over not changed: another process is writing it");
	return busy ? -EBUSY : 0;
}
