/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metrics_text.h - metrics in Prometheus' text format, or as JSON
 *
 * The format wants all samples of a metric together, below its help and type,
 * while GPUs and vGPUs are looked at one after another: so metrics are
 * collected first and written at the end.
 */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#define METRIC_LABELS	14	/* most of a sample */
#define METRIC_VALUE	48	/* characters of a value, with the NUL */

enum metric_kind {
	METRIC_GAUGE,
	METRIC_COUNTER,
	METRIC_HISTOGRAM,
};

/**
 * struct metric_label - a label of a sample
 * @name: constant
 * @value: text from anywhere, its own copy
 */
struct metric_label {
	const char *name;
	char *value;
};

/**
 * struct metric_sample - one value
 * @suffix: behind the metric's name, constant; "" but in histograms
 * @labels: what it is of
 * @label_count: their number
 * @value: the number as text, so that none of its digits is lost
 */
struct metric_sample {
	const char *suffix;
	struct metric_label labels[METRIC_LABELS];
	unsigned int label_count;
	char value[METRIC_VALUE];
};

/**
 * struct metric - one metric
 * @name: constant
 * @help: one line, constant
 * @kind: what kind
 * @samples: its samples
 * @count: their number
 */
struct metric {
	const char *name;
	const char *help;
	enum metric_kind kind;
	struct metric_sample *samples;
	size_t count;
};

/**
 * struct metrics - all of them
 * @list: in the order in which they were first added to
 * @count: their number
 */
struct metrics {
	struct metric *list;
	size_t count;
};

struct metric_sample *metrics_add(struct metrics *metrics,
				  enum metric_kind kind, const char *name,
				  const char *help);
void metric_label(struct metric_sample *sample, const char *name,
		  const char *value);
void metric_number(struct metric_sample *sample, uint64_t number);
void metric_seconds(struct metric_sample *sample, uint64_t ns);
void metric_signed_seconds(struct metric_sample *sample, int64_t ns);
void metric_ratio(struct metric_sample *sample, unsigned int percent);
int metrics_write(const struct metrics *metrics, FILE *stream);
struct json_object *metrics_json(const struct metrics *metrics);
void metrics_free(struct metrics *metrics);

#endif /* METRICS_TEXT_H */
