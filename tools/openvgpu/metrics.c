// SPDX-License-Identifier: GPL-2.0-only
/*
 * metrics.c - openvgpu metrics: GPUs and vGPUs for Prometheus
 *
 * doc/metrics.md lists what is printed. What the driver does not say (an older
 * module, a GPU without engines) is left out, as Prometheus wants it: a zero
 * would be a lie.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics_text.h"

enum unit {
	UNIT_ONE,
	UNIT_NS,	/* given as seconds */
	UNIT_US,	/* likewise */
	UNIT_PERCENT,	/* given as a ratio */
};

/**
 * struct source - a metric that is an attribute
 * @attribute: file name
 * @unit: of the attribute
 * @kind: of the metric
 * @name: of the metric
 * @help: of the metric
 */
struct source {
	const char *attribute;
	enum unit unit;
	enum metric_kind kind;
	const char *name;
	const char *help;
};

#define GAUGE(file, unit_of, suffix, words)	\
	{ (file), (unit_of), METRIC_GAUGE, "openvgpu_" suffix, (words) }
#define COUNTER(file, unit_of, suffix, words)	\
	{ (file), (unit_of), METRIC_COUNTER, "openvgpu_" suffix "_total", (words) }

static const struct source gpu_sources[] = {
	GAUGE("framebuffer_total", UNIT_ONE, "gpu_framebuffer_bytes",
	      "Video memory that vGPUs can have"),
	GAUGE("largest_free", UNIT_ONE, "gpu_framebuffer_largest_free_bytes",
	      "Video memory of the largest vGPU that could be created now"),
	GAUGE("max_vgpus", UNIT_ONE, "gpu_max_vgpus",
	      "vGPUs that the hardware can have at once"),
	GAUGE("timeslice_us", UNIT_US, "gpu_timeslice_seconds",
	      "Length of a time slice"),
	GAUGE("compute_slices", UNIT_ONE, "gpu_compute_slices",
	      "Compute slices of the GPU, 1 where it is not divisible"),
	GAUGE("pool_slices", UNIT_ONE, "gpu_pool_compute_slices",
	      "Compute slices that no GPU instance has"),
};

static const struct source vgpu_sources[] = {
	GAUGE("framebuffer_size", UNIT_ONE, "vgpu_framebuffer_bytes",
	      "Video memory of the vGPU"),
	GAUGE("framebuffer_used", UNIT_ONE, "vgpu_framebuffer_used_bytes",
	      "Video memory that its guest says it uses"),
	GAUGE("weight", UNIT_ONE, "vgpu_weight",
	      "Share of an engine relative to others under best_effort"),
	GAUGE("cap_percent", UNIT_PERCENT, "vgpu_cap_ratio",
	      "Most that it gets of an engine"),
	GAUGE("frame_rate_limit", UNIT_ONE, "vgpu_frame_rate_limit",
	      "Pictures a second each head may show, 0 without a limit"),
	GAUGE("cap_ceiling_percent", UNIT_PERCENT, "vgpu_cap_ceiling_ratio",
	      "Most that its cap is in force with"),
	GAUGE("frame_rate_ceiling", UNIT_ONE, "vgpu_frame_rate_ceiling",
	      "Pictures a second that its limit is in force with at most, 0 without"),
	GAUGE("last_fault", UNIT_ONE, "vgpu_last_fault_code",
	      "Number of the last fault since it was opened, 0 without one"),
};

