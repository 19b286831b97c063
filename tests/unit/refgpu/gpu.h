/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gpu.h - a device to test, with an array as its machine's memory
 */
#ifndef UNIT_GPU_H
#define UNIT_GPU_H

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "device/device.h"
#include "refgpu_hw.h"
#include "unit.h"

#define GPU_VRAM	(64ULL << 20)
#define GPU_SWITCH_NS	50000ULL
#define HOST_BASE	0x100000000ULL	/* bus address of the machine's memory */
#define HOST_BYTES	(4ULL << 20)
#define AT_EVENTS	0x0ULL		/* in the machine's memory */
#define EVENT_RECORDS	256u
#define AT_TABLES	0x10000ULL	/* a page of table for each partition */
#define AT_FREE		0x100000ULL

/**
 * struct gpu - a device under test
 * @host: the machine's memory, at bus address HOST_BASE
 * @irqs: interrupts raised, by vector
 * @sections: DMA sections open
 * @event: next event the test will look at
 * @put: packets submitted, by partition and ring
 */
struct gpu {
	struct device *dev;
	u8 *vram;
	u8 *host;
	_Atomic u32 irqs[REFGPU_VECTORS];
	_Atomic u32 bad_irqs;
	pthread_rwlock_t dma;
	u64 event;
	u32 put[REFGPU_PARTITIONS][REFGPU_RINGS];
};

static inline void gpu_dma_enter(void *context)
{
	pthread_rwlock_rdlock(&((struct gpu *)context)->dma);
}

static inline void gpu_dma_leave(void *context)
{
	pthread_rwlock_unlock(&((struct gpu *)context)->dma);
}

static inline void *gpu_dma(void *context, u64 bus, u64 length, bool write)
{
	struct gpu *g = context;

	(void)write;
	if (bus < HOST_BASE || length > HOST_BYTES || bus - HOST_BASE > HOST_BYTES - length)
		return NULL;
	return g->host + (bus - HOST_BASE);
}

static inline void gpu_irq(void *context, unsigned int vector)
{
	struct gpu *g = context;

	if (vector < REFGPU_VECTORS)
		g->irqs[vector]++;
	else
		g->bad_irqs++;
}

static inline void gpu_log(void *context, const char *text)
{
	(void)context;
	(void)text;
}

static const struct device_ops gpu_ops = {
	.dma_enter = gpu_dma_enter,
	.dma_leave = gpu_dma_leave,
	.dma = gpu_dma,
	.irq_raise = gpu_irq,
	.log = gpu_log,
};

/* ------------------------------------------------------------- registers */

static inline u64 rd(struct gpu *g, u64 offset)
{
	u64 value;

	device_read(g->dev, offset, &value, 8);
	return value;
}

static inline void wr(struct gpu *g, u64 offset, u64 value)
{
	device_write(g->dev, offset, &value, 8);
}

static inline u64 user_rd(struct gpu *g, unsigned int p, u64 offset)
{
	return rd(g, REFGPU_USER_PAGE(p) + offset);
}

static inline void user_wr(struct gpu *g, unsigned int p, u64 offset, u64 value)
{
	wr(g, REFGPU_USER_PAGE(p) + offset, value);
}

static inline u64 ring_rd(struct gpu *g, unsigned int p, unsigned int r, u64 offset)
{
	return user_rd(g, p, REFGPU_USER_RING(r) + offset);
}

static inline u64 counter(struct gpu *g, unsigned int p, u64 offset)
{
	return rd(g, REFGPU_COUNTERS(p) + offset);
}

/* ---------------------------------------------------------------- device */

static inline void gpu_events_on(struct gpu *g)
{
	wr(g, REFGPU_GLOBAL_EVENT_RECORDS, EVENT_RECORDS);
	wr(g, REFGPU_GLOBAL_EVENT_BASE, HOST_BASE + AT_EVENTS);
	g->event = 0;
}

/* The device's memory, front end, and cost of a switch are set here. */
static inline struct gpu *gpu_create_config(struct device_config config)
{
	struct gpu *g = calloc(1, sizeof(*g));

	ck_assert_ptr_nonnull(g);
	config.vram_size = GPU_VRAM;
	config.switch_ns = config.virtual_clock ? GPU_SWITCH_NS : 0;
	config.ops = &gpu_ops;
	config.context = g;
	pthread_rwlock_init(&g->dma, NULL);
	g->host = aligned_alloc(4096, HOST_BYTES);
	ck_assert_ptr_nonnull(g->host);
	memset(g->host, 0, HOST_BYTES);
	g->dev = device_create(&config);
	ck_assert_msg(g->dev, "device_create: %s", strerror(errno));
	g->vram = device_vram(g->dev);
	gpu_events_on(g);
	return g;
}

