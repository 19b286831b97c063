// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset.c - jobs that fail or hang, and GPUs that are reset or go away
 *
 * Everything that may be wrong ends in one work item, which looks what it is. A ring
 * that stopped goes on without the job that stopped it. A hang is seen by the clock of
 * the GPU's work for this guest: a guest that waits for others has no hang. If that
 * does not help, the GPU is reset, and contexts that had jobs in rings have lost them.
 */
#include <linux/delay.h>
#include <linux/devcoredump.h>
#include <linux/kernfs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <drm/drm_managed.h>

#include "gem.h"
#include "kms.h"
#include "trace.h"

#define WATCH_INTERVAL		HZ
#define DRAIN_TIMEOUT_MS	10000
#define BACK_TIMEOUT_MS		10000
#define DUMP_BYTES		SZ_64K

static unsigned int hang_seconds;
module_param(hang_seconds, uint, 0644);
MODULE_PARM_DESC(hang_seconds,
		 "GPU time that one packet may take (default: 10, or 60 where the GPU does not count it)");

static u64 hang_ns(struct refgpu *gpu)
{
	unsigned int seconds = READ_ONCE(hang_seconds);

	if (!seconds)
		seconds = gpu->caps & REFGPU_CAP_BUSY ? 10 : 60;
	return (u64)seconds * NSEC_PER_SEC;
}

/* --------------------------------------------------------------- core dumps */

/**
 * struct verdict - what is known of a job that was stopped
 * @context: whose it was; NULL: there is no verdict
 * @ring: number of its ring
 * @error: enum refgpu_error; 0: the host took the GPU away just then
 * @address: that was refused
 * @where: program counter if @in_kernel, else number of the packet
 * @in_kernel: a kernel of the GPU was stopped
 * @packet: number of the packet in the job
 * @count: packets of the job
 * @packets: the packets
 */
struct verdict {
	struct refgpu_context *context;
	unsigned int ring;
	u32 error;
	u64 address;
	u64 where;
	bool in_kernel;
	unsigned int packet;
	unsigned int count;
	void *packets;
};

static const char * const error_names[] = {
	[REFGPU_ERROR_OPCODE]		= "unknown packet",
	[REFGPU_ERROR_PACKET]		= "a field of the packet is out of range",
	[REFGPU_ERROR_ADDRESS]		= "the packet names memory that its file does not have",
	[REFGPU_ERROR_INSTRUCTION]	= "illegal instruction",
	[REFGPU_ERROR_BREAKPOINT]	= "breakpoint",
	[REFGPU_ERROR_FETCH]		= "instruction fetch refused",
	[REFGPU_ERROR_LOAD]		= "load refused",
	[REFGPU_ERROR_STORE]		= "store refused",
	[REFGPU_ERROR_MISALIGNED]	= "misaligned atomic",
	[REFGPU_ERROR_BARRIER]		= "a barrier that not all can reach",
	[REFGPU_ERROR_HANG]		= "it takes too long",
	[REFGPU_ERROR_DMA]		= "system memory did not answer",
	[REFGPU_ERROR_MEMORY]		= "uncorrectable memory error",
};

static const char *error_name(u32 error)
{
	if (error < ARRAY_SIZE(error_names) && error_names[error])
		return error_names[error];
	return "error";
}

/* Kernels fail at a program counter, packets at their number. */
static bool is_of_kernel(u32 error)
{
	return error >= REFGPU_ERROR_INSTRUCTION && error <= REFGPU_ERROR_BARRIER;
}

__printf(3, 4)
static void say(char *text, size_t *used, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*used += vscnprintf(text + *used, DUMP_BYTES - *used, format, arguments);
	va_end(arguments);
}

static void say_buffers(char *text, size_t *used, struct refgpu_file *file)
{
	struct refgpu_grant *grant;
	unsigned long index;

	/* Whoever has the lock may wait for jobs, and they for us. */
	if (!mutex_trylock(&file->lock))
		return;
	xa_for_each(&file->grants, index, grant)
		say(text, used, "buffer 0x%llx %zu bytes%s%s\n", refgpu_bo_address(grant->bo),
		    refgpu_bo_object(grant->bo)->size,
		    grant->bo->flags & DRM_REFGPU_BO_GPU_READONLY ? " readonly" : "",
		    grant->bo->flags & DRM_REFGPU_BO_SHARED ? " shared" : "");
	mutex_unlock(&file->lock);
}

/*
 * A device has one core dump at a time, for five minutes or until it was read. While the
 * old one is on its way out, the kernel would complain of a second one.
 */