/* Of the hardware since the vGPU was opened: they begin at 0 again then. */
static const struct source stat_sources[] = {
	COUNTER("busy_ns", UNIT_NS, "vgpu_engine_busy_seconds",
		"Time its work was executing, since it was opened"),
	COUNTER("resident_ns", UNIT_NS, "vgpu_engine_resident_seconds",
		"Time it held an engine, since it was opened"),
	COUNTER("wait_ns", UNIT_NS, "vgpu_sched_wait_seconds",
		"Time it had work and held no engine, since it was opened"),
	COUNTER("slices", UNIT_ONE, "vgpu_timeslices", "Time slices begun"),
	COUNTER("preemptions", UNIT_ONE, "vgpu_preemptions",
		"Time slices that ended before it was out of work"),
	COUNTER("overrun_ns", UNIT_NS, "vgpu_overrun_seconds",
		"Time its runs lasted beyond their quanta"),
	COUNTER("idle_ns", UNIT_NS, "vgpu_reserved_idle_seconds",
		"Time of its share that it left unused and nobody else got"),
	COUNTER("switches", UNIT_ONE, "vgpu_switches",
		"Times it was switched in, since it was opened"),
	COUNTER("switch_ns", UNIT_NS, "vgpu_switch_seconds",
		"Time its switches took, since it was opened"),
	COUNTER("faults", UNIT_ONE, "vgpu_faults",
		"Faults: what the host had to do to it by itself"),
	COUNTER("resets", UNIT_ONE, "vgpu_resets",
		"Resets asked for by guest or VMM"),
	COUNTER("violations", UNIT_ONE, "vgpu_violations",
		"Accesses outside its partition that the hardware refused"),
	COUNTER("bad_accesses", UNIT_ONE, "vgpu_bad_accesses",
		"Accesses to registers that made no sense"),
	COUNTER("interrupts", UNIT_ONE, "vgpu_interrupts",
		"Interrupts raised for the guest"),
	COUNTER("packets", UNIT_ONE, "vgpu_packets",
		"Packets of work executed, since it was opened"),
	COUNTER("bytes_read", UNIT_ONE, "vgpu_memory_read_bytes",
		"Bytes its engines read, since it was opened"),
	COUNTER("bytes_written", UNIT_ONE, "vgpu_memory_written_bytes",
		"Bytes its engines wrote, since it was opened"),
	GAUGE("dma_pinned_bytes", UNIT_ONE, "vgpu_dma_pinned_bytes",
	      "Guest memory locked for the GPU"),
};

static const char *const gpu_states[] = { "up", "reset", "going", "dead", NULL };
static const char *const vgpu_states[] = {
	"closed", "idle", "runnable", "running", "frozen", "faulted", "offline",
	"dead", NULL
};

/* --------------------------------------------------------------- attributes */

/* Attributes of one object. */
struct attributes {
	struct ovgpu_attribute **list;
	size_t count;
};

static const char *text_of(const struct attributes *attributes, const char *name)
{
	size_t i;

	for (i = 0; i < attributes->count; i++)
		if (!strcmp(attributes->list[i]->name, name))
			return attributes->list[i]->value;
	return NULL;
}

static bool number_of(const struct attributes *attributes, const char *name,
		      uint64_t *number)
{
	const char *text = text_of(attributes, name);

	return text && !ovgpu_number_parse(text, number);
}

/* What is not there (an older module, gone meanwhile) is empty. */
static struct attributes read_group(const struct cli *cli,
				    enum ovgpu_object object, const char *of,
				    const char *group)
{
	struct attributes attributes = { 0 };

	if (ovgpu_attributes(cli->ovgpu, object, of, group, &attributes.list,
			     &attributes.count))
		memset(&attributes, 0, sizeof(attributes));
	return attributes;
}

/* ------------------------------------------------------------------ metrics */

/* Prometheus itself has a label "instance". The pool is 0. */
static void label_instance(struct metric_sample *sample,
			   struct ovgpu_value instance)
{
	if (instance.known)
		metric_label(sample, "gpu_instance", show_value(instance).text);
}

/* Labels by which a sample is of something; @uuid and @type may be NULL. */
static void label_object(struct metric_sample *sample, const char *gpu,
			 const struct ovgpu_vgpu *vgpu)
{
	metric_label(sample, "gpu", gpu);
	if (vgpu) {
		metric_label(sample, "uuid", vgpu->uuid);
		metric_label(sample, "type", vgpu->type);
		label_instance(sample, vgpu->instance);
	}
}

