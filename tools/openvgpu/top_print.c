// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_print.c - a sample of openvgpu top as lines and as JSON
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

static __attribute__((format(printf, 2, 3)))
void add_line(struct top_lines *lines, const char *format, ...)
{
	va_list args;
	void *more;

	more = reallocarray(lines->line, lines->count + 1, sizeof(*lines->line));
	if (!more)
		errx(CLI_FAILURE, "out of memory");
	lines->line = more;
	va_start(args, format);
	vsnprintf(lines->line[lines->count++], TOP_LINE, format, args);
	va_end(args);
}

static struct shown show_percent(double percent)
{
	struct shown s = { "-" };

	if (percent >= 0)
		snprintf(s.text, sizeof(s.text), "%.1f", percent);
	return s;
}

/* "12/1024": MiB it uses, rounded up, of those it has. */
static struct shown show_framebuffer(const struct ovgpu_sched_vgpu *sched)
{
	unsigned long long size = sched->framebuffer_size.number >> 20;
	uint64_t used = sched->framebuffer_used.number;
	struct shown s = { "-" };

	if (sched->framebuffer_size.known && sched->framebuffer_used.known)
		snprintf(s.text, sizeof(s.text), "%llu/%llu",
			 (unsigned long long)(used >> 20) +
			 !!(used & ((1 << 20) - 1)), size);
	else if (sched->framebuffer_size.known)
		snprintf(s.text, sizeof(s.text), "%llu", size);
	return s;
}

/* Fits into eight characters, as waits should. */
static struct shown show_wait(struct ovgpu_value ns)
{
	struct shown s = { "-" };

	if (!ns.known)
		return s;
	if (ns.number < 1000000)
		snprintf(s.text, sizeof(s.text), "%.1f us", ns.number / 1e3);
	else if (ns.number < 1000000000)
		snprintf(s.text, sizeof(s.text), "%.1f ms", ns.number / 1e6);
	else
		snprintf(s.text, sizeof(s.text), "%.1f s", ns.number / 1e9);
	return s;
}

/* A power of two of nanoseconds: no more digits than it has meaning. */
static struct shown show_bucket(struct ovgpu_value ns)
{
	struct shown s = { "-" };

	if (ns.known && ns.number < 1000000)
		snprintf(s.text, sizeof(s.text), "%.0f us", ns.number / 1e3);
	else if (ns.known && ns.number < 1000000000)
		snprintf(s.text, sizeof(s.text), "%.0f ms", ns.number / 1e6);
	else if (ns.known)
		snprintf(s.text, sizeof(s.text), "%.0f s", ns.number / 1e9);
	return s;
}

/* With its sign: what it is owed is positive. */
static struct shown show_lag(const struct ovgpu_sched_vgpu *sched)
{
	struct shown s = { "-" };

	if (sched->lag_known)
		snprintf(s.text, sizeof(s.text), "%+.1fms",
			 (double)sched->lag_ns / 1e6);
	return s;
}

static void add_gpu(struct top_lines *lines, const struct top_gpu *gpu)
{
	const struct ovgpu_sched_gpu *sched = gpu->sched;
	struct ovgpu_value slice =
		ovgpu_sched_gpu_setting(sched, OVGPU_TIMESLICE_US);
	struct shown scheduler = shown(sched->scheduler);
	struct shown state = shown(sched->state);

	add_line(lines, "GPU %s  scheduler %.24s  slice %s us  busy %s %%  %zu vGPU%s%s%.16s",
		 sched->bdf, scheduler.text[0] ? scheduler.text : "-",
		 show_value(slice).text, show_percent(gpu->busy).text, gpu->count,
		 gpu->count == 1 ? "" : "s",
		 state.text[0] && strcmp(state.text, "up") ? "  state " : "",
		 strcmp(state.text, "up") ? state.text : "");
}

static struct ovgpu_value setting_of(const struct top_vgpu *vgpu,
				     enum ovgpu_vgpu_setting setting)
{
	return ovgpu_sched_vgpu_setting(vgpu->sched, setting);
}

static struct ovgpu_value counter_of(const struct top_vgpu *vgpu,
				     enum ovgpu_counter counter)
{
	return ovgpu_sched_vgpu_counter(vgpu->sched, counter);
}