static bool has_dump(struct refgpu *gpu)
{
	struct kernfs_node *link = kernfs_find_and_get(gpu->drm.dev->kobj.sd, "devcoredump");

	kernfs_put(link);
	return link;
}

static void dump(struct refgpu *gpu, const struct verdict *verdict)
{
	struct refgpu_file *file = verdict->context->file;
	const u64 *word = verdict->packets;
	size_t used = 0;
	unsigned int i;
	char *text;

	text = has_dump(gpu) ? NULL : vmalloc(DUMP_BYTES);
	if (!text)
		return;
	say(text, &used, "refgpu: ring %u: error %u: %s\n", verdict->ring, verdict->error,
	    error_name(verdict->error));
	say(text, &used, "packet %u of %u, address 0x%llx, %s 0x%llx\n", verdict->packet,
	    verdict->count, verdict->address,
	    verdict->in_kernel ? "pc" : "packet", verdict->where);
	say(text, &used, "hardware 0x%llx, host 0x%llx, capabilities 0x%llx, client %llu\n",
	    gpu->version, gpu->host_version, gpu->caps, file ? file->id : 0);
	for (i = 0; i < verdict->count; i++, word += REFGPU_PACKET_SIZE / sizeof(*word))
		say(text, &used,
		    "%c%3u %016llx %016llx %016llx %016llx %016llx %016llx %016llx %016llx\n",
		    i == verdict->packet ? '>' : ' ', i, word[0], word[1], word[2], word[3],
		    word[4], word[5], word[6], word[7]);
	if (file)
		say_buffers(text, &used, file);
	dev_coredumpv(gpu->drm.dev, text, used, GFP_KERNEL);
}

/* Memory may be waited for: no fence waits for us, and we have no lock. */
static void publish(struct refgpu *gpu, struct verdict *verdict)
{
	struct refgpu_file *file;

	if (!verdict->context)
		return;
	file = verdict->context->file;
	dev_warn_ratelimited(gpu->drm.dev,
			     "ring %u: a job of client %llu was stopped: %s (error %u, address 0x%llx, at 0x%llx)\n",
			     verdict->ring, file ? file->id : 0, error_name(verdict->error),
			     verdict->error, verdict->address, verdict->where);
	dump(gpu, verdict);
	kvfree(verdict->packets);
	refgpu_context_put(verdict->context);
}

/* ---------------------------------------------------------------- the guilty */

static void note_innocents(struct refgpu_ring *ring)
{
	struct refgpu_job *job;

	/* Paused and stopped: nobody else changes the list. */
	list_for_each_entry(job, &ring->jobs, node)
		refgpu_context_blame(job->context, DRM_REFGPU_CONTEXT_INNOCENT, 0, 0, 0);
}

/*
 * End the job that a stopped ring is at. @where is used only if a kernel was stopped; of
 * one that hangs, 0 is no program counter. Return: false: it has none.
 */
static bool condemn(struct refgpu_ring *ring, u32 error, u64 address, u64 where,
		    struct verdict *verdicts)
{
	struct verdict *verdict = &verdicts[ring->index];
	struct refgpu_job *job = refgpu_ring_head(ring);
	bool in_kernel = is_of_kernel(error) || (error == REFGPU_ERROR_HANG && where);

	if (!job)
		return false;
	*verdict = (struct verdict) {
		.context = job->context,
		.ring = ring->index,
		.error = error,
		.address = address,
		.where = in_kernel ? where : job->done,
		.in_kernel = in_kernel,
		.packet = job->done,
		.count = job->count,
		.packets = job->packets,
	};
	kref_get(&job->context->ref);
	job->packets = NULL;
	refgpu_context_blame(job->context, DRM_REFGPU_CONTEXT_GUILTY, error, address,
			     verdict->where);
	trace_refgpu_guilty(job, error, address, verdict->where);
	refgpu_ring_remove(ring, job);
	refgpu_ring_finish(job, error == REFGPU_ERROR_HANG ? -ETIME : -EIO);
	note_innocents(ring);
	return true;
}

/* Where a ring's kernel was when it was stopped; 0: it had none, or the GPU does not tell. */
static u64 hang_pc(struct refgpu_ring *ring)
{
	return ring->gpu->caps & REFGPU_CAP_PC ? ring_read(ring, REFGPU_RING_PC) : 0;
}