static void add_sources(struct metrics *metrics,
			const struct attributes *attributes, const char *gpu,
			const struct ovgpu_vgpu *vgpu,
			const struct source *sources, size_t count)
{
	struct metric_sample *sample;
	uint64_t number;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct source *source = &sources[i];

		if (!number_of(attributes, source->attribute, &number))
			continue;
		sample = metrics_add(metrics, source->kind, source->name,
				     source->help);
		label_object(sample, gpu, vgpu);
		switch (source->unit) {
		case UNIT_NS:
			metric_seconds(sample, number);
			break;
		case UNIT_US:
			metric_seconds(sample, number < UINT64_MAX / 1000 ?
				       number * 1000 : UINT64_MAX);
			break;
		case UNIT_PERCENT:
			metric_ratio(sample, number < 1000 ? number : 1000);
			break;
		default:
			metric_number(sample, number);
			break;
		}
	}
}

/* One sample for each state there is, 1 for the one it is in. */
static void add_states(struct metrics *metrics, const char *name,
		       const char *help, const char *gpu,
		       const struct ovgpu_vgpu *vgpu, const char *is,
		       const char *const *states)
{
	struct metric_sample *sample;
	size_t i;

	for (i = 0; is && states[i]; i++) {
		sample = metrics_add(metrics, METRIC_GAUGE, name, help);
		label_object(sample, gpu, vgpu);
		metric_label(sample, "state", states[i]);
		metric_number(sample, !strcmp(is, states[i]));
	}
}

static void add_info(struct metric_sample *sample,
		     const struct attributes *attributes,
		     const char *const *names)
{
	for (; *names; names++)
		metric_label(sample, *names,
			     text_of(attributes, *names) ?: "");
	metric_number(sample, 1);
}

static void add_scheduler(const struct cli *cli, struct metrics *metrics,
			  const char *bdf)
{
	struct ovgpu_sched_gpu *sched;
	struct metric_sample *sample;

	if (ovgpu_sched_gpu_get(cli->ovgpu, bdf, &sched))
		return;
	if (sched->scheduler[0]) {
		sample = metrics_add(metrics, METRIC_GAUGE,
				     "openvgpu_gpu_scheduler_info",
				     "Policy that shares the engines out");
		label_object(sample, bdf, NULL);
		metric_label(sample, "scheduler", sched->scheduler);
		metric_number(sample, 1);
	}
	ovgpu_free(sched);
}

static void add_types(const struct cli *cli, struct metrics *metrics,
		      const char *bdf)
{
	struct metric_sample *sample;
	struct ovgpu_type **types;
	size_t count, i;

	if (ovgpu_type_list(cli->ovgpu, bdf, &types, &count))
		return;
	for (i = 0; i < count; i++) {
		sample = metrics_add(metrics, METRIC_GAUGE,
				     "openvgpu_type_available_instances",
				     "vGPUs of the type that can still be created");
		label_object(sample, bdf, NULL);
		metric_label(sample, "type", types[i]->id);
		metric_number(sample, types[i]->available);
	}
	ovgpu_free(types);
}

static struct metric_sample *add_of_instance(struct metrics *metrics,
					     const struct ovgpu_instance *instance,
					     enum metric_kind kind,
					     const char *name, const char *help)
{
	const struct ovgpu_value id = { true, instance->id };
	struct metric_sample *sample = metrics_add(metrics, kind, name, help);

	metric_label(sample, "gpu", instance->gpu);
	label_instance(sample, id);
	return sample;
}

static void add_instance(struct metrics *metrics,
			 const struct ovgpu_instance *instance)
{
	struct metric_sample *sample;

	sample = add_of_instance(metrics, instance, METRIC_GAUGE,
				 "openvgpu_instance_info", "A GPU instance");
	metric_label(sample, "name", instance->name);
	metric_label(sample, "profile", instance->profile);
	metric_label(sample, "scheduler", instance->scheduler);
	metric_label(sample, "reserved", instance->reserved ? "1" : "0");
	metric_number(sample, 1);
	sample = add_of_instance(metrics, instance, METRIC_GAUGE,
				 "openvgpu_instance_compute_slices",
				 "Compute slices that the GPU instance has");
	metric_number(sample, instance->compute_slices);
	if (instance->framebuffer) {
		sample = add_of_instance(metrics, instance, METRIC_GAUGE,
					 "openvgpu_instance_memory_bytes",
					 "Video memory that the GPU instance has");
		metric_number(sample, instance->framebuffer);
	}
	if (!instance->busy_ns.known)
		return;
	sample = add_of_instance(metrics, instance, METRIC_COUNTER,
				 "openvgpu_instance_busy_seconds_total",
				 "Time that work of the GPU instance was executing");
	metric_seconds(sample, instance->busy_ns.number);
}

