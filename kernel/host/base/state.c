// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - states, names, refusals, references: what every part needs
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "base/flood.h"
#include "base/state.h"
#include "base/vgpu.h"

/* ------------------------------------------------------------ states of vGPUs */

/* The states from which each can be entered; state.h has the diagram. */
static const unsigned int entered_from[] = {
	[VGPU_DIRTY]	= BIT(VGPU_CLEAN) | BIT(VGPU_OPEN) |
			  BIT(VGPU_OFFLINE) | BIT(VGPU_LOST),
	[VGPU_CLEAN]	= BIT(VGPU_DIRTY),
	[VGPU_OPEN]	= BIT(VGPU_CLEAN) | BIT(VGPU_OFFLINE),
	[VGPU_OFFLINE]	= BIT(VGPU_OPEN),
	[VGPU_LOST]	= BIT(VGPU_OPEN) | BIT(VGPU_OFFLINE),
};

/**
 * vgpu_enter - change the state of a vGPU
 * @vgpu: the vGPU; its mapping.sem is held for writing, since the state decides
 *	what mappings show
 * @state: the state to enter
 *
 * Return: whether that was possible; if not, nothing has changed. Death of the
 * GPU may come at any time and be in the way.
 */
bool vgpu_enter(struct vgpu *vgpu, enum vgpu_state state)
{
	lockdep_assert_held_write(&vgpu->mapping.sem);
	if (!(entered_from[state] & BIT(vgpu->state)))
		return false;
	WRITE_ONCE(vgpu->state, state);
	return true;
}

/**
 * vgpu_is_open - whether a VMM has a vGPU open
 * @vgpu: the vGPU
 *
 * Constant with vgpu->lock held. Any context.
 */
bool vgpu_is_open(const struct vgpu *vgpu)
{
	return READ_ONCE(vgpu->state) >= VGPU_OPEN;
}

/**
 * vgpu_has_hardware - whether mappings may show the hardware
 * @vgpu: the vGPU
 *
 * Constant with mapping.sem held. Any context.
 */
bool vgpu_has_hardware(const struct vgpu *vgpu)
{
	return READ_ONCE(vgpu->state) == VGPU_OPEN;
}

/* -------------------------------------------------------------- references */

/*
 * Physical and virtual GPUs whose memory is not freed yet. The last reference
 * to a device or a kobject may drop after it was removed, in a work item of
 * its own, and then calls into this module.
 */
static atomic_t vgpu_live = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(vgpu_live_gone);

/**
 * vgpu_live_get - count an object whose release calls this module
 */
void vgpu_live_get(void)
{
	atomic_inc(&vgpu_live);
}

/**
 * vgpu_live_put - undo vgpu_live_get(), at the end of the release function
 */
void vgpu_live_put(void)
{
	if (atomic_dec_and_test(&vgpu_live))
		wake_up_all(&vgpu_live_gone);
}

/**
 * vgpu_live_wait - wait until no counted object exists
 *
 * At module unload. May sleep as long as there are references to one.
 */
void vgpu_live_wait(void)
{
	wait_event(vgpu_live_gone, !atomic_read(&vgpu_live));
	/* The last one to wake us may not have returned from here yet. */
	synchronize_rcu_tasks();
}

/**
 * vgpu_gpu_get - take a reference to a GPU's memory
 * @gpu: the GPU
 */
void vgpu_gpu_get(struct vgpu_gpu *gpu)
{
	kref_get(&gpu->kref);
}

/**
 * vgpu_gpu_put - drop a reference to a GPU's memory
 * @gpu: the GPU
 */
void vgpu_gpu_put(struct vgpu_gpu *gpu)
{
	kref_put(&gpu->kref, gpu->release);
}

/* ---------------------------------------------------------- names, refusals */

/**
 * vgpu_name - the UUID of a vGPU, for messages
 * @vgpu: the vGPU
 */
const char *vgpu_name(const struct vgpu *vgpu)
{
	return dev_name(mdev_dev(vgpu->mdev));
}

/**
 * vgpu_list_name - append a name to a list of names on one line
 * @buf: the list
 * @size: of @buf
 * @length: of the list so far; 0: it is empty
 * @name: the name
 * @brackets: put it in brackets: of all names it is the one in force
 *
 * Return: length of the list, which is cut off where @buf ends.
 */
int vgpu_list_name(char *buf, size_t size, int length, const char *name,
		   bool brackets)
{
	return length + scnprintf(buf + length, size - length,
				  brackets ? "%s[%s]" : "%s%s",
				  length ? " " : "", name);
}

/* last_error is always the newest; the log may have had enough. */
static void __printf(3, 4)
note_error(struct vgpu_gpu *gpu, bool log, const char *fmt, ...)
{
	char line[VGPU_LAST_ERROR_SIZE];
	va_list args;

	va_start(args, fmt);
	vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (log)
		dev_err(&gpu->pdev->dev, "%s\n", line);

	mutex_lock(&gpu->lock);
	strscpy(gpu->last_error, line, sizeof(gpu->last_error));
	mutex_unlock(&gpu->lock);
}

/**
 * vgpu_gpu_error - report why a request was refused
 * @gpu: the GPU
 * @fmt: one line without a newline: what was wanted, why not, what to do
 *
 * Goes to the kernel log and to the GPU's last_error attribute. May sleep;
 * takes gpu->lock.
 */