/* Return: whether the ring goes on. */
static bool mend_stopped(struct refgpu_ring *ring, struct verdict *verdicts)
{
	u32 error = ring_read(ring, REFGPU_RING_ERROR);
	u64 address = ring_read(ring, REFGPU_RING_ERROR_ADDRESS);
	u64 where = ring_read(ring, REFGPU_RING_ERROR_WHERE);

	refgpu_ring_pause(ring);
	if (refgpu_ring_stop(ring) || !condemn(ring, error, address, where, verdicts))
		return false;
	refgpu_ring_start(ring, false);
	return true;
}

/*
 * Does a ring complete the one packet that it may execute? The others stand still
 * meanwhile, but for the kernel's, whose packets are short.
 */
static bool passes_trial(struct refgpu_ring *ring)
{
	struct refgpu *gpu = ring->gpu;
	u64 since = refgpu_busy_ns(gpu), limit = hang_ns(gpu), now;
	u32 put = refgpu_ring_start(ring, true);

	for (;;) {
		now = refgpu_busy_ns(gpu);
		if ((u32)ring_read(ring, REFGPU_RING_GET) == put)
			return true;
		if (ring_read(ring, REFGPU_RING_STATUS) != REFGPU_RING_BUSY ||
		    READ_ONCE(gpu->troubles) & (REFGPU_LOST | REFGPU_DEAD))
			return true; /* stopped, or the host took the GPU: that is seen next */
		if (now - since > limit)
			return false;
		msleep(20);
	}
}

/*
 * Stops the rings of files. Return: how many have jobs, 0 also if a packet was completed
 * after all; negative: they do not stop.
 */
static int stop_user_rings(struct refgpu *gpu)
{
	u64 sum = ring_read(&gpu->rings[0], REFGPU_RING_GET);
	struct refgpu_ring *ring;
	int suspects = 0;

	for (ring = gpu->rings + 1; ring < gpu->rings + REFGPU_RINGS; ring++) {
		refgpu_ring_pause(ring);
		if (refgpu_ring_stop(ring))
			return -ETIMEDOUT;
		sum += ring_read(ring, REFGPU_RING_GET);
		suspects += refgpu_ring_busy(ring);
	}
	return sum == gpu->watched ? suspects : 0;
}

/*
 * No packet of any ring was completed for too long. The GPU executes one at a time, and
 * does not tell which; so each ring executes one alone, until that is found. None is
 * executed twice thereby, but for the one that hangs.
 */
static bool mend_hang(struct refgpu *gpu, struct verdict *verdicts)
{
	bool passed[REFGPU_RINGS] = { };
	int suspects = stop_user_rings(gpu);
	bool fine = suspects >= 0;
	struct refgpu_ring *ring;
	unsigned int i;

	for (i = 1; i < REFGPU_RINGS && fine && suspects; i++) {
		ring = &gpu->rings[i];
		if (!refgpu_ring_busy(ring))
			continue;
		passed[i] = --suspects && passes_trial(ring);
		if (passed[i])
			continue;
		suspects = 0;
		fine = !refgpu_ring_stop(ring) &&
		       condemn(ring, REFGPU_ERROR_HANG, 0, hang_pc(ring), verdicts);
	}
	for (i = 1; i < REFGPU_RINGS && fine; i++) {
		if (passed[i])
			refgpu_ring_go_on(&gpu->rings[i]);
		else
			refgpu_ring_start(&gpu->rings[i], false);
	}
	return fine;
}

/* -------------------------------------------------------- reset of all, and end */

/*
 * Jobs that were in rings have been executed in part: nobody knows how far. The kernel's
 * own can be executed again.
 */
static void lose_jobs(struct refgpu_ring *ring)
{
	if (ring->index)
		refgpu_ring_lose(ring);
	else
		refgpu_ring_forget(ring);
}

static void start_rings(struct refgpu *gpu)
{
	struct refgpu_ring *ring;

	user_write(gpu, REFGPU_USER_ERROR, 0);
	user_write(gpu, REFGPU_USER_INTR_STATUS, U64_MAX);
	refgpu_interrupt_enable(gpu, REFGPU_INTR_FENCE | REFGPU_INTR_ERROR, 0);
	gpu->accounted = refgpu_busy_ns(gpu);
	gpu->watched = U64_MAX;
	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++)
		refgpu_ring_start(ring, false);
}

static void die(struct refgpu *gpu)
{
	struct refgpu_ring *ring;

	mutex_lock(&gpu->mapping);
	WRITE_ONCE(gpu->gone, true);
	mutex_unlock(&gpu->mapping);
	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++) {
		/* Whoever has the mutex has seen it, or its job is in the list. */
		refgpu_ring_pause(ring);
		refgpu_ring_cancel(ring, true, -ENODEV);
	}
}

