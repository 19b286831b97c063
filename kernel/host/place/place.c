// SPDX-License-Identifier: GPL-2.0-only
/*
 * place.c - vGPUs and instances get their places, and give them back
 *
 * What goes where is decided by the layout (layout.h). A decision comes into force
 * when all is ready for it: a new instance has a run queue, the engines whose slices
 * change stand still, and nobody zeroes the old memory of a vGPU that moves. Getting
 * that ready takes time, in which vGPUs are opened and closed; so then the decision
 * is made again, and either it needs nothing more or there is another round. Only
 * then the hardware is programmed.
 *
 * Closed vGPUs move. The memory that one gets is zeroed before it may be opened, as
 * after a close.
 */
#include <linux/bitops.h>
#include <linux/ctype.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "base/state.h"
#include "base/uevent.h"
#include "base/vgpu.h"
#include "memory/scrub.h"
#include "place/instance.h"
#include "place/mode.h"
#include "place/place.h"
#include "sched/sched.h"

/*
 * Opens and closes that come in between may make further rounds necessary. After
 * some of them, or some time, nobody shall wait any longer.
 */
#define ROUNDS		100
#define ROUNDS_TIME	(10 * HZ)

/**
 * struct request - what is to get a place
 * @vgpu: a vGPU; NULL: an instance without vGPUs
 * @profile: of the instance
 * @name: what to call the instance
 * @named: that is its name; if not, one by its number is
 * @parts: compute slices of its queues
 * @num_parts: how many; 0: one that has all
 * @next: the layout it leads to
 * @change: what is different there
 * @refusal: why there is none
 */
struct request {
	struct vgpu *vgpu;
	struct layout_profile profile;
	const char *name;
	bool named;
	const u8 *parts;
	unsigned int num_parts;
	struct layout next;
	struct layout_change change;
	enum layout_refusal refusal;
};

static void decide(struct vgpu_gpu *gpu, struct request *request)
{
	lockdep_assert_held(&gpu->lock);
	request->next = gpu->layout;
	request->refusal = request->vgpu ?
		layout_add(&request->next, request->profile,
			   request->vgpu->type->level, &request->change) :
		layout_reserve(&request->next, request->profile, &request->change);
	if (!request->refusal && request->num_parts)
		request->refusal = layout_divide(&request->next, request->change.instance,
						 request->parts, request->num_parts,
						 &request->change);
}

/* One that would move while its memory is being zeroed; NULL: there is none. */
static struct vgpu *busy_one(struct vgpu_gpu *gpu, const struct layout_change *change)
{
	unsigned int p;

	for (p = 0; p < VGPU_MAX_PARTITIONS; p++)
		if (change->moved_vgpus & BIT_ULL(p) && gpu->placed[p]->scrub.running)
			return gpu->placed[p];
	return NULL;
}

/* How many vGPUs of its type the queue is for that a vGPU is in, for fixed shares. */
static unsigned int seats_of(const struct layout *layout, const struct vgpu *vgpu)
{
	const struct layout_vgpu *place = &layout->vgpu[vgpu->partition];
	const struct layout_instance *whole = &layout->instance[place->instance];
	unsigned int slices = hweight8(layout->instance[place->queue].queue);

	if (place->instance == LAYOUT_POOL)
		return vgpu->type->seats;
	return max(1U, DIV_ROUND_UP(vgpu->type->seats * slices, whole->profile.compute));
}

static void come_into_force(struct vgpu_gpu *gpu, const struct request *request)
{
	const struct layout_change *change = &request->change;
	struct vgpu *vgpu = request->vgpu;
	unsigned int p;

	gpu->layout = request->next;
	for (p = 0; p < VGPU_MAX_PARTITIONS; p++) {
		if (!(change->moved_vgpus & BIT_ULL(p)))
			continue;
		WRITE_ONCE(gpu->placed[p]->fb_offset, layout_offset(&gpu->layout, p));
		vgpu_scrub_queue(gpu->placed[p]);
	}
	if (!vgpu)
		return;
	vgpu->partition = change->vgpu;
	vgpu->instance = &gpu->instance[gpu->layout.vgpu[change->vgpu].queue];
	vgpu->fb_offset = layout_offset(&gpu->layout, change->vgpu);
	vgpu->entity.max_instance = seats_of(&gpu->layout, vgpu);
	gpu->placed[change->vgpu] = vgpu;
}