/* Of one that is divided, since the others are one queue. */
static void add_queues(const struct cli *cli, struct metrics *metrics,
		       const struct ovgpu_instance *instance)
{
	struct metric_sample *sample;
	struct ovgpu_queue **queues;
	size_t count, i;

	if (ovgpu_queue_list(cli->ovgpu, instance->gpu, instance->id, &queues,
			     &count))
		return;
	for (i = 0; count > 1 && i < count; i++) {
		const struct ovgpu_value id = { true, queues[i]->id };

		sample = add_of_instance(metrics, instance, METRIC_GAUGE,
					 "openvgpu_queue_compute_slices",
					 "Compute slices of a queue of a divided GPU instance");
		metric_label(sample, "queue", show_value(id).text);
		metric_number(sample, queues[i]->compute_slices);
		if (!queues[i]->busy_ns.known)
			continue;
		sample = add_of_instance(metrics, instance, METRIC_COUNTER,
					 "openvgpu_queue_busy_seconds_total",
					 "Time that work of the queue was executing");
		metric_label(sample, "queue", show_value(id).text);
		metric_seconds(sample, queues[i]->busy_ns.number);
	}
	ovgpu_free(queues);
}

static void add_instances(const struct cli *cli, struct metrics *metrics,
			  const char *bdf)
{
	struct ovgpu_instance **instances;
	size_t count, i;

	if (ovgpu_instance_list(cli->ovgpu, bdf, &instances, &count))
		return;
	for (i = 0; i < count; i++) {
		add_instance(metrics, instances[i]);
		add_queues(cli, metrics, instances[i]);
	}
	ovgpu_free(instances);
}

static void add_gpu(const struct cli *cli, struct metrics *metrics,
		    const struct ovgpu_gpu *gpu)
{
	static const char *const info[] = {
		"family", "board", "driver_version", NULL
	};
	struct attributes attributes = read_group(cli, OVGPU_GPU, gpu->bdf,
						  OVGPU_DRIVER);
	char mode[OVGPU_NAME_SIZE];
	struct metric_sample *sample;
	uint64_t total, available;

	ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, gpu->bdf,
			   ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE), mode,
			   sizeof(mode), NULL, 0);
	sample = metrics_add(metrics, METRIC_GAUGE, "openvgpu_gpu_info",
			     "A physical GPU");
	label_object(sample, gpu->bdf, NULL);
	metric_label(sample, "gpu_uuid", gpu->uuid);
	metric_label(sample, "work_mode", mode);
	add_info(sample, &attributes, info);
	add_states(metrics, "openvgpu_gpu_state", "1 for the state the GPU is in",
		   gpu->bdf, NULL, text_of(&attributes, "state"), gpu_states);
	sample = metrics_add(metrics, METRIC_GAUGE, "openvgpu_gpu_vgpus",
			     "vGPUs that exist");
	label_object(sample, gpu->bdf, NULL);
	metric_number(sample, gpu->vgpus);
	add_sources(metrics, &attributes, gpu->bdf, NULL, gpu_sources,
		    sizeof(gpu_sources) / sizeof(gpu_sources[0]));
	if (number_of(&attributes, "framebuffer_total", &total) &&
	    number_of(&attributes, "framebuffer_free", &available) &&
	    available <= total) {
		sample = metrics_add(metrics, METRIC_GAUGE,
				     "openvgpu_gpu_framebuffer_allocated_bytes",
				     "Video memory that vGPUs have");
		label_object(sample, gpu->bdf, NULL);
		metric_number(sample, total - available);
	}
	add_scheduler(cli, metrics, gpu->bdf);
	add_instances(cli, metrics, gpu->bdf);
	add_types(cli, metrics, gpu->bdf);
	ovgpu_free(attributes.list);
}

/*
 * The driver's 32 buckets double in length; every second one from 16 us to 17 s
 * is enough to tell a good night from a bad one, and is 12 series instead of 33.
 */
