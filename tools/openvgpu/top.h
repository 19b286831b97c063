/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * top.h - what the parts of openvgpu top share
 */
#ifndef TOP_H
#define TOP_H

#include "instance.h"

/* ------------------------------------------------------------ top_sample.c */

#define PERCENT_UNKNOWN	(-1.0)

/**
 * struct top_vgpu - one vGPU in a sample
 * @vgpu: what it is; the sample's
 * @sched: settings, state, counters
 * @share: percent of the interval for which it held the GPU, or
 *	PERCENT_UNKNOWN, as the next two
 * @busy: percent for which its work was executing
 * @wait: percent for which it had work and did not hold the GPU
 * @half: half of its waits in the interval were shorter than so many ns
 * @most: 99 of 100 were
 */
struct top_vgpu {
	const struct ovgpu_vgpu *vgpu;
	struct ovgpu_sched_vgpu *sched;
	double share;
	double busy;
	double wait;
	struct ovgpu_value half;
	struct ovgpu_value most;
};

/**
 * struct top_gpu - one GPU in a sample
 * @sched: settings and state
 * @busy: percent of the interval for which it was executing anything; of a GPU with
 *	GPU instances, each and the pool count as much as they have compute slices
 * @first: index of its first vGPU
 * @count: number of its vGPUs
 * @compute_slices: of the GPU; 0: it is not divisible
 * @instances: its GPU instances
 * @instance_count: their number
 */
struct top_gpu {
	struct ovgpu_sched_gpu *sched;
	double busy;
	size_t first;
	size_t count;
	unsigned int compute_slices;
	struct ovgpu_instance **instances;
	size_t instance_count;
};

/**
 * struct top_sample - all that is shown, at one time
 * @gpus: by PCI address
 * @gpu_count: their number
 * @vgpus: those of one GPU stand together, and in it those of one GPU instance
 * @vgpu_count: their number
 * @list: what the vGPUs of @vgpus are in
 */
struct top_sample {
	struct top_gpu *gpus;
	size_t gpu_count;
	struct top_vgpu *vgpus;
	size_t vgpu_count;
	struct ovgpu_vgpu **list;
};

enum top_key {
	TOP_SHARE,
	TOP_WAIT,
	TOP_LONGEST,
	TOP_FRAMEBUFFER,
	TOP_UUID,
};

int top_sample_take(const struct ovgpu *ovgpu, const char *bdf,
		    struct top_sample *sample);
void top_sample_free(struct top_sample *sample);
void top_sample_compare(struct top_sample *now, const struct top_sample *before);
void top_sample_sort(struct top_sample *sample, enum top_key key, bool reverse);
double top_instance_busy(const struct top_sample *sample,
			 const struct top_gpu *gpu, unsigned int instance);

/* ------------------------------------------------------------- top_print.c */

#define TOP_LINE	160

/**
 * struct top_lines - text, line by line
 * @line: each of printable ASCII
 * @count: number of lines
 */
struct top_lines {
	char (*line)[TOP_LINE];
	size_t count;
};

void top_lines_make(const struct top_sample *sample, struct top_lines *lines);
void top_lines_free(struct top_lines *lines);
struct json_object *top_json(const struct cli *cli,
			     const struct top_sample *sample,
			     unsigned int interval_ms);

/* ------------------------------------------------------------ top_screen.c */

/* What happened at the terminal; keys that are characters are themselves. */
enum screen_event {
	SCREEN_TIME = 0x100,	/* nothing, until the time was up */
	SCREEN_GONE,		/* the terminal */
	SCREEN_RESIZED,
	SCREEN_UP,
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
};

bool screen_open(void);
void screen_close(void);
size_t screen_height(void);
void screen_draw(const char *title, const struct top_lines *lines, size_t first);
int screen_wait(uint64_t until);

#endif /* TOP_H */
