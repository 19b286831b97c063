// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_packets.c - the packet decoder: every reserved bit, every limit
 */
#include <string.h>

#include "device/packets.h"
#include "unit.h"

#define CAPS	(REFGPU_CAP_COMPUTE | REFGPU_CAP_COPY | REFGPU_CAP_HEADS | REFGPU_CAP_RIGHTS)

/* A packet of each opcode that is right, and what of it may be anything. */
static const struct sample {
	union packet packet;
	u8 flags;		/* of the opcode, those that may be set alone */
	u8 end;			/* of the last field */
} samples[] = {
	{ .packet.header = { .opcode = REFGPU_OP_NOP }, .end = 8 },
	{ .packet.fill = { .header = { .opcode = REFGPU_OP_FILL }, .target = 0x1000,
			   .bytes = 64, .pitch = 128, .lines = 3 }, .end = 40 },
	{ .packet.copy = { .header = { .opcode = REFGPU_OP_COPY }, .source = 1, .target = 3,
			   .bytes = 5, .source_pitch = 7, .target_pitch = 9, .lines = 2 },
	  .end = 52 },
	{ .packet.dispatch = { .header = { .opcode = REFGPU_OP_DISPATCH }, .code = 4,
			       .stack_bytes = 16, .grid = { 1, 2, 3 }, .group = { 4, 8, 8 } },
	  .end = 54 },
	{ .packet.fence = { .header = { .opcode = REFGPU_OP_FENCE }, .address = 8 },
	  .flags = 3, .end = 24 },
	{ .packet.semaphore = { .header = { .opcode = REFGPU_OP_SEMAPHORE }, .address = 8 },
	  .flags = 3, .end = 24 },
	{ .packet.timestamp = { .header = { .opcode = REFGPU_OP_TIMESTAMP }, .address = 16 },
	  .end = 16 },
	{ .packet.flip = { .header = { .opcode = REFGPU_OP_FLIP }, .head = 3, .base = 64 },
	  .flags = 1, .end = 24 },
	{ .packet.header = { .opcode = REFGPU_OP_TRAP }, .end = 8 },
	{ .packet.rights = { .header = { .opcode = REFGPU_OP_RIGHTS }, .table = 8,
			     .vram_granules = 1, .sysmem_granules = 1 }, .end = 32 },
};

#define SAMPLES	(sizeof(samples) / sizeof(samples[0]))

START_TEST(every_opcode)
{
	const struct sample *sample = &samples[_i];

	ck_assert_int_eq(packet_check(&sample->packet, CAPS), REFGPU_ERROR_NONE);
}
END_TEST

START_TEST(every_reserved_bit)
{
	const struct sample *sample = &samples[_i];
	unsigned int bit;

	for (bit = 0; bit < REFGPU_PACKET_SIZE * 8; bit++) {
		union packet packet = sample->packet;
		unsigned int byte = bit / 8;
		enum refgpu_error error;

		packet.bytes[byte] ^= (u8)(1 << bit % 8);
		error = packet_check(&packet, CAPS);
		if (byte < 2)
			continue;		/* another opcode */
		if (byte < 4) {			/* flags */
			bool known = bit - 16 < 8 && (sample->flags & 1 << (bit - 16));

			ck_assert_msg(error == (known ? REFGPU_ERROR_NONE : REFGPU_ERROR_PACKET),
				      "opcode %d flag %u: error %d", _i, bit - 16, error);
		} else if (byte < 8 || byte >= sample->end) {
			ck_assert_msg(error == REFGPU_ERROR_PACKET,
				      "opcode %d reserved bit %u: error %d", _i, bit, error);
		}
	}
}
END_TEST

START_TEST(unknown_opcodes)
{
	unsigned int opcode;

	for (opcode = REFGPU_OP_RIGHTS + 1; opcode < 65536; opcode++) {
		union packet packet = { .header = { .opcode = (u16)opcode } };

		ck_assert_int_eq(packet_check(&packet, CAPS), REFGPU_ERROR_OPCODE);
	}
}
END_TEST

START_TEST(what_the_device_lacks)
{
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		bool optional = i == REFGPU_OP_FILL || i == REFGPU_OP_COPY ||
				i == REFGPU_OP_DISPATCH || i == REFGPU_OP_FLIP ||
				i == REFGPU_OP_RIGHTS;

		ck_assert_int_eq(packet_check(&samples[i].packet, 0),
				 optional ? REFGPU_ERROR_OPCODE : REFGPU_ERROR_NONE);
	}
}
END_TEST

#define GOOD(p)	ck_assert_int_eq(packet_check(&(p), CAPS), REFGPU_ERROR_NONE)
#define BAD(p)	ck_assert_int_eq(packet_check(&(p), CAPS), REFGPU_ERROR_PACKET)
/* @field with @value makes the packet bad; @p is unchanged after. */
#define BAD_IF(p, field, value) do {				\
	union packet b_;					\
								\
	memcpy(&b_, &(p), sizeof(b_));				\
	b_.field = (value);					\
	ck_assert_msg(packet_check(&b_, CAPS) == REFGPU_ERROR_PACKET, #field " = " #value); \
} while (0)