#define BUCKET_FIRST	4	/* up to 2^14 ns */
#define BUCKET_LAST	24	/* up to 2^34 ns */

static void add_wait_bucket(struct metrics *metrics,
			    const struct ovgpu_vgpu *vgpu, const char *le,
			    uint64_t waits)
{
	struct metric_sample *sample;

	sample = metrics_add(metrics, METRIC_HISTOGRAM,
			     "openvgpu_vgpu_sched_wait_duration_seconds",
			     "How long it waited for an engine, each time");
	sample->suffix = le ? "_bucket" : "_count";
	label_object(sample, vgpu->gpu, vgpu);
	if (le)
		metric_label(sample, "le", le);
	metric_number(sample, waits);
}

static void add_wait_sum(struct metrics *metrics, const struct ovgpu_vgpu *vgpu,
			 const struct ovgpu_sched_vgpu *sched)
{
	struct ovgpu_value ns = ovgpu_sched_vgpu_counter(sched, OVGPU_WAIT_SUM_NS);
	struct metric_sample *sample;

	if (!ns.known)
		return;
	sample = metrics_add(metrics, METRIC_HISTOGRAM,
			     "openvgpu_vgpu_sched_wait_duration_seconds",
			     "How long it waited for an engine, each time");
	sample->suffix = "_sum";
	label_object(sample, vgpu->gpu, vgpu);
	metric_seconds(sample, ns.number);
}

static void add_lag(struct metrics *metrics, const struct ovgpu_vgpu *vgpu,
		    const struct ovgpu_sched_vgpu *sched)
{
	struct metric_sample *sample;

	if (!sched->lag_known)
		return;
	sample = metrics_add(metrics, METRIC_GAUGE, "openvgpu_vgpu_lag_seconds",
			     "Time of an engine that it is owed, negative if it owes");
	label_object(sample, vgpu->gpu, vgpu);
	metric_signed_seconds(sample, sched->lag_ns);
}

static void add_waits(const struct cli *cli, struct metrics *metrics,
		      const struct ovgpu_vgpu *vgpu)
{
	struct ovgpu_sched_vgpu *sched;
	const uint64_t *waits;
	uint64_t sum = 0;
	char le[32];
	size_t n, i;

	if (ovgpu_sched_vgpu_get(cli->ovgpu, vgpu->uuid,
				 OVGPU_COUNTER(OVGPU_WAIT_SUM_NS), true, &sched))
		return;
	n = ovgpu_sched_vgpu_waits(sched, &waits);
	for (i = 0; i < n; i++) {
		sum += waits[i];
		if (i < BUCKET_FIRST || i > BUCKET_LAST || i % 2)
			continue;
		snprintf(le, sizeof(le), "%.9g", (1024ULL << i) / 1e9);
		add_wait_bucket(metrics, vgpu, le, sum);
	}
	if (n) {
		add_wait_bucket(metrics, vgpu, "+Inf", sum);
		add_wait_bucket(metrics, vgpu, NULL, sum);
		add_wait_sum(metrics, vgpu, sched);
	}
	add_lag(metrics, vgpu, sched);
	ovgpu_free(sched);
}

