// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - fuzzes the reference GPU with the command stream of a guest: packets,
 * most of them nearly right, doorbells, the registers of its user page
 *
 * On the virtual clock, so that an input always does the same. A second partition
 * has its slice and its pages beside those of the guest; they must not change.
 */
#include "device/device.h"
#include "fuzz.h"
#include "refgpu_hw.h"
#include "stream.h"

#define VRAM_BYTES	REFGPU_VRAM_MIN
#define SLICE_BYTES	(256ULL << 10)
#define SLICE		(1ULL << 20)	/* of the guest, in video memory */
#define GUARD_BYTES	(64ULL << 10)	/* around it, and in the neighbour's slice */
#define HOST_BASE	0x100000000ULL
#define HOST_BYTES	(128ULL << 10)
#define AT_EVENTS	0x0ULL
#define EVENT_RECORDS	64u
#define AT_TABLE	0x2000ULL
#define AT_PAGES	0x10000ULL
#define PAGES		8u
#define READ_ONLY_PAGE	(PAGES / 2)
#define RING_PACKETS	32u
#define AT_RING(r)	(0x1000ULL * (r))
#define AT_CODE		0x8000ULL
#define AT_DATA		0x10000ULL
#define AT_STACK	0x20000ULL
#define CANARY		0xa5
#define STEPS_MAX	200

static const struct stream_layout layout = {
	.slice_bytes = SLICE_BYTES, .code = AT_CODE, .data = AT_DATA, .stack = AT_STACK,
	.pages = PAGES,
};

static uint8_t *host;
static struct device *device;

static void *dma(void *context, u64 bus, u64 length, bool write)
{
	(void)context;
	(void)write;
	if (bus < HOST_BASE || length > HOST_BYTES || bus - HOST_BASE > HOST_BYTES - length)
		return NULL;
	return host + (bus - HOST_BASE);
}

static void interrupt(void *context, unsigned int vector)
{
	(void)context;
	FUZZ_CHECK(vector < REFGPU_VECTORS, "vector %u", vector);
}

static const struct device_ops ops = { .dma = dma, .irq_raise = interrupt };

static void wr(uint64_t offset, uint64_t value)
{
	device_write(device, offset, &value, 8);
}

static void user(unsigned int offset, uint64_t value)
{
	wr(REFGPU_USER_PAGE(0) + offset, value);
}

static void partition_on(unsigned int partition, uint64_t base)
{
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_VRAM_BASE, base);
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_VRAM_LIMIT, SLICE_BYTES);
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_SYSMEM_BASE, HOST_BASE + AT_TABLE);
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_SYSMEM_PAGES, partition ? 0 : PAGES);
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_HEADS, REFGPU_HEADS);
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_HEAD_MAX, 1024ull | 1024ull << 32);
	wr(REFGPU_PARTITION(partition) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
}

static void start(void)
{
	struct device_config config = { .vram_size = VRAM_BYTES, .virtual_clock = true,
					.switch_ns = 50000, .ops = &ops };
	uint8_t *vram;
	uint64_t *table;
	unsigned int i;

	if (!host)
		host = aligned_alloc(4096, HOST_BYTES);
	device = host ? device_create(&config) : NULL;
	FUZZ_CHECK(device, "no device");
	vram = device_vram(device);
	memset(host, CANARY, HOST_BYTES);
	memset(host + AT_EVENTS, 0, EVENT_RECORDS * sizeof(struct refgpu_event));
	memset(vram + SLICE - GUARD_BYTES, CANARY, GUARD_BYTES);
	memset(vram + SLICE + SLICE_BYTES, CANARY, GUARD_BYTES);
	table = (uint64_t *)(host + AT_TABLE);
	memset(table, 0, 4096);
	/* Every other page of the machine is the guest's. */
	for (i = 0; i < PAGES; i++) {
		uint64_t at = AT_PAGES + 2 * i * 4096;

		memset(host + at, 0, 4096);
		table[i] = (HOST_BASE + at) | REFGPU_SYSMEM_VALID |
			   (i == READ_ONLY_PAGE ? 0 : REFGPU_SYSMEM_WRITE);
	}
	wr(REFGPU_GLOBAL_EVENT_RECORDS, EVENT_RECORDS);
	wr(REFGPU_GLOBAL_EVENT_BASE, HOST_BASE + AT_EVENTS);
	partition_on(0, SLICE);
	partition_on(1, SLICE + SLICE_BYTES);
	user(REFGPU_USER_INTR_ENABLE, ~0ull);
	memcpy(vram + SLICE + AT_CODE, stream_code, sizeof(stream_code));
	for (i = 0; i < REFGPU_RINGS; i++) {
		user(REFGPU_USER_RING(i) + REFGPU_RING_BASE, AT_RING(i));
		user(REFGPU_USER_RING(i) + REFGPU_RING_PACKETS, RING_PACKETS);
		user(REFGPU_USER_RING(i) + REFGPU_RING_CONTROL, 1);
	}
}