void vgpu_gpu_error(struct vgpu_gpu *gpu, const char *fmt, ...)
{
	struct va_format line = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	line.va = &args;
	note_error(gpu, true, "%pV", &line);
	va_end(args);
}

/* A line that begins with the vGPU's name. Takes the lock of its GPU. */
static void note_vgpu_error(struct vgpu *vgpu, bool log, const char *fmt,
			    va_list *args)
{
	struct va_format rest = { .fmt = fmt, .va = args };

	note_error(vgpu->gpu, log, "vGPU %s%pV", vgpu_name(vgpu), &rest);
}

/**
 * vgpu_error - report why a request for one vGPU was refused
 * @vgpu: the vGPU; the line begins with "vGPU UUID"
 * @fmt: what follows that, its ": " or " " included; else as vgpu_gpu_error()
 *
 * May sleep; takes the lock of the vGPU's GPU.
 */
void vgpu_error(struct vgpu *vgpu, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_vgpu_error(vgpu, true, fmt, &args);
	va_end(args);
}

/**
 * vgpu_owner_error - say why a request of a VMM or a guest was refused
 * @vgpu: the vGPU
 * @fmt: as vgpu_error()
 *
 * Unlike what an administrator asks for, they can ask without end: only so much
 * is said in the log as vgpu_may_log() allows. May sleep; takes the lock of the
 * vGPU's GPU.
 */
void vgpu_owner_error(struct vgpu *vgpu, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_vgpu_error(vgpu, vgpu_may_log(vgpu), fmt, &args);
	va_end(args);
}

/**
 * vgpu_gpu_state_name - the state as sysfs and messages show it
 * @gpu: the GPU
 */
const char *vgpu_gpu_state_name(const struct vgpu_gpu *gpu)
{
	static const char *const names[] = {
		[VGPU_GPU_UP]		= "up",
		[VGPU_GPU_RESET]	= "reset",
		[VGPU_GPU_GOING]	= "going",
		[VGPU_GPU_DEAD]		= "dead",
	};

	return names[READ_ONCE(gpu->state)];
}

/* -------------------------------------------------- hardware that goes away */

/**
 * vgpu_gpu_begin - begin to touch the hardware
 * @gpu: the GPU
 * @section: receives what vgpu_gpu_end() wants
 *
 * A reset of the GPU waits for all who have begun. May sleep; may be nested.
 *
 * Return: whether it may be touched; if not, vgpu_gpu_end() is not called.
 */
bool vgpu_gpu_begin(struct vgpu_gpu *gpu, int *section)
{
	*section = srcu_read_lock(&gpu->access);
	__release(&gpu->access);	/* sparse can't follow a condition */
	if (!vgpu_gpu_is_dead(gpu))
		return true;
	vgpu_gpu_end(gpu, *section);
	return false;
}

/**
 * vgpu_gpu_end - the hardware is not touched any more
 * @gpu: the GPU
 * @section: of vgpu_gpu_begin()
 */
void vgpu_gpu_end(struct vgpu_gpu *gpu, int section)
{
	__acquire(&gpu->access);
	srcu_read_unlock(&gpu->access, section);
}

/* How long the PCI core may take to report an error of the bus. */
#define FAILED_WAIT	HZ

/**
 * vgpu_gpu_failed - the GPU did not do what it always can
 * @gpu: the GPU
 * @why: a constant string, for the log
 *
 * Its DMA is switched off at once. Perhaps an error of the bus is the cause, or
 * somebody resets the GPU; then recovery.c hears of it soon. If not, the GPU is
 * declared dead. Any context but hard interrupt.
 */
void vgpu_gpu_failed(struct vgpu_gpu *gpu, const char *why)
{
	if (vgpu_gpu_is_dead(gpu))
		return;
	pci_clear_master(gpu->pdev);
	WRITE_ONCE(gpu->failed_why, why);
	WRITE_ONCE(gpu->failed_recoveries, READ_ONCE(gpu->recoveries));
	queue_delayed_work(gpu->wq, &gpu->failed_work, FAILED_WAIT);
}

/**
 * vgpu_gpu_dead - the GPU does not answer any more
 * @gpu: the GPU
 * @why: a constant string, for the log
 *
 * Its DMA is switched off, and from here on nobody touches the hardware. A work
 * item shows scratch pages to the guests and tells them. Final: only unbinding
 * and binding the driver again can bring the GPU back. Any context but hard
 * interrupt.
 */
void vgpu_gpu_dead(struct vgpu_gpu *gpu, const char *why)
{
	enum vgpu_gpu_state state = READ_ONCE(gpu->state);

	/* First: who sees the state takes memory of guests away. */
	if (state != VGPU_GPU_DEAD)
		pci_clear_master(gpu->pdev);
	do {
		if (state == VGPU_GPU_DEAD)
			return;
	} while (!try_cmpxchg(&gpu->state, &state, VGPU_GPU_DEAD));

	dev_err(&gpu->pdev->dev,
		"GPU is dead: %s; its vGPUs get fault %d; stop their VMs, then unbind the driver and bind it again\n",
		why, VGPU_FAULT_GPU_DEAD);
	queue_work(gpu->wq, &gpu->dead_work);
}
