// SPDX-License-Identifier: GPL-2.0-only
/*
 * console.c - which vGPU the physical output of a GPU shows
 *
 * The administrator chooses a vGPU with the GPU's attribute "console". The
 * output follows the guest: vgpu_console_changed() queues a work item, which
 * gets the picture from the personality and passes it to the family. The choice
 * outlives VMs and ends with the vGPU; the picture ends with each close, before
 * the slice can have another owner.
 */
#include <linux/string.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "display/console.h"
#include "display/picture.h"
#include "display/plane.h"

/* The picture of the chosen vGPU, if there is one now. */
static bool current_picture(struct vgpu_gpu *gpu, struct vgpu_plane *plane)
{
	struct vgpu *vgpu = gpu->console;

	/*
	 * If it is closed after this check, vgpu_console_closed() waits for
	 * console_lock and refreshes again. Until then it keeps its personality.
	 */
	if (!vgpu || !vgpu_is_open(vgpu) || !vgpu_has_display(vgpu))
		return false;
	vgpu->personality->plane(vgpu, 0, VGPU_PLANE_PRIMARY, plane);
	return plane->format && vgpu_plane_fits(vgpu, plane);
}

static void refresh_locked(struct vgpu_gpu *gpu)
{
	struct vgpu_plane plane = { };

	lockdep_assert_held(&gpu->console_lock);
	if (!gpu->family->show || vgpu_gpu_is_dead(gpu))
		return;
	if (current_picture(gpu, &plane))
		gpu->family->show(gpu, gpu->console, &plane);
	else
		gpu->family->show(gpu, NULL, NULL);
}

/**
 * vgpu_console_refresh - update the physical output
 * @gpu: the GPU
 *
 * When it returns, the output shows no picture older than the call. May sleep;
 * takes gpu->console_lock.
 */
void vgpu_console_refresh(struct vgpu_gpu *gpu)
{
	mutex_lock(&gpu->console_lock);
	refresh_locked(gpu);
	mutex_unlock(&gpu->console_lock);
}

static void console_work(struct work_struct *work)
{
	vgpu_console_refresh(container_of(work, struct vgpu_gpu, console_work));
}

/**
 * vgpu_console_changed - head 0 of a vGPU may show something else now
 * @vgpu: the vGPU
 *
 * The physical output follows soon. Takes no lock; any context.
 */
void vgpu_console_changed(struct vgpu *vgpu)
{
	/* The pointer is only compared, since that vGPU may be gone by now. */
	if (READ_ONCE(vgpu->gpu->console) == vgpu)
		queue_work(vgpu->gpu->wq, &vgpu->gpu->console_work);
}

/**
 * vgpu_console_closed - a vGPU was closed
 * @vgpu: the vGPU
 *
 * When it returns, the physical output does not show it. May sleep; takes
 * gpu->console_lock.
 */
void vgpu_console_closed(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;

	/* A concurrent vgpu_console_set() sees it closed, or is seen here. */
	mutex_lock(&gpu->console_lock);
	if (gpu->console == vgpu)
		refresh_locked(gpu);
	mutex_unlock(&gpu->console_lock);
}

/**
 * vgpu_console_forget - a vGPU is being removed
 * @vgpu: the vGPU; it is no longer in gpu->vgpus
 *
 * May sleep; takes gpu->console_lock.
 */
void vgpu_console_forget(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;

	mutex_lock(&gpu->console_lock);
	if (gpu->console == vgpu) {
		WRITE_ONCE(gpu->console, NULL);
		refresh_locked(gpu);
	}
	mutex_unlock(&gpu->console_lock);
}

/**
 * vgpu_console_init - begin without a choice
 * @gpu: a new GPU
 */
void vgpu_console_init(struct vgpu_gpu *gpu)
{
	mutex_init(&gpu->console_lock);
	INIT_WORK(&gpu->console_work, console_work);
}

/**
 * vgpu_console_stop - do not touch the physical output any more
 * @gpu: the GPU, which has no vGPU left
 */
void vgpu_console_stop(struct vgpu_gpu *gpu)
{
	cancel_work_sync(&gpu->console_work);
}

/**
 * vgpu_console_name - the choice, for the attribute
 * @gpu: the GPU
 * @buf: receives a UUID or "none", and a newline
 *
 * Return: bytes written.
 */
ssize_t vgpu_console_name(struct vgpu_gpu *gpu, char *buf)
{
	ssize_t n;

	mutex_lock(&gpu->console_lock);
	n = sysfs_emit(buf, "%s\n",
		       gpu->console ? vgpu_name(gpu->console) : "none");
	mutex_unlock(&gpu->console_lock);
	return n;
}

/* UUIDs are compared without regard to case, as the mdev core does. */
static bool is_named(const struct vgpu *vgpu, const char *text)
{
	const char *name = vgpu_name(vgpu);
	size_t length = strlen(name);

	return !strncasecmp(text, name, length) &&
	       sysfs_streq(text + length, "");
}

static struct vgpu *find(struct vgpu_gpu *gpu, const char *text)
{
	struct vgpu *vgpu;

	lockdep_assert_held(&gpu->state_lock);
	list_for_each_entry(vgpu, &gpu->vgpus, node)
		if (is_named(vgpu, text))
			return vgpu;
	return NULL;
}

/**
 * vgpu_console_set - choose the vGPU that the physical output shows
 * @gpu: the GPU
 * @text: UUID of one of its vGPUs, open or not, or "none"; a newline may
 *	follow
 *
 * May sleep; takes gpu->state_lock.
 *
 * Return: 0; -EOPNOTSUPP: the GPU has no output, or the vGPU no display;
 * -ENODEV: there is no such vGPU on this GPU. The reason is in last_error.
 */
int vgpu_console_set(struct vgpu_gpu *gpu, const char *text)
{
	bool none = sysfs_streq(text, "none");
	struct vgpu *vgpu = NULL;
	int ret = 0;

	if (!gpu->family->show) {
		vgpu_gpu_error(gpu, "console not changed: this GPU has no physical output");
		return -EOPNOTSUPP;
	}
	/* Keeps the vGPU until gpu->console is set, which its removal clears. */
	mutex_lock(&gpu->state_lock);
	if (!none) {
		vgpu = find(gpu, text);
		if (!vgpu)
			ret = -ENODEV;
		else if (!vgpu_has_display(vgpu))
			ret = -EOPNOTSUPP;
	}
	if (!ret) {
		mutex_lock(&gpu->console_lock);
		WRITE_ONCE(gpu->console, vgpu);
		refresh_locked(gpu);
		mutex_unlock(&gpu->console_lock);
	}
	mutex_unlock(&gpu->state_lock);
	if (ret == -ENODEV)
		vgpu_gpu_error(gpu,
			       "console not changed: it takes the UUID of a vGPU of this GPU, or none");
	else if (ret)
		vgpu_gpu_error(gpu, "console not changed: that vGPU has no display");
	return ret;
}