static int reset_all(struct refgpu *gpu)
{
	struct refgpu_ring *ring, *end = gpu->rings + REFGPU_RINGS;
	int ret;

	for (ring = gpu->rings; ring < end; ring++)
		refgpu_ring_pause(ring);
	ret = refgpu_mm_reset(gpu, true);
	trace_refgpu_reset(ret);
	if (ret)
		return ret;
	for (ring = gpu->rings; ring < end; ring++) {
		refgpu_ring_retire(ring, true);
		lose_jobs(ring);
	}
	/* Of the sleep before. If the host has it again, it says so again, too. */
	if (!refgpu_mm_restore(gpu))
		return 0;
	refgpu_rights_restore(gpu);
	start_rings(gpu);
	refgpu_kms_restore(gpu);
	drm_warn(&gpu->drm, "the GPU was reset\n");
	return 0;
}

static bool was_reset_by_host(struct refgpu *gpu)
{
	struct refgpu_ring *ring;

	if (user_read(gpu, REFGPU_USER_ERROR))
		return true;
	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++)
		if (ring_read(ring, REFGPU_RING_STATUS) == REFGPU_RING_DISABLED)
			return true;
	return false;
}

/*
 * The host has the GPU to itself: all that is written goes nowhere, and it says when that
 * is over. What rings had is lost then; what comes meanwhile is not.
 */
static void wait_for_host(struct refgpu *gpu)
{
	struct refgpu_ring *ring;

	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++)
		refgpu_ring_pause(ring);
}

/* @verdicts: one a ring, all zero */
static void mend(struct refgpu *gpu, unsigned long troubles, struct verdict *verdicts)
{
	struct refgpu_ring *ring;
	bool fine = true, stopped = false;
	int ret;

	if (troubles & REFGPU_DEAD || gpu->backend->gone(gpu)) {
		drm_err(&gpu->drm, "the GPU is gone\n");
		refgpu_mm_forget(gpu);
		goto dead;
	}
	if (refgpu_is_away(gpu)) {
		wait_for_host(gpu);
		return;
	}
	if (troubles & REFGPU_REVOKED)
		refgpu_mm_remap(gpu);
	if (troubles & REFGPU_LOST || was_reset_by_host(gpu)) {
		fine = false;
	} else {
		for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++)
			if (ring_read(ring, REFGPU_RING_STATUS) == REFGPU_RING_STOPPED) {
				stopped = true;
				fine &= mend_stopped(ring, verdicts);
			}
		/* Else it was the other rings' turn; or the watch comes back. */
		if (!stopped && troubles & REFGPU_HUNG)
			fine = mend_hang(gpu, verdicts);
	}
	if (fine)
		return;
	if (refgpu_is_away(gpu)) {
		/* It went meanwhile. */
		wait_for_host(gpu);
		return;
	}
	ret = reset_all(gpu);
	if (!ret)
		return;
	drm_err(&gpu->drm, "reset failed: %d\n", ret);
dead:
	die(gpu);
	/* It ends the console's modes: not beside drm_atomic_helper_resume(), see kms.c. */
	queue_work(system_freezable_wq, &gpu->depart);
}

static void recover_work(struct work_struct *work)
{
	struct refgpu *gpu = container_of(work, struct refgpu, recover);
	struct verdict verdicts[REFGPU_RINGS] = { };
	unsigned long troubles;
	unsigned int i;

	mutex_lock(&gpu->recovery);
	troubles = xchg(&gpu->troubles, 0);
	if (!gpu->gone && !gpu->asleep)
		mend(gpu, troubles, verdicts);
	mutex_unlock(&gpu->recovery);
	refgpu_mm_bury(gpu);
	for (i = 0; i < REFGPU_RINGS; i++)
		publish(gpu, &verdicts[i]);
}

/**
 * refgpu_recover - have it looked what is wrong
 * @gpu: the GPU
 * @trouble: REFGPU_HUNG and the like; 0: its registers tell
 *
 * Any context.
 */
void refgpu_recover(struct refgpu *gpu, unsigned long trouble)
{
	unsigned long troubles = READ_ONCE(gpu->troubles);

	while (!try_cmpxchg(&gpu->troubles, &troubles, troubles | trouble))
		;
	queue_work(refgpu_wq, &gpu->recover);
}

