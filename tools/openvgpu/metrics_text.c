// SPDX-License-Identifier: GPL-2.0-only
/*
 * metrics_text.c - metrics in Prometheus' text format, or as JSON
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics_text.h"

static const char *const kind_names[] = {
	[METRIC_GAUGE] = "gauge",
	[METRIC_COUNTER] = "counter",
	[METRIC_HISTOGRAM] = "histogram",
};

static void *grow(void *list, size_t count, size_t size)
{
	char *more = reallocarray(list, count + 1, size);

	if (!more)
		errx(CLI_FAILURE, "out of memory");
	memset(more + count * size, 0, size);
	return more;
}

/**
 * metrics_add - add a sample to a metric
 * @metrics: all metrics
 * @kind: of the metric
 * @name: of the metric, a constant
 * @help: of the metric, a constant
 *
 * Return: the sample, without labels and value; valid until the next call.
 */
struct metric_sample *metrics_add(struct metrics *metrics,
				  enum metric_kind kind, const char *name,
				  const char *help)
{
	struct metric_sample *sample;
	struct metric *metric;
	size_t i;

	for (i = 0; i < metrics->count; i++)
		if (!strcmp(metrics->list[i].name, name))
			break;
	if (i == metrics->count) {
		metrics->list = grow(metrics->list, i, sizeof(*metric));
		metrics->count++;
		metrics->list[i].name = name;
		metrics->list[i].help = help;
		metrics->list[i].kind = kind;
	}
	metric = &metrics->list[i];
	metric->samples = grow(metric->samples, metric->count,
			       sizeof(*metric->samples));
	sample = &metric->samples[metric->count++];
	sample->suffix = "";
	strcpy(sample->value, "0");
	return sample;
}

/**
 * metric_label - add a label to a sample
 * @sample: the sample
 * @name: of the label, a constant
 * @value: anything
 */
void metric_label(struct metric_sample *sample, const char *name,
		  const char *value)
{
	struct metric_label *label = &sample->labels[sample->label_count];

	if (sample->label_count == METRIC_LABELS)
		errx(CLI_FAILURE, "too many labels");
	label->name = name;
	label->value = strdup(value);
	if (!label->value)
		errx(CLI_FAILURE, "out of memory");
	sample->label_count++;
}

/**
 * metric_number - give a sample its value
 * @sample: the sample
 * @number: value
 */
void metric_number(struct metric_sample *sample, uint64_t number)
{
	snprintf(sample->value, sizeof(sample->value), "%llu",
		 (unsigned long long)number);
}

/**
 * metric_seconds - give a sample its value, a time
 * @sample: the sample
 * @ns: nanoseconds
 */
void metric_seconds(struct metric_sample *sample, uint64_t ns)
{
	snprintf(sample->value, sizeof(sample->value), "%llu.%09llu",
		 (unsigned long long)(ns / 1000000000),
		 (unsigned long long)(ns % 1000000000));
}

/**
 * metric_signed_seconds - give a sample its value, a difference of times
 * @sample: the sample
 * @ns: nanoseconds
 */
void metric_signed_seconds(struct metric_sample *sample, int64_t ns)
{
	uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	snprintf(sample->value, sizeof(sample->value), "%s%llu.%09llu",
		 ns < 0 ? "-" : "", (unsigned long long)(size / 1000000000),
		 (unsigned long long)(size % 1000000000));
}

/**
 * metric_ratio - give a sample its value, a part of a whole
 * @sample: the sample
 * @percent: percent
 */
void metric_ratio(struct metric_sample *sample, unsigned int percent)
{
	snprintf(sample->value, sizeof(sample->value), "%u.%02u",
		 percent / 100, percent % 100);
}

/*
 * Backslash, quote and newline have escapes in the format. Whatever is not
 * printable ASCII becomes "?": a label has to be UTF-8, and the output may go
 * to a terminal.
 */
static void write_label(const struct metric_label *label, FILE *stream)
{
	const char *at;

	fprintf(stream, "%s=\"", label->name);
	for (at = label->value; *at; at++) {
		unsigned char c = *at;

		if (c == '\n')
			fputs("\\n", stream);
		else if (c == '\\' || c == '"')
			fprintf(stream, "\\%c", c);
		else
			putc(c >= 0x20 && c < 0x7f ? c : '?', stream);
	}
	putc('"', stream);
}

/**
 * metrics_write - write metrics in the text format, version 0.0.4
 * @metrics: metrics
 * @stream: where to
 *
 * Return: 0, or -1 when writing failed.
 */
int metrics_write(const struct metrics *metrics, FILE *stream)
{
	size_t i, j;
	unsigned int n;

	for (i = 0; i < metrics->count; i++) {
		const struct metric *metric = &metrics->list[i];

		fprintf(stream, "# HELP %s %s\n# TYPE %s %s\n", metric->name,
			metric->help, metric->name, kind_names[metric->kind]);
		for (j = 0; j < metric->count; j++) {
			const struct metric_sample *sample = &metric->samples[j];

			fprintf(stream, "%s%s", metric->name, sample->suffix);
			for (n = 0; n < sample->label_count; n++) {
				putc(n ? ',' : '{', stream);
				write_label(&sample->labels[n], stream);
			}
			fprintf(stream, "%s %s\n", n ? "}" : "", sample->value);
		}
	}
	return ferror(stream) ? -1 : 0;
}

static struct json_object *sample_json(const struct metric *metric,
				       const struct metric_sample *sample)
{
	struct json_object *object = json_object_new_object();
	struct json_object *labels = json_object_new_object();
	char name[128];
	unsigned int i;

	snprintf(name, sizeof(name), "%s%s", metric->name, sample->suffix);
	json_set_text(object, "name", name);
	for (i = 0; i < sample->label_count; i++)
		json_set_text(labels, sample->labels[i].name,
			      sample->labels[i].value);
	json_set(object, "labels", labels);
	json_set(object, "value",
		 json_object_new_double_s(strtod(sample->value, NULL),
					  sample->value));
	return object;
}

/**
 * metrics_json - metrics as JSON
 * @metrics: metrics
 *
 * Return: an array of objects, one a metric.
 */
struct json_object *metrics_json(const struct metrics *metrics)
{
	struct json_object *array = json_object_new_array();
	size_t i, j;

	for (i = 0; i < metrics->count; i++) {
		const struct metric *metric = &metrics->list[i];
		struct json_object *object = json_object_new_object();
		struct json_object *samples = json_object_new_array();

		json_set_text(object, "metric", metric->name);
		json_set_text(object, "type", kind_names[metric->kind]);
		json_set_text(object, "help", metric->help);
		for (j = 0; j < metric->count; j++)
			json_object_array_add(samples,
					      sample_json(metric,
							  &metric->samples[j]));
		json_set(object, "samples", samples);
		json_object_array_add(array, object);
	}
	return array;
}

/**
 * metrics_free - give metrics back
 * @metrics: metrics; empty after
 */
void metrics_free(struct metrics *metrics)
{
	size_t i, j;
	unsigned int n;

	for (i = 0; i < metrics->count; i++) {
		struct metric *metric = &metrics->list[i];

		for (j = 0; j < metric->count; j++)
			for (n = 0; n < metric->samples[j].label_count; n++)
				free(metric->samples[j].labels[n].value);
		free(metric->samples);
	}
	free(metrics->list);
	memset(metrics, 0, sizeof(*metrics));
}