static void check_canary(const uint8_t *at, uint64_t bytes, const char *where)
{
	uint64_t i;

	/* Bytes that are all like the first. */
	if (!bytes || (at[0] == CANARY && !memcmp(at, at + 1, bytes - 1)))
		return;
	for (i = 0; i < bytes; i++)
		FUZZ_CHECK(at[i] == CANARY, "%s: byte 0x%llx is 0x%x", where,
			   (unsigned long long)i, at[i]);
}

static void check_neighbours(void)
{
	const uint8_t *vram = device_vram(device);
	const uint64_t *table = (uint64_t *)(host + AT_TABLE);
	unsigned int i, j;

	check_canary(vram + SLICE - GUARD_BYTES, GUARD_BYTES, "before the slice");
	check_canary(vram + SLICE + SLICE_BYTES, GUARD_BYTES, "behind the slice");
	for (i = 0; i < PAGES; i++) {
		uint64_t at = AT_PAGES + 2 * i * 4096;

		FUZZ_CHECK((table[i] & REFGPU_SYSMEM_ADDRESS) == HOST_BASE + at, "the table");
		check_canary(host + at + 4096, at + 4096 < HOST_BYTES ? 4096 : 0,
			     "a page of the machine");
		for (j = 0; i == READ_ONLY_PAGE && j < 4096; j++)
			FUZZ_CHECK(!host[at + j], "the page that is read-only");
	}
	for (i = 0; i < 4096; i++)
		FUZZ_CHECK(i < PAGES * 8 || !((uint8_t *)table)[i], "behind the table");
}

static void set_head(struct fuzz *fuzz)
{
	static const unsigned int registers[] = {
		REFGPU_HEAD_CONTROL, REFGPU_HEAD_BASE, REFGPU_HEAD_PITCH, REFGPU_HEAD_FORMAT,
		REFGPU_HEAD_SIZE, REFGPU_HEAD_CURSOR_BASE, REFGPU_HEAD_CURSOR_SIZE,
		REFGPU_HEAD_CURSOR_POSITION, REFGPU_HEAD_CURSOR_HOTSPOT, REFGPU_HEAD_FLIP,
	};
	unsigned int head = (unsigned int)fuzz_below(fuzz, REFGPU_HEADS);
	unsigned int which = (unsigned int)fuzz_below(fuzz, 10);
	uint64_t value;

	switch (registers[which]) {
	case REFGPU_HEAD_FORMAT:
		value = fuzz_below(fuzz, 2) ? 0x34325258 : 0x34325241;	/* XR24, AR24 */
		break;
	case REFGPU_HEAD_SIZE:
	case REFGPU_HEAD_CURSOR_SIZE:
		value = fuzz_below(fuzz, 0x120) | fuzz_below(fuzz, 0x120) << 32;
		break;
	case REFGPU_HEAD_PITCH:
		value = 64 * fuzz_number(fuzz, 1);
		break;
	case REFGPU_HEAD_CONTROL:
		value = fuzz_below(fuzz, 4);
		break;
	case REFGPU_HEAD_CURSOR_POSITION:
		value = fuzz_number(fuzz, 8);
		break;
	default:
		value = stream_address(fuzz, &layout);
	}
	user(REFGPU_USER_HEAD(head) + registers[which], value);
}