static void depart_work(struct work_struct *work)
{
	refgpu_depart(container_of(work, struct refgpu, depart));
}

/* --------------------------------------------------------------------- watch */

static bool stands_still(struct refgpu_ring *ring)
{
	u64 status = ring_read(ring, REFGPU_RING_STATUS);

	return status != REFGPU_RING_BUSY && status != REFGPU_RING_IDLE;
}

static void look(struct refgpu *gpu)
{
	struct refgpu_ring *ring;
	bool trouble = false;
	u64 sum = 0, busy;

	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++) {
		sum += ring_read(ring, REFGPU_RING_GET);
		trouble |= stands_still(ring);
	}
	busy = refgpu_busy_ns(gpu);
	if (trouble) {
		refgpu_recover(gpu, 0);
	} else if (sum != gpu->watched) {
		gpu->watched = sum;
		gpu->watched_since = busy;
	} else if (busy - gpu->watched_since > hang_ns(gpu)) {
		gpu->watched_since = busy;
		refgpu_recover(gpu, REFGPU_HUNG);
	}
	refgpu_account(gpu);
}

static void watch_work(struct work_struct *work)
{
	struct refgpu *gpu = container_of(to_delayed_work(work), struct refgpu, watch);
	struct refgpu_ring *ring;
	bool busy = false, there;

	/* Whoever has it looks more closely. */
	if (mutex_trylock(&gpu->recovery)) {
		/* While the host resets it, its memory reads what any program wrote there. */
		there = !gpu->asleep && !refgpu_is_away(gpu);
		for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++) {
			/* Should an interrupt have been lost. */
			if (there)
				refgpu_ring_retire(ring, true);
			busy |= refgpu_ring_busy(ring);
		}
		if (!busy)
			gpu->watched = U64_MAX;
		else if (there && !gpu->gone)
			look(gpu);
		else if (!gpu->gone && !gpu->asleep)
			refgpu_recover(gpu, 0);
		mutex_unlock(&gpu->recovery);
		if (!busy)
			return;
	}
	queue_delayed_work(refgpu_wq, &gpu->watch, WATCH_INTERVAL);
}

/**
 * refgpu_watch - there is a job to be looked after
 * @gpu: the GPU
 *
 * Any context.
 */
void refgpu_watch(struct refgpu *gpu)
{
	if (!delayed_work_pending(&gpu->watch))
		queue_delayed_work(refgpu_wq, &gpu->watch, WATCH_INTERVAL);
}

/* ---------------------------------------------------------- begin, sleep, end */

/**
 * refgpu_recovery_init - before anything can go wrong
 * @gpu: the GPU
 */
int refgpu_recovery_init(struct refgpu *gpu)
{
	INIT_WORK(&gpu->recover, recover_work);
	INIT_WORK(&gpu->depart, depart_work);
	INIT_DELAYED_WORK(&gpu->watch, watch_work);
	gpu->watched = U64_MAX;
	return drmm_mutex_init(&gpu->drm, &gpu->recovery);
}

/* A machine that was stored may have been given another GPU. */
static bool is_the_same(struct refgpu *gpu)
{
	/* The host will say when it is back. */
	if (refgpu_is_away(gpu))
		return true;
	return user_read(gpu, REFGPU_USER_VERSION) == gpu->version &&
	       user_read(gpu, REFGPU_USER_VRAM_SIZE) == gpu->vram_size &&
	       user_read(gpu, REFGPU_USER_SYSMEM_PAGES) >= gpu->aperture_pages;
}

/* The host is mostly done soon. Later, it says so. */
static void wait_until_back(struct refgpu *gpu)
{
	ktime_t end = ktime_add_ms(ktime_get(), BACK_TIMEOUT_MS);

	while (refgpu_is_away(gpu) && !gpu->backend->gone(gpu) && ktime_before(ktime_get(), end))
		msleep(20);
}

/**
 * refgpu_start - bring the GPU into a known state, and start its rings
 * @gpu: with rings and schedulers
 */