/* The run queue of a new instance. Those after the first are called after that. */
static int start(struct vgpu_gpu *gpu, const struct request *request, unsigned int number)
{
	struct vgpu_instance *whole = &gpu->instance[request->change.instance];
	char name[VGPU_INSTANCE_NAME_SIZE];
	size_t size = sizeof(name);

	if (!request->named)
		return vgpu_instance_start(&gpu->instance[number], whole, NULL);
	if (number == whole->index)
		return vgpu_instance_start(whole, whole, request->name);
	if (snprintf(name, size, "%s.%u", whole->name, number) >= size ||
	    vgpu_instance_named(gpu, name))
		return vgpu_instance_start(&gpu->instance[number], whole, NULL);
	return vgpu_instance_start(&gpu->instance[number], whole, name);
}

/* Get ready what the decision needs. */
static int prepare(struct vgpu_gpu *gpu, struct request *request)
{
	unsigned int i;
	int ret;

	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		if (!(request->change.parts & BIT(i)) || gpu->instance[i].started)
			continue;
		ret = start(gpu, request, i);
		if (ret)
			return ret;
	}
	return vgpu_instances_hold(gpu, &request->next) ? 0 : -ENODEV;
}

/*
 * One round. Return: 0: the request is met, or refused; -EAGAIN: another round is
 * needed; errno.
 */
static int try_make(struct vgpu_gpu *gpu, struct request *request)
{
	struct vgpu *busy = NULL;
	bool done;

	mutex_lock(&gpu->lock);
	if (gpu->hand_over != VGPU_KEPT) {
		mutex_unlock(&gpu->lock);
		return -EXDEV;
	}
	if (vgpu_firmware_mode_changes(gpu)) {
		mutex_unlock(&gpu->lock);
		return -ESTALE;
	}
	if (request->vgpu && !vgpu_work_mode_has(gpu, request->vgpu->type)) {
		mutex_unlock(&gpu->lock);
		return -EMEDIUMTYPE;
	}
	decide(gpu, request);
	if (!request->refusal)
		busy = busy_one(gpu, &request->change);
	done = request->refusal ||
	       (!busy && vgpu_instances_are_held(gpu, &request->next));
	if (done && !request->refusal)
		come_into_force(gpu, request);
	mutex_unlock(&gpu->lock);
	if (done)
		return 0;
	if (!busy)
		return prepare(gpu, request) ?: -EAGAIN;
	/* Who waits for an engine does not wait for that. */
	vgpu_instances_let_go(gpu);
	flush_work(&busy->scrub.work);
	return -EAGAIN;
}

/* An instance goes, with all its queues: it has no vGPU. With place_lock held. */
static void end_instance(struct vgpu_gpu *gpu, const struct layout_change *change)
{
	unsigned int i;

	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		struct vgpu_instance *instance = &gpu->instance[i];

		if (!(change->parts & BIT(i)))
			continue;
		if (instance->folder)
			vgpu_instance_uevent(instance, "instance-remove");
		vgpu_instance_hide(instance);
		vgpu_instance_stop(instance);
	}
	vgpu_instances_hold(gpu, &gpu->layout);
	if (vgpu_instances_program(gpu))
		dev_err(&gpu->pdev->dev,
			"the slices of GPU instance %u stay unused until the GPU is reset: it does not take others\n",
			change->instance);
	vgpu_instances_let_go(gpu);
}

static void take_back(struct vgpu_gpu *gpu, struct request *request)
{
	struct layout_change *change = &request->change;

	mutex_lock(&gpu->lock);
	if (request->vgpu) {
		gpu->placed[change->vgpu] = NULL;
		layout_remove(&gpu->layout, change->vgpu, change);
	} else {
		layout_release(&gpu->layout, change->instance, change);
	}
	mutex_unlock(&gpu->lock);
	if (change->removed)
		end_instance(gpu, change);
}

