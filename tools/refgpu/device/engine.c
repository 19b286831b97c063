// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - run-control blocks: loading, running, stopping, saving
 *
 * engine_step() is a state machine. It is called (by a thread, or by
 * device_step()) again at the time it returns, or when the engine is woken: so
 * a doorbell, PREEMPT or reset only sets a field and wakes.
 *
 * In state RUNNING each step first accounts for the slice of work done by the
 * last one, then looks for reasons to stop, then does the next slice without
 * the lock. On the virtual clock a slice takes the time its work costs: the
 * accounting step comes that much later.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "device/engine.h"
#include "device/events.h"
#include "device/head.h"
#include "device/pace.h"
#include "device/partition.h"
#include "device/reg.h"
#include "device/slices.h"
#include "device/state.h"

/* How soon to try again when the host has no memory for an image. */
#define SAVE_RETRY_NS		1000000

static u64 switch_cost(struct device *dev, u64 bytes)
{
	u64 ns = dev->switch_ns;

	if (dev->switch_bytes)
		ns += bytes * 1000 / dev->switch_bytes;
	return ns;
}

/* a + b that stops at the end of time */
static u64 later(u64 a, u64 b)
{
	return b < NEVER - a ? a + b : NEVER;
}

static bool frozen(const struct partition *p)
{
	return p->control & REFGPU_PARTITION_FREEZE;
}

/* -------------------------------------------------------- state and time */

void engine_account(struct engine *e)
{
	u64 now = device_now(e->actor.dev), passed = now - e->state_since;

	e->state_since = now;
	switch (e->state) {
	case REFGPU_RC_RUNNING:
		e->busy_ns += passed;
		break;
	case REFGPU_RC_EMPTY:
	case REFGPU_RC_LINGERING:
	case REFGPU_RC_IDLE_SLOT:
		e->idle_ns += passed;
		break;
	case REFGPU_RC_LOADING:
	case REFGPU_RC_SAVING:
		break;
	}
}

static void set_state(struct engine *e, enum refgpu_rc_state state)
{
	if (e->state == state)
		return;
	engine_account(e);
	e->state = state;
	/* It may catch up on time that it had to wait, not on time without work. */
	if (state == REFGPU_RC_RUNNING && e->due < e->state_since)
		e->due = e->state_since;
}

/* ------------------------------------------------------------- run end */

static void post_run_end(struct engine *e, unsigned int partition,
			 enum refgpu_run_end reason, u64 run_ns, u64 switch_ns)
{
	struct refgpu_event event = {
		.type = REFGPU_EVENT_RUN_END,
		.partition = (u8)partition,
		.run_control = (u8)e->number,
		.reason = (u8)reason,
		.run_ns = htole64(run_ns),
		.switch_ns = htole64(switch_ns),
	};

	e->event = 1ULL << 63 | (e->sequence & 0xffffffff) << 16 |
		   (u64)partition << 8 | (u64)reason;
	event_post(e->actor.dev, &event);
}

/* The block is empty again. */
static void end_run(struct engine *e)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;

	set_state(e, REFGPU_RC_EMPTY);
	e->partition = NULL;
	e->slice_done = false;
	if (!p) {
		post_run_end(e, REFGPU_RUN_NONE, e->reason, e->run_ns, 0);
		return;
	}
	p->counters.switch_ns += e->switch_ns;
	p->engine = NULL;
	p->abort = false;
	partition_update(dev, p);
	post_run_end(e, p->number, e->reason, e->run_ns, e->switch_ns);

	/* Work that came after the decision to stop: the driver can't know. */
	if (p->pending && !p->pending_at_stop)
		partition_announce(dev, p);
	if (dev->service_partitions || dev->resetting)
		actor_wake(&dev->service);
	if (p->commands & COMMAND_SCRUB)
		actor_wake(&dev->scrubber);
}

/* The partition stops running now; it is still to be saved. */
static u64 stop(struct engine *e, enum refgpu_run_end reason, u64 since)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;
	u64 now = device_now(dev);

	e->reason = reason;
	e->run_ns = now - e->run_start;
	e->slice_done = false;
	if (!p) {
		end_run(e);
		return NEVER;
	}
	p->counters.resident_ns += e->run_ns;
	if ((reason == REFGPU_END_PREEMPTED || reason == REFGPU_END_QUANTUM) &&
	    now - since > p->counters.preempt_max_ns)
		p->counters.preempt_max_ns = now - since;
	p->pending_at_stop = p->pending;
	set_state(e, REFGPU_RC_SAVING);
	e->until = NEVER;		/* save() sets it */
	e->switch_since = now;
	p->executing = NOBODY;
	return now;
}

