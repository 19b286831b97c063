// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - the device's state as JSON, for people and tests
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "device/device.h"
#include "device/engine.h"
#include "device/partition.h"
#include "device/state.h"

static void put_counters(FILE *out, const struct counters *c)
{
	const struct {
		const char *name;
		u64 value;
	} fields[] = {
		{ "busy_ns", c->busy_ns },
		{ "resident_ns", c->resident_ns },
		{ "wait_ns", c->wait_ns },
		{ "switches", c->switches },
		{ "switch_ns", c->switch_ns },
		{ "preempt_max_ns", c->preempt_max_ns },
		{ "packets", c->packets },
		{ "doorbells", c->doorbells },
		{ "fences", c->fences },
		{ "items", c->items },
		{ "instructions", c->instructions },
		{ "bytes_read", c->bytes_read },
		{ "bytes_written", c->bytes_written },
		{ "faults", c->faults },
		{ "interrupts", c->interrupts },
		{ "vblanks", c->vblanks },
		{ "flips", c->flips },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		fprintf(out, ",\"%s\":%" PRIu64, fields[i].name, fields[i].value);
}

static void put_partition(FILE *out, struct partition *p)
{
	unsigned int r, h;

	fprintf(out, "{\"partition\":%u,\"enabled\":%s,\"frozen\":%s,\"resident\":%s,"
		"\"pending\":%s,\"hung\":%s,\"saved_bytes\":%" PRIu64
		",\"vram_base\":%" PRIu64 ",\"vram_limit\":%" PRIu64
		",\"sysmem_pages\":%" PRIu64,
		p->number,
		p->control & REFGPU_PARTITION_ENABLE ? "true" : "false",
		p->control & REFGPU_PARTITION_FREEZE ? "true" : "false",
		p->engine ? "true" : "false", p->pending ? "true" : "false",
		p->hang ? "true" : "false", p->image.size, p->vram_base, p->vram_limit,
		p->sysmem_pages);
	put_counters(out, &p->counters);
	fputs(",\"rings\":[", out);
	for (r = 0; r < REFGPU_RINGS; r++) {
		const struct ring *ring = &p->user.ring[r];

		fprintf(out, "%s{\"status\":%d,\"put\":%" PRIu64 ",\"get\":%" PRIu64
			",\"fence\":%" PRIu64 ",\"error\":%" PRIu64 "}", r ? "," : "",
			(int)ring_status(p, r), ring->put, ring->get, ring->fence,
			ring->error);
	}
	fputs("],\"heads\":[", out);
	for (h = 0; h < p->heads; h++) {
		const struct head *head = &p->user.head[h];

		fprintf(out, "%s{\"status\":%" PRIu64 ",\"width\":%" PRIu64
			",\"height\":%" PRIu64 ",\"base\":%" PRIu64 ",\"vblanks\":%" PRIu64
			",\"edid_bytes\":%" PRIu64 "}", h ? "," : "", head->status,
			head->size & 0xffffffff, head->size >> 32, head->base,
			head->vblank_count, head->edid_bytes);
	}
	fputs("]}", out);
}

char *device_stats(struct device *dev)
{
	bool first = true;
	char *text = NULL;
	unsigned int i;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	pthread_mutex_lock(&dev->lock);
	fprintf(out, "{\"time_ns\":%" PRIu64 ",\"removed\":%s,\"resetting\":%s,"
		"\"vram_bytes\":%" PRIu64 ",\"bad_accesses\":%" PRIu64
		",\"events\":%" PRIu64 ",\"faults\":%" PRIu64
		",\"faults_dropped\":%" PRIu64 ",\"resets\":%" PRIu64
		",\"stale_pages\":%u,\"run_controls\":[",
		device_now(dev), atomic_load(&dev->bus.removed) ? "true" : "false",
		dev->resetting ? "true" : "false", dev->vram.size, dev->bad_access,
		dev->event_put, dev->fault_put, dev->fault_dropped, dev->resets,
		dev->stale.pages);
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++) {
		struct engine *e = &dev->engine[i];

		engine_account(e);
		fprintf(out, "%s{\"state\":%d,\"partition\":%d,\"runs\":%" PRIu64
			",\"compute_slices\":%" PRIu64 ",\"memory_slices\":%" PRIu64
			",\"busy_ns\":%" PRIu64 ",\"idle_ns\":%" PRIu64
			",\"shared_memory\":%s}",
			i ? "," : "", (int)e->state,
			e->partition ? (int)e->partition->number : -1, e->sequence,
			e->slices & 0xff, e->slices >> 8 & 0xff,
			e->busy_ns, e->idle_ns,
			e->slices & REFGPU_RC_SLICES_SHARED ? "true" : "false");
	}
	fputs("],\"partitions\":[", out);
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		struct partition *p = &dev->partition[i];

		if (!(p->control & REFGPU_PARTITION_ENABLE) && !p->engine)
			continue;
		if (!first)
			fputc(',', out);
		first = false;
		put_partition(out, p);
	}
	fputs("]}", out);
	pthread_mutex_unlock(&dev->lock);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
