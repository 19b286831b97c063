// SPDX-License-Identifier: GPL-2.0-only
/*
 * transport_inprocess.c - a GPU in this process: the device library
 *
 * Partition 0 has all of the video memory and is resident all the time. Packets go
 * through its ring 0, a batch at a time.
 */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/device.h"
#include "heap.h"
#include "transport.h"

#define VRAM_BYTES	(1ULL << 30)	/* taken from the machine when it is used */
#define SECONDS		120u
#define RING_ADDRESS	HEAP_GRANULE	/* kernels with a null pointer write into the first granule */
#define RING_PACKETS	64u
#define RING		(REFGPU_USER_PAGE(0) + REFGPU_USER_RING(0))

/**
 * struct transport - a GPU in this process
 * @device: the GPU
 * @vram: its memory
 * @lock: guards @heap
 * @heap: of @vram
 * @execute: held while a batch is on the ring; guards @put
 * @put: packets submitted
 * @irq: guards @rung; taken by the device's threads, so nothing is called under it
 * @interrupt: vector 0 was raised
 * @rung: so it was
 * @seconds: that a batch may take
 */
struct transport {
	struct device *device;
	uint8_t *vram;
	pthread_mutex_t lock;
	struct heap heap;
	pthread_mutex_t execute;
	uint32_t put;
	pthread_mutex_t irq;
	pthread_cond_t interrupt;
	bool rung;
	unsigned int seconds;
};

static void raise_irq(void *context, unsigned int vector)
{
	struct transport *transport = context;

	if (vector)
		return;
	pthread_mutex_lock(&transport->irq);
	transport->rung = true;
	pthread_cond_signal(&transport->interrupt);
	pthread_mutex_unlock(&transport->irq);
}

static const struct device_ops operations = { .irq_raise = raise_irq };

static uint64_t get(struct transport *transport, uint64_t offset)
{
	uint64_t value;

	device_read(transport->device, offset, &value, sizeof(value));
	return le64toh(value);
}

static void set(struct transport *transport, uint64_t offset, uint64_t value)
{
	value = htole64(value);
	device_write(transport->device, offset, &value, sizeof(value));
}

/* False: it is later than @until. */
static bool wait_for_interrupt(struct transport *transport, const struct timespec *until)
{
	bool late = false, rung;

	pthread_mutex_lock(&transport->irq);
	while (!transport->rung && !late)
		late = pthread_cond_timedwait(&transport->interrupt, &transport->irq, until);
	rung = transport->rung;
	transport->rung = false;
	pthread_mutex_unlock(&transport->irq);
	return rung;
}

/* Enable the ring, anew after an error. */
static void enable_ring(struct transport *transport)
{
	set(transport, RING + REFGPU_RING_CONTROL, 0);
	/* At the next instruction of the packet under way. */
	while (get(transport, RING + REFGPU_RING_STATUS) != REFGPU_RING_DISABLED)
		sched_yield();
	set(transport, RING + REFGPU_RING_BASE, RING_ADDRESS);
	set(transport, RING + REFGPU_RING_PACKETS, RING_PACKETS);
	set(transport, RING + REFGPU_RING_CONTROL, 1);
	transport->put = 0;
}

/* How long packets may take before they count as endless. */
static unsigned int patience(void)
{
	const char *text = secure_getenv("REFGPU_CL_TIMEOUT");
	unsigned long seconds = text ? strtoul(text, NULL, 10) : 0;

	return seconds && seconds < INT32_MAX ? (unsigned int)seconds : SECONDS;
}

struct transport *transport_open(void)
{
	struct transport *transport = calloc(1, sizeof(*transport));
	struct device_config config = {
		.vram_size = VRAM_BYTES, .ops = &operations, .context = transport,
	};
	pthread_condattr_t monotonic;
	uint64_t reserved;

