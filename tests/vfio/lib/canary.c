// SPDX-License-Identifier: GPL-2.0-only
/*
 * canary.c - does a GPU write to guest memory that was given back? See canary.h
 *
 * A probe of the kernel notes when vfio_unpin_pages() is called: from then on
 * the memory may be anybody's. A pattern that was put there after that time and
 * does not stay whole was written over by a GPU that ought not to. This needs no
 * luck: neither how soon the thread looks nor how late matters, as long as it
 * looks once.
 */
#include "canary.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "host.h"
#include "memory.h"
#include "vgpu.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/openvgpu_canary"
#define EVENT		"openvgpu_unpin"
#define EVENT_ENABLE	INSTANCE "/events/kprobes/" EVENT "/enable"
/* The kernel shows its clock in microseconds. */
#define CLOCK_STEP_NS	1000

/* ------------------------------------------------ when memory is given back */

static void probe_end(void)
{
	host_write(EVENT_ENABLE, "0");
	rmdir(INSTANCE);
	host_write(TRACING "/kprobe_events", "-:" EVENT);
}

static void probe_begin(void)
{
	if (access(TRACING "/kprobe_events", W_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "/kprobe_events", W_OK))
		harness_skip("this kernel has no kprobe_events");
	/* A test that failed may have left it. */
	probe_end();
	OK(host_write(TRACING "/kprobe_events", "p:" EVENT " vfio_unpin_pages"));
	CHECK(!mkdir(INSTANCE, 0700), "%s: %s", INSTANCE, strerror(errno));
	OK(host_write(INSTANCE "/trace_clock", "mono"));
	OK(host_write(EVENT_ENABLE, "1"));
}

/* Time of the first vfio_unpin_pages() since probe_begin(), 0: none yet. */
static uint64_t unpinned_ns(void)
{
	unsigned long long seconds, microseconds;
	uint64_t time_ns = 0;
	char line[512], *at;
	FILE *file = fopen(INSTANCE "/trace", "re");

	CHECK(file, "%s/trace: %s", INSTANCE, strerror(errno));
	while (!time_ns && fgets(line, sizeof(line), file)) {
		at = strstr(line, ": " EVENT ":");
		if (!at)
			continue;
		*at = 0;
		at = strrchr(line, ' ');
		CHECK(at && sscanf(at, "%llu.%6llu", &seconds, &microseconds) == 2,
		      "a trace line without time: '%s'", line);
		time_ns = seconds * 1000000000ULL + microseconds * 1000;
	}
	fclose(file);
	return time_ns;
}

/* --------------------------------------------------------------- the canary */

static void *watch(void *data)
{
	struct canary *canary = data;
	uint64_t planted_ns = rt_now_ns();
	uint32_t seed = 0;

	fill_words(canary->memory, canary->bytes, seed);
	while (!canary->stop) {
		if (differing_word(canary->memory, canary->bytes, seed) >= 0) {
			canary->last_ns = planted_ns;
			canary->broken++;
			planted_ns = rt_now_ns();
			fill_words(canary->memory, canary->bytes, ++seed);
		}
		usleep(10);
	}
	return NULL;
}

/**
 * canary_begin - watch memory, and when it is given back
 * @canary: receives it
 * @memory: of the guest, shown to a vGPU; nobody else in the machine gives guest
 *	    memory back until canary_end()
 * @bytes: of it
 *
 * Skips the test where the kernel can't say when it is given back.
 */
void canary_begin(struct canary *canary, void *memory, size_t bytes)
{
	probe_begin();
	memset(canary, 0, sizeof(*canary));
	canary->memory = memory;
	canary->bytes = bytes;
	CHECK(!pthread_create(&canary->thread, NULL, watch, canary),
	      "pthread_create");
}

/**
 * canary_wait_broken - the GPU must write to the memory, soon
 * @canary: canary_begin()
 */
void canary_wait_broken(struct canary *canary)
{
	uint64_t end = rt_now_ns() + 5 * second();

	while (canary->broken < 3) {
		CHECK(rt_now_ns() < end, "the GPU writes nothing");
		usleep(1000);
	}
}

/**
 * canary_wait_unpinned - the memory must be given back, soon
 * @when: after what, for the message
 *
 * Return: when it was, nanoseconds of rt_now_ns().
 */
uint64_t canary_wait_unpinned(const char *when)
{
	uint64_t end = rt_now_ns() + 20 * second(), time_ns;

	while (!(time_ns = unpinned_ns())) {
		CHECK(rt_now_ns() < end, "the memory is not given back after %s",
		      when);
		usleep(10000);
	}
	return time_ns;
}

/**
 * canary_end - the memory must have been whole since it was given back
 * @canary: canary_begin()
 * @when: after what, for the message
 *
 * Looks for some more time.
 */
void canary_end(struct canary *canary, const char *when)
{
	uint64_t time_ns = canary_wait_unpinned(when);

	usleep(300000);
	canary->stop = true;
	pthread_join(canary->thread, NULL);
	probe_end();
	CHECK(canary->last_ns <= time_ns + CLOCK_STEP_NS,
	      "%s: the GPU wrote to the memory, %llu us or more after it was given back",
	      when, (unsigned long long)(canary->last_ns - time_ns) / 1000);
}
