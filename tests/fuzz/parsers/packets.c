// SPDX-License-Identifier: GPL-2.0-only
/*
 * packets.c - fuzzes the decoder of ring packets of the reference GPU
 *
 * What it lets through has only ranges that end, and nothing in fields that the
 * next version may use.
 */
#include "device/packets.h"
#include "fuzz.h"

static void check_span(uint64_t first, uint64_t bytes, uint64_t pitch, uint32_t lines)
{
	unsigned __int128 last = (unsigned __int128)pitch * (lines - 1) + first + bytes;

	FUZZ_CHECK(bytes && lines, "nothing to do");
	FUZZ_CHECK(last <= UINT64_MAX, "%u lines of 0x%llx bytes at 0x%llx", lines,
		   (unsigned long long)bytes, (unsigned long long)first);
}

static void check_dispatch(const struct refgpu_dispatch *dispatch)
{
	uint64_t items = 1;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		FUZZ_CHECK(dispatch->grid[i] && dispatch->group[i], "direction %u", i);
		items *= dispatch->group[i];
		FUZZ_CHECK(items <= REFGPU_GROUP_ITEMS_MAX, "%llu items",
			   (unsigned long long)items);
	}
	FUZZ_CHECK(dispatch->code % 4 == 0 && dispatch->stack_bytes % 16 == 0, "alignment");
}

static void check_good(const union packet *packet, uint64_t caps)
{
	FUZZ_CHECK(!packet->header.reserved, "reserved 0x%x", packet->header.reserved);
	switch (packet->header.opcode) {
	case REFGPU_OP_FILL:
		FUZZ_CHECK(caps & REFGPU_CAP_COPY, "FILL");
		check_span(packet->fill.target, packet->fill.bytes, packet->fill.pitch,
			   packet->fill.lines);
		FUZZ_CHECK(packet->fill.target % 4 == 0 && packet->fill.bytes % 4 == 0, "alignment");
		break;
	case REFGPU_OP_COPY:
		FUZZ_CHECK(caps & REFGPU_CAP_COPY, "COPY");
		check_span(packet->copy.source, packet->copy.bytes, packet->copy.source_pitch,
			   packet->copy.lines);
		check_span(packet->copy.target, packet->copy.bytes, packet->copy.target_pitch,
			   packet->copy.lines);
		break;
	case REFGPU_OP_DISPATCH:
		FUZZ_CHECK(caps & REFGPU_CAP_COMPUTE, "DISPATCH");
		check_dispatch(&packet->dispatch);
		break;
	case REFGPU_OP_FENCE:
		FUZZ_CHECK(packet->fence.address % 8 == 0, "alignment");
		break;
	case REFGPU_OP_SEMAPHORE:
		FUZZ_CHECK(packet->semaphore.address % 8 == 0, "alignment");
		break;
	case REFGPU_OP_TIMESTAMP:
		FUZZ_CHECK(packet->timestamp.address % 8 == 0, "alignment");
		break;
	case REFGPU_OP_FLIP:
		FUZZ_CHECK(caps & REFGPU_CAP_HEADS && packet->flip.head < REFGPU_HEADS, "FLIP");
		break;
	case REFGPU_OP_RIGHTS:
		FUZZ_CHECK(caps & REFGPU_CAP_RIGHTS, "RIGHTS");
		FUZZ_CHECK(packet->rights.vram_granules <= REFGPU_RIGHTS_VRAM_MAX &&
			   packet->rights.sysmem_granules <= REFGPU_RIGHTS_SYSMEM_MAX, "granules");
		FUZZ_CHECK(packet->rights.table % 8 == 0, "alignment");
		break;
	default:
		FUZZ_CHECK(packet->header.opcode == REFGPU_OP_NOP ||
			   packet->header.opcode == REFGPU_OP_TRAP, "opcode %u",
			   packet->header.opcode);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	/* Among those that packets need are bits 0 to 2, and 8. */
	uint64_t missing = fuzz_number(&fuzz, 1), caps = ~(missing | (missing & 128) << 1);
	union packet packet, before;
	enum refgpu_error error;

	do {
		fuzz_bytes(&fuzz, packet.bytes, sizeof(packet.bytes));
		before = packet;
		error = packet_check(&packet, caps);
		FUZZ_CHECK(!memcmp(&packet, &before, sizeof(packet)), "the packet changed");
		if (error == REFGPU_ERROR_NONE)
			check_good(&packet, caps);
		else
			FUZZ_CHECK(error == REFGPU_ERROR_OPCODE || error == REFGPU_ERROR_PACKET,
				   "error %u", error);
	} while (fuzz.left);
	return 0;
}