	if (!transport)
		return NULL;
	pthread_mutex_init(&transport->lock, NULL);
	pthread_mutex_init(&transport->execute, NULL);
	pthread_mutex_init(&transport->irq, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&transport->interrupt, &monotonic);
	pthread_condattr_destroy(&monotonic);
	transport->seconds = patience();
	if (!heap_init(&transport->heap, VRAM_BYTES)) {
		free(transport);
		return NULL;
	}
	heap_take(&transport->heap, 2 * HEAP_GRANULE, &reserved);
	transport->device = device_create(&config);
	if (!transport->device) {
		free(transport->heap.taken);
		free(transport);
		return NULL;
	}
	transport->vram = device_vram(transport->device);
	set(transport, REFGPU_PARTITION(0) + REFGPU_PARTITION_VRAM_LIMIT, VRAM_BYTES);
	set(transport, REFGPU_PARTITION(0) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
	set(transport, REFGPU_USER_PAGE(0) + REFGPU_USER_INTR_ENABLE,
	    REFGPU_INTR_FENCE | REFGPU_INTR_ERROR);
	enable_ring(transport);
	set(transport, REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN, REFGPU_RUN(0, REFGPU_RUN_LINGER, 0));
	return transport;
}

void transport_close(struct transport *transport)
{
	device_destroy(transport->device);
	free(transport->heap.taken);
	pthread_mutex_destroy(&transport->lock);
	pthread_mutex_destroy(&transport->execute);
	pthread_mutex_destroy(&transport->irq);
	pthread_cond_destroy(&transport->interrupt);
	free(transport);
}

uint64_t transport_memory_bytes(const struct transport *transport)
{
	(void)transport;
	return VRAM_BYTES - 2 * HEAP_GRANULE;
}

bool transport_alloc(struct transport *transport, uint64_t bytes, struct transport_memory *memory)
{
	bool taken;

	pthread_mutex_lock(&transport->lock);
	taken = bytes && heap_take(&transport->heap, bytes, &memory->address);
	pthread_mutex_unlock(&transport->lock);
	if (!taken)
		return false;
	memory->bytes = bytes;
	memory->host = transport->vram + memory->address;
	return true;
}

void transport_free(struct transport *transport, struct transport_memory *memory)
{
	if (!memory->bytes)
		return;
	pthread_mutex_lock(&transport->lock);
	heap_give(&transport->heap, memory->address, memory->bytes);
	pthread_mutex_unlock(&transport->lock);
	memory->bytes = 0;
}

static void push(struct transport *transport, const void *packet)
{
	memcpy(transport->vram + RING_ADDRESS +
	       transport->put++ % RING_PACKETS * REFGPU_PACKET_SIZE, packet, REFGPU_PACKET_SIZE);
}

unsigned int transport_execute(struct transport *transport, const void *packets,
			       unsigned int count)
{
	struct refgpu_fence fence = { .header = { .opcode = REFGPU_OP_FENCE,
						  .flags = REFGPU_FENCE_INTERRUPT } };
	struct timespec until;
	unsigned int n, error = 0;

	pthread_mutex_lock(&transport->execute);
	for (n = 0; n < count; n++)
		push(transport, (const char *)packets + n * REFGPU_PACKET_SIZE);
	fence.value = transport->put + 1;
	push(transport, &fence);
	set(transport, RING + REFGPU_RING_DOORBELL, transport->put);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += transport->seconds;
	for (;;) {
		if (!wait_for_interrupt(transport, &until)) {
			error = TRANSPORT_TOO_LONG;
			enable_ring(transport);
			break;
		}
		/* Clear the status first: the vector is raised when a bit goes from 0 to 1. */
		set(transport, REFGPU_USER_PAGE(0) + REFGPU_USER_INTR_STATUS,
		    REFGPU_INTR_FENCE | REFGPU_INTR_ERROR);
		if (get(transport, RING + REFGPU_RING_STATUS) == REFGPU_RING_STOPPED) {
			error = (unsigned int)get(transport, RING + REFGPU_RING_ERROR);
			enable_ring(transport);
			break;
		}
		if (get(transport, RING + REFGPU_RING_FENCE) == fence.value)
			break;
	}
	pthread_mutex_unlock(&transport->execute);
	return error;
}

uint64_t transport_now(struct transport *transport)
{
	return get(transport, REFGPU_USER_PAGE(0) + REFGPU_USER_TIMER);
}