/* Reset or disabled: nothing is saved. */
static u64 abandon(struct engine *e)
{
	struct partition *p = e->partition;

	if (e->state == REFGPU_RC_RUNNING || e->state == REFGPU_RC_LINGERING) {
		e->run_ns = device_now(e->actor.dev) - e->run_start;
		p->counters.resident_ns += e->run_ns;
	}
	p->hang = false;
	p->executing = NOBODY;
	/* What is left of the rings goes away with the reset. */
	p->pending_at_stop = p->commands & COMMAND_RESET;
	job_free(&p->job);
	image_free(&p->image);
	e->reason = REFGPU_END_RESET;
	end_run(e);
	return NEVER;
}

/* -------------------------------------------------------- load and save */

/* Is the job still the packet its ring is at? */
static bool job_current(struct partition *p)
{
	struct ring *ring = &p->user.ring[p->job.ring];

	return p->job.active && ring_has_packet(ring) &&
	       ring->generation == p->job.generation &&
	       (u32)ring->get == (u32)p->job.number;
}

/* The image becomes the job: a real copy, without the lock. */
static u64 load(struct engine *e)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;
	struct context_image image = p->image;
	u64 begin = device_now(dev);
	bool good = true;

	memset(&p->image, 0, sizeof(p->image));
	if (image.size) {
		pthread_mutex_unlock(&dev->lock);
		good = job_load(&p->job, &image);
		pthread_mutex_lock(&dev->lock);
	}
	e->until = later(begin, switch_cost(dev, image.size));
	if (!good)
		bus_log(&dev->bus, "partition %u: its context image is not valid", p->number);
	image_free(&image);
	if (p->job.active) {
		p->job.generation = p->user.ring[p->job.ring].generation;
		if (!job_current(p))
			job_drop(&p->job);
	}
	return e->until;
}

static u64 save(struct engine *e)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;
	struct context_image image = { 0 };
	u64 begin = device_now(dev);

	if (p->job.active && (!p->job.fetched || !job_current(p)))
		job_drop(&p->job);
	if (p->job.active) {
		u32 generation = p->job.generation;
		u8 ring = p->job.ring;
		bool good;

		pthread_mutex_unlock(&dev->lock);
		good = job_save(&p->job, &image);
		pthread_mutex_lock(&dev->lock);
		/* Without memory the work stays where it is; a reset still ends it. */
		if (!good)
			return later(begin, SAVE_RETRY_NS);
		if (p->abort || generation != p->user.ring[ring].generation) {
			image_free(&image);
		} else {
			p->image = image;
			p->saved_ring = ring;
		}
	}
	e->until = later(begin, switch_cost(dev, p->image.size));
	return e->until;
}

/* -------------------------------------------------------------- running */

struct timer {
	struct device *dev;
	u64 offset;
};

static u64 read_timer(void *context)
{
	const struct timer *timer = context;

	return device_now(timer->dev) + timer->offset;
}

/* Tell the guest what its packet did, unless it was reset: then another may have the page. */
static void show_slice(struct partition *p, u64 ns)
{
	struct ring *ring = &p->user.ring[p->job.ring];

	if (p->abort)
		return;
	p->user.busy_ns += ns;
	/* In the life of the ring that the job is of, and when that has just ended. */
	if (ring->generation - p->job.generation <= 1)
		ring->pc = job_pc(&p->job);
}

/* Do a piece of the job. Drops the lock. */
static u64 run_slice(struct engine *e)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;
	const struct ring *ring = &p->user.ring[p->job.ring];
	struct timer timer = { dev, p->timer_offset };
	struct job_environment environment = {
		.view = &p->view,
		.caps = dev->caps,
		.ring_base = ring->base,
		.ring_packets = ring->packets,
		.rights = ring->rights,
		.time = read_timer,
		.time_context = &timer,
	};
	u64 worked;

	pace_begin(e, &environment);
	p->executing = p->job.ring;
	e->wakeups = p->wakeups;
	pthread_mutex_unlock(&dev->lock);
	worked = pace_clock(e);
	job_run(&p->job, &environment, &e->slice);
	worked = pace_clock(e) - worked;
	pthread_mutex_lock(&dev->lock);

	e->slice_done = true;
	e->slice_end = pace_end(e, worked);
	p->counters.busy_ns += e->slice_end - e->piece_begin;
	show_slice(p, e->slice_end - e->piece_begin);
	return e->slice_end;
}

