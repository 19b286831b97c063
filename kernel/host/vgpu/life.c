// SPDX-License-Identifier: GPL-2.0-only
/*
 * life.c - the life of a vGPU between create and remove: open, close, reset,
 * and what a reset of its GPU does to it
 *
 * Each is a sequence whose order matters; the parts do the steps. Nobody else
 * stops or starts a vGPU.
 */
#include "base/flood.h"
#include "base/state.h"
#include "base/uevent.h"
#include "base/vgpu.h"
#include "display/console.h"
#include "display/dmabuf.h"
#include "display/monitor.h"
#include "display/pacing.h"
#include "display/query.h"
#include "memory/pin.h"
#include "memory/scrub.h"
#include "pci/config_space.h"
#include "pci/irq.h"
#include "pci/mapping.h"
#include "place/place.h"
#include "sched/sched.h"
#include "vgpu/life.h"
#include "vgpu/migrate.h"

/*
 * The two halves that every sequence is made of. With vgpu->lock held.
 */

/*
 * Off the engine, and guest memory taken away: the partition does nothing. The
 * memory is unpinned later, because a VMM can hold that up for ever.
 */
static void quiet(struct vgpu *vgpu)
{
	vgpu_sched_remove(vgpu);
	vgpu_pin_revoke_all(vgpu);
}

/* The personality begins nothing more for the guest until its reset(). */
static void stop_personality(struct vgpu *vgpu)
{
	if (vgpu->personality->stop)
		vgpu->personality->stop(vgpu);
}

/* Its VM is paused: nothing of it changes but what its VMM does. */
static void stand_still(struct vgpu *vgpu)
{
	if (vgpu->gpu->family->stop)
		vgpu->gpu->family->stop(vgpu);
}

/* Its VMM is about to reset it, or gone: no migration, no pause. */
static void end_pause(struct vgpu *vgpu)
{
	vgpu_migrate_end(vgpu);
	if (!vgpu->paused)
		return;
	WRITE_ONCE(vgpu->paused, false);
	vgpu_irq_hold(vgpu, false);
	if (vgpu->gpu->family->go)
		vgpu->gpu->family->go(vgpu);
}

/*
 * The partition is enabled and works from the beginning. Monitors and pacing come
 * before mappings show it, where they did not: a guest finds its heads as the VMM
 * wants them. A vGPU that is reset is OPEN already, one that was lost stays so.
 */
static void start(struct vgpu *vgpu)
{
	vgpu_monitors_connect(vgpu);
	vgpu_pace(vgpu);
	if (vgpu_mapping_enter(vgpu, VGPU_OPEN))
		vgpu_dmabuf_set_offline(vgpu, false);
	vgpu_sched_answer_stop(vgpu);
	if (vgpu->paused)
		stand_still(vgpu);
	else if (vgpu->master && !vgpu_gpu_is_dead(vgpu->gpu))
		vgpu_sched_add(vgpu);
}

/* A family leaves out the operations that its partitions do not need. */
static int enable_partition(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	return family->partition_enable ? family->partition_enable(vgpu) : 0;
}

static void disable_partition(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	if (family->partition_disable)
		family->partition_disable(vgpu);
}

static void reset_partition(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	if (family->partition_reset)
		family->partition_reset(vgpu);
}

/* Mappings and dma-bufs show scratch pages from here on. */
static void take_hardware(struct vgpu *vgpu, enum vgpu_state state)
{
	if (vgpu_mapping_enter(vgpu, state))
		vgpu_dmabuf_set_offline(vgpu, true);
}

/* --------------------------------------------------------- open and close */

