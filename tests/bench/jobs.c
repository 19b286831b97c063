// SPDX-License-Identifier: GPL-2.0-only
/*
 * jobs.c - how long jobs take, through the guests' driver or through VFIO
 *
 * jobs drm|UUID: opens the first GPU or vGPU of refgpu.ko, or a vGPU of this machine,
 * says "ready", and measures once for every line it reads. A job is one item that takes
 * so many microseconds of the GPU's clock; all else is what the way to it costs.
 *
 *	figures LENGTH_US KIND MEAN_NS MEDIAN_NS P99_NS JOBS
 *
 * KIND alone: from submission to this program knowing that it is done, one job at a
 * time, by this machine's clock. The others are from one job's end to the next one's, by
 * the GPU's clock: stream, while this program submits as fast as it is let; full, while
 * they all wait in the GPU's ring already, so that no processor has a part in it. "done"
 * ends a measurement.
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../kernels/kernels.h"
#include "runtime.h"

#define JOBS_MAX	400
#define BATCH		14	/* the driver has 15 jobs in a ring */
#define WARM_UP		20
#define PATIENCE_MS	60000

static const struct {
	unsigned int us, jobs, batches;
} length[] = {
	{ 0, 300, 10 }, { 100, 300, 10 }, { 500, 300, 10 }, { 2000, 200, 6 }, { 20000, 40, 2 },
};

/**
 * struct way - an open GPU, and what is needed to work on it
 * @device: it
 * @ring: the one in use
 * @eventfd: of fences; -1: the driver waits
 * @code: address of the kernel
 * @argument: address of its argument
 * @gate: address of a kernel that runs until it is stopped
 * @gate_argument: address of its argument
 */
struct way {
	struct rt_device *device;
	struct rt_ring ring;
	int eventfd;
	uint64_t code;
	uint64_t argument;
	uint64_t gate;
	uint64_t gate_argument;
};

__attribute__((noreturn))
static void die(const char *what)
{
	printf("jobs: %s: %s\n", what, rt_message());
	exit(1);
}

static void open_way(struct way *way, const char *name)
{
	bool drm = !strcmp(name, "drm");
	struct delay_argument *argument;
	struct spin_argument *gate;

	way->eventfd = -1;
	way->device = drm ? rt_open_drm(NULL) : rt_open_vfio(name, RT_VFIO_GROUP, NULL);
	if (!way->device)
		die("open");
	if (!drm) {
		way->eventfd = eventfd(0, EFD_CLOEXEC);
		if (rt_irq_eventfd(way->device, VFIO_PCI_MSIX_IRQ_INDEX, 0, way->eventfd))
			die("eventfd");
		rt_user_write(way->device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	}
	if (rt_ring_create(way->device, 0, 256, &way->ring) ||
	    rt_kernel_load(way->device, "delay", &way->code) ||
	    rt_kernel_load(way->device, "spin", &way->gate))
		die("set-up");
	way->argument = rt_framebuffer_alloc(way->device, sizeof(*argument), 64);
	argument = rt_framebuffer(way->device, way->argument);
	argument->count = rt_framebuffer_alloc(way->device, 8, 64);
	argument->ends = rt_framebuffer_alloc(way->device, JOBS_MAX * 8, 64);
	way->gate_argument = rt_framebuffer_alloc(way->device, sizeof(*gate), 64);
	gate = rt_framebuffer(way->device, way->gate_argument);
	gate->counters = rt_framebuffer_alloc(way->device, 8, 64);
	gate->stop = rt_framebuffer_alloc(way->device, 8, 64);
}

/* Of the jobs that follow; none is about. */
static void set_length(struct way *way, unsigned int us)
{
	struct delay_argument *argument = rt_framebuffer(way->device, way->argument);

	argument->ns = us * 1000ULL;
	*(volatile uint64_t *)rt_framebuffer(way->device, argument->count) = 0;
}

static void submit_kernel(struct way *way, uint64_t code, uint64_t argument)
{
	static const uint32_t grid[3] = { 1, 1, 1 };
	static const uint16_t group[3] = { 1, 1, 1 };

	if (rt_dispatch(&way->ring, code, argument, grid, group, 0) ||
	    rt_ring_fence(&way->ring, way->eventfd < 0 ? 0 : REFGPU_FENCE_INTERRUPT))
		die("submit");
}

static void submit(struct way *way)
{
	submit_kernel(way, way->code, way->argument);
}

static void finish(struct way *way)
{
	if (way->eventfd < 0 ?
	    rt_ring_wait(&way->ring, way->ring.fence, PATIENCE_MS) :
	    rt_ring_wait_event(&way->ring, way->ring.fence, way->eventfd, PATIENCE_MS))
		die("wait");
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void report(unsigned int us, const char *kind, uint64_t *ns, unsigned int count)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		sum += ns[i];
	qsort(ns, count, sizeof(*ns), by_value);
	printf("figures %u %s %llu %llu %llu %u\n", us, kind,
	       (unsigned long long)sum / count, (unsigned long long)ns[count / 2],
	       (unsigned long long)ns[count * 99 / 100], count);
}

/* Times between the ends of @jobs jobs, all of a length that was set; returns how many. */
static unsigned int gaps(struct way *way, unsigned int jobs, uint64_t *ns)
{
	const struct delay_argument *argument = rt_framebuffer(way->device, way->argument);
	const volatile uint64_t *ends = rt_framebuffer(way->device, argument->ends);
	unsigned int i;

	for (i = 0; i < jobs - 1; i++)
		ns[i] = ends[i + 1] - ends[i];
	return jobs - 1;
}

static unsigned int measure_full(struct way *way, unsigned int us, uint64_t *ns)
{
	const struct spin_argument *gate = rt_framebuffer(way->device, way->gate_argument);
	volatile uint32_t *stop = rt_framebuffer(way->device, gate->stop);
	unsigned int i;

	set_length(way, us);
	*stop = 0;
	submit_kernel(way, way->gate, way->gate_argument);
	for (i = 0; i < BATCH; i++)
		submit(way);
	/* The driver's scheduler puts them into the ring in its own time. */
	usleep(50000);
	*stop = 1;
	finish(way);
	return gaps(way, BATCH, ns);
}

static void measure(struct way *way, unsigned int us, unsigned int jobs, unsigned int batches)
{
	uint64_t ns[JOBS_MAX], begin;
	unsigned int i, count = 0;

	set_length(way, us);
	for (i = 0; i < WARM_UP; i++)
		submit(way);
	finish(way);

	set_length(way, us);
	for (i = 0; i < jobs; i++) {
		begin = rt_now_ns();
		submit(way);
		finish(way);
		ns[i] = rt_now_ns() - begin;
	}
	report(us, "alone", ns, jobs);

	set_length(way, us);
	for (i = 0; i < jobs; i++)
		submit(way);
	finish(way);
	report(us, "stream", ns, gaps(way, jobs, ns));

	for (i = 0; i < batches; i++)
		count += measure_full(way, us, ns + count);
	report(us, "full", ns, count);
}

int main(int argc, char **argv)
{
	char line[64];
	struct way way;
	unsigned int i;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: jobs drm|UUID\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_way(&way, argv[1]);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin) && strncmp(line, "end", 3)) {
		for (i = 0; i < sizeof(length) / sizeof(*length); i++)
			measure(&way, length[i].us, length[i].jobs, length[i].batches);
		printf("done\n");
	}
	rt_close(way.device);
	return 0;
}