static inline struct gpu *gpu_create_version(bool virtual_clock, u32 version)
{
	return gpu_create_config((struct device_config){
		.virtual_clock = virtual_clock, .version = version });
}

static inline struct gpu *gpu_create(bool virtual_clock)
{
	return gpu_create_version(virtual_clock, 0);
}

static inline void gpu_destroy(struct gpu *g)
{
	ck_assert_msg(!g->bad_irqs, "%u interrupts of vectors that do not exist", g->bad_irqs);
	device_destroy(g->dev);
	free(g->host);
	pthread_rwlock_destroy(&g->dma);
	free(g);
}

static inline void step_us(struct gpu *g, u64 us)
{
	device_step(g->dev, us * 1000);
}

/* ---------------------------------------------------------------- events */

/* The next event, or type 0 when there is none. */
static inline struct refgpu_event next_event(struct gpu *g)
{
	struct refgpu_event *at = (struct refgpu_event *)(g->host + AT_EVENTS) +
				  g->event % EVENT_RECORDS;
	struct refgpu_event none = { 0 };

	if (__atomic_load_n(&at->sequence, __ATOMIC_ACQUIRE) != htole32((u32)(g->event + 1)))
		return none;
	g->event++;
	return *at;
}

/* The next run-end event, skipping others; reason 0: none. */
static inline struct refgpu_event next_run_end(struct gpu *g)
{
	struct refgpu_event event;

	do
		event = next_event(g);
	while (event.type && event.type != REFGPU_EVENT_RUN_END);
	return event;
}

static inline void forget_events(struct gpu *g)
{
	while (next_event(g).type)
		;
}

#define EXPECT_RUN_END(g, p, why) do {						\
	struct refgpu_event event_ = next_run_end(g);				\
	ck_assert_msg(event_.type == REFGPU_EVENT_RUN_END, "no run-end event");	\
	ck_assert_msg(event_.reason == (why), "run ended by %u, not " #why,	\
		      event_.reason);						\
	ck_assert_uint_eq(event_.partition, p);					\
} while (0)

#define EXPECT_NO_EVENT(g) do {							\
	struct refgpu_event event_ = next_event(g);				\
	ck_assert_msg(!event_.type, "event type %u reason %u of partition %u",	\
		      event_.type, event_.reason, event_.partition);		\
} while (0)

/* ------------------------------------------------------------ partitions */

#define SLICE_BYTES	(1ULL << 20)
#define SLICE_BASE(p)	(((u64)(p) + 1) * (2ULL << 20) % GPU_VRAM)
#define AT_RING(r)	(0x8000ULL + (r) * 0x1000)	/* 64 packets each */
#define RING_PACKETS	64u
#define AT_CODE		0x10000ULL
#define AT_DATA		0x20000ULL
#define AT_STACK	0x40000ULL
#define SYSMEM_PAGES	8u
/* The machine's page behind page n of partition p. */
#define SYSMEM_AT(p, n)	(AT_FREE + ((p) * SYSMEM_PAGES + (n)) * 4096ULL)

/* Set up an entry of the table and enable it; its rings are still disabled. */
static inline void partition_on(struct gpu *g, unsigned int p)
{
	u64 *table = (u64 *)(g->host + AT_TABLES + p * 4096);
	unsigned int i;

	for (i = 0; i < SYSMEM_PAGES; i++)
		table[i] = (HOST_BASE + SYSMEM_AT(p, i)) | REFGPU_SYSMEM_VALID |
			   REFGPU_SYSMEM_WRITE;
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_VRAM_BASE, SLICE_BASE(p));
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_VRAM_LIMIT, SLICE_BYTES);
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_SYSMEM_BASE,
	   HOST_BASE + AT_TABLES + p * 4096);
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_SYSMEM_PAGES, SYSMEM_PAGES);
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
	user_wr(g, p, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE | REFGPU_INTR_ERROR);
}

static inline void ring_on(struct gpu *g, unsigned int p, unsigned int r)
{
	u64 ring = REFGPU_USER_RING(r);

	user_wr(g, p, ring + REFGPU_RING_CONTROL, 0);
	user_wr(g, p, ring + REFGPU_RING_BASE, AT_RING(r));
	user_wr(g, p, ring + REFGPU_RING_PACKETS, RING_PACKETS);
	user_wr(g, p, ring + REFGPU_RING_CONTROL, 1);
	g->put[p][r] = 0;
}