int refgpu_start(struct refgpu *gpu)
{
	bool back;
	int ret;

	mutex_lock(&gpu->recovery);
	/* Programs shall find what was saved as they left it. */
	if (!gpu->gone && !list_empty(&gpu->saved))
		wait_until_back(gpu);
	/* One that died before it slept stays dead: what it has of memory is forgotten. */
	ret = gpu->gone ? -ENODEV : refgpu_mm_reset(gpu, true);
	if (!ret && !is_the_same(gpu)) {
		drm_err(&gpu->drm, "this is not the GPU that went to sleep\n");
		ret = -ENODEV;
	}
	/* Jobs never come when there is a display only. */
	gpu->asleep = gpu->display_only;
	back = !ret && refgpu_mm_restore(gpu);
	/* Where there is a display only, nobody hears of it later. */
	if (ret || gpu->display_only)
		refgpu_mm_discard(gpu);
	if (!ret && !gpu->display_only) {
		/* What is written while the host has it goes nowhere: mend() starts it then. */
		if (back && !refgpu_is_away(gpu)) {
			/* The host may have reset the GPU meanwhile. */
			refgpu_rights_restore(gpu);
			start_rings(gpu);
		}
		/* After jobs that sleep has held back. */
		refgpu_watch(gpu);
	}
	mutex_unlock(&gpu->recovery);
	refgpu_mm_bury(gpu);
	return ret;
}

/* Also if the host has taken the GPU: no job goes on. */
static bool is_drained(struct refgpu *gpu)
{
	struct refgpu_ring *ring;
	bool drained = true;

	if (refgpu_is_away(gpu))
		return true;
	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS; ring++)
		drained &= ring_read(ring, REFGPU_RING_STATUS) != REFGPU_RING_BUSY;
	return drained;
}

/**
 * refgpu_drain - before sleep: let jobs in rings end, hold back the others
 * @gpu: the GPU
 *
 * If the host resets the GPU at this moment, what was in the rings is lost; nobody can
 * tell that later from the reset of refgpu_start().
 *
 * Return: -EBUSY: they do not end in ten seconds; all goes on.
 */
int refgpu_drain(struct refgpu *gpu)
{
	ktime_t end = ktime_add_ms(ktime_get(), DRAIN_TIMEOUT_MS);
	struct refgpu_ring *ring, *last = gpu->rings + REFGPU_RINGS;
	bool lost;
	int ret = 0;

	if (gpu->display_only)
		return 0;
	mutex_lock(&gpu->recovery);
	for (ring = gpu->rings; ring < last; ring++)
		refgpu_ring_pause(ring);
	while (!gpu->gone && !is_drained(gpu) && !ret) {
		if (ktime_after(ktime_get(), end))
			ret = -EBUSY;
		else
			msleep(20);
	}
	lost = !gpu->gone && (refgpu_is_away(gpu) || was_reset_by_host(gpu));
	for (ring = gpu->rings; ring < last; ring++) {
		if (ret)
			refgpu_ring_go_on(ring);
		else if (!gpu->gone && (lost || refgpu_ring_stop(ring)))
			lose_jobs(ring);
	}
	gpu->asleep = !ret;
	mutex_unlock(&gpu->recovery);
	if (ret)
		drm_err(&gpu->drm, "jobs do not end: the machine can't sleep\n");
	else
		cancel_delayed_work_sync(&gpu->watch);
	return ret;
}

/**
 * refgpu_jobs_end - the driver leaves the GPU: no job runs any more, and none begins
 * @gpu: the GPU
 *
 * Before anything else ends: a commit waits for jobs with the locks of all heads held,
 * for as many jobs as a program likes.
 */
void refgpu_jobs_end(struct refgpu *gpu)
{
	struct refgpu_ring *ring;

	mutex_lock(&gpu->recovery);
	for (ring = gpu->rings; ring < gpu->rings + REFGPU_RINGS && !gpu->gone; ring++) {
		refgpu_ring_pause(ring);
		/* One that does not stop is stopped by refgpu_recovery_end(). */
		refgpu_ring_stop(ring);
	}
	die(gpu);
	mutex_unlock(&gpu->recovery);
}

/**
 * refgpu_recovery_end - the GPU does nothing any more
 * @gpu: unplugged, or never registered
 */
void refgpu_recovery_end(struct refgpu *gpu)
{
	int ret;

	mutex_lock(&gpu->recovery);
	die(gpu);
	/* Else it is gone, or has been reset. */
	if (!gpu->aperture_is_empty) {
		ret = refgpu_mm_reset(gpu, false);
		if (ret && ret != -ENODEV)
			drm_err(&gpu->drm, "reset failed: %d: memory that it may reach is never freed\n",
				ret);
		gpu->backend->stop(gpu);
	}
	mutex_unlock(&gpu->recovery);
	refgpu_mm_bury(gpu);
	/* Each may queue the next. */
	cancel_delayed_work_sync(&gpu->watch);
	cancel_work_sync(&gpu->recover);
	cancel_work_sync(&gpu->depart);
}
