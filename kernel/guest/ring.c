// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - the rings: writing jobs into them, seeing them done, stopping them
 *
 * A job is in its ring's list from the moment the scheduler hands it over until the
 * ring's FENCE has passed it. The ring's packets are made from the list: to stop a ring
 * and to write what is left into it again is all that recovery, suspend and resume do.
 * It goes on with the packet at which it was stopped, so none is executed twice, but
 * for the one that was under way.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <drm/drm_managed.h>

#include "drv.h"
#include "trace.h"

#define RING_PACKETS	4096
#define RING_BYTES	(RING_PACKETS * REFGPU_PACKET_SIZE)
#define NODE_BYTES	(RING_BYTES + SZ_4K)	/* and the word of FENCE */
#define NOT_WRITTEN	U64_MAX			/* value of a job that is not in the ring */
#define STOP_TIMEOUT_MS	1000

/* RIGHTS before a job and FENCE behind it. */
static_assert(REFGPU_JOBS_IN_RING * (DRM_REFGPU_SUBMIT_PACKETS_MAX + 2) < RING_PACKETS);

static void rings_end(struct drm_device *drm, void *unused)
{
	struct refgpu *gpu = refgpu_of(drm);
	unsigned int i;

	for (i = 0; i < REFGPU_RINGS; i++)
		refgpu_mm_free(gpu, &gpu->rings[i].node);
}

/**
 * refgpu_rings_init - give the rings their places in video memory
 * @gpu: nothing else has video memory yet: no table of rights may lie at 0
 *
 * They are paused: refgpu_ring_start() starts them.
 */
int refgpu_rings_init(struct refgpu *gpu)
{
	struct refgpu_ring *ring;
	unsigned int i;
	int ret;

	spin_lock_init(&gpu->account_lock);
	ret = drmm_add_action_or_reset(&gpu->drm, rings_end, NULL);
	for (i = 0; i < REFGPU_RINGS && !ret; i++) {
		ring = &gpu->rings[i];
		ring->gpu = gpu;
		ring->index = i;
		ring->paused = true;
		spin_lock_init(&ring->lock);
		INIT_LIST_HEAD(&ring->jobs);
		ret = drmm_mutex_init(&gpu->drm, &ring->ending);
		if (!ret)
			ret = drmm_mutex_init(&gpu->drm, &ring->mutex);
		if (!ret)
			ret = refgpu_mm_vram(gpu, &ring->node, NODE_BYTES, true);
		ring->packets = gpu->vram + ring->node.start;
		ring->done = ring->packets + RING_BYTES;
	}
	return ret;
}

/* ------------------------------------------------------------------ accounts */

/**
 * refgpu_busy_ns - the clock of the GPU's work for this guest
 * @gpu: the GPU
 *
 * Return: nanoseconds; all ones: it is gone. GPUs without such a clock: the time of day
 * has to do, which goes on when other guests have the GPU.
 */
u64 refgpu_busy_ns(struct refgpu *gpu)
{
	return gpu->caps & REFGPU_CAP_BUSY ? user_read(gpu, REFGPU_USER_BUSY_NS) :
					     ktime_get_ns();
}

/* Whose job a ring is at; lock held. */
static struct refgpu_file *runs(struct refgpu_ring *ring)
{
	struct refgpu_job *job = list_first_entry_or_null(&ring->jobs, struct refgpu_job, node);

	return job ? job->context->file : NULL;
}

/*
 * Charge the time since the last call to those whose jobs were at the head of a ring:
 * rings take turns. @file was at the head of @ring, and is done there.
 */
static void account(struct refgpu *gpu, struct refgpu_ring *ring, struct refgpu_file *file)
{
	struct refgpu_ring *other;
	unsigned long flags;
	u64 now, share = 0;
	unsigned int busy;

	spin_lock_irqsave(&gpu->account_lock, flags);
	now = refgpu_busy_ns(gpu);
	busy = file ? 1 : 0;
	for (other = gpu->rings; other < gpu->rings + REFGPU_RINGS; other++)
		busy += other != ring && !list_empty(&other->jobs);
	/* After a reset the clock begins anew. */
	if (now != REFGPU_GONE && now > gpu->accounted && busy)
		share = div_u64(now - gpu->accounted, busy);
	if (file)
		atomic64_add(share, &file->busy_ns);
	for (other = gpu->rings; other < gpu->rings + REFGPU_RINGS; other++) {
		if (other == ring)
			continue;
		spin_lock(&other->lock);
		if (runs(other))
			atomic64_add(share, &runs(other)->busy_ns);
		spin_unlock(&other->lock);
	}
	gpu->accounted = now;
	spin_unlock_irqrestore(&gpu->account_lock, flags);
}