/* With the GPU's state_lock and vgpu->lock held. */
static int open_clean(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	int ret;

	mutex_lock(&vgpu->config_lock);
	vgpu_config_reset(&vgpu->config);
	mutex_unlock(&vgpu->config_lock);
	vgpu->master = false;
	WRITE_ONCE(vgpu->paused, false);
	vgpu_mapping_open(vgpu);
	vgpu_pin_open(vgpu);
	vgpu_irq_open(vgpu);
	vgpu_monitors_open(vgpu);
	WRITE_ONCE(vgpu->faults.last, VGPU_FAULT_NONE);
	WRITE_ONCE(vgpu->faults.last_reset, VGPU_RESET_NONE);

	ret = enable_partition(vgpu);
	if (ret) {
		vgpu_owner_error(vgpu,
				 " not opened: partition %u can't be enabled (%d)",
				 vgpu->partition, ret);
		return ret;
	}
	vgpu->personality->reset(vgpu);
	vgpu->owner_pid = task_tgid_nr(current);
	rcu_assign_pointer(gpu->partition[vgpu->partition], vgpu);
	start(vgpu);
	vgpu_console_changed(vgpu);
	return 0;
}

/* From here on it does not move; then it can be seen whether it is clean there. */
static int open_in_place(struct vgpu *vgpu)
{
	int ret = -EAGAIN;

	vgpu_place_fix(vgpu, true);
	if (READ_ONCE(vgpu->state) == VGPU_CLEAN)
		ret = open_clean(vgpu);
	if (ret)
		vgpu_place_fix(vgpu, false);
	return ret;
}

/* Whether somebody has it refused, and who. With vgpu->lock held. */
static int refusal(const struct vgpu *vgpu)
{
	if (vgpu->refuse_opens)
		return -EBUSY;
	return vgpu->limits.admission == VGPU_ADMISSION_REFUSE ? -EPERM : 0;
}

static int try_open(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	enum vgpu_gpu_state state;
	int ret, refused = 0;

	ret = vgpu_scrub_wait(vgpu);
	if (ret && ret != -EAGAIN) {
		vgpu_owner_error(vgpu,
				 " not opened: slice not zeroed yet (%d); try again",
				 ret);
		return ret;
	}

	mutex_lock(&gpu->state_lock);
	state = READ_ONCE(gpu->state);
	if (state == VGPU_GPU_UP) {
		mutex_lock(&vgpu->lock);
		refused = refusal(vgpu);
		/* A reset of the GPU, or a move, may have asked for another scrub. */
		ret = refused ?: open_in_place(vgpu);
		mutex_unlock(&vgpu->lock);
	} else {
		ret = state == VGPU_GPU_RESET ? -EBUSY : -ENODEV;
	}
	mutex_unlock(&gpu->state_lock);
	if (refused == -EBUSY)
		vgpu_owner_error(vgpu,
				 " not opened: refuse_opens is 1, it is about to be removed");
	else if (refused)
		vgpu_owner_error(vgpu,
				 " not opened: admission is refuse; once it is allow, try again");
	if (state != VGPU_GPU_UP)
		vgpu_owner_error(vgpu, " not opened: the GPU is in state %s",
				 vgpu_gpu_state_name(gpu));
	return ret;
}

/**
 * vgpu_refuse_opens - let nobody open a vGPU, or anybody
 * @vgpu: the vGPU, in any state
 * @refuse: whether
 *
 * Whoever wants to remove a vGPU only if nobody has it open refuses opens first,
 * then looks, and no VM can come in between. An open that is under way is over
 * when this returns. May sleep, bounded.
 */
void vgpu_refuse_opens(struct vgpu *vgpu, bool refuse)
{
	mutex_lock(&vgpu->lock);
	WRITE_ONCE(vgpu->refuse_opens, refuse);
	mutex_unlock(&vgpu->lock);
}

/**
 * vgpu_set_admission - say who may open a vGPU
 * @vgpu: the vGPU, in any state
 * @admission: who
 *
 * An open that is under way is over when this returns. May sleep, bounded.
 *
 * Return: who might before.
 */
enum vgpu_admission vgpu_set_admission(struct vgpu *vgpu, enum vgpu_admission admission)
{
	enum vgpu_admission before;