/* The packet is complete. */
static void complete(struct device *dev, struct partition *p, struct ring *ring)
{
	const union packet *packet = &p->job.packet;

	ring->get = (u32)(ring->get + 1);
	p->counters.packets++;
	if (packet->header.opcode == REFGPU_OP_FENCE) {
		ring->fence = packet->fence.value;
		p->counters.fences++;
		if (packet->header.flags & REFGPU_FENCE_INTERRUPT)
			partition_raise(dev, p, REFGPU_INTR_FENCE);
	}
	if (packet->header.opcode == REFGPU_OP_RIGHTS)
		ring->rights = (struct memory_rights){
			.table = packet->rights.table,
			.vram_granules = packet->rights.vram_granules,
			.sysmem_granules = packet->rights.sysmem_granules,
		};
	if (packet->header.opcode == REFGPU_OP_SEMAPHORE &&
	    packet->header.flags & REFGPU_SEMAPHORE_SIGNAL)
		partition_unblock(p);
}

/* FLIP: the packet is complete now, or when the flip is (release_rings() of head.c). */
static void flip(struct device *dev, struct partition *p, struct ring *ring)
{
	const struct refgpu_flip *packet = &p->job.packet.flip;
	enum refgpu_error error;
	bool waits;

	error = head_flip(p, packet->head, packet->base, &waits);
	if (error)
		partition_stop_ring(dev, p, ring->number, error,
				    error == REFGPU_ERROR_ADDRESS ? packet->base : 0,
				    p->job.number);
	else if (waits && packet->header.flags & REFGPU_FLIP_WAIT)
		ring->flipping = (u8)(packet->head + 1);
	else
		complete(dev, p, ring);
}

/* Account for the slice that was done. */
static void retire(struct engine *e)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;
	const struct job_slice *slice = &e->slice;
	struct ring *ring = &p->user.ring[p->job.ring];

	e->slice_done = false;
	p->counters.instructions += slice->instructions;
	p->counters.items += slice->items;
	p->counters.bytes_read += slice->bytes_read;
	p->counters.bytes_written += slice->bytes_written;

	if (!job_current(p)) {
		/* The guest disabled or broke the ring meanwhile. */
		goto drop;
	}
	switch (slice->outcome) {
	case JOB_MORE:
		return;
	case JOB_DONE:
		if (p->job.packet.header.opcode == REFGPU_OP_FLIP)
			flip(dev, p, ring);
		else
			complete(dev, p, ring);
		break;
	case JOB_BLOCKED:
		/* A doorbell since the slice began may be the one it waits for. */
		ring->blocked = e->wakeups == p->wakeups;
		break;
	case JOB_FAULTED:
		partition_stop_ring(dev, p, p->job.ring, slice->error, slice->address,
				    slice->where);
		break;
	}
drop:
	job_drop(&p->job);
	p->executing = NOBODY;
	partition_update(dev, p);
}

/* Pick the next packet, ring by ring. */
static bool pick(struct partition *p)
{
	int r = partition_find_busy(p);
	struct ring *ring;

	if (r < 0)
		return false;
	ring = &p->user.ring[r];
	p->next_ring = (unsigned int)(r + 1) % REFGPU_RINGS;
	job_begin(&p->job, (unsigned int)r, ring->generation, (u32)ring->get);
	return true;
}

/*
 * A reason to stop; 0: none. *since is when it arose, *when is when it will
 * be due if that is known already.
 */
static enum refgpu_run_end stop_reason(struct engine *e, u64 now, u64 *since, u64 *when)
{
	u64 extra = e->actor.dev->injected.stop_ns;
	enum refgpu_run_end reason = 0;

	*since = NEVER;
	*when = NEVER;
	if (e->partition && frozen(e->partition)) {
		*since = now;
		return REFGPU_END_FROZEN;
	}
	if (e->preempt_since != NEVER) {
		reason = REFGPU_END_PREEMPTED;
		*since = e->preempt_since;
	}
	if (e->quantum_end < *since) {
		reason = REFGPU_END_QUANTUM;
		*since = e->quantum_end;
	}
	if (!reason)
		return 0;
	*when = later(*since, extra);
	return now >= *when ? reason : 0;
}