START_TEST(fill_limits)
{
	union packet p = samples[REFGPU_OP_FILL].packet;

	BAD_IF(p, fill.target, 2);
	BAD_IF(p, fill.bytes, 0);
	BAD_IF(p, fill.bytes, 2);
	BAD_IF(p, fill.bytes, 66);
	BAD_IF(p, fill.pitch, 2);
	BAD_IF(p, fill.lines, 0);
	/* Sums that wrap. */
	BAD_IF(p, fill.target, UINT64_MAX - 3);
	BAD_IF(p, fill.bytes, UINT64_MAX - 3);
	BAD_IF(p, fill.pitch, 1ULL << 63);
	p.fill.lines = UINT32_MAX;
	GOOD(p);
	BAD_IF(p, fill.pitch, 1ULL << 33);
	p.fill.lines = 1;
	p.fill.pitch = 3;	/* ignored for one line */
	GOOD(p);
	p.fill.pitch = 0;
	p.fill.lines = 9;
	GOOD(p);
}
END_TEST

START_TEST(copy_limits)
{
	union packet p = samples[REFGPU_OP_COPY].packet;

	BAD_IF(p, copy.bytes, 0);
	BAD_IF(p, copy.lines, 0);
	BAD_IF(p, copy.source, UINT64_MAX);
	BAD_IF(p, copy.target, UINT64_MAX - 4);
	BAD_IF(p, copy.bytes, UINT64_MAX);
	BAD_IF(p, copy.source_pitch, UINT64_MAX);
	BAD_IF(p, copy.target_pitch, UINT64_MAX - 3);
	p.copy.lines = 1;
	p.copy.source = UINT64_MAX - 5;
	GOOD(p);
	BAD_IF(p, copy.source, UINT64_MAX - 4);
}
END_TEST

START_TEST(dispatch_limits)
{
	union packet p = samples[REFGPU_OP_DISPATCH].packet;
	int d;

	BAD_IF(p, dispatch.code, 2);
	BAD_IF(p, dispatch.stack_bytes, 8);
	for (d = 0; d < 3; d++) {
		BAD_IF(p, dispatch.grid[d], 0);
		BAD_IF(p, dispatch.group[d], 0);
		BAD_IF(p, dispatch.group[d], 257);
		BAD_IF(p, dispatch.group[d], 65535);
	}
	BAD_IF(p, dispatch.group[0], 5);	/* 5 * 8 * 8 > 256 */
	for (d = 0; d < 3; d++)
		p.dispatch.grid[d] = UINT32_MAX;
	GOOD(p);
	p.dispatch.group[0] = 256;
	p.dispatch.group[1] = 1;
	p.dispatch.group[2] = 1;
	GOOD(p);
	/* Products that wrap in few bits. */
	p.dispatch.group[1] = 256;
	p.dispatch.group[2] = 256;
	BAD(p);
}
END_TEST

START_TEST(small_packets)
{
	union packet p = samples[REFGPU_OP_FENCE].packet;

	BAD_IF(p, fence.address, 4);
	p = samples[REFGPU_OP_SEMAPHORE].packet;
	BAD_IF(p, semaphore.address, 4);
	BAD_IF(p, header.flags, REFGPU_SEMAPHORE_SIGNAL | REFGPU_SEMAPHORE_EQUAL);
	p = samples[REFGPU_OP_TIMESTAMP].packet;
	BAD_IF(p, timestamp.address, 4);
	p = samples[REFGPU_OP_FLIP].packet;
	BAD_IF(p, flip.head, 4);
	BAD_IF(p, flip.reserved0, 1);
	BAD_IF(p, flip.base, 32);
}
END_TEST

START_TEST(rights_limits)
{
	union packet p = samples[REFGPU_OP_RIGHTS].packet;

	BAD_IF(p, rights.table, 4);
	BAD_IF(p, rights.table, 0);	/* no table, but granules */
	BAD_IF(p, rights.vram_granules, REFGPU_RIGHTS_VRAM_MAX + 1);
	BAD_IF(p, rights.sysmem_granules, REFGPU_RIGHTS_SYSMEM_MAX + 1);
	BAD_IF(p, rights.vram_granules, UINT64_MAX);
	BAD_IF(p, rights.sysmem_granules, UINT64_MAX - 30);
	/* A word each, and then a table that ends behind the last address. */
	BAD_IF(p, rights.table, UINT64_MAX - 7);
	p.rights.table = UINT64_MAX - 23;
	GOOD(p);
	p.rights.table = 1ULL << 40;
	p.rights.vram_granules = 1ULL << 20;
	p.rights.sysmem_granules = 1ULL << 16;
	GOOD(p);
	p.rights.vram_granules = 0;
	p.rights.sysmem_granules = 0;
	GOOD(p);
	p.rights.table = 0;
	GOOD(p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("packets");
	TCase *tests = tcase_create("packets");

	tcase_add_loop_test(tests, every_opcode, 0, SAMPLES);
	tcase_add_loop_test(tests, every_reserved_bit, 0, SAMPLES);
	tcase_add_test(tests, unknown_opcodes);
	tcase_add_test(tests, what_the_device_lacks);
	tcase_add_test(tests, fill_limits);
	tcase_add_test(tests, copy_limits);
	tcase_add_test(tests, dispatch_limits);
	tcase_add_test(tests, small_packets);
	tcase_add_test(tests, rights_limits);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "packets");
}