static void add_vgpu(struct top_lines *lines, const struct top_vgpu *vgpu)
{
	const struct ovgpu_sched_vgpu *sched = vgpu->sched;
	char pid[16] = "-";

	if (vgpu->vgpu->owner_pid)
		snprintf(pid, sizeof(pid), "%d", vgpu->vgpu->owner_pid);
	add_line(lines, "%-8.8s %6s %5s %6s %4s %9s %7s %7s %8s %8s %7s %6s  %s",
		 sched->state[0] ? shown(sched->state).text : "-",
		 show_percent(vgpu->share).text, show_percent(vgpu->wait).text,
		 show_value(setting_of(vgpu, OVGPU_WEIGHT)).text,
		 show_value(cap_in_force(sched)).text,
		 show_framebuffer(sched).text, show_bucket(vgpu->half).text,
		 show_bucket(vgpu->most).text,
		 show_wait(counter_of(vgpu, OVGPU_WAIT_MAX_NS)).text,
		 show_lag(sched).text, pid,
		 show_value(counter_of(vgpu, OVGPU_FAULTS)).text,
		 vgpu->vgpu->uuid);
}

static void add_instance(struct top_lines *lines, const struct top_sample *sample,
			 const struct top_gpu *gpu,
			 const struct ovgpu_instance *instance)
{
	double busy = top_instance_busy(sample, gpu, instance->id);

	add_line(lines, "instance %u %.31s  %.20s  compute %.20s  scheduler %.24s  slice %s us  busy %s %%",
		 instance->id, shown(instance->name).text,
		 shown(instance->profile).text,
		 show_slices(instance->compute_mask).text,
		 instance->scheduler[0] ? shown(instance->scheduler).text : "-",
		 show_value(instance->timeslice_us).text,
		 show_percent(busy).text);
}

/* Those of the pool first, then GPU instance by GPU instance. */
static void add_vgpus(struct top_lines *lines, const struct top_sample *sample,
		      const struct top_gpu *gpu)
{
	size_t end = gpu->first + gpu->count, next = gpu->first, i;
	uint64_t id;

	for (; next < end; next++) {
		id = sample->vgpus[next].vgpu->instance.number;
		if (id && gpu->instance_count && id >= gpu->instances[0]->id)
			break;
		add_vgpu(lines, &sample->vgpus[next]);
	}
	for (i = 0; i < gpu->instance_count; i++) {
		add_instance(lines, sample, gpu, gpu->instances[i]);
		/* One whose instance came only now stands with the one before. */
		for (; next < end; next++) {
			id = sample->vgpus[next].vgpu->instance.number;
			if (i + 1 < gpu->instance_count &&
			    id >= gpu->instances[i + 1]->id)
				break;
			add_vgpu(lines, &sample->vgpus[next]);
		}
	}
}

/**
 * top_lines_make - a sample as people see it
 * @sample: sample
 * @lines: the result, to be given to top_lines_free()
 */
void top_lines_make(const struct top_sample *sample, struct top_lines *lines)
{
	const struct top_gpu *gpu;
	size_t i;

	memset(lines, 0, sizeof(*lines));
	for (i = 0; i < sample->gpu_count; i++) {
		gpu = &sample->gpus[i];
		if (i)
			add_line(lines, "%s", "");
		add_gpu(lines, gpu);
		if (gpu->count)
			add_line(lines, "%-8s %6s %5s %6s %4s %9s %7s %7s %8s %8s %7s %6s  %s",
				 "STATE", "SHARE%", "WAIT%", "WEIGHT", "CAP%",
				 "FB MiB", "WAIT 50", "WAIT 99", "LONGEST",
				 "LAG", "PID", "FAULTS", "UUID");
		add_vgpus(lines, sample, gpu);
	}
}

/**
 * top_lines_free - give lines back
 * @lines: of top_lines_make(), or all zero
 */
void top_lines_free(struct top_lines *lines)
{
	free(lines->line);
	memset(lines, 0, sizeof(*lines));
}