/* New instances, which work, become visible. */
static int show(struct vgpu_gpu *gpu, const struct layout_change *change)
{
	unsigned int i;
	int ret;

	if (!change->made)
		return 0;
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		ret = change->parts & BIT(i) ? vgpu_instance_show(&gpu->instance[i]) : 0;
		if (!ret)
			continue;
		/* Nobody has heard of them. */
		while (i-- > 1)
			if (change->parts & BIT(i))
				vgpu_instance_hide(&gpu->instance[i]);
		return ret;
	}
	for (i = 1; i < LAYOUT_INSTANCES; i++)
		if (change->parts & BIT(i))
			vgpu_instance_uevent(&gpu->instance[i], "instance-create");
	return 0;
}

/* With place_lock held. Return: 0, also if it is refused; errno. */
static int make(struct vgpu_gpu *gpu, struct request *request)
{
	unsigned long end = jiffies + ROUNDS_TIME;
	unsigned int i, rounds = ROUNDS;
	int ret;

	do {
		ret = try_make(gpu, request);
	} while (ret == -EAGAIN && --rounds && time_before(jiffies, end));
	if (!ret && !request->refusal) {
		ret = vgpu_instances_program(gpu);
		/* Memory for folders may take its time, which is not the vGPUs'. */
		vgpu_instances_let_go(gpu);
		ret = ret ?: show(gpu, &request->change);
		if (ret)
			take_back(gpu, request);
	}
	vgpu_instances_let_go(gpu);
	/* Those that were made ready in vain. */
	for (i = 1; i < LAYOUT_INSTANCES; i++)
		if (!gpu->layout.instance[i].profile.compute)
			vgpu_instance_stop(&gpu->instance[i]);
	return ret;
}

static void report(struct vgpu_gpu *gpu, const struct request *request, const char *why)
{
	if (request->vgpu)
		vgpu_error(request->vgpu, " not created: %s", why);
	else
		vgpu_gpu_error(gpu, "instance %s not created: %s", request->name, why);
}

static int report_error(struct vgpu_gpu *gpu, const struct request *request, int error)
{
	char why[112];

	switch (error) {
	case -EXDEV:
		report(gpu, request,
		       "the GPU is being handed over to another driver; write 0 to hand_over if it is to stay");
		return -EBUSY;
	case -ESTALE:
		snprintf(why, sizeof(why),
			 "the firmware mode changes; remove and rescan the GPU, or write %s to firmware_mode_next",
			 vgpu_mode_name(gpu->firmware_mode));
		report(gpu, request, why);
		return -EBUSY;
	case -EAGAIN:
		report(gpu, request, "vGPUs are being opened and closed all the time; try again");
		return -EBUSY;
	case -EMEDIUMTYPE:
		snprintf(why, sizeof(why),
			 "work mode %s has no vGPUs of series %c; choose another type, or change work_mode",
			 vgpu_work_mode_name(gpu),
			 toupper(request->vgpu->type->series->letter));
		report(gpu, request, why);
		return -EPERM;
	}
	snprintf(why, sizeof(why), "its slices can't be set up (%d); see the kernel log",
		 error);
	report(gpu, request, why);
	return error;
}

static int refuse(struct vgpu_gpu *gpu, const struct request *request)
{
	char why[VGPU_LAST_ERROR_SIZE];
	int error;

	error = vgpu_refusal_explain(gpu, request->vgpu, request->profile,
				     request->refusal, why, sizeof(why));
	report(gpu, request, why);
	return error;
}

static int place(struct vgpu_gpu *gpu, struct request *request)
{
	enum vgpu_gpu_state state;
	char why[48];
	int ret;

	mutex_lock(&gpu->place_lock);
	state = READ_ONCE(gpu->state);
	if (state != VGPU_GPU_UP) {
		snprintf(why, sizeof(why), "the GPU is in state %s%s",
			 vgpu_gpu_state_name(gpu),
			 state == VGPU_GPU_RESET ? ", try again" : "");
		report(gpu, request, why);
		ret = state == VGPU_GPU_RESET ? -EBUSY : -ENODEV;
	} else if (request->named && vgpu_instance_named(gpu, request->name)) {
		report(gpu, request, "another has that name; choose a different one");
		ret = -EEXIST;
	} else {
		ret = make(gpu, request);
		if (ret)
			ret = report_error(gpu, request, ret);
		else if (request->refusal)
			ret = refuse(gpu, request);
	}
	mutex_unlock(&gpu->place_lock);
	return ret;
}