/**
 * refgpu_account - charge the jobs that run for the time they have had
 * @gpu: the GPU
 */
void refgpu_account(struct refgpu *gpu)
{
	account(gpu, NULL, NULL);
}

/* ------------------------------------------------------------------ writing */

static void write_packet(struct refgpu_ring *ring, const void *packet)
{
	memcpy_toio(ring->packets + ring->put % RING_PACKETS * REFGPU_PACKET_SIZE, packet,
		    REFGPU_PACKET_SIZE);
	ring->put++;
}

static void set_value(struct refgpu_ring *ring, struct refgpu_job *job, u64 value)
{
	spin_lock_irq(&ring->lock);
	job->value = value;
	spin_unlock_irq(&ring->lock);
}

/* What is left of a job. */
static void write_job(struct refgpu_ring *ring, struct refgpu_job *job)
{
	struct refgpu_fence fence = {
		.header.opcode = REFGPU_OP_FENCE,
		.header.flags = REFGPU_FENCE_INTERRUPT | REFGPU_FENCE_WRITE,
		.value = ring->value + 1,
		.address = ring->node.start + RING_BYTES,
	};
	struct refgpu_rights rights;
	unsigned int i;

	lockdep_assert_held(&ring->mutex);
	WRITE_ONCE(ring->value, fence.value);
	if (refgpu_isolates(ring->gpu)) {
		refgpu_rights_packet(ring->gpu, job->context->file, &rights);
		write_packet(ring, &rights);
	}
	job->begin = ring->put;
	for (i = job->done; i < job->count; i++)
		write_packet(ring, job->packets + i * REFGPU_PACKET_SIZE);
	write_packet(ring, &fence);
	set_value(ring, job, fence.value);
}

static void ring_doorbell(struct refgpu_ring *ring, u32 put)
{
	/* Write-combined packets must be there before the register is written. */
	wmb();
	ring_write(ring, REFGPU_RING_DOORBELL, put);
}

/**
 * refgpu_ring_add - take a job from the scheduler
 * @ring: whose scheduler
 * @job: the job; its fence will be signalled
 *
 * May sleep, but not for memory.
 */
void refgpu_ring_add(struct refgpu_ring *ring, struct refgpu_job *job)
{
	struct refgpu *gpu = ring->gpu;

	mutex_lock(&ring->mutex);
	if (gpu->gone) {
		mutex_unlock(&ring->mutex);
		refgpu_ring_finish(job, -ENODEV);
		return;
	}
	trace_refgpu_job_run(job, ring->index);
	/* The time of day goes on when there is no job. */
	if (!(gpu->caps & REFGPU_CAP_BUSY) && list_empty(&ring->jobs))
		refgpu_account(gpu);
	job->value = NOT_WRITTEN;
	spin_lock_irq(&ring->lock);
	list_add_tail(&job->node, &ring->jobs);
	spin_unlock_irq(&ring->lock);
	if (!ring->paused) {
		write_job(ring, job);
		ring_doorbell(ring, ring->put);
	}
	refgpu_watch(gpu);
	mutex_unlock(&ring->mutex);
}

/* --------------------------------------------------------------------- done */

/**
 * refgpu_ring_finish - a job is done
 * @job: in no list; it may be freed by the time this returns
 * @error: 0, or why it is not complete
 *
 * Any context.
 */
void refgpu_ring_finish(struct refgpu_job *job, int error)
{
	struct dma_fence *fence = &job->fence->base;

	if (error) {
		dma_fence_set_error(fence, error);
		/* Schedulers before 6.6 do not look at the former. */
		dma_fence_set_error(&job->base.s_fence->finished, error);
	}
	trace_refgpu_job_done(job, error);
	dma_fence_get(fence);
	dma_fence_signal(fence);
	dma_fence_put(fence);
}

static void finish_all(struct list_head *jobs, int error)
{
	struct refgpu_job *job, *next;

	list_for_each_entry_safe(job, next, jobs, node) {
		list_del_init(&job->node);
		refgpu_ring_finish(job, error);
	}
}

