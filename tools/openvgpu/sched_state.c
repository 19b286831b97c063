// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_state.c - the scheduler's settings, state and counters as they are now
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ovgpu_sched.h"

#define GPU_PATH	"bus/pci/devices/%s/openvgpu/%s"
#define VGPU_PATH	"bus/mdev/devices/%s/openvgpu/%s"
#define STATS_PATH	"bus/mdev/devices/%s/stats/%s"

static const char *const counter_names[OVGPU_COUNTERS] = {
	[OVGPU_BUSY_NS] = "busy_ns",
	[OVGPU_RESIDENT_NS] = "resident_ns",
	[OVGPU_WAIT_NS] = "wait_ns",
	[OVGPU_SWITCHES] = "switches",
	[OVGPU_SWITCH_NS] = "switch_ns",
	[OVGPU_PREEMPT_MAX_NS] = "preempt_max_ns",
	[OVGPU_RUN_NS] = "run_ns",
	[OVGPU_SLICES] = "slices",
	[OVGPU_PREEMPTIONS] = "preemptions",
	[OVGPU_OVERRUN_NS] = "overrun_ns",
	[OVGPU_DEBT_NS] = "debt_ns",
	[OVGPU_IDLE_NS] = "idle_ns",
	[OVGPU_WAIT_MAX_NS] = "wait_max_ns",
	[OVGPU_RESETS] = "resets",
	[OVGPU_FAULTS] = "faults",
};

/**
 * ovgpu_counter_name - name of a counter's file
 * @counter: which
 *
 * Return: the name, as "run_ns".
 */
const char *ovgpu_counter_name(enum ovgpu_counter counter)
{
	return counter_names[counter];
}

static struct ovgpu_value read_number(const struct ovgpu *ovgpu,
				      const char *path, const char *of,
				      const char *name)
{
	struct ovgpu_value value = { 0 };
	char text[OVGPU_NAME_SIZE];

	value.known = !ovgpu_read(ovgpu, OVGPU_SYSFS, text, sizeof(text), path,
				  of, name) &&
		      !ovgpu_number_parse(text, &value.number);
	return value;
}

/*
 * Takes "[best_effort] equal_share" apart. A single word without brackets is
 * both: what a GPU says that leaves no choice.
 */
static void parse_choice(struct ovgpu_sched_gpu *gpu, const char *text)
{
	size_t used = 0, n;
	bool chosen;

	while (*(text += strspn(text, " "))) {
		n = strcspn(text, " ");
		chosen = n > 2 && text[0] == '[' && text[n - 1] == ']';
		if (chosen) {
			text++;
			n -= 2;
		}
		if (n >= sizeof(gpu->scheduler) ||
		    used + n + 2 > sizeof(gpu->schedulers))
			return;
		if (used)
			gpu->schedulers[used++] = ' ';
		memcpy(gpu->schedulers + used, text, n);
		used += n;
		gpu->schedulers[used] = '\0';
		if (chosen)
			snprintf(gpu->scheduler, sizeof(gpu->scheduler), "%.*s",
				 (int)n, text);
		text += n + chosen;
	}
	if (!gpu->scheduler[0] && used < sizeof(gpu->scheduler) &&
	    !strchr(gpu->schedulers, ' '))
		memcpy(gpu->scheduler, gpu->schedulers, used + 1);
}

/**
 * ovgpu_sched_gpu_get - look at the scheduler of a GPU
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @gpu: the result
 *
 * Return: 0, or -ENOENT when no such GPU is bound to the driver.
 */
int ovgpu_sched_gpu_get(const struct ovgpu *ovgpu, const char *bdf,
			struct ovgpu_sched_gpu *gpu)
{
	char text[OVGPU_TEXT_SIZE];
	unsigned int i;

