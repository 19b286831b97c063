/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.h - a guest's command stream: packets that are right, and some in which
 * a few bytes are not
 *
 * Noise would end at the decoder, which has a fuzz target of its own.
 */
#ifndef FUZZ_STREAM_H
#define FUZZ_STREAM_H

#include "device/packets.h"
#include "fuzz.h"
#include "refgpu_hw.h"

/**
 * struct stream_layout - where a guest has what; offsets in its slice
 * @slice_bytes: size of the slice
 * @code: stream_code[]
 * @data: memory to work on
 * @stack: of the harts
 * @pages: pages of its system-memory aperture
 */
struct stream_layout {
	uint64_t slice_bytes;
	uint64_t code;
	uint64_t data;
	uint64_t stack;
	unsigned int pages;
};

/* Adds 3 to the word of each item; its last two instructions never end. */
static const uint32_t stream_code[] = {
	0xcc402373,	/* csrr t1, local id */
	0x00231313,	/* slli t1, t1, 2 */
	0x00a30333,	/* add t1, t1, a0 */
	0x00032383,	/* lw t2, 0(t1) */
	0x00338393,	/* addi t2, t2, 3 */
	0x00732023,	/* sw t2, 0(t1) */
	0x0000000b,	/* barrier */
	0x00008067,	/* ret */
	0x0000006f,	/* jal x0, 0 */
	0x0000006f,
};

/** stream_address() - in what the guest has, near its ends, or anywhere */
static inline uint64_t stream_address(struct fuzz *fuzz, const struct stream_layout *layout)
{
	const uint64_t edges[] = {
		0, layout->code, layout->data, layout->stack, layout->slice_bytes,
		REFGPU_SYSMEM_APERTURE, REFGPU_SYSMEM_APERTURE + layout->pages / 2 * 4096ull,
		REFGPU_SYSMEM_APERTURE + layout->pages * 4096ull, 1ull << 63, ~0ull,
	};
	uint64_t edge = edges[fuzz_below(fuzz, sizeof(edges) / sizeof(edges[0]))];

	switch (fuzz_below(fuzz, 8)) {
	case 0:
		return fuzz_number(fuzz, 8);
	case 1:
		return edge + fuzz_number(fuzz, 1) - 128;
	case 2:
	case 3:
		return edge;
	default:
		return edge + 64 * fuzz_number(fuzz, 1);
	}
}

/**
 * stream_packet() - a packet
 * @fuzz: decides
 * @layout: of the guest
 * @to: receives REFGPU_PACKET_SIZE bytes
 */
static inline void stream_packet(struct fuzz *fuzz, const struct stream_layout *layout, void *to)
{
	union packet p;
	unsigned int changes = (unsigned int)fuzz_below(fuzz, 8);

	memset(&p, 0, sizeof(p));
	p.header.opcode = (uint16_t)fuzz_below(fuzz, REFGPU_OP_RIGHTS + 1);
	switch (p.header.opcode) {
	case REFGPU_OP_FILL:
		p.fill.target = stream_address(fuzz, layout) & ~3ull;
		p.fill.bytes = 4 * (1 + fuzz_number(fuzz, 1));
		p.fill.pitch = 4 * fuzz_number(fuzz, 2);
		p.fill.lines = 1 + (uint32_t)fuzz_below(fuzz, 8);
		p.fill.pattern = 0x12345678;
		break;
	case REFGPU_OP_COPY:
		p.copy.source = stream_address(fuzz, layout);
		p.copy.target = stream_address(fuzz, layout);
		p.copy.bytes = 1 + fuzz_number(fuzz, 2);
		p.copy.source_pitch = fuzz_number(fuzz, 2);
		p.copy.target_pitch = fuzz_number(fuzz, 2);
		p.copy.lines = 1 + (uint32_t)fuzz_below(fuzz, 8);
		break;
	case REFGPU_OP_DISPATCH:
		p.dispatch.code = fuzz_below(fuzz, 4) ?
			layout->code + 4 * fuzz_below(fuzz, 10) :
			stream_address(fuzz, layout) & ~3ull;
		p.dispatch.argument = fuzz_below(fuzz, 2) ? layout->data :
			stream_address(fuzz, layout);
		p.dispatch.stack = fuzz_below(fuzz, 4) ? layout->stack :
			stream_address(fuzz, layout);
		p.dispatch.stack_bytes = 16 * (uint32_t)fuzz_number(fuzz, 1);
		p.dispatch.grid[0] = 1 + (uint32_t)fuzz_below(fuzz, 3);
		p.dispatch.grid[1] = 1;
		p.dispatch.grid[2] = 1;
		p.dispatch.group[0] = 1 + (uint16_t)fuzz_below(fuzz, 8);
		p.dispatch.group[1] = 1;
		p.dispatch.group[2] = 1;
		break;
	case REFGPU_OP_FENCE:
		p.header.flags = (uint16_t)fuzz_below(fuzz, 4);
		p.fence.value = fuzz_number(fuzz, 1);
		p.fence.address = stream_address(fuzz, layout) & ~7ull;
		break;
	case REFGPU_OP_SEMAPHORE:
		p.header.flags = (uint16_t)fuzz_below(fuzz, 3);
		p.semaphore.value = fuzz_below(fuzz, 4);
		p.semaphore.address = fuzz_below(fuzz, 2) ? layout->data :
			stream_address(fuzz, layout) & ~7ull;
		break;
	case REFGPU_OP_TIMESTAMP:
		p.timestamp.address = stream_address(fuzz, layout) & ~7ull;
		break;
	case REFGPU_OP_FLIP:
		p.header.flags = (uint16_t)fuzz_below(fuzz, 2);
		p.flip.head = (uint32_t)fuzz_below(fuzz, REFGPU_HEADS + 1);
		p.flip.base = stream_address(fuzz, layout) & ~63ull;
		break;
	case REFGPU_OP_RIGHTS:
		if (fuzz_below(fuzz, 2)) {
			p.rights.table = stream_address(fuzz, layout) & ~7ull;
			p.rights.vram_granules = fuzz_number(fuzz, 1);
			p.rights.sysmem_granules = fuzz_number(fuzz, 1);
		}
		break;
	}
	for (changes = changes < 6 ? 0 : changes - 5; changes; changes--)
		p.bytes[fuzz_below(fuzz, REFGPU_PACKET_SIZE)] ^= (uint8_t)fuzz_number(fuzz, 1);
	memcpy(to, &p, sizeof(p));
}

#endif /* FUZZ_STREAM_H */
