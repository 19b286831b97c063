// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_log.c - which guest memory a vGPU's engines may have written
 *
 * Hardware that notes what it writes to guest memory is not to be had. But what is
 * mapped for reading only is not written, and nothing is while the vGPU has no
 * turns. So all that is mapped for writing counts as written, if the vGPU held its
 * engine since it was told of last.
 *
 * What is unmapped in between is told of once more. For that its batch is kept,
 * so that nothing must be allocated where memory is taken away. A guest may map
 * and unmap without end; of what exceeds a limit only the range is kept.
 */
#include <linux/bitmap.h>
#include <linux/limits.h>

#include "base/vgpu.h"
#include "memory/pin_batch.h"
#include "memory/pin_log.h"

/* Kept at most, in pages of a full aperture. */
#define DROPPED_APERTURES	4

/**
 * pin_log_init - nobody wants to know
 * @vgpu: the vGPU
 */
void pin_log_init(struct vgpu *vgpu)
{
	struct vgpu_pin_log *log = &vgpu->pins.log;

	log->dropped = RB_ROOT_CACHED;
	log->first = ULONG_MAX;
	log->last = 0;
}

static void keep_range(struct vgpu_pin_log *log, const struct pin_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->runs; i++) {
		log->first = min(log->first, batch->run[i].node.start);
		log->last = max(log->last, batch->run[i].node.last);
	}
}

/**
 * pin_log_keep - the pages of a batch were given back
 * @vgpu: the vGPU, with pins.lock held
 * @batch: the batch, in no tree
 *
 * Return: whether it is kept, and freed later.
 */
bool pin_log_keep(struct vgpu *vgpu, struct pin_batch *batch)
{
	struct vgpu_pin_log *log = &vgpu->pins.log;
	unsigned long limit = DROPPED_APERTURES * vgpu->gpu->sysmem_pages;
	u32 i;

	lockdep_assert_held(&vgpu->pins.lock);
	if (!log->on || !batch->write || !batch->reached)
		return false;
	if (log->dropped_pages + batch->pages > limit) {
		keep_range(log, batch);
		return false;
	}
	for (i = 0; i < batch->runs; i++) {
		batch->run[i].first_told = false;
		interval_tree_insert(&batch->run[i].node, &log->dropped);
	}
	batch->untold = batch->runs;
	log->dropped_pages += batch->pages;
	return true;
}

/* One of its runs was told of, or nobody wants to know any more. */
static void forget(struct vgpu_pin_log *log, struct pin_run *run)
{
	struct pin_batch *batch = run->batch;

	interval_tree_remove(&run->node, &log->dropped);
	if (--batch->untold)
		return;
	log->dropped_pages -= batch->pages;
	pin_batch_free(batch);
}

/**
 * vgpu_pin_log_start - note what may be written from now on
 * @vgpu: the vGPU, open
 *
 * Return: 0, or -EBUSY: that is done already.
 */
int vgpu_pin_log_start(struct vgpu *vgpu)
{
	int ret = 0;

	mutex_lock(&vgpu->pins.lock);
	if (vgpu->pins.log.on)
		ret = -EBUSY;
	vgpu->pins.log.on = true;
	mutex_unlock(&vgpu->pins.lock);
	return ret;
}

/**
 * vgpu_pin_log_stop - no more; no effect if nothing is noted
 * @vgpu: the vGPU
 */
void vgpu_pin_log_stop(struct vgpu *vgpu)
{
	struct vgpu_pin_log *log = &vgpu->pins.log;
	struct interval_tree_node *node;

	mutex_lock(&vgpu->pins.lock);
	log->on = false;
	while ((node = interval_tree_iter_first(&log->dropped, 0, ULONG_MAX)))
		forget(log, container_of(node, struct pin_run, node));
	log->first = ULONG_MAX;
	log->last = 0;
	mutex_unlock(&vgpu->pins.lock);
}

/**
 * struct window - guest pages that are told of together
 * @first: the first
 * @last: the last
 * @bits: a bit for each
 */
struct window {
	unsigned long first;
	unsigned long last;
	unsigned long *bits;
};

