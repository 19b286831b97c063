// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch_log.c - the GPU's log of switches, see switch_log.h
 */
#include "switch_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness.h"

#define DEBUGFS		"/sys/kernel/debug"
#define KEPT		256	/* by the kernel */

static FILE *open_log(void)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), DEBUGFS "/openvgpu/%s/switches", host_gpu());
	if (access(DEBUGFS "/openvgpu", F_OK))
		mount("none", DEBUGFS, "debugfs", 0, NULL);
	file = fopen(path, "re");
	CHECK(file, "%s: %m", path);
	return file;
}

static bool parse(const char *line, struct switch_entry *entry)
{
	char partition[16];

	memset(entry, 0, sizeof(*entry));
	if (sscanf(line, "%lu %u %15s %36s %15s %lu %lu %lu %lu", &entry->time,
		   &entry->instance, partition, entry->uuid, entry->reason,
		   &entry->quantum, &entry->run, &entry->cost,
		   &entry->wait) != 9)
		return false;
	entry->partition = partition[0] == '-' ? -1 : atoi(partition);
	return true;
}

/* Reads all the kernel has. */
static unsigned int read_all(struct switch_entry entry[KEPT])
{
	FILE *file = open_log();
	unsigned int count = 0;
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		CHECK(count < KEPT, "the log of switches has more than %d lines",
		      KEPT);
		CHECK(parse(line, &entry[count]),
		      "a line of the log of switches: %s", line);
		count++;
	}
	fclose(file);
	return count;
}

static bool same(const struct switch_entry *a, const struct switch_entry *b)
{
	return a->time == b->time && a->instance == b->instance &&
	       a->partition == b->partition &&
	       a->run == b->run && a->wait == b->wait;
}

static void append(struct switch_log *log, const struct switch_entry *entry)
{
	if (log->count == log->space) {
		log->space = log->space ? 2 * log->space : 1024;
		log->entry = realloc(log->entry,
				     log->space * sizeof(*log->entry));
		CHECK(log->entry, "no memory for %zu switches", log->space);
	}
	log->entry[log->count++] = *entry;
}

/**
 * switch_log_begin - follow the log from now on
 * @log: receives the entries
 */
void switch_log_begin(struct switch_log *log)
{
	struct switch_entry entry[KEPT];
	unsigned int count = read_all(entry);

	memset(log, 0, sizeof(*log));
	if (count)
		log->last = entry[count - 1];
}

/**
 * switch_log_read - append what is new
 * @log: begun
 */
void switch_log_read(struct switch_log *log)
{
	struct switch_entry entry[KEPT];
	unsigned int count = read_all(entry), next;

	for (next = count; next && !same(&entry[next - 1], &log->last); next--)
		;
	if (!next && log->last.time)
		log->gap = true;
	for (; next < count; next++)
		append(log, &entry[next]);
	if (count)
		log->last = entry[count - 1];
}

/**
 * switch_log_print - show a stretch of it, for a test that failed
 * @log: begun
 * @from: first entry
 * @to: one after the last; it may be more than there are
 */
void switch_log_print(const struct switch_log *log, size_t from, size_t to)
{
	size_t k;

	printf("# time us, vGPU, end, quantum us, run us, cost us, wait us\n");
	for (k = from; k < to && k < log->count; k++) {
		const struct switch_entry *entry = &log->entry[k];

		printf("# %" PRIu64 " %.8s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		       entry->time / 1000, entry->uuid, entry->reason,
		       entry->quantum / 1000, entry->run / 1000, entry->cost / 1000,
		       entry->wait / 1000);
	}
	/* A test that fails ends without that. */
	fflush(stdout);
}

/**
 * switch_log_end - forget all of it
 * @log: begun
 */
void switch_log_end(struct switch_log *log)
{
	free(log->entry);
	memset(log, 0, sizeof(*log));
}
