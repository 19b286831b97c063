// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_isolation.c - what a hostile guest can and can't do
 *
 * Partition 1 is hostile: packets and kernels that are right but for a few
 * changed fields, rings in odd places, doorbells of any value, rings switched
 * off and on while they run. Partitions 0 and 2, on both sides of it, compute
 * all the while. Nothing outside partition 1 may change but by their own work,
 * and their work must come out right.
 */
#include "chance.h"
#include "gpu.h"
#include "device/packets.h"

#define HOSTILE		1u
#define CANARY		0xa7
#define CANARY_BYTES	(16ULL << 20)

static struct gpu *g;

/* Addresses at and over the borders of what the partition has. */
static u64 address(void)
{
	static const u64 near[] = {
		0, AT_CODE, AT_DATA, AT_RING(0), SLICE_BYTES, SLICE_BYTES - 4096,
		2 * SLICE_BYTES, GPU_VRAM, GPU_VRAM - SLICE_BYTES, UINT64_MAX,
		REFGPU_SYSMEM_APERTURE, REFGPU_SYSMEM_APERTURE + SYSMEM_PAGES * 4096,
		REFGPU_SYSMEM_APERTURE + HOST_BASE, HOST_BASE, 1ULL << 63, 0xffffffff,
		UINT64_MAX - SLICE_BYTES,
	};

	if (one_in(3))
		return any(SLICE_BYTES) & ~7ULL;
	if (one_in(4))
		return REFGPU_SYSMEM_APERTURE + (any(SYSMEM_PAGES * 4096) & ~7ULL);
	return near[any(sizeof(near) / sizeof(near[0]))] + (any(129) - 64) * 8;
}

static u64 amount(void)
{
	static const u64 odd[] = {
		4, 64, 4096, SLICE_BYTES, SLICE_BYTES + 4, GPU_VRAM, 1ULL << 32, 1ULL << 63,
		UINT64_MAX - 3, 0,
	};

	return one_in(3) ? odd[any(10)] : 4 + any(20000) / 4 * 4;
}

/*
 * Instructions that do something with memory: a loop over loads, stores and
 * atomics whose base register comes from anywhere.
 */
static void make_kernel(void)
{
	static const u32 valid[] = {
		0x0005b283,	/* ld t0, 0(a1) */
		0x0055b023,	/* sd t0, 0(a1) */
		0x00a5a023,	/* sw a0, 0(a1) */
		0x00558023,	/* sb t0, 0(a1) */
		0x0005a507,	/* flw fa0, 0(a1) */
		0x00a5a027,	/* fsw fa0, 0(a1) */
		0x00a5a2af,	/* amoadd.w t0, a0, (a1) */
		0x1005a2af,	/* lr.w t0, (a1) */
		0x18a5a2af,	/* sc.w t0, a0, (a1) */
		0x00858593,	/* addi a1, a1, 8 */
		0x40b585b3,	/* sub a1, a1, a1 */
		0x00a585b3,	/* add a1, a1, a0 */
		0xcc0022f3,	/* csrr t0, global id */
		0x0000000b,	/* barrier */
		0x00000013,
	};
	u64 *data = (u64 *)slice(g, HOSTILE, AT_DATA);
	u32 *code = (u32 *)slice(g, HOSTILE, AT_CODE);
	unsigned int i;

	for (i = 0; i < 32; i++)
		data[i] = address();
	for (i = 0; i < 24; i++) {
		/* ld a1, n(a0), with a0 at the data */
		code[i] = one_in(3) ? 0x00053583 | (u32)any(32) * 8 << 20 :
				      valid[any(sizeof(valid) / sizeof(valid[0]))];
		if (one_in(12))
			code[i] ^= 1u << any(32);
	}
	code[24] = one_in(2) ? 0x00008067 : 0xfa1ff06f;	/* ret, or back to the start */
}