/* A device whose first @count partitions are enabled, each with its ring 0. */
static inline struct gpu *gpu_create_with(bool virtual_clock, unsigned int count)
{
	struct gpu *g = gpu_create(virtual_clock);
	unsigned int p;

	for (p = 0; p < count; p++) {
		partition_on(g, p);
		ring_on(g, p, 0);
	}
	return g;
}

static inline void *slice(struct gpu *g, unsigned int p, u64 address)
{
	return g->vram + SLICE_BASE(p) + address;
}

/* Put a packet into a ring; the doorbell is the caller's. */
static inline void push(struct gpu *g, unsigned int p, unsigned int r, const void *packet)
{
	memcpy(slice(g, p, AT_RING(r) + g->put[p][r] % RING_PACKETS * REFGPU_PACKET_SIZE),
	       packet, REFGPU_PACKET_SIZE);
	g->put[p][r]++;
}

static inline void bell(struct gpu *g, unsigned int p, unsigned int r)
{
	user_wr(g, p, REFGPU_USER_RING(r) + REFGPU_RING_DOORBELL, g->put[p][r]);
}

static inline void push_fence(struct gpu *g, unsigned int p, unsigned int r, u64 value,
			      u16 flags, u64 address)
{
	struct refgpu_fence packet = {
		.header = { .opcode = REFGPU_OP_FENCE, .flags = flags },
		.value = value,
		.address = address,
	};

	push(g, p, r, &packet);
}

static inline void push_fill(struct gpu *g, unsigned int p, unsigned int r, u64 target,
			     u64 bytes, u32 pattern)
{
	struct refgpu_fill packet = {
		.header = { .opcode = REFGPU_OP_FILL },
		.target = target,
		.bytes = bytes,
		.lines = 1,
		.pattern = pattern,
	};

	push(g, p, r, &packet);
}

static inline void push_copy(struct gpu *g, unsigned int p, unsigned int r, u64 source,
			     u64 target, u64 bytes)
{
	struct refgpu_copy packet = {
		.header = { .opcode = REFGPU_OP_COPY },
		.source = source,
		.target = target,
		.bytes = bytes,
		.lines = 1,
	};

	push(g, p, r, &packet);
}

static inline void push_semaphore(struct gpu *g, unsigned int p, unsigned int r, u16 flags,
				  u64 address, u64 value)
{
	struct refgpu_semaphore packet = {
		.header = { .opcode = REFGPU_OP_SEMAPHORE, .flags = flags },
		.address = address,
		.value = value,
	};

	push(g, p, r, &packet);
}

/* A dispatch of one group of @items that runs what is at AT_CODE. */
static inline void push_dispatch(struct gpu *g, unsigned int p, unsigned int r, u16 items)
{
	struct refgpu_dispatch packet = {
		.header = { .opcode = REFGPU_OP_DISPATCH },
		.code = AT_CODE,
		.argument = AT_DATA,
		.stack = AT_STACK,
		.stack_bytes = 256,
		.grid = { 1, 1, 1 },
		.group = { items, 1, 1 },
	};

	push(g, p, r, &packet);
}

/* A kernel that never ends: jal x0, 0 */
static inline void put_spin(struct gpu *g, unsigned int p)
{
	*(u32 *)slice(g, p, AT_CODE) = 0x0000006f;
}

/*
 * A kernel whose items add 3 to their own word as often as the t0 says that the
 * instruction @load_t0 loads: 5 instructions and 5 for each time.
 */
static inline void put_count(struct gpu *g, unsigned int p, u32 load_t0)
{
	u32 *code = slice(g, p, AT_CODE);

	code[0] = load_t0;
	code[1] = 0xcc402373;	/* csrr t1, local id */
	code[2] = 0x00231313;	/* slli t1, t1, 2 */
	code[3] = 0x00a30333;	/* add t1, t1, a0 */
	code[4] = 0x00032383;	/* 1: lw t2, 0(t1) */
	code[5] = 0x00338393;	/* addi t2, t2, 3 */
	code[6] = 0x00732023;	/* sw t2, 0(t1) */
	code[7] = 0xfff28293;	/* addi t0, t0, -1 */
	code[8] = 0xfe0298e3;	/* bnez t0, 1b */
	code[9] = 0x00008067;	/* ret */
}

static inline void run(struct gpu *g, unsigned int p, u64 flags, u64 quantum_ns)
{
	wr(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN, REFGPU_RUN(p, flags, quantum_ns));
}

static inline void preempt(struct gpu *g)
{
	wr(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_PREEMPT, 1);
}

static inline u64 rc_state(struct gpu *g)
{
	return rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_STATE) & 0xff;
}

#endif /* UNIT_GPU_H */