	mutex_lock(&vgpu->lock);
	before = vgpu->limits.admission;
	WRITE_ONCE(vgpu->limits.admission, admission);
	mutex_unlock(&vgpu->lock);
	return before;
}

/**
 * vgpu_open - a VMM takes a vGPU
 * @vgpu: the vGPU; VFIO lets one in at a time
 *
 * May sleep, up to ten seconds for the scrub of the former owner's slice.
 *
 * Return: 0; -EBUSY: the slice is not zeroed yet, the GPU is being reset, or an
 * administrator is about to remove it; -EPERM: its admission is refuse; -ENODEV: the
 * GPU is going or dead; -EINTR; the error of the family. The reason is in the log and
 * in last_error.
 */
int vgpu_open(struct vgpu *vgpu)
{
	unsigned int tries = 5;
	int ret;

	/* Guest memory can't be pinned here: VFIO does not know our IOAS yet. */
	do {
		ret = try_open(vgpu);
	} while (ret == -EAGAIN && --tries);
	if (!ret)
		vgpu_send_open(vgpu);
	return ret == -EAGAIN ? -EBUSY : ret;
}

/**
 * vgpu_close - the VMM is gone
 * @vgpu: the vGPU; every file and mapping of it is gone
 *
 * When it returns, the partition reaches nothing, no guest memory is pinned and
 * a scrub is on its way. Sleeps as long as the VMM keeps VFIO from unpinning,
 * with no lock held.
 */
void vgpu_close(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;

	mutex_lock(&vgpu->lock);
	stop_personality(vgpu);
	end_pause(vgpu);
	quiet(vgpu);
	disable_partition(vgpu);
	RCU_INIT_POINTER(gpu->partition[vgpu->partition], NULL);
	WARN_ON_ONCE(!vgpu_mapping_enter(vgpu, VGPU_DIRTY));
	vgpu_irq_close(vgpu);
	/* Before somebody else gets the slice. */
	vgpu_display_close(vgpu);
	vgpu_console_closed(vgpu);
	mutex_unlock(&vgpu->lock);
	vgpu_pin_drain(vgpu);
	/* An interrupt handler may still look at the old pointer. */
	synchronize_rcu();
	vgpu_fault_cancel(vgpu);

	mutex_lock(&vgpu->lock);
	/* Until now its VMM could still hold things up. */
	WRITE_ONCE(vgpu->owner_pid, 0);
	vgpu_scrub_queue(vgpu);
	vgpu_place_fix(vgpu, false);
	mutex_unlock(&vgpu->lock);
	vgpu_send_open(vgpu);
}

/* -------------------------------------------------------------- bus mastering */

/* With vgpu->lock held. What does not yield is lost, and its guest is told. */
static void take_turns_away(struct vgpu *vgpu)
{
	unsigned int hangs = READ_ONCE(vgpu->hang_count);

	vgpu_sched_remove(vgpu);
	if (READ_ONCE(vgpu->hang_count) != hangs)
		vgpu_report_fault(vgpu, VGPU_FAULT_PREEMPT_TIMEOUT);
}

static void update_master(struct vgpu *vgpu)
{
	bool master;

	mutex_lock(&vgpu->config_lock);
	master = vgpu_config_master_enabled(&vgpu->config);
	mutex_unlock(&vgpu->config_lock);
	if (master == vgpu->master)
		return;
	vgpu->master = master;
	if (!master)
		take_turns_away(vgpu);
	else if (vgpu_has_hardware(vgpu) && !vgpu->paused)
		vgpu_sched_add(vgpu);
	vgpu_irq_set_master(vgpu, master);
}

/**
 * vgpu_update_master - the guest has written COMMAND
 * @vgpu: the vGPU, open
 *
 * Without bus mastering, a vGPU has no turns: when this returns, nothing of it
 * runs, and nothing accesses guest memory. That is what a guest relies on which
 * gives its memory to another kernel (kexec). Its work goes on when bus mastering
 * is back, unless it did not yield: then it is reset, as always. May sleep,
 * bounded.
 */
