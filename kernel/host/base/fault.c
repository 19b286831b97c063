// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault.c - reports of faults of a vGPU
 *
 * Callers that report a fault may hold locks, so a work item notifies the guest,
 * and the host's user space by a uevent.
 */
#include "base/flood.h"
#include "base/state.h"
#include "base/uevent.h"
#include "base/vgpu.h"

/* In vgpu->faults.unsent: beyond all codes. */
#define RECOVERED	(BITS_PER_LONG - 1)

/* In vgpu->faults.late. */
enum {
	LATE_LINE,	/* that it was stopped */
	LATE_EVENT,	/* whether it is stopped */
};

/**
 * struct fault_text - a fault in words
 * @name: for scripts; stable as its code is
 * @text: what happened and what to do, for the log
 * @reset: the host reset the vGPU for it
 */
struct fault_text {
	const char *name;
	const char *text;
	bool reset;
};

static const struct fault_text fault_texts[] = {
	[VGPU_FAULT_NONE] = {
		"none", "nothing happened", false
	},
	[VGPU_FAULT_PREEMPT_TIMEOUT] = {
		"preempt timeout", "it did not yield and was reset", true
	},
	[VGPU_FAULT_RUN_TIMEOUT] = {
		"run timeout", "its time slice did not end and it was reset", true
	},
	[VGPU_FAULT_UNMAP_TIMEOUT] = {
		"unmap timeout", "guest memory was not let go of in time and it was reset", true
	},
	[VGPU_FAULT_GPU_DEAD] = {
		"GPU dead", "the physical GPU does not answer any more; stop the VM", false
	},
	[VGPU_FAULT_GPU_RESET] = {
		"GPU reset", "the physical GPU was reset under it; its guest must start over", true
	},
	[VGPU_FAULT_MEMORY] = {
		"memory error", "uncorrectable, in its video memory; stop the VM", false
	},
	[VGPU_FAULT_LOAD_TIMEOUT] = {
		"load timeout", "its context was not loaded in time and it was reset", true
	},
	[VGPU_FAULT_SAVE_TIMEOUT] = {
		"save timeout", "its context was not saved in time and it was reset", true
	},
	[VGPU_FAULT_STOPPED] = {
		"faulted", "no turns: reset too often; reset it and wait for fault_window_s",
		false
	},
	[VGPU_FAULT_NO_MEMORY] = {
		"no memory", "the host has no page for what it wrote, which is lost", false
	},
};

static_assert(ARRAY_SIZE(fault_texts) <= BITS_PER_LONG);

/**
 * vgpu_reset_name - why a vGPU was reset, in words
 * @reason: code of a fault or enum vgpu_reset_reason
 */
const char *vgpu_reset_name(unsigned int reason)
{
	switch (reason) {
	case VGPU_RESET_GUEST:
		return "guest";
	case VGPU_RESET_FUNCTION:
		return "guest, function-level";
	case VGPU_RESET_VMM:
		return "VMM";
	}
	return reason < ARRAY_SIZE(fault_texts) ? fault_texts[reason].name :
						  "unknown";
}

static void tell_guest(struct vgpu *vgpu, enum vgpu_fault code)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	if (!vgpu_is_open(vgpu))
		return;
	if (vgpu->personality->fault)
		vgpu->personality->fault(vgpu, code);
	if (family->notify && !vgpu_gpu_is_dead(vgpu->gpu))
		family->notify(vgpu, code);
}

/* One uevent for each code that is waiting, then its end. May sleep. */
static void send_uevents(struct vgpu *vgpu)
{
	char number[32], name[48];
	unsigned int code;

	for (code = 0; code < ARRAY_SIZE(fault_texts); code++) {
		if (!test_and_clear_bit(code, &vgpu->faults.unsent))
			continue;
		snprintf(number, sizeof(number), "OPENVGPU_FAULT=%u", code);
		snprintf(name, sizeof(name), "OPENVGPU_FAULT_NAME=%s",
			 fault_texts[code].name);
		vgpu_uevent(vgpu, code == VGPU_FAULT_STOPPED ? "faulted" :
							       "fault",
			    number, name);
	}
	/* One that was stopped again meanwhile has not recovered. */
	if (test_and_clear_bit(RECOVERED, &vgpu->faults.unsent) &&
	    !READ_ONCE(vgpu->faulted))
		vgpu_uevent(vgpu, "recover", NULL, NULL);
}

static void fault_work(struct work_struct *work)
{
	struct vgpu *vgpu = container_of(work, struct vgpu, faults.work);
	unsigned int code;

	for (code = 0; code < ARRAY_SIZE(fault_texts); code++)
		if (test_and_clear_bit(code, &vgpu->faults.pending))
			tell_guest(vgpu, code);
	send_uevents(vgpu);
}