static u64 step_running(struct engine *e)
{
	struct device *dev = e->actor.dev;
	struct partition *p = e->partition;
	u64 now = device_now(dev), since, when;
	enum refgpu_run_end reason;

	if (e->slice_done) {
		if (now < e->slice_end)
			return e->slice_end;
		retire(e);
	}
	reason = stop_reason(e, now, &since, &when);
	if (reason)
		return stop(e, reason, since);
	if (p->job.active && !job_current(p))
		job_drop(&p->job);
	if (!p->job.active && !pick(p)) {
		if (e->state != REFGPU_RC_LINGERING)
			e->linger_end = e->linger_limit ? later(now, e->linger_limit) : NEVER;
		if (!e->linger || now >= e->linger_end)
			return stop(e, REFGPU_END_IDLE, now);
		set_state(e, REFGPU_RC_LINGERING);
		return when < e->linger_end ? when : e->linger_end;
	}
	set_state(e, REFGPU_RC_RUNNING);
	return run_slice(e);
}

u64 engine_step(struct actor *actor)
{
	struct engine *e = (struct engine *)actor;
	struct device *dev = actor->dev;
	struct partition *p = e->partition;
	u64 now = device_now(dev), since, when;
	enum refgpu_run_end reason;

	if (e->state == REFGPU_RC_EMPTY)
		return NEVER;
	if (p && (p->abort || dev->resetting))
		return abandon(e);
	if (dev->resetting) {
		end_run(e);
		return NEVER;
	}
	if (p && dev->injected.hang_next && e->state != REFGPU_RC_SAVING) {
		dev->injected.hang_next = false;
		p->hang = true;
	}
	if (p && p->hang)
		return NEVER;

	switch (e->state) {
	case REFGPU_RC_LOADING:
		if (e->until == NEVER)
			return load(e);
		if (now < e->until)
			return e->until;
		e->switch_ns = now - e->switch_since;
		set_state(e, REFGPU_RC_RUNNING);
		e->run_start = now;
		e->quantum_end = e->quantum_ns ? later(now, e->quantum_ns) : NEVER;
		p->counters.switches++;
		return now;
	case REFGPU_RC_RUNNING:
	case REFGPU_RC_LINGERING:
		return step_running(e);
	case REFGPU_RC_SAVING:
		if (e->until == NEVER)
			return save(e);
		if (now < e->until)
			return e->until;
		e->switch_ns += now - e->switch_since;
		end_run(e);
		return NEVER;
	case REFGPU_RC_IDLE_SLOT:
		reason = stop_reason(e, now, &since, &when);
		if (reason)
			return stop(e, reason, since);
		return when;
	default:
		return NEVER;
	}
}

/* ------------------------------------------------------------ registers */

void engine_clear(struct engine *e)
{
	e->slices = e->number ? 0 : e->actor.dev->slices;
	e->run_request = 0;
	e->event = 0;
	e->run_ns = 0;
	e->switch_ns = 0;
	e->sequence = 0;
	e->linger_ns = 0;
	e->busy_ns = 0;
	e->idle_ns = 0;
	e->state_since = device_now(e->actor.dev);
	e->due = 0;
}

static bool works(const struct engine *e)
{
	return !e->number || (e->actor.dev->caps & REFGPU_CAP_SPATIAL);
}

static bool acceptable(struct engine *e, unsigned int number, u64 flags, u64 quantum)
{
	const struct partition *p = &e->actor.dev->partition[number % REFGPU_PARTITIONS];

	if (!works(e) || e->state != REFGPU_RC_EMPTY || e->actor.dev->resetting ||
	    flags & ~(u64)REFGPU_RUN_LINGER)
		return false;
	if (number == REFGPU_RUN_NONE)
		return quantum != 0;
	return number < REFGPU_PARTITIONS && (p->control & REFGPU_PARTITION_ENABLE) &&
	       !frozen(p) && !p->engine && slices_permit(e, p) &&
	       !((p->commands | p->working) & (COMMAND_RESET | COMMAND_SCRUB));
}

