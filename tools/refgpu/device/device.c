// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - making, resetting and driving a device
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "device/state.h"

#define NS_A_SECOND	1000000000ULL

static u64 clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * NS_A_SECOND + (u64)ts.tv_nsec;
}

u64 device_now(struct device *dev)
{
	return dev->config.virtual_clock ? dev->virtual_now : clock_now() - dev->epoch;
}

void device_log(struct device *dev, const char *format, ...)
{
	const struct device_ops *ops = dev->config.ops;
	char line[256];
	va_list args;

	if (!ops || !ops->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	ops->log(dev->config.context, line);
}

/* ----------------------------------------------------------- host memory */

static void host_enter(void *context)
{
	struct device *dev = context;

	if (dev->config.ops && dev->config.ops->dma_enter)
		dev->config.ops->dma_enter(dev->config.context);
}

static void host_leave(void *context)
{
	struct device *dev = context;

	if (dev->config.ops && dev->config.ops->dma_leave)
		dev->config.ops->dma_leave(dev->config.context);
}

static void *host_translate(void *context, u64 bus, u64 length, bool write)
{
	struct device *dev = context;
	u64 faults = atomic_load_explicit(&dev->dma_faults, memory_order_relaxed);

	if (atomic_load(&dev->removed) || !dev->config.ops || !dev->config.ops->dma)
		return NULL;
	while (faults)
		if (atomic_compare_exchange_weak(&dev->dma_faults, &faults, faults - 1))
			return NULL;
	return dev->config.ops->dma(dev->config.context, bus, length, write);
}

/* ---------------------------------------------------------------- actors */

void actor_wake(struct actor *actor)
{
	actor->kicked = true;
	if (actor->started)
		pthread_cond_signal(&actor->wake);
}

static void *actor_thread(void *argument)
{
	struct actor *actor = argument;
	struct device *dev = actor->dev;

	/* The default slack of 50 microseconds would blur every quantum. */
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	pthread_mutex_lock(&dev->lock);
	while (!dev->stopping) {
		if (actor->kicked || actor->next <= device_now(dev)) {
			actor->kicked = false;
			actor->next = actor->step(actor);
		} else if (actor->next == NEVER) {
			pthread_cond_wait(&actor->wake, &dev->lock);
		} else {
			u64 at = dev->epoch + actor->next;
			struct timespec ts = {
				.tv_sec = (time_t)(at / NS_A_SECOND),
				.tv_nsec = (long)(at % NS_A_SECOND),
			};

			/* NEVER's neighbours do not fit a timespec sum. */
			if (at < actor->next)
				pthread_cond_wait(&actor->wake, &dev->lock);
			else
				pthread_cond_timedwait(&actor->wake, &dev->lock, &ts);
		}
	}
	pthread_mutex_unlock(&dev->lock);
	return NULL;
}

static void actor_init(struct device *dev, struct actor *actor,
		       u64 (*step)(struct actor *))
{
	pthread_condattr_t attr;

	actor->dev = dev;
	actor->step = step;
	actor->next = NEVER;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&actor->wake, &attr);
	pthread_condattr_destroy(&attr);
}

static int actor_start(struct actor *actor)
{
	int error = pthread_create(&actor->thread, NULL, actor_thread, actor);

	actor->started = !error;
	return error;
}

static void actor_stop(struct actor *actor)
{
	struct device *dev = actor->dev;

	if (actor->started) {
		pthread_mutex_lock(&dev->lock);
		dev->stopping = true;
		pthread_cond_signal(&actor->wake);
		pthread_mutex_unlock(&dev->lock);
		pthread_join(actor->thread, NULL);
		actor->started = false;
	}
	pthread_cond_destroy(&actor->wake);
}

/* The actor that wants to be called first, and when. */
static struct actor *first_actor(struct device *dev, u64 *when)
{
	struct actor *first = NULL;
	unsigned int i;

	*when = NEVER;
	for (i = 0; i < REFGPU_RUN_CONTROLS + 2; i++) {
		struct actor *actor = i == 0 ? &dev->service :
				      i == 1 ? &dev->display : &dev->engine[i - 2].actor;
		u64 next = actor->kicked ? 0 : actor->next;

		if (next < *when) {
			*when = next;
			first = actor;
		}
	}
	return first;
}

void device_step(struct device *dev, u64 ns)
{
	struct actor *actor;
	u64 end, when;

	pthread_mutex_lock(&dev->lock);
	end = dev->virtual_now + ns;
	while ((actor = first_actor(dev, &when)) && when <= end) {
		if (when > dev->virtual_now)
			dev->virtual_now = when;
		actor->kicked = false;
		actor->next = NEVER;
		actor->next = actor->step(actor);
	}
	dev->virtual_now = end;
	pthread_mutex_unlock(&dev->lock);
}

/* ----------------------------------------------------------------- reset */

void device_zero_vram(struct device *dev, u64 offset, u64 bytes)
{
	if (!bytes)
		return;
	/* A hole reads as zeroes, costs nothing to make, and gives memory back. */
	if (fallocate(dev->vram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)offset, (off_t)bytes)) {
		device_log(dev, "fallocate: %s; zeroing byte by byte", strerror(errno));
		memset(dev->vram + offset, 0, bytes);
	}
}