void vgpu_update_master(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->lock);
	update_master(vgpu);
	mutex_unlock(&vgpu->lock);
}

/* -------------------------------------------------------------------- pause */

/**
 * vgpu_pause - its VM is paused: it stands still
 * @vgpu: the vGPU, open, with its lock held; its personality is quiesced
 *
 * What it can't be made to yield from is lost, and it is told so. Until
 * vgpu_go_on() nothing of it runs, not after a reset either. May sleep, bounded.
 */
void vgpu_pause(struct vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	WRITE_ONCE(vgpu->paused, true);
	take_turns_away(vgpu);
	stand_still(vgpu);
	vgpu_irq_hold(vgpu, true);
}

/**
 * vgpu_go_on - undo vgpu_pause()
 * @vgpu: the vGPU, open, with its lock held
 *
 * May sleep.
 */
void vgpu_go_on(struct vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	WRITE_ONCE(vgpu->paused, false);
	vgpu_irq_hold(vgpu, false);
	if (vgpu->gpu->family->go)
		vgpu->gpu->family->go(vgpu);
	if (vgpu->master && vgpu_has_hardware(vgpu))
		vgpu_sched_add(vgpu);
}

/**
 * vgpu_empty - make a paused vGPU what it was at its open, but for its configuration
 * space
 * @vgpu: the vGPU, with its lock held
 *
 * Then another one's state can be loaded. May sleep, bounded by the scrub.
 *
 * Return: 0; -EIO: it has no hardware now; the error of the family.
 */
int vgpu_empty(struct vgpu *vgpu)
{
	int ret, error;

	lockdep_assert_held(&vgpu->lock);
	if (!vgpu_has_hardware(vgpu))
		return -EIO;
	stop_personality(vgpu);
	quiet(vgpu);
	vgpu_fault_cancel(vgpu);
	/* A scrub may free the pages that its VMM has mapped. */
	take_hardware(vgpu, VGPU_OFFLINE);
	disable_partition(vgpu);
	ret = vgpu->gpu->family->scrub(vgpu);
	error = enable_partition(vgpu);
	if (error && error != -ENODEV)
		vgpu_gpu_failed(vgpu->gpu, "a partition can't be enabled again");
	vgpu->personality->reset(vgpu);
	start(vgpu);
	vgpu_console_changed(vgpu);
	return ret ?: error;
}

/**
 * vgpu_restore_config - the configuration space is that of another one
 * @vgpu: the vGPU, paused, with its lock held
 * @data: the first VGPU_CONFIG_RW_SIZE bytes of it; anything
 *
 * May sleep.
 */
void vgpu_restore_config(struct vgpu *vgpu, const u8 *data)
{
	lockdep_assert_held(&vgpu->lock);
	mutex_lock(&vgpu->config_lock);
	if (vgpu_config_restore(&vgpu->config, data) & VGPU_CONFIG_MEMORY)
		vgpu_mapping_set_memory(vgpu,
					vgpu_config_memory_enabled(&vgpu->config));
	mutex_unlock(&vgpu->config_lock);
	update_master(vgpu);
}

/* ------------------------------------------------------------------- reset */

/**
 * vgpu_reset_locked - vgpu_reset() for who holds vgpu->lock
 * @vgpu: the vGPU
 * @reason: who asked for it
 *
 * While its GPU is being reset or is dead, only what the module shows the guest
 * is reset: the hardware is not there, and is set up anew when it comes back.
 *
 * Return: 0, or -ENODEV if nobody has it open.
 */