/**
 * refgpu_ring_retire - see which jobs are done
 * @ring: any
 * @ask: ask the host, too, whether it was the GPU that said so: that is a trap
 *
 * While the host resets the GPU, the word of FENCE is what any program wrote.
 *
 * Any context.
 */
void refgpu_ring_retire(struct refgpu_ring *ring, bool ask)
{
	struct refgpu_file *file = NULL, *next_file;
	struct refgpu_job *job, *next;
	unsigned long flags;
	LIST_HEAD(done);
	u64 value;

	spin_lock_irqsave(&ring->lock, flags);
	value = readq(ring->done);
	job = refgpu_ring_head(ring);
	if (job && job->value <= value && value <= READ_ONCE(ring->value) &&
	    !(ask && refgpu_is_away(ring->gpu))) {
		list_for_each_entry_safe(job, next, &ring->jobs, node) {
			if (job->value > value)
				break;
			file = job->context->file;
			list_move_tail(&job->node, &done);
		}
	}
	next_file = runs(ring);
	if (file == next_file)
		file = NULL;
	if (file)
		refgpu_file_get(file);
	spin_unlock_irqrestore(&ring->lock, flags);
	finish_all(&done, 0);
	if (file) {
		account(ring->gpu, ring, file);
		refgpu_file_put(file);
	}
}

/* Jobs that nobody else finishes from here on; with @all, also those never written. */
static void take_jobs(struct refgpu_ring *ring, bool all, struct list_head *taken)
{
	struct refgpu_job *job, *next;

	spin_lock_irq(&ring->lock);
	list_for_each_entry_safe(job, next, &ring->jobs, node)
		if (all || job->value != NOT_WRITTEN)
			list_move_tail(&job->node, taken);
	spin_unlock_irq(&ring->lock);
}

/**
 * refgpu_ring_cancel - end jobs of a ring
 * @ring: does not run any more
 * @all: those that were never written into it, too
 * @error: what their fences say
 */
void refgpu_ring_cancel(struct refgpu_ring *ring, bool all, int error)
{
	LIST_HEAD(cancelled);

	take_jobs(ring, all, &cancelled);
	finish_all(&cancelled, error);
}

/**
 * refgpu_ring_lose - end the jobs that were written into a ring, their contexts are lost
 * @ring: a reset has emptied it; an interrupt may be retiring its jobs
 */
void refgpu_ring_lose(struct refgpu_ring *ring)
{
	struct refgpu_job *job;
	LIST_HEAD(lost);

	take_jobs(ring, false, &lost);
	list_for_each_entry(job, &lost, node)
		refgpu_context_blame(job->context, DRM_REFGPU_CONTEXT_LOST,
				     REFGPU_ERROR_RESET, 0, 0);
	finish_all(&lost, -ECANCELED);
}

/**
 * refgpu_ring_remove - take a job out of its ring, to finish it
 * @ring: stopped
 * @job: in its list
 */
void refgpu_ring_remove(struct refgpu_ring *ring, struct refgpu_job *job)
{
	spin_lock_irq(&ring->lock);
	list_del_init(&job->node);
	spin_unlock_irq(&ring->lock);
}

/* ------------------------------------------------------------- stop and start */

/**
 * refgpu_ring_pause - jobs that come from now on wait
 * @ring: any
 */
void refgpu_ring_pause(struct refgpu_ring *ring)
{
	mutex_lock(&ring->mutex);
	ring->paused = true;
	mutex_unlock(&ring->mutex);
}

/**
 * refgpu_ring_busy - has a ring jobs that are not done?
 * @ring: any
 */
bool refgpu_ring_busy(struct refgpu_ring *ring)
{
	return !list_empty(&ring->jobs);
}

/**
 * refgpu_ring_head - the job that a ring is at
 * @ring: stopped
 *
 * Return: the job, in the list; NULL: the ring is empty.
 */
struct refgpu_job *refgpu_ring_head(struct refgpu_ring *ring)
{
	return list_first_entry_or_null(&ring->jobs, struct refgpu_job, node);
}

/**
 * refgpu_ring_forget - no job is in the ring: the word of FENCE is about none
 * @ring: stopped, or the GPU was reset
 */
void refgpu_ring_forget(struct refgpu_ring *ring)
{
	struct refgpu_job *job;

	spin_lock_irq(&ring->lock);
	list_for_each_entry(job, &ring->jobs, node)
		job->value = NOT_WRITTEN;
	spin_unlock_irq(&ring->lock);
}