/**
 * vgpu_place - choose an instance, or make it, and reserve memory and a partition
 * @vgpu: the vGPU; its type says how much
 *
 * May sleep, up to some seconds where an engine has to be stopped.
 *
 * Return: 0; -ENOSPC without compute slices or a block of memory; -EUSERS without a
 * free partition; -EPERM: the scheduler of the pool forbids it, or the work mode has no
 * such vGPUs; -EBUSY: the pool needs its slices, or the GPU is reset, suspended,
 * handed over or changes its firmware mode; -ENODEV when it is going or dead; -ENOMEM;
 * -EIO. The reason is in the log and in last_error.
 */
int vgpu_place(struct vgpu *vgpu)
{
	struct request *request = kzalloc(sizeof(*request), GFP_KERNEL);
	int ret;

	if (!request)
		return -ENOMEM;
	request->vgpu = vgpu;
	request->profile = vgpu->type->profile;
	vgpu->fb_size = vgpu->type->fb_size;
	ret = place(vgpu->gpu, request);
	kfree(request);
	return ret;
}

/**
 * vgpu_unplace - give memory and partition back, and the instance with its last vGPU
 * @vgpu: the vGPU; nothing of its owner may be left in them
 *
 * May sleep, up to some seconds where an engine has to be stopped.
 */
void vgpu_unplace(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	struct layout_change change;

	mutex_lock(&gpu->place_lock);
	/* If it has just moved. From here on it does not. */
	flush_work(&vgpu->scrub.work);
	mutex_lock(&gpu->lock);
	gpu->placed[vgpu->partition] = NULL;
	layout_remove(&gpu->layout, vgpu->partition, &change);
	mutex_unlock(&gpu->lock);
	if (change.removed)
		end_instance(gpu, &change);
	mutex_unlock(&gpu->place_lock);
}

/**
 * vgpu_place_fix - let a vGPU stay where it is, or move
 * @vgpu: the vGPU; it may move if nobody has it open
 * @fixed: let it stay. When this returns, its fb_offset is constant, and if it has
 *	moved, it is dirty
 */
void vgpu_place_fix(struct vgpu *vgpu, bool fixed)
{
	struct vgpu_gpu *gpu = vgpu->gpu;

	mutex_lock(&gpu->lock);
	layout_set_closed(&gpu->layout, vgpu->partition, !fixed);
	mutex_unlock(&gpu->lock);
}

/**
 * vgpu_place_policy - the policy of a GPU's pool may have changed
 * @gpu: the GPU
 *
 * Some promise plain vGPUs that what they have does not change.
 */
void vgpu_place_policy(struct vgpu_gpu *gpu)
{
	const struct sched_policy *policy;

	mutex_lock(&gpu->lock);
	policy = vgpu_instance_policy(vgpu_gpu_pool(gpu));
	gpu->layout.pool_fixed = policy && policy->fixed;
	mutex_unlock(&gpu->lock);
}

/**
 * vgpu_place_queue - put a vGPU into another queue over its memory
 * @vgpu: the vGPU
 * @number: number of the instance whose queue it is
 *
 * Return: 0; -EINVAL: its memory is not of that instance; -EBUSY: somebody has it
 * open. The reason is in the log and in last_error.
 */