static void log_fault(struct vgpu *vgpu, enum vgpu_fault code)
{
	unsigned int instance = READ_ONCE(vgpu->instance)->whole->index;
	char of[32] = "";

	if (instance)
		snprintf(of, sizeof(of), " (GPU instance %u)", instance);
	dev_err(&vgpu->gpu->pdev->dev, "vGPU %s%s: fault %d: %s: %s\n",
		vgpu_name(vgpu), of, code, fault_texts[code].name,
		fault_texts[code].text);
}

/* What a limit left out; the event says how it is now. */
static void late_work(struct work_struct *work)
{
	struct vgpu *vgpu = container_of(to_delayed_work(work), struct vgpu,
					 faults.late_work);

	if (test_and_clear_bit(LATE_LINE, &vgpu->faults.late))
		log_fault(vgpu, VGPU_FAULT_STOPPED);
	if (test_and_clear_bit(LATE_EVENT, &vgpu->faults.late)) {
		set_bit(READ_ONCE(vgpu->faulted) ? VGPU_FAULT_STOPPED :
						   RECOVERED,
			&vgpu->faults.unsent);
		send_uevents(vgpu);
	}
}

static void tell_late(struct vgpu *vgpu, unsigned int what)
{
	set_bit(what, &vgpu->faults.late);
	queue_delayed_work(vgpu->gpu->wq, &vgpu->faults.late_work,
			   VGPU_FLOOD_INTERVAL);
}

/**
 * vgpu_fault_init - nothing has happened yet
 * @vgpu: the vGPU
 */
void vgpu_fault_init(struct vgpu *vgpu)
{
	INIT_WORK(&vgpu->faults.work, fault_work);
	INIT_DELAYED_WORK(&vgpu->faults.late_work, late_work);
}

/**
 * vgpu_fault_cancel - drop notifications of the guest
 * @vgpu: the vGPU; closed, or emptied for the state of another guest
 *
 * The next guest gets no faults of the last one; the administrator gets all.
 * May sleep; with no lock held that a personality's fault() takes.
 */
void vgpu_fault_cancel(struct vgpu *vgpu)
{
	cancel_work_sync(&vgpu->faults.work);
	vgpu->faults.pending = 0;
	send_uevents(vgpu);
}

/**
 * vgpu_fault_exit - tell what is left, then nothing any more
 * @vgpu: the vGPU; closed, and about to go
 *
 * May sleep, as vgpu_fault_cancel().
 */
void vgpu_fault_exit(struct vgpu *vgpu)
{
	vgpu_fault_cancel(vgpu);
	flush_delayed_work(&vgpu->faults.late_work);
}

/**
 * vgpu_repeat_fault - tell a guest of a fault once more
 * @vgpu: the vGPU
 * @code: the fault; reported before
 *
 * For one that lasts, when the guest has lost what it was told by a reset. Neither
 * logged nor counted again. Takes no lock.
 */
void vgpu_repeat_fault(struct vgpu *vgpu, enum vgpu_fault code)
{
	set_bit(code, &vgpu->faults.pending);
	queue_work(vgpu->gpu->wq, &vgpu->faults.work);
}

/**
 * vgpu_report_fault - report a fault of a vGPU
 * @vgpu: the vGPU
 * @code: the fault
 *
 * Logs and counts it; the guest and the host's user space are notified later. A
 * guest may cause faults at will, so there are limits to what is said; but that it
 * was stopped must not be lost among the faults that led to it. Takes no lock.
 */
void vgpu_report_fault(struct vgpu *vgpu, enum vgpu_fault code)
{
	WRITE_ONCE(vgpu->faults.last, code);
	if (fault_texts[code].reset)
		WRITE_ONCE(vgpu->faults.last_reset, code);
	atomic64_inc(&vgpu->stats.faults);
	if (vgpu_may_log(vgpu))
		log_fault(vgpu, code);
	else if (code == VGPU_FAULT_STOPPED)
		tell_late(vgpu, LATE_LINE);
	if (vgpu_may_send(vgpu))
		set_bit(code, &vgpu->faults.unsent);
	else if (code == VGPU_FAULT_STOPPED)
		tell_late(vgpu, LATE_EVENT);
	vgpu_repeat_fault(vgpu, code);
}

/**
 * vgpu_report_recovery - a vGPU gets turns again after a fault
 * @vgpu: the vGPU
 *
 * The host's user space is notified, after the faults that led to it. Takes no
 * lock.
 */
void vgpu_report_recovery(struct vgpu *vgpu)
{
	if (vgpu_may_send(vgpu)) {
		set_bit(RECOVERED, &vgpu->faults.unsent);
		queue_work(vgpu->gpu->wq, &vgpu->faults.work);
	} else {
		tell_late(vgpu, LATE_EVENT);
	}
}
