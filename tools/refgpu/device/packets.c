// SPDX-License-Identifier: GPL-2.0-only
/*
 * packets.c - the decoder of ring packets; see packets.h
 */
#include "cpu/grid.h"
#include "cpu/memory.h"
#include "device/packets.h"

_Static_assert(sizeof(union packet) == REFGPU_PACKET_SIZE, "a packet is 64 bytes");
_Static_assert(sizeof(struct refgpu_fill) == REFGPU_PACKET_SIZE, "fill");
_Static_assert(sizeof(struct refgpu_copy) == REFGPU_PACKET_SIZE, "copy");
_Static_assert(sizeof(struct refgpu_dispatch) == REFGPU_PACKET_SIZE, "dispatch");
_Static_assert(sizeof(struct refgpu_fence) == REFGPU_PACKET_SIZE, "fence");
_Static_assert(sizeof(struct refgpu_semaphore) == REFGPU_PACKET_SIZE, "semaphore");
_Static_assert(sizeof(struct refgpu_timestamp) == REFGPU_PACKET_SIZE, "timestamp");
_Static_assert(sizeof(struct refgpu_flip) == REFGPU_PACKET_SIZE, "flip");
_Static_assert(sizeof(struct refgpu_rights) == REFGPU_PACKET_SIZE, "rights");

/* The bytes from the end of the last field to the end of the packet. */
static bool zero_from(const union packet *packet, size_t from)
{
	u8 bits = 0;
	size_t i;

	for (i = from; i < REFGPU_PACKET_SIZE; i++)
		bits |= packet->bytes[i];
	return !bits;
}

/*
 * The last byte of all lines must have a 64-bit address. Zero lines or bytes
 * were refused before.
 */
static bool span_fits(u64 first, u64 bytes, u64 pitch, u32 lines)
{
	unsigned __int128 end = (unsigned __int128)(lines - 1) * pitch;

	end += first;
	end += bytes;
	return end <= (unsigned __int128)UINT64_MAX;
}

static bool check_fill(const struct refgpu_fill *fill)
{
	if (fill->target % 4 || fill->bytes % 4 || !fill->bytes || !fill->lines)
		return false;
	/* Lines past the first must keep the alignment. */
	if (fill->lines > 1 && fill->pitch % 4)
		return false;
	return span_fits(fill->target, fill->bytes, fill->pitch, fill->lines);
}

static bool check_copy(const struct refgpu_copy *copy)
{
	if (!copy->bytes || !copy->lines)
		return false;
	return span_fits(copy->source, copy->bytes, copy->source_pitch, copy->lines) &&
	       span_fits(copy->target, copy->bytes, copy->target_pitch, copy->lines);
}

static bool check_rights(const struct refgpu_rights *rights)
{
	if (!rights->table)
		return !rights->vram_granules && !rights->sysmem_granules;
	return rights->table % 8 == 0 && rights->vram_granules <= REFGPU_RIGHTS_VRAM_MAX &&
	       rights->sysmem_granules <= REFGPU_RIGHTS_SYSMEM_MAX &&
	       span_fits(rights->table, memory_rights_bytes(rights->vram_granules,
							    rights->sysmem_granules), 0, 1);
}

enum refgpu_error packet_check(const union packet *packet, u64 caps)
{
	u16 flags = 0;		/* those the opcode has */
	size_t end;		/* of its last field */
	bool good = true;
	u64 cap = 0;

	switch (packet->header.opcode) {
	case REFGPU_OP_NOP:
	case REFGPU_OP_TRAP:
		end = sizeof(struct refgpu_packet_header);
		break;
	case REFGPU_OP_FILL:
		cap = REFGPU_CAP_COPY;
		end = offsetof(struct refgpu_fill, reserved);
		good = check_fill(&packet->fill);
		break;
	case REFGPU_OP_COPY:
		cap = REFGPU_CAP_COPY;
		end = offsetof(struct refgpu_copy, reserved);
		good = check_copy(&packet->copy);
		break;
	case REFGPU_OP_DISPATCH:
		cap = REFGPU_CAP_COMPUTE;
		end = offsetof(struct refgpu_dispatch, reserved);
		good = grid_check_dispatch(&packet->dispatch);
		break;
	case REFGPU_OP_FENCE:
		flags = REFGPU_FENCE_INTERRUPT | REFGPU_FENCE_WRITE;
		end = offsetof(struct refgpu_fence, reserved);
		/* Without FENCE_WRITE the address is still reserved for one. */
		good = packet->fence.address % 8 == 0;
		break;
	case REFGPU_OP_SEMAPHORE:
		flags = REFGPU_SEMAPHORE_SIGNAL | REFGPU_SEMAPHORE_EQUAL;
		end = offsetof(struct refgpu_semaphore, reserved);
		good = packet->semaphore.address % 8 == 0 &&
		       (packet->header.flags & flags) != flags;
		break;
	case REFGPU_OP_TIMESTAMP:
		end = offsetof(struct refgpu_timestamp, reserved);
		good = packet->timestamp.address % 8 == 0;
		break;
	case REFGPU_OP_FLIP:
		cap = REFGPU_CAP_HEADS;
		flags = REFGPU_FLIP_WAIT;
		end = offsetof(struct refgpu_flip, reserved);
		good = packet->flip.head < REFGPU_HEADS && !packet->flip.reserved0 &&
		       packet->flip.base % 64 == 0;
		break;
	case REFGPU_OP_RIGHTS:
		cap = REFGPU_CAP_RIGHTS;
		end = offsetof(struct refgpu_rights, reserved);
		good = check_rights(&packet->rights);
		break;
	default:
		return REFGPU_ERROR_OPCODE;
	}
	if (cap & ~caps)
		return REFGPU_ERROR_OPCODE;
	if (!good || packet->header.flags & ~flags || packet->header.reserved ||
	    !zero_from(packet, end))
		return REFGPU_ERROR_PACKET;
	return REFGPU_ERROR_NONE;
}