static void make_packet(union packet *p)
{
	memset(p, 0, sizeof(*p));
	p->header.opcode = (u16)(1 + any(7));
	if (p->header.opcode == REFGPU_OP_FLIP)
		p->header.opcode = REFGPU_OP_RIGHTS;
	switch (p->header.opcode) {
	case REFGPU_OP_FILL:
		p->fill.target = address();
		p->fill.bytes = amount();
		p->fill.lines = (u32)(1 + (one_in(3) ? any(100) : 0));
		p->fill.pitch = one_in(2) ? amount() : address();
		p->fill.pattern = (u32)unit_random(&chance);
		break;
	case REFGPU_OP_COPY:
		p->copy.source = address();
		p->copy.target = address();
		p->copy.bytes = amount();
		p->copy.lines = (u32)(1 + (one_in(3) ? any(100) : 0));
		p->copy.source_pitch = one_in(2) ? amount() : address();
		p->copy.target_pitch = one_in(2) ? amount() : address();
		break;
	case REFGPU_OP_DISPATCH:
		p->dispatch.code = one_in(8) ? address() : AT_CODE;
		p->dispatch.argument = one_in(8) ? address() : AT_DATA;
		p->dispatch.stack = one_in(4) ? address() : AT_STACK;
		p->dispatch.stack_bytes = (u32)any(64) * 16;
		p->dispatch.grid[0] = (u32)(1 + any(8));
		p->dispatch.grid[1] = 1;
		p->dispatch.grid[2] = one_in(10) ? UINT32_MAX : 1;
		p->dispatch.group[0] = (u16)(1 + any(16));
		p->dispatch.group[1] = (u16)(1 + any(3));
		p->dispatch.group[2] = 1;
		break;
	case REFGPU_OP_FENCE:
		p->header.flags = (u16)any(4);
		p->fence.address = address();
		p->fence.value = unit_random(&chance);
		break;
	case REFGPU_OP_RIGHTS:
		/* Tables anywhere, of any content; without one, often, so that work goes on. */
		if (one_in(3)) {
			p->rights.table = address();
			p->rights.vram_granules = any(64);
			p->rights.sysmem_granules = any(8);
		}
		break;
	default:
		p->header.flags = (u16)any(3);
		p->semaphore.address = address();
		if (p->header.opcode == REFGPU_OP_SEMAPHORE)
			p->semaphore.value = any(4);
		else
			p->header.flags = 0;
		break;
	}
	if (one_in(10))
		p->bytes[any(64)] ^= (u8)(1 << any(8));
}

static void hostile_act(void)
{
	unsigned int r = (unsigned int)any(REFGPU_RINGS), i;
	u64 ring = REFGPU_USER_RING(r);

	switch (any(12)) {
	case 0:
		ring_on(g, HOSTILE, r);
		break;
	case 1:
		make_kernel();
		break;
	case 2:
		user_wr(g, HOSTILE, ring + REFGPU_RING_CONTROL, any(2));
		user_wr(g, HOSTILE, ring + REFGPU_RING_BASE, address() & ~63ULL);
		user_wr(g, HOSTILE, ring + REFGPU_RING_PACKETS, 2ULL << any(17));
		user_wr(g, HOSTILE, ring + REFGPU_RING_CONTROL, any(2));
		break;
	case 3:
		user_wr(g, HOSTILE, ring + REFGPU_RING_DOORBELL, unit_random(&chance) >> any(64));
		break;
	case 4:
		user_wr(g, HOSTILE, any(0x5000) & ~7ULL, unit_random(&chance));
		break;
	default:
		for (i = 0; i < 1 + any(4); i++) {
			union packet packet;

			make_packet(&packet);
			push(g, HOSTILE, r, &packet);
		}
		if (ring_rd(g, HOSTILE, r, REFGPU_RING_STATUS) == REFGPU_RING_STOPPED)
			ring_on(g, HOSTILE, r);
		bell(g, HOSTILE, r);
		break;
	}
}

/* Honest work with a result that is known. */
static u64 honest_round;

static void honest_submit(unsigned int p)
{
	honest_round++;
	push_fill(g, p, 0, AT_DATA, 4096, (u32)honest_round);
	push_copy(g, p, 0, AT_DATA, AT_DATA + 0x2000, 4096);
	push_copy(g, p, 0, AT_DATA + 0x2000, REFGPU_SYSMEM_APERTURE, 4096);
	push_dispatch(g, p, 0, 16);
	push_fence(g, p, 0, honest_round, 0, 0);
	bell(g, p, 0);
}

static void honest_check(unsigned int p, u64 round)
{
	u32 *data = slice(g, p, AT_DATA), *copy = slice(g, p, AT_DATA + 0x2000);
	u32 *host = (u32 *)(g->host + SYSMEM_AT(p, 0));
	unsigned int i;

	ck_assert_msg(ring_rd(g, p, 0, REFGPU_RING_FENCE) == round,
		      "partition %u: fence %llu, not %llu; error %llu", p,
		      (unsigned long long)ring_rd(g, p, 0, REFGPU_RING_FENCE),
		      (unsigned long long)round,
		      (unsigned long long)ring_rd(g, p, 0, REFGPU_RING_ERROR));
	for (i = 0; i < 1024; i++) {
		/* The kernel has put AT_DATA into the first word. */
		if (data[i] != (i ? (u32)round : AT_DATA) || copy[i] != (u32)round ||
		    host[i] != (u32)round)
			ck_abort_msg("partition %u, round %llu: word %u is %#x, %#x, %#x", p,
				     (unsigned long long)round, i, data[i], copy[i], host[i]);
	}
}