static void write_run(struct device *dev, void *object, u64 value, u64 mask)
{
	struct engine *e = object;
	unsigned int number;
	u64 flags, quantum;

	e->run_request = (e->run_request & ~mask) | (value & mask);
	if (!ACTS(mask))
		return;
	number = e->run_request & 0xff;
	flags = e->run_request >> 8 & 0xff;
	quantum = e->run_request >> 16;
	e->run_request = 0;

	if (number < REFGPU_PARTITIONS)
		dev->partition[number].announced = false;
	if (!acceptable(e, number, flags, quantum)) {
		post_run_end(e, number, REFGPU_END_REJECTED, 0, 0);
		return;
	}
	e->sequence++;
	e->linger = flags & REFGPU_RUN_LINGER;
	e->linger_limit = e->linger_ns;
	e->quantum_ns = quantum;
	e->preempt_since = NEVER;
	e->run_ns = 0;
	e->switch_ns = 0;
	e->slice_done = false;
	if (number == REFGPU_RUN_NONE) {
		set_state(e, REFGPU_RC_IDLE_SLOT);
		e->run_start = device_now(dev);
		e->quantum_end = later(e->run_start, quantum);
	} else {
		set_state(e, REFGPU_RC_LOADING);
		e->until = NEVER;		/* load() sets it */
		e->quantum_end = NEVER;
		e->switch_since = device_now(dev);
		e->partition = &dev->partition[number];
		e->partition->engine = e;
		e->partition->abort = false;
		slices_take(e, e->partition);
		partition_update(dev, e->partition);
	}
	actor_wake(&e->actor);
}

static void write_preempt(struct device *dev, void *object, u64 value, u64 mask)
{
	struct engine *e = object;

	(void)value;
	if (!ACTS(mask) || e->state == REFGPU_RC_EMPTY || e->state == REFGPU_RC_SAVING)
		return;
	if (dev->injected.lost_preempts) {
		dev->injected.lost_preempts--;
		return;
	}
	if (e->preempt_since == NEVER)
		e->preempt_since = device_now(dev);
	actor_wake(&e->actor);
}

static void write_event(struct device *dev, void *object, u64 value, u64 mask)
{
	struct engine *e = object;

	(void)dev;
	if (value & mask & 1ULL << 63)
		e->event = 0;
}

static u64 read_state(struct device *dev, void *object)
{
	struct engine *e = object;

	(void)dev;
	return (u64)e->state | (u64)(e->partition ? e->partition->number : NOBODY) << 8;
}

static void write_engine_slices(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)dev;
	(void)mask;
	slices_write(object, value);
}

static u64 read_busy(struct device *dev, void *object)
{
	struct engine *e = object;

	engine_account(e);
	return dev->caps & REFGPU_CAP_SPATIAL ? e->busy_ns : 0;
}

static u64 read_idle(struct device *dev, void *object)
{
	struct engine *e = object;

	engine_account(e);
	return dev->caps & REFGPU_CAP_SPATIAL ? e->idle_ns : 0;
}

static void write_linger(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)mask;
	if (dev->caps & REFGPU_CAP_LINGER_NS)
		((struct engine *)object)->linger_ns = value;
}

#define FIELD(name)	offsetof(struct engine, name)

static const struct reg registers[] = {
	{ REFGPU_RC_SLICES, REG_RW, FIELD(slices), NULL, write_engine_slices },
	{ REFGPU_RC_RUN, REG_WO, 0, NULL, write_run },
	{ REFGPU_RC_PREEMPT, REG_WO, 0, NULL, write_preempt },
	{ REFGPU_RC_STATE, REG_RO, 0, read_state, NULL },
	{ REFGPU_RC_EVENT, REG_W1C, FIELD(event), NULL, write_event },
	{ REFGPU_RC_RUN_NS, REG_RO, FIELD(run_ns), NULL, NULL },
	{ REFGPU_RC_SWITCH_NS, REG_RO, FIELD(switch_ns), NULL, NULL },
	{ REFGPU_RC_SEQUENCE, REG_RO, FIELD(sequence), NULL, NULL },
	{ REFGPU_RC_LINGER_NS, REG_RW, FIELD(linger_ns), NULL, write_linger },
	{ REFGPU_RC_BUSY_NS, REG_RO, 0, read_busy, NULL },
	{ REFGPU_RC_IDLE_NS, REG_RO, 0, read_idle, NULL },
};
const struct reg_table engine_registers = REG_TABLE(registers);