/* A mode that can be shown, with a cursor. */
static void show_head(struct fuzz *fuzz)
{
	unsigned int head = REFGPU_USER_HEAD(fuzz_below(fuzz, REFGPU_HEADS));
	uint64_t width = 64 + 16 * fuzz_below(fuzz, 8), height = 64 + fuzz_below(fuzz, 64);

	user(head + REFGPU_HEAD_BASE, 64 * fuzz_number(fuzz, 2) % SLICE_BYTES);
	user(head + REFGPU_HEAD_PITCH, 64 * (1 + width / 16));
	user(head + REFGPU_HEAD_FORMAT, 0x34325258);
	user(head + REFGPU_HEAD_SIZE, width | height << 32);
	user(head + REFGPU_HEAD_CURSOR_BASE, 64 * fuzz_number(fuzz, 2) % SLICE_BYTES);
	user(head + REFGPU_HEAD_CURSOR_SIZE, 32ull | 32ull << 32);
	user(head + REFGPU_HEAD_CURSOR_POSITION, fuzz_number(fuzz, 1) | fuzz_number(fuzz, 1) << 32);
	user(head + REFGPU_HEAD_CONTROL, 3);
	/* Some frames. */
	device_step(device, 1000000 * fuzz_below(fuzz, 64));
}

static void step(struct fuzz *fuzz, uint32_t put[REFGPU_RINGS])
{
	uint8_t *slice = (uint8_t *)device_vram(device) + SLICE;
	unsigned int what = (unsigned int)fuzz_number(fuzz, 1);
	unsigned int ring = what >> 4 & (REFGPU_RINGS - 1);
	uint64_t value;
	unsigned int size, offset;

	switch (what & 15) {
	case 0:
		/* Its ring begins anew, perhaps elsewhere. */
		user(REFGPU_USER_RING(ring) + REFGPU_RING_CONTROL, 0);
		if (fuzz_below(fuzz, 2)) {
			value = stream_address(fuzz, &layout);
			user(REFGPU_USER_RING(ring) + REFGPU_RING_BASE, value);
			user(REFGPU_USER_RING(ring) + REFGPU_RING_PACKETS, fuzz_number(fuzz, 2));
		}
		user(REFGPU_USER_RING(ring) + REFGPU_RING_CONTROL, 1);
		put[ring] = 0;
		break;
	case 1:
		/* Any register of the user page, in any size. */
		offset = (unsigned int)fuzz_below(fuzz, 0x5000);
		size = 1u << fuzz_below(fuzz, 4);
		value = fuzz_number(fuzz, 8);
		if (fuzz_below(fuzz, 2))
			device_write(device, REFGPU_USER_PAGE(0) + offset, &value, size);
		else
			device_read(device, REFGPU_USER_PAGE(0) + offset, &value, size);
		break;
	case 2:
		wr(REFGPU_RUN_CONTROL(0) + REFGPU_RC_PREEMPT, 1);
		break;
	case 3:
		user(REFGPU_USER_RING(ring) + REFGPU_RING_DOORBELL, fuzz_number(fuzz, 4));
		break;
	case 4:
		if (fuzz_below(fuzz, 2))
			set_head(fuzz);
		else
			show_head(fuzz);
		break;
	case 5:
		/* A program that is not what it was. */
		fuzz_bytes(fuzz, slice + AT_CODE + 4 * fuzz_below(fuzz, 10), 4);
		break;
	case 6:
	case 7:
		wr(REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN,
		   REFGPU_RUN(fuzz_below(fuzz, 8) ? 0 : 1, 0, 1000 * (1 + fuzz_number(fuzz, 1))));
		device_step(device, 1000 * fuzz_number(fuzz, 2));
		break;
	default:
		stream_packet(fuzz, &layout, slice + AT_RING(ring) +
			      put[ring]++ % RING_PACKETS * REFGPU_PACKET_SIZE);
		if (fuzz_below(fuzz, 2))
			user(REFGPU_USER_RING(ring) + REFGPU_RING_DOORBELL, put[ring]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t put[REFGPU_RINGS] = { 0 };
	struct fuzz fuzz = { data, size };
	unsigned int steps;

	start();
	for (steps = 0; fuzz.left && steps < STEPS_MAX; steps++)
		step(&fuzz, put);
	/* What is left has another turn. */
	wr(REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN, REFGPU_RUN(0, 0, 100000));
	device_step(device, 1000000);
	check_neighbours();
	device_destroy(device);
	return 0;
}
