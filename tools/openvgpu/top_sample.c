// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_sample.c - the numbers of openvgpu top
 *
 * Shares come from the hardware's counters: they move while a run goes on, and
 * the driver's move when it ends, which may be much later for a vGPU that is
 * alone. GPUs and vGPUs come and go between two samples.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

#define COUNTERS	(OVGPU_COUNTER(OVGPU_BUSY_NS) | \
			 OVGPU_COUNTER(OVGPU_RESIDENT_NS) | \
			 OVGPU_COUNTER(OVGPU_WAIT_NS) | \
			 OVGPU_COUNTER(OVGPU_WAIT_MAX_NS) | \
			 OVGPU_COUNTER(OVGPU_FAULTS))

/* Of a GPU that is not divisible there are none. */
static void take_instances(const struct ovgpu *ovgpu, const struct ovgpu_gpu *is,
			   struct top_gpu *gpu)
{
	gpu->compute_slices = 0;
	gpu->instances = NULL;
	gpu->instance_count = 0;
	if (!is->max_instances.known || !is->max_instances.number ||
	    !is->compute_slices.known)
		return;
	gpu->compute_slices = is->compute_slices.number;
	if (ovgpu_instance_list(ovgpu, is->bdf, &gpu->instances,
				&gpu->instance_count))
		gpu->instance_count = 0;
}

static void take_gpu(const struct ovgpu *ovgpu, const struct ovgpu_gpu *is,
		     size_t count, struct top_sample *sample)
{
	const char *bdf = is->bdf;
	struct top_gpu *gpu = &sample->gpus[sample->gpu_count];
	struct top_vgpu *vgpu;
	size_t i;

	if (ovgpu_sched_gpu_get(ovgpu, bdf, &gpu->sched))
		return;
	sample->gpu_count++;
	gpu->busy = PERCENT_UNKNOWN;
	take_instances(ovgpu, is, gpu);
	gpu->first = sample->vgpu_count;
	gpu->count = 0;
	for (i = 0; i < count; i++) {
		vgpu = &sample->vgpus[sample->vgpu_count];
		if (strcmp(sample->list[i]->gpu, bdf) ||
		    ovgpu_sched_vgpu_get(ovgpu, sample->list[i]->uuid, COUNTERS,
					 true, &vgpu->sched))
			continue;
		vgpu->vgpu = sample->list[i];
		vgpu->share = PERCENT_UNKNOWN;
		vgpu->busy = PERCENT_UNKNOWN;
		vgpu->wait = PERCENT_UNKNOWN;
		sample->vgpu_count++;
		gpu->count++;
	}
}

/**
 * top_sample_take - look at GPUs and vGPUs
 * @ovgpu: handle
 * @bdf: of the GPU to look at; NULL: all
 * @sample: the result, to be given to top_sample_free()
 *
 * Return: 0 (also when there is no such GPU) or a negative errno.
 */
int top_sample_take(const struct ovgpu *ovgpu, const char *bdf,
		    struct top_sample *sample)
{
	struct ovgpu_gpu **gpus;
	size_t count, n, i;
	int err;

	memset(sample, 0, sizeof(*sample));
	err = ovgpu_gpu_list(ovgpu, &gpus, &count);
	if (!err)
		err = ovgpu_vgpu_list(ovgpu, &sample->list, &n);
	if (!err) {
		sample->gpus = calloc(count + 1, sizeof(*sample->gpus));
		sample->vgpus = calloc(n + 1, sizeof(*sample->vgpus));
		if (!sample->gpus || !sample->vgpus)
			err = -ENOMEM;
	}
	for (i = 0; !err && i < count; i++)
		if (!bdf || !strcmp(bdf, gpus[i]->bdf))
			take_gpu(ovgpu, gpus[i], n, sample);
	ovgpu_free(gpus);
	if (err)
		top_sample_free(sample);
	return err;
}

/**
 * top_sample_free - give a sample back
 * @sample: of top_sample_take(), or all zero
 */
void top_sample_free(struct top_sample *sample)
{
	size_t i;

	for (i = 0; i < sample->gpu_count; i++) {
		ovgpu_free(sample->gpus[i].sched);
		ovgpu_free(sample->gpus[i].instances);
	}
	for (i = 0; i < sample->vgpu_count; i++)
		ovgpu_free(sample->vgpus[i].sched);
	ovgpu_free(sample->list);
	free(sample->gpus);
	free(sample->vgpus);
	memset(sample, 0, sizeof(*sample));
}

static const struct top_vgpu *find_vgpu(const struct top_sample *sample,
					const struct top_vgpu *wanted)
{
	size_t i;

	for (i = 0; i < sample->vgpu_count; i++)
		if (!strcmp(sample->vgpus[i].vgpu->uuid, wanted->vgpu->uuid) &&
		    !strcmp(sample->vgpus[i].vgpu->gpu, wanted->vgpu->gpu))
			return &sample->vgpus[i];
	return NULL;
}

static double percent(const struct ovgpu_sched_vgpu *now,
		      const struct ovgpu_sched_vgpu *before,
		      enum ovgpu_counter counter)
{
	struct ovgpu_value a = ovgpu_sched_vgpu_counter(before, counter);
	struct ovgpu_value b = ovgpu_sched_vgpu_counter(now, counter);
	double share;

	if (!a.known || !b.known || now->read_at <= before->read_at)
		return PERCENT_UNKNOWN;
	/* Smaller than before: it was opened anew, and counts from 0. */
	share = 100.0 * (b.number - (b.number < a.number ? 0 : a.number)) /
		(now->read_at - before->read_at);
	/* Counters and clock are not read at the very same time. */
	return share > 100 ? 100 : share;
}