static void set_percent(struct json_object *object, const char *key,
			double percent)
{
	char text[32];

	if (percent < 0) {
		json_set(object, key, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.2f", percent);
	json_set(object, key, json_object_new_double_s(percent, text));
}

static struct json_object *vgpu_line_json(const struct top_vgpu *vgpu)
{
	const struct ovgpu_sched_vgpu *sched = vgpu->sched;
	struct json_object *object = json_object_new_object();

	json_set_text(object, "uuid", vgpu->vgpu->uuid);
	json_set_text(object, "type", vgpu->vgpu->type);
	json_set_value(object, "instance", vgpu->vgpu->instance);
	json_set(object, "sched_state",
		 sched->state[0] ? json_text(sched->state) : NULL);
	set_percent(object, "share_percent", vgpu->share);
	set_percent(object, "busy_percent", vgpu->busy);
	set_percent(object, "wait_percent", vgpu->wait);
	json_set_value(object, "weight", setting_of(vgpu, OVGPU_WEIGHT));
	json_set_value(object, "cap_percent",
		       setting_of(vgpu, OVGPU_CAP_PERCENT));
	json_set_value(object, "cap_ceiling_percent",
		       setting_of(vgpu, OVGPU_CAP_CEILING_PERCENT));
	json_set_value(object, "framebuffer_bytes", sched->framebuffer_size);
	json_set_value(object, "framebuffer_used_bytes",
		       sched->framebuffer_used);
	json_set_value(object, "wait_p50_ns", vgpu->half);
	json_set_value(object, "wait_p99_ns", vgpu->most);
	json_set_value(object, "wait_max_ns",
		       counter_of(vgpu, OVGPU_WAIT_MAX_NS));
	json_set(object, "lag_ns", sched->lag_known ?
		 json_object_new_int64(sched->lag_ns) : NULL);
	if (vgpu->vgpu->owner_pid)
		json_set_number(object, "owner_pid", vgpu->vgpu->owner_pid);
	else
		json_set(object, "owner_pid", NULL);
	json_set_value(object, "faults", counter_of(vgpu, OVGPU_FAULTS));
	return object;
}

static struct json_object *instances_line_json(const struct cli *cli,
					       const struct top_sample *sample,
					       const struct top_gpu *gpu)
{
	struct json_object *array = json_object_new_array(), *object;
	size_t i;

	for (i = 0; i < gpu->instance_count; i++) {
		object = instance_queues_json(cli, gpu->instances[i]);
		set_percent(object, "busy_percent",
			    top_instance_busy(sample, gpu, gpu->instances[i]->id));
		json_object_array_add(array, object);
	}
	return array;
}

/**
 * top_json - a sample as JSON
 * @cli: the run
 * @sample: sample
 * @interval_ms: between it and the one it was compared with
 *
 * Return: the object; what is not known is null.
 */
struct json_object *top_json(const struct cli *cli,
			     const struct top_sample *sample,
			     unsigned int interval_ms)
{
	struct json_object *object = json_start(), *gpus, *vgpus, *json;
	const struct top_gpu *gpu;
	size_t i, j;

	json_set_text(object, "time", show_utc(cli_now(CLOCK_REALTIME)).text);
	json_set_number(object, "interval_ms", interval_ms);
	gpus = json_object_new_array();
	for (i = 0; i < sample->gpu_count; i++) {
		gpu = &sample->gpus[i];
		json = json_object_new_object();
		json_set_text(json, "gpu", gpu->sched->bdf);
		json_set(json, "state", gpu->sched->state[0] ?
			 json_text(gpu->sched->state) : NULL);
		json_set(json, "scheduler", gpu->sched->scheduler[0] ?
			 json_text(gpu->sched->scheduler) : NULL);
		json_set_value(json, "timeslice_us",
			       ovgpu_sched_gpu_setting(gpu->sched,
						       OVGPU_TIMESLICE_US));
		set_percent(json, "busy_percent", gpu->busy);
		vgpus = json_object_new_array();
		for (j = gpu->first; j < gpu->first + gpu->count; j++)
			json_object_array_add(vgpus,
					      vgpu_line_json(&sample->vgpus[j]));
		json_set(json, "vgpus", vgpus);
		json_set(json, "instances", instances_line_json(cli, sample, gpu));
		json_object_array_add(gpus, json);
	}
	json_set(object, "gpus", gpus);
	return object;
}