	memset(gpu, 0, sizeof(*gpu));
	snprintf(gpu->bdf, sizeof(gpu->bdf), "%s", bdf);
	if (!ovgpu_exists(ovgpu, OVGPU_SYSFS,
			  "bus/pci/drivers/" OVGPU_DRIVER "/%s", bdf))
		return -ENOENT;
	ovgpu_read(ovgpu, OVGPU_SYSFS, gpu->state, sizeof(gpu->state), GPU_PATH,
		   bdf, "state");
	ovgpu_read(ovgpu, OVGPU_SYSFS, text, sizeof(text), GPU_PATH, bdf,
		   ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER)->name);
	parse_choice(gpu, text);
	for (i = 0; i < OVGPU_GPU_SETTINGS; i++)
		if (!ovgpu_setting(OVGPU_GPU, i)->text)
			gpu->setting[i] =
				read_number(ovgpu, GPU_PATH, bdf,
					    ovgpu_setting(OVGPU_GPU, i)->name);
	return 0;
}

static void read_waits(const struct ovgpu *ovgpu, const char *uuid,
		       struct ovgpu_sched_vgpu *vgpu)
{
	char text[OVGPU_ATTRIBUTE_SIZE], *word, *rest = NULL;
	unsigned int n = 0;

	if (ovgpu_read(ovgpu, OVGPU_SYSFS, text, sizeof(text), STATS_PATH, uuid,
		       "wait_histogram"))
		return;
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (n == OVGPU_WAIT_BUCKETS ||
		    ovgpu_number_parse(word, &vgpu->waits[n++]))
			return;
	vgpu->waits_known = n == OVGPU_WAIT_BUCKETS;
}

/**
 * ovgpu_sched_vgpu_get - look at a vGPU as the scheduler sees it
 * @ovgpu: handle
 * @uuid: as ovgpu_uuid_parse() gives it
 * @counters: which to read: bits 1 << OVGPU_xxx. The hardware's cost an access
 *	to the GPU each.
 * @waits: read the histogram of waits as well
 * @vgpu: the result
 *
 * Return: 0, or -ENOENT when there is none.
 */
int ovgpu_sched_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
			 uint64_t counters, bool waits,
			 struct ovgpu_sched_vgpu *vgpu)
{
	struct timespec now;
	unsigned int i;

	memset(vgpu, 0, sizeof(*vgpu));
	ovgpu_read(ovgpu, OVGPU_SYSFS, vgpu->state, sizeof(vgpu->state),
		   VGPU_PATH, uuid, "sched_state");
	for (i = 0; i < OVGPU_VGPU_SETTINGS; i++)
		vgpu->setting[i] = read_number(ovgpu, VGPU_PATH, uuid,
					       ovgpu_setting(OVGPU_VGPU, i)->name);
	vgpu->framebuffer_size = read_number(ovgpu, VGPU_PATH, uuid,
					     "framebuffer_size");
	vgpu->framebuffer_used = read_number(ovgpu, VGPU_PATH, uuid,
					     "framebuffer_used");
	vgpu->last_fault = read_number(ovgpu, VGPU_PATH, uuid, "last_fault");
	ovgpu_read(ovgpu, OVGPU_SYSFS, vgpu->last_reset_reason,
		   sizeof(vgpu->last_reset_reason), VGPU_PATH, uuid,
		   "last_reset_reason");
	clock_gettime(CLOCK_MONOTONIC, &now);
	vgpu->read_at = now.tv_sec * 1000000000ULL + now.tv_nsec;
	for (i = 0; i < OVGPU_COUNTERS; i++)
		if (counters & 1ULL << i)
			vgpu->counter[i] = read_number(ovgpu, STATS_PATH, uuid,
						       counter_names[i]);
	if (waits)
		read_waits(ovgpu, uuid, vgpu);
	/* Gone while it was read: what was read is half of it. */
	return ovgpu_exists(ovgpu, OVGPU_SYSFS, "bus/mdev/devices/%s", uuid) ?
	       0 : -ENOENT;
}