/*
 * Shorter than how many ns were so many percent of the waits between two samples?
 * The upper end of a bucket of the histogram: a power of two.
 */
static struct ovgpu_value wait_quantile(const struct ovgpu_sched_vgpu *now,
					const struct ovgpu_sched_vgpu *before,
					unsigned int percent)
{
	const uint64_t *a, *b;
	size_t old = ovgpu_sched_vgpu_waits(before, &a);
	size_t n = ovgpu_sched_vgpu_waits(now, &b), i;
	struct ovgpu_value ns = { 0 };
	uint64_t all = 0, sum = 0;

	for (i = 0; i < n; i++)
		all += i < old && a[i] <= b[i] ? b[i] - a[i] : b[i];
	for (i = 0; all && i < n; i++) {
		sum += i < old && a[i] <= b[i] ? b[i] - a[i] : b[i];
		if (100 * sum < percent * all)
			continue;
		ns.known = true;
		ns.number = UINT64_C(1024) << i;
		break;
	}
	return ns;
}

/* The part of the GPU that a vGPU takes turns on. */
static double part(const struct top_gpu *gpu, const struct top_vgpu *vgpu)
{
	const struct ovgpu_value slices = vgpu->vgpu->compute_slices;

	return gpu->compute_slices && slices.known ?
	       (double)slices.number / gpu->compute_slices : 1;
}

/**
 * top_sample_compare - what happened between two samples
 * @now: the later one; its percentages are filled in
 * @before: the earlier one; what is not in it stays unknown
 */
void top_sample_compare(struct top_sample *now, const struct top_sample *before)
{
	const struct top_vgpu *old;
	struct top_vgpu *vgpu;
	struct top_gpu *gpu;
	size_t i, j;

	for (i = 0; i < now->gpu_count; i++) {
		gpu = &now->gpus[i];
		/* A GPU that was there and has no vGPU is known to do nothing. */
		for (j = 0; j < before->gpu_count; j++)
			if (!strcmp(before->gpus[j].sched->bdf, gpu->sched->bdf))
				gpu->busy = 0;
		for (j = gpu->first; j < gpu->first + gpu->count; j++) {
			vgpu = &now->vgpus[j];
			old = find_vgpu(before, vgpu);
			if (!old)
				continue;
			vgpu->share = percent(vgpu->sched, old->sched,
					      OVGPU_RESIDENT_NS);
			vgpu->busy = percent(vgpu->sched, old->sched,
					     OVGPU_BUSY_NS);
			vgpu->wait = percent(vgpu->sched, old->sched,
					     OVGPU_WAIT_NS);
			vgpu->half = wait_quantile(vgpu->sched, old->sched, 50);
			vgpu->most = wait_quantile(vgpu->sched, old->sched, 99);
			if (vgpu->busy >= 0 && gpu->busy >= 0)
				gpu->busy += vgpu->busy * part(gpu, vgpu);
		}
		if (gpu->busy > 100)
			gpu->busy = 100;
	}
}

/**
 * top_instance_busy - how busy a GPU instance was
 * @sample: sample
 * @gpu: of the sample
 * @instance: number of the instance, 0: the pool
 *
 * Return: percent of the interval, or PERCENT_UNKNOWN.
 */
double top_instance_busy(const struct top_sample *sample,
			 const struct top_gpu *gpu, unsigned int instance)
{
	double busy = gpu->busy >= 0 ? 0 : PERCENT_UNKNOWN;
	const struct top_vgpu *vgpu;
	size_t i;

	for (i = gpu->first; i < gpu->first + gpu->count; i++) {
		vgpu = &sample->vgpus[i];
		if (vgpu->vgpu->instance.number == instance && busy >= 0 &&
		    vgpu->busy >= 0)
			busy += vgpu->busy;
	}
	return busy > 100 ? 100 : busy;
}

struct order {
	enum top_key key;
	int sign;
};

static int compare_numbers(double a, double b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

static double longest_wait(const struct top_vgpu *vgpu)
{
	return ovgpu_sched_vgpu_counter(vgpu->sched, OVGPU_WAIT_MAX_NS).number;
}

static int compare(const void *a, const void *b, void *data)
{
	const struct top_vgpu *x = a, *y = b;
	const struct order *order = data;
	uint64_t in_x = x->vgpu->instance.number, in_y = y->vgpu->instance.number;
	int result = 0;

	if (in_x != in_y)
		return in_x < in_y ? -1 : 1;

	switch (order->key) {
	case TOP_SHARE:
		result = compare_numbers(x->share, y->share);
		break;
	case TOP_WAIT:
		result = compare_numbers(x->wait, y->wait);
		break;
	case TOP_LONGEST:
		result = compare_numbers(longest_wait(x), longest_wait(y));
		break;
	case TOP_FRAMEBUFFER:
		result = compare_numbers(x->sched->framebuffer_size.number,
					 y->sched->framebuffer_size.number);
		break;
	case TOP_UUID:
		break;
	}
	if (!result)
		result = strcmp(x->vgpu->uuid, y->vgpu->uuid);
	return result * order->sign;
}

/**
 * top_sample_sort - put the vGPUs of each GPU, and of each instance, into an order
 * @sample: sample
 * @key: by what; the largest first, UUIDs upwards
 * @reverse: the other way round
 */
void top_sample_sort(struct top_sample *sample, enum top_key key, bool reverse)
{
	struct order order = { key, reverse ? -1 : 1 };
	size_t i;

	for (i = 0; i < sample->gpu_count; i++)
		qsort_r(sample->vgpus + sample->gpus[i].first,
			sample->gpus[i].count, sizeof(*sample->vgpus), compare,
			&order);
}