/* Offset of the first word in [from, to) that is not the canary, or @to. */
static u64 first_changed(const u8 *memory, u64 from, u64 to)
{
	for (; from < to; from += 8)
		if (*(const u64 *)(memory + from) != CANARY * 0x0101010101010101ULL)
			break;
	return from;
}

static void check_range(const char *what, const u8 *memory, u64 from, u64 to)
{
	u64 at = first_changed(memory, from, to);

	ck_assert_msg(at == to, "%s at %#llx has changed", what, (unsigned long long)at);
}

/* All that belongs to nobody, and all of host memory but the given pages. */
static void check_canaries(void)
{
	unsigned int p;

	check_range("video memory", g->vram, 0, SLICE_BASE(0));
	for (p = 0; p < 3; p++)
		check_range("video memory", g->vram, SLICE_BASE(p) + SLICE_BYTES,
			    SLICE_BASE(p + 1));
	check_range("video memory", g->vram, SLICE_BASE(3), CANARY_BYTES);
	check_range("host memory", g->host, SYSMEM_AT(3, 0), HOST_BYTES);
	check_range("host memory", g->host, EVENT_RECORDS * 32, AT_TABLES);
}

START_TEST(a_hostile_guest_harms_itself_only)
{
	static const unsigned int honest[] = { 0, 2 };
	unsigned int p, turn, i;
	u64 wanted[3] = { 0 }, table[512];
	u64 faults, packets, instructions;

	chance.state = unit_seed("isolation") + (u64)_i;
	g = gpu_create(true);
	wr(g, REFGPU_GLOBAL_SWITCH_NS, 1000);
	memset(g->vram, CANARY, CANARY_BYTES);
	memset(g->host + EVENT_RECORDS * 32, CANARY, HOST_BYTES - EVENT_RECORDS * 32);
	for (p = 0; p < 3; p++) {
		partition_on(g, p);
		ring_on(g, p, 0);
		/* sw a0, 0(a0); ret */
		((u32 *)slice(g, p, AT_CODE))[0] = 0x00a52023;
		((u32 *)slice(g, p, AT_CODE))[1] = 0x00008067;
	}
	memcpy(table, g->host + AT_TABLES + HOSTILE * 4096, 4096);
	for (turn = 0; turn < 1500; turn++) {
		for (i = 0; i < 2; i++) {
			p = honest[i];
			if (ring_rd(g, p, 0, REFGPU_RING_STATUS) == REFGPU_RING_IDLE) {
				if (wanted[p])
					honest_check(p, wanted[p]);
				honest_submit(p);
				wanted[p] = honest_round;
			}
		}
		for (i = 0; i < any(6); i++)
			hostile_act();
		run(g, turn % 4 == 3 ? HOSTILE : turn % 3, 0, 1000 + any(100000));
		while (rc_state(g) != REFGPU_RC_EMPTY) {
			device_step(g->dev, 20000);
			if (one_in(4))
				hostile_act();
		}
		ck_assert_uint_eq(ring_rd(g, 0, 1, REFGPU_RING_STATUS), 0);
		if (one_in(200)) {
			wr(g, REFGPU_PARTITION(HOSTILE) + REFGPU_PARTITION_RESET, 1);
			device_step(g->dev, 10000);
		}
	}
	check_canaries();
	ck_assert(!memcmp(table, g->host + AT_TABLES + HOSTILE * 4096, 4096));
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(counter(g, honest[i], REFGPU_COUNTER_FAULTS), 0);
		ck_assert_uint_eq(user_rd(g, honest[i], REFGPU_USER_INTR_STATUS), 0);
		ck_assert_uint_eq(g->irqs[honest[i]], 0);
		ck_assert_msg(wanted[honest[i]] > 20, "partition %u did %llu rounds",
			      honest[i], (unsigned long long)wanted[honest[i]]);
	}
	/* It must have been hostile in earnest: much ran, and much was refused. */
	faults = counter(g, HOSTILE, REFGPU_COUNTER_FAULTS);
	packets = counter(g, HOSTILE, REFGPU_COUNTER_PACKETS);
	instructions = counter(g, HOSTILE, REFGPU_COUNTER_INSTRUCTIONS);
	ck_assert_msg(faults > 200 && packets > 100 && instructions > 10000,
		      "%llu faults, %llu packets, %llu instructions",
		      (unsigned long long)faults, (unsigned long long)packets,
		      (unsigned long long)instructions);
	gpu_destroy(g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolation");
	TCase *tests = tcase_create("isolation");

	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, a_hostile_guest_harms_itself_only, 0, 6);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "isolation");
}