int vgpu_place_queue(struct vgpu *vgpu, unsigned int number)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	struct layout_vgpu *place = &gpu->layout.vgpu[vgpu->partition];
	unsigned int seats;
	int ret = 0;

	mutex_lock(&vgpu->lock);
	mutex_lock(&gpu->lock);
	if (number >= LAYOUT_INSTANCES ||
	    !(layout_parts(&gpu->layout, place->instance) & BIT(number)))
		ret = -EINVAL;
	else if (!place->closed && number != place->queue)
		ret = -EBUSY;
	else
		place->queue = number;
	seats = seats_of(&gpu->layout, vgpu);
	mutex_unlock(&gpu->lock);
	if (!ret)
		vgpu_sched_change_queue(vgpu, &gpu->instance[number], seats);
	mutex_unlock(&vgpu->lock);
	if (ret == -EINVAL)
		vgpu_error(vgpu,
			   ": compute_instance not changed: %u is none of the GPU instance that it is in",
			   number);
	if (ret == -EBUSY)
		vgpu_error(vgpu,
			   ": compute_instance not changed: the vGPU is open; stop its VM");
	return ret;
}

/* ------------------------------------------------------ instances without vGPUs */

/**
 * vgpu_reserve - make an instance that stays when it has no vGPU
 * @gpu: the GPU
 * @profile: its shape
 * @name: its name; NULL: one by its number
 * @parts: compute slices of each of its queues, not more together than @profile has
 * @num_parts: how many; 0: one queue that has all
 *
 * May sleep, as vgpu_place().
 *
 * Return: as vgpu_place(); -EINVAL: the GPU can't have such an instance; -EEXIST:
 * another has that name. The reason is in the log and in last_error.
 */
int vgpu_reserve(struct vgpu_gpu *gpu, struct layout_profile profile, const char *name,
		 const u8 *parts, unsigned int num_parts)
{
	struct request *request = kzalloc(sizeof(*request), GFP_KERNEL);
	char profile_name[VGPU_PROFILE_NAME_SIZE];
	int ret;

	if (!request)
		return -ENOMEM;
	request->profile = profile;
	vgpu_profile_name(gpu, profile, profile_name, sizeof(profile_name));
	request->name = name ?: profile_name;
	request->named = name;
	request->parts = parts;
	request->num_parts = num_parts;
	ret = place(gpu, request);
	kfree(request);
	return ret;
}

/* With place_lock held. */
static int release(struct vgpu_instance *instance)
{
	struct vgpu_gpu *gpu = instance->gpu;
	enum layout_refusal refusal;
	struct layout_change change;

	mutex_lock(&gpu->lock);
	refusal = layout_release(&gpu->layout, instance->index, &change);
	mutex_unlock(&gpu->lock);
	if (refusal)
		return -EBUSY;
	end_instance(gpu, &change);
	return 0;
}

/**
 * vgpu_set_reserved - let an instance stay when it has no vGPU, or go
 * @instance: the instance; gpu->place_lock is held
 * @reserved: let it stay; if not, and it has none, it goes at once
 */
void vgpu_set_reserved(struct vgpu_instance *instance, bool reserved)
{
	struct vgpu_gpu *gpu = instance->gpu;

	lockdep_assert_held(&gpu->place_lock);
	mutex_lock(&gpu->lock);
	gpu->layout.instance[instance->index].reserved = reserved;
	mutex_unlock(&gpu->lock);
	if (!reserved)
		release(instance);
}

/**
 * vgpu_release - remove an instance
 * @instance: the instance; gpu->place_lock is held
 *
 * Return: 0, or -EBUSY: it has vGPUs; the reason is in the log and in last_error.
 */
int vgpu_release(struct vgpu_instance *instance)
{
	struct vgpu_gpu *gpu = instance->gpu;
	int ret;

	lockdep_assert_held(&gpu->place_lock);
	ret = release(instance);
	if (ret)
		vgpu_gpu_error(gpu, "instance %u not removed: it has %u vGPUs; remove them first",
			       instance->index,
			       layout_members(&gpu->layout, instance->index));
	return ret;
}

/**
 * vgpu_release_all - remove all instances, whose vGPUs are gone
 * @gpu: the GPU, which is going
 */
void vgpu_release_all(struct vgpu_gpu *gpu)
{
	unsigned int i;

	mutex_lock(&gpu->place_lock);
	for (i = 1; i < LAYOUT_INSTANCES; i++)
		if (layout_parts(&gpu->layout, i))
			WARN_ON_ONCE(release(&gpu->instance[i]));
	mutex_unlock(&gpu->place_lock);
}