static void add_vgpu(const struct cli *cli, struct metrics *metrics,
		     const struct ovgpu_vgpu *vgpu)
{
	struct attributes attributes = read_group(cli, OVGPU_VGPU, vgpu->uuid,
						  OVGPU_DRIVER);
	struct attributes stats = read_group(cli, OVGPU_VGPU, vgpu->uuid,
					     "stats");
	struct metric_sample *sample;
	struct ovgpu_vgpu *still;
	struct ovgpu_vm *vm;
	char pid[16] = "";

	/* Gone while it was read: what was read is half of it. */
	if (ovgpu_vgpu_get(cli->ovgpu, vgpu->uuid, &still)) {
		ovgpu_free(attributes.list);
		ovgpu_free(stats.list);
		return;
	}
	ovgpu_free(still);
	sample = metrics_add(metrics, METRIC_GAUGE, "openvgpu_vgpu_info",
			     "A vGPU; who has it open, driver of its guest, whose it is");
	label_object(sample, vgpu->gpu, vgpu);
	metric_label(sample, "name", vgpu->type_name);
	if (vgpu->owner_pid)
		snprintf(pid, sizeof(pid), "%d", vgpu->owner_pid);
	metric_label(sample, "pid", pid);
	metric_label(sample, "process", vgpu->owner_name);
	metric_label(sample, "guest_driver", vgpu->guest_driver);
	metric_label(sample, "guest_verdict", vgpu->guest_verdict);
	ovgpu_vm_get(cli->ovgpu, vgpu, &vm);
	metric_label(sample, "vm", vm ? vm->name : "");
	metric_label(sample, "vm_uuid", vm ? vm->uuid : "");
	metric_label(sample, "tenant", vgpu->tenant);
	metric_label(sample, "notice", vgpu->notice);
	ovgpu_free(vm);
	metric_number(sample, 1);
	add_states(metrics, "openvgpu_vgpu_state",
		   "1 for the state the vGPU is in", vgpu->gpu, vgpu,
		   vgpu->state[0] ? vgpu->state : NULL, vgpu_states);
	add_sources(metrics, &attributes, vgpu->gpu, vgpu, vgpu_sources,
		    sizeof(vgpu_sources) / sizeof(vgpu_sources[0]));
	add_sources(metrics, &stats, vgpu->gpu, vgpu, stat_sources,
		    sizeof(stat_sources) / sizeof(stat_sources[0]));
	add_waits(cli, metrics, vgpu);
	ovgpu_free(attributes.list);
	ovgpu_free(stats.list);
}

static int add_handed_over(const struct cli *cli, struct metrics *metrics)
{
	struct ovgpu_device **devices;
	struct metric_sample *sample;
	size_t count, i;
	int err;

	err = ovgpu_device_list(cli->ovgpu, &devices, &count);
	if (err)
		return err;
	for (i = 0; i < count; i++) {
		if (!devices[i]->handed_over)
			continue;
		sample = metrics_add(metrics, METRIC_GAUGE,
				     "openvgpu_gpu_handed_over_info",
				     "A GPU that another driver has for a while");
		label_object(sample, devices[i]->bdf, NULL);
		metric_label(sample, "driver", devices[i]->driver);
		metric_number(sample, 1);
	}
	ovgpu_free(devices);
	return 0;
}

static int collect(const struct cli *cli, struct metrics *metrics)
{
	struct metric_sample *sample;
	struct ovgpu_vgpu **vgpus;
	struct ovgpu_gpu **gpus;
	size_t count, i;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return err;
	/* Says that there is nothing, where there is nothing. */
	sample = metrics_add(metrics, METRIC_GAUGE, "openvgpu_gpus",
			     "GPUs bound to the driver openvgpu");
	metric_number(sample, count);
	for (i = 0; i < count; i++)
		add_gpu(cli, metrics, gpus[i]);
	ovgpu_free(gpus);
	err = add_handed_over(cli, metrics);
	if (!err)
		err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return err;
	for (i = 0; i < count; i++)
		add_vgpu(cli, metrics, vgpus[i]);
	ovgpu_free(vgpus);
	return 0;
}

/* ------------------------------------------------------------------- output */

/* What is to be written, and how. */
struct output {
	const struct metrics *metrics;
	bool json;
};

static int print(const void *what, FILE *stream)
{
	const struct output *output = what;
	struct json_object *object;

	if (!output->json)
		return metrics_write(output->metrics, stream);
	object = json_start();
	json_set(object, "metrics", metrics_json(output->metrics));
	json_write(object, stream);
	return ferror(stream) ? -1 : 0;
}

/**
 * command_metrics - print metrics, or write them to a file
 * @cli: the run
 *
 * Return: exit status; no GPU at all is no failure.
 */
enum cli_exit command_metrics(struct cli *cli)
{
	struct metrics metrics = { 0 };
	const struct output output = { &metrics, cli->json };
	enum cli_exit code = CLI_OK;
	int err;

	err = collect(cli, &metrics);
	if (err)
		code = cli_fail_errno(cli, err, "look at the GPUs");
	else if (cli->output)
		code = cli_write_file(cli, cli->output, print, &output);
	else
		print(&output, stdout);
	metrics_free(&metrics);
	return code;
}