int vgpu_reset_locked(struct vgpu *vgpu, enum vgpu_reset_reason reason)
{
	bool hardware = vgpu_has_hardware(vgpu);

	lockdep_assert_held(&vgpu->lock);
	if (!vgpu_is_open(vgpu))
		return -ENODEV;
	atomic64_inc(&vgpu->stats.resets);
	/* Faults from before are of no interest after it. */
	xchg(&vgpu->faults.pending, 0);
	stop_personality(vgpu);
	quiet(vgpu);
	if (hardware) {
		vgpu_mapping_zap(vgpu);
		reset_partition(vgpu);
	}
	/* After what the host may have had to do to it on the way. */
	WRITE_ONCE(vgpu->faults.last_reset, reason);
	/* Last, because a guest may see from its registers that all is done. */
	vgpu->personality->reset(vgpu);
	if (hardware)
		start(vgpu);
	/* The one fault that a reset does not end; whoever is lost later tells so. */
	if (READ_ONCE(vgpu->state) == VGPU_LOST)
		vgpu_repeat_fault(vgpu, VGPU_FAULT_GPU_DEAD);
	vgpu_console_changed(vgpu);
	return 0;
}

/**
 * vgpu_reset - engine state, registers and mappings of guest memory to power-on
 * @vgpu: the vGPU
 * @reason: who asked for it
 *
 * The configuration space, eventfds and the framebuffer's contents stay. Used
 * for VFIO_DEVICE_RESET, a guest's function-level reset and a personality's
 * own reset register. May sleep, bounded: takes vgpu->lock and the locks of
 * the personality's reset().
 *
 * Return: 0. It does not fail, because QEMU ends a VM whose device can't be
 * reset; a GPU that does not obey is declared dead.
 */
int vgpu_reset(struct vgpu *vgpu, enum vgpu_reset_reason reason)
{
	mutex_lock(&vgpu->lock);
	/* VFIO: the reset of a VMM ends a migration, in any state. */
	if (reason == VGPU_RESET_VMM)
		end_pause(vgpu);
	vgpu_reset_locked(vgpu, reason);
	mutex_unlock(&vgpu->lock);
	return 0;
}

/* ------------------------------------------------ the GPU goes and comes back */

/**
 * vgpu_quiesce - take the hardware away from a vGPU
 * @vgpu: the vGPU, open or not
 *
 * Mappings show scratch pages, guest memory is let go of. With the GPU's
 * state_lock held. May sleep, bounded.
 */
void vgpu_quiesce(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->lock);
	if (vgpu_is_open(vgpu)) {
		take_hardware(vgpu, VGPU_OFFLINE);
		vgpu_migrate_broken(vgpu);
		quiet(vgpu);
		disable_partition(vgpu);
	}
	mutex_unlock(&vgpu->lock);
}

/**
 * vgpu_lose - a vGPU's GPU is dead
 * @vgpu: the vGPU, open or not
 *
 * Mappings show scratch pages, guest and VMM are told. With the GPU's
 * state_lock held, and none of the vGPU's: a VMM may hold that up. May sleep.
 */
void vgpu_lose(struct vgpu *vgpu)
{
	take_hardware(vgpu, VGPU_LOST);
	vgpu_migrate_lost(vgpu);
	vgpu_report_fault(vgpu, VGPU_FAULT_GPU_DEAD);
	vgpu_irq_error(vgpu);
}

/**
 * vgpu_recover - give the hardware back after vgpu_quiesce()
 * @vgpu: the vGPU, open or not; its GPU was reset and works
 *
 * With the GPU's state_lock held. May sleep, bounded.
 *
 * Return: 0, or the error of the family.
 */
int vgpu_recover(struct vgpu *vgpu)
{
	int ret = 0;

	mutex_lock(&vgpu->lock);
	if (vgpu_is_open(vgpu)) {
		ret = enable_partition(vgpu);
		if (!ret)
			start(vgpu);
	} else {
		/* Nobody knows what is in its slice now. */
		vgpu_scrub_queue(vgpu);
	}
	mutex_unlock(&vgpu->lock);
	return ret;
}