static void add(const struct window *window, unsigned long first,
		unsigned long last)
{
	first = max(first, window->first);
	last = min(last, window->last);
	bitmap_set(window->bits, first - window->first, last - first + 1);
}

/* It has held the engine since the run was told of last, or does. */
static bool may_be_written(const struct pin_run *run,
			   const struct pin_told *now)
{
	return run->batch->write && run->batch->reached &&
	       (now->slices != run->told.slices || run->told.running ||
		now->running);
}

/*
 * A run may be told of in parts. What is written after the first of them, perhaps to
 * that part, is told of the next time.
 */
static void add_run(struct vgpu *vgpu, const struct window *window,
		    struct pin_run *run)
{
	struct pin_told now = {
		.slices = atomic64_read(&vgpu->stats.slices),
		.running = READ_ONCE(vgpu->sched_state) == VGPU_SCHED_RUNNING,
	};

	if (!may_be_written(run, &now))
		return;
	add(window, run->node.start, run->node.last);
	if (run->node.start >= window->first)
		run->begun = now;
	if (run->node.last <= window->last)
		run->told = run->begun;
}

static void add_mapped(struct vgpu *vgpu, const struct window *window)
{
	struct interval_tree_node *node;

	for (node = interval_tree_iter_first(&vgpu->pins.runs, window->first,
					     window->last); node;
	     node = interval_tree_iter_next(node, window->first, window->last))
		add_run(vgpu, window, container_of(node, struct pin_run, node));
}

static void add_dropped(struct vgpu_pin_log *log, const struct window *window)
{
	struct interval_tree_node *node, *next;
	struct pin_run *run;

	for (node = interval_tree_iter_first(&log->dropped, window->first,
					     window->last); node; node = next) {
		next = interval_tree_iter_next(node, window->first,
					       window->last);
		add(window, node->start, node->last);
		run = container_of(node, struct pin_run, node);
		if (node->start >= window->first)
			run->first_told = true;
		if (node->last <= window->last && run->first_told)
			forget(log, run);
	}
	if (log->first > log->last || log->first > window->last ||
	    log->last < window->first)
		return;
	add(window, log->first, log->last);
	/* Windows come in ascending order. */
	if (window->first > log->first)
		return;
	if (log->last > window->last) {
		log->first = window->last + 1;
		return;
	}
	log->first = ULONG_MAX;
	log->last = 0;
}

/* The first page from @first on of which there is anything to tell, or a later one. */
static unsigned long skip(struct vgpu *vgpu, unsigned long first,
			  unsigned long last)
{
	const struct vgpu_pin_log *log = &vgpu->pins.log;
	struct interval_tree_node *node;
	unsigned long found = ULONG_MAX;

	node = interval_tree_iter_first(&vgpu->pins.runs, first, last);
	if (node)
		found = node->start;
	node = interval_tree_iter_first(&vgpu->pins.log.dropped, first, last);
	if (node)
		found = min(found, node->start);
	if (log->last >= first)
		found = min(found, log->first);
	return max(found, first);
}

/**
 * vgpu_pin_log_next - which guest pages may have been written; they are told of once
 * @vgpu: the vGPU, open
 * @first: where to look from on; is set to the page of the first bit
 * @last: the last page that is of interest
 * @bits: is set to a bit for each page from @first on
 * @count: of bits
 *
 * Return: false: there is none up to @last.
 */
bool vgpu_pin_log_next(struct vgpu *vgpu, unsigned long *first,
		       unsigned long last, unsigned long *bits,
		       unsigned int count)
{
	struct window window = { .bits = bits };
	bool some;

	mutex_lock(&vgpu->pins.lock);
	*first = skip(vgpu, *first, last);
	some = *first <= last;
	if (some) {
		window.first = *first;
		window.last = min(last, *first + count - 1);
		bitmap_zero(bits, count);
		add_mapped(vgpu, &window);
		add_dropped(&vgpu->pins.log, &window);
	}
	mutex_unlock(&vgpu->pins.lock);
	return some;
}