void device_clear(struct device *dev)
{
	unsigned int i;

	dev->event_base = 0;
	dev->event_records = 0;
	dev->event_put = 0;
	dev->switch_ns = dev->config.switch_ns;
	dev->switch_bytes = dev->config.switch_bytes;
	dev->bad_access = 0;
	dev->scratch = 0;
	dev->fault_put = 0;
	dev->fault_get = 0;
	dev->fault_dropped = 0;
	memset(dev->fault, 0, sizeof(dev->fault));
	image_free(&dev->context.staging);
	memset(&dev->context, 0, sizeof(dev->context));
	dev->lates = 0;
	memset(&dev->injected, 0, sizeof(dev->injected));
	dev->injected.vector = INJECT_ANY;
	dev->injected.poison = MEMORY_NO_POISON;
	atomic_store(&dev->dma_faults, 0);

	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		engine_clear(&dev->engine[i]);
	for (i = 0; i < REFGPU_PARTITIONS; i++)
		partition_init(dev, &dev->partition[i]);
	dev->service_partitions = 0;
}

void device_start_reset(struct device *dev)
{
	unsigned int i;

	dev->resetting = true;
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		actor_wake(&dev->engine[i].actor);
	actor_wake(&dev->service);
}

void device_reset(struct device *dev)
{
	unsigned int i;
	u64 resets;

	pthread_mutex_lock(&dev->lock);
	resets = dev->resets;
	device_start_reset(dev);
	if (dev->config.virtual_clock) {
		for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
			dev->engine[i].actor.step(&dev->engine[i].actor);
		dev->service.step(&dev->service);
	} else {
		while (dev->resets == resets)
			pthread_cond_wait(&dev->idle, &dev->lock);
	}
	atomic_store(&dev->removed, false);
	pthread_mutex_unlock(&dev->lock);
}

/* ---------------------------------------------------------------- making */

int device_vram_fd(struct device *dev)
{
	return dev->vram_fd;
}

void *device_vram(struct device *dev)
{
	return dev->vram;
}

u64 device_vram_bytes(struct device *dev)
{
	return dev->config.vram_size;
}

static bool make_vram(struct device *dev)
{
	u64 size = dev->config.vram_size;

	dev->vram_fd = memfd_create("refgpu-vram", MFD_CLOEXEC);
	if (dev->vram_fd < 0 || ftruncate(dev->vram_fd, (off_t)size))
		return false;
	/* Pages exist once they are touched: 64 GiB cost nothing. */
	dev->vram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			 dev->vram_fd, 0);
	return dev->vram != MAP_FAILED;
}

static bool config_valid(const struct device_config *config)
{
	return config->vram_size >= REFGPU_VRAM_MIN && config->vram_size <= REFGPU_VRAM_MAX &&
	       config->vram_size % REFGPU_VRAM_ALIGN == 0 &&
	       (!config->board || strlen(config->board) <= 8);
}

struct device *device_create(const struct device_config *config)
{
	const char *board = config->board ? config->board : "REFGPU";
	pthread_mutexattr_t attr;
	struct device *dev;
	unsigned int i;
	int error = 0;

	if (!config_valid(config)) {
		errno = EINVAL;
		return NULL;
	}
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return NULL;
	dev->vram_fd = -1;
	dev->config = *config;
	dev->config.board = NULL;	/* the caller's string may go away */
	memcpy(&dev->board, board, strlen(board));
	dev->caps = REFGPU_CAP_COMPUTE | REFGPU_CAP_COPY | REFGPU_CAP_HEADS |
		    REFGPU_CAP_SYSMEM | REFGPU_CAP_DIRTY | REFGPU_CAP_CONTEXT |
		    (config->virtual_clock ? REFGPU_CAP_VIRTUAL_CLOCK : 0);
	dev->epoch = clock_now();
	dev->host = (struct memory_host){
		.enter = host_enter,
		.leave = host_leave,
		.translate = host_translate,
		.context = dev,
	};
	/* Held for less than a sleep takes: who waits for it spins a little. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&dev->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_cond_init(&dev->idle, NULL);
	actor_init(dev, &dev->service, service_step);
	actor_init(dev, &dev->display, display_step);
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++) {
		dev->engine[i].number = i;
		actor_init(dev, &dev->engine[i].actor, engine_step);
	}
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		dev->partition[i].number = i;
		memory_init(&dev->partition[i].view, &dev->host);
		memory_init(&dev->partition[i].scan_view, NULL);
	}
	device_clear(dev);

	if (!make_vram(dev)) {
		error = errno;
		goto fail;
	}
	if (!config->virtual_clock) {
		error = actor_start(&dev->service);
		if (!error)
			error = actor_start(&dev->display);
		/* The other blocks need REFGPU_CAP_SPATIAL, and accept no RUN. */
		if (!error)
			error = actor_start(&dev->engine[0].actor);
		if (error)
			goto fail;
	}
	return dev;
fail:
	device_destroy(dev);
	errno = error;
	return NULL;
}

void device_destroy(struct device *dev)
{
	unsigned int i;

	if (!dev)
		return;
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		actor_stop(&dev->engine[i].actor);
	actor_stop(&dev->service);
	actor_stop(&dev->display);
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		partition_fini(&dev->partition[i]);
		memory_destroy(&dev->partition[i].view);
		memory_destroy(&dev->partition[i].scan_view);
	}
	image_free(&dev->context.staging);
	pthread_cond_destroy(&dev->idle);
	pthread_mutex_destroy(&dev->lock);
	if (dev->vram && dev->vram != MAP_FAILED)
		munmap(dev->vram, dev->config.vram_size);
	if (dev->vram_fd >= 0)
		close(dev->vram_fd);
	free(dev);
}