/**
 * refgpu_ring_stop - stop a ring at once, and note how far it came
 * @ring: paused
 *
 * Return: -ETIMEDOUT: it does not stop, as no working GPU does; -EAGAIN: the host has the
 * GPU, and how far the ring came is lost.
 */
int refgpu_ring_stop(struct refgpu_ring *ring)
{
	ktime_t end = ktime_add_ms(ktime_get(), STOP_TIMEOUT_MS);
	struct refgpu_job *job;
	bool late = false;
	s32 done;
	u32 get;

	ring_write(ring, REFGPU_RING_CONTROL, 0);
	while (ring_read(ring, REFGPU_RING_STATUS) != REFGPU_RING_DISABLED) {
		if (late || ring_read(ring, REFGPU_RING_STATUS) == REFGPU_GONE)
			return -ETIMEDOUT;
		usleep_range(50, 100);
		late = ktime_after(ktime_get(), end);
	}
	get = ring_read(ring, REFGPU_RING_GET);
	/* Then the word of FENCE is anybody's, too. */
	if (refgpu_is_away(ring->gpu))
		return -EAGAIN;
	refgpu_ring_retire(ring, true);
	job = refgpu_ring_head(ring);
	if (job && job->value != NOT_WRITTEN) {
		done = get - job->begin;
		if (done > 0)
			job->done += min_t(unsigned int, done, job->count - job->done);
	}
	refgpu_ring_forget(ring);
	return 0;
}

/* Take the jobs of contexts that failed out of a ring's list. */
static void drop_cancelled(struct refgpu_ring *ring)
{
	struct refgpu_job *job, *next;
	LIST_HEAD(cancelled);

	spin_lock_irq(&ring->lock);
	list_for_each_entry_safe(job, next, &ring->jobs, node)
		if (!refgpu_context_takes_jobs(job->context))
			list_move_tail(&job->node, &cancelled);
	spin_unlock_irq(&ring->lock);
	finish_all(&cancelled, -ECANCELED);
}

/**
 * refgpu_ring_start - write a ring anew from its list of jobs, and let it run
 * @ring: stopped, or the GPU was reset
 * @one: have it execute one packet only, for a trial; it stays paused
 *
 * Return: the position behind the packets that it may execute.
 */
u32 refgpu_ring_start(struct refgpu_ring *ring, bool one)
{
	struct refgpu_job *job;
	u32 put;

	drop_cancelled(ring);
	mutex_lock(&ring->mutex);
	ring->put = 0;
	/* Those of the kernel that a reset lost must not count as done now. */
	refgpu_ring_forget(ring);
	/* No program shall guess what jobs write at their end. */
	WRITE_ONCE(ring->value, get_random_u64() >> 1);
	writeq(ring->value, ring->done);
	ring_write(ring, REFGPU_RING_BASE, ring->node.start);
	ring_write(ring, REFGPU_RING_PACKETS, RING_PACKETS);
	ring_write(ring, REFGPU_RING_CONTROL, 1);
	list_for_each_entry(job, &ring->jobs, node)
		write_job(ring, job);
	job = refgpu_ring_head(ring);
	put = job && one ? job->begin + 1 : ring->put;
	ring->paused = one;
	if (put)
		ring_doorbell(ring, put);
	mutex_unlock(&ring->mutex);
	return put;
}

/* The first job that is only in the list; it stays there, unlike those before it. */
static struct refgpu_job *first_waiting(struct refgpu_ring *ring)
{
	struct refgpu_job *job, *waiting = NULL;

	spin_lock_irq(&ring->lock);
	list_for_each_entry(job, &ring->jobs, node)
		if (!waiting && job->value == NOT_WRITTEN)
			waiting = job;
	spin_unlock_irq(&ring->lock);
	return waiting;
}

/**
 * refgpu_ring_go_on - let a ring execute the rest
 * @ring: paused, and never stopped since; or started with one packet
 */
void refgpu_ring_go_on(struct refgpu_ring *ring)
{
	struct refgpu_job *job;

	mutex_lock(&ring->mutex);
	/* It may run: the interrupt handler takes what is done out of the list. */
	while ((job = first_waiting(ring)))
		write_job(ring, job);
	ring->paused = false;
	if (ring->put)
		ring_doorbell(ring, ring->put);
	mutex_unlock(&ring->mutex);
}
