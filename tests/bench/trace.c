// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - what the scheduler did while an administrator changed his mind
 *
 * trace FILE: runs inside the host machine. Three vGPUs with endless work,
 * a change every two seconds; writes the log of all switches to FILE, in the
 * format of debugfs, for tests/sim/plot-shares.
 */
#include <stdio.h>

#include "load.h"
#include "switch_log.h"

#define MS	1000000UL
#define VGPUS	3

static struct load load;
static struct switch_log switches;

/* Two seconds of the GPU's clock, and their switches. */
static void go_on(void)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		clock_wait(&load.vgpu[0], 100 * MS);
		switch_log_read(&switches);
		CHECK(!switches.gap, "the log of switches was not read in time");
	}
}

static void make(void)
{
	unsigned int i;

	load.count = VGPUS;
	for (i = 0; i < VGPUS; i++) {
		struct vgpu *vgpu = &load.vgpu[i];

		/* Names that can be told apart in a picture. */
		memset(vgpu->uuid, 'a' + (int)i, UUID_LENGTH);
		vgpu->uuid[8] = '-';
		vgpu->uuid[13] = '-';
		vgpu->uuid[18] = '-';
		vgpu->uuid[23] = '-';
		OK(host_create("256mq", vgpu->uuid));
		vgpu_open(vgpu);
		OK(rt_ring_create(vgpu->device, 0, 64, &load.ring[i]));
	}
}

int main(int argc, char **argv)
{
	FILE *file;
	size_t k;

	if (argc != 2 || !strcmp(argv[1], "--help")) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}
	if (host_init()) {
		fprintf(stderr, "%s\n", rt_message());
		return 1;
	}
	scheduler_defaults();
	/* Long beside what a switch costs on an emulated machine. */
	gpu_set("sched_hz", "100");
	make();
	load_start(&load);
	switch_log_begin(&switches);
	go_on();
	vgpu_set(&load.vgpu[0], "weight", 300);
	go_on();
	vgpu_set(&load.vgpu[0], "cap_percent", 20);
	go_on();
	gpu_set("scheduler", "equal_share");
	go_on();
	gpu_set("scheduler", "fixed_share");
	go_on();
	load_stop(&load);

	file = fopen(argv[1], "we");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	fprintf(file, "# TIME_NS RUNQUEUE PARTITION UUID REASON QUANTUM_NS RUN_NS SWITCH_NS WAIT_NS\n");
	for (k = 0; k < switches.count; k++) {
		const struct switch_entry *entry = &switches.entry[k];

		fprintf(file, "%lu 0 %d %s %s %lu %lu %lu %lu\n", entry->time,
			entry->partition, entry->uuid, entry->reason,
			entry->quantum, entry->run, entry->cost, entry->wait);
	}
	if (fclose(file)) {
		perror(argv[1]);
		return 1;
	}
	printf("%zu switches\n", switches.count);
	load_remove(&load);
	scheduler_defaults();
	return 0;
}
