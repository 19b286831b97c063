// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile_packets.c - what an attacker of other processes has the GPU execute
 */
#include <string.h>

#include "hostile.h"

struct attacker self;
uint64_t seed;

/* Each gets its argument in a0: the addresses of a source and of a target. */
static const uint32_t copy_word[] = {
	0x00053583,	/* ld a1,0(a0) */
	0x00853603,	/* ld a2,8(a0) */
	0x0005b683,	/* ld a3,0(a1) */
	0x00d63023,	/* sd a3,0(a2) */
	0x00008067,	/* ret */
};
static const uint32_t add_word[] = {
	0x00853603,	/* ld a2,8(a0) */
	0x00d626af,	/* amoadd.w a3,a3,(a2) */
	0x00008067,	/* ret */
};
static const uint32_t push_word[] = {
	0xfe113c23,	/* sd ra,-8(sp) */
	0x00008067,	/* ret */
};

/* All bits are good: xorshift64*. */
static uint64_t random64(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL;
}

static uint32_t random32(void)
{
	return (uint32_t)(random64() >> 32);
}

/**
 * below - a number
 * @limit: that it is less than
 */
uint32_t below(uint32_t limit)
{
	return random32() % limit;
}

/**
 * dispatch_packet - a kernel that starts once
 * @code: its address
 * @argument: in a0
 */
struct refgpu_dispatch dispatch_packet(uint64_t code, uint64_t argument)
{
	return (struct refgpu_dispatch) {
		.header.opcode = REFGPU_OP_DISPATCH,
		.code = code,
		.argument = argument,
		.grid = { 1, 1, 1 },
		.group = { 1, 1, 1 },
	};
}

/**
 * load_code - make a buffer with kernels and room for their arguments, which no job can change
 * @fd: file of the device
 * @code: receives what it is
 *
 * Return: 0 or -errno.
 */
int load_code(int fd, struct buffer *code)
{
	int error = buffer_create(fd, DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_GPU_READONLY, GRANULE,
				  code);

	if (error)
		return error;
	memcpy((char *)code->words + COPY_WORD, copy_word, sizeof(copy_word));
	memcpy((char *)code->words + ADD_WORD, add_word, sizeof(add_word));
	memcpy((char *)code->words + PUSH_WORD, push_word, sizeof(push_word));
	return 0;
}

/**
 * set_argument - write the argument of a kernel
 * @code: of load_code()
 * @slot: number of the argument
 * @source: address that it reads
 * @target: address that it writes
 *
 * Return: the argument's address.
 */
uint64_t set_argument(const struct buffer *code, unsigned int slot, uint64_t source,
		      uint64_t target)
{
	uint64_t argument[2] = { source, target };
	unsigned int at = ARGUMENTS + slot * sizeof(argument);

	memcpy((char *)code->words + at, argument, sizeof(argument));
	return code->address + at;
}

/* --------------------------------------------------------------- addresses */

/* The granule is one that the attacker's jobs may write, or read. */
static bool is_own(uint64_t address, bool write)
{
	unsigned int i;

	for (i = 0; i < OWN; i++)
		if (address >= self.own[i].address &&
		    address - self.own[i].address < self.own[i].size)
			return !write || i != CODE;
	return false;
}

static bool any_is_own(uint64_t address, uint64_t bytes)
{
	return is_own(address, false) || is_own(address + bytes - 1, false);
}

/* Whatever comes to mind, a multiple of 8. */
static uint64_t somewhere(void)
{
	const struct range *target = &self.targets[below(TARGETS)];
	const struct buffer *own = &self.own[below(OWN)];
	uint64_t address;

	switch (below(9)) {
	case 0:
	case 1:
	case 2:
		address = target->begin + random64() % target->bytes;
		break;
	case 3: /* the driver's rings and tables */
		address = below(1 << 21);
		break;
	case 4:
		address = random64() % self.vram;
		break;
	case 5:
		address = REFGPU_SYSMEM_APERTURE + random64() % self.aperture;
		break;
	case 6: /* next to what it has */
		address = own->address + (below(2) ? own->size + below(GRANULE) :
						     0ull - 8 - below(GRANULE));
		break;
	case 7: /* the ends of memory */
		address = (below(2) ? self.vram : REFGPU_SYSMEM_APERTURE + self.aperture) -
			  64 + below(GRANULE);
		break;
	default:
		address = random64() >> below(64);
		break;
	}
	return address & ~7ull;
}

/* What it does not have, all of @bytes, which are less than a granule. */
static uint64_t foreign(uint64_t bytes)
{
	uint64_t address;

	do {
		address = somewhere();
	} while (any_is_own(address, bytes));
	return address;
}

/* A place for what is allowed. */
static uint64_t arena(uint64_t bytes)
{
	return self.own[below(2)].address + 8 * below((BYTES - (uint32_t)bytes) / 8);
}

static uint32_t length(void)
{
	return 8 + 8 * below(256);
}

/* No byte of a canary. */
static uint32_t pattern(void)
{
	return random32() & 0x3f3f3f3f;
}

/* ----------------------------------------------------------------- packets */

/**
 * harmless - a packet that must be executed
 * @slot: the attempt that it is of
 */
union packet harmless(unsigned int slot)
{
	union packet packet = { 0 };
	uint32_t bytes = length();
	uint64_t argument;

	switch (below(4)) {
	case 0:
		packet.fill = fill_packet(arena(bytes), bytes, pattern());
		break;
	case 1:
		packet.copy = copy_packet(arena(bytes), arena(bytes), bytes);
		break;
	case 2:
		argument = set_argument(&self.own[CODE], slot, arena(8), arena(8));
		packet.dispatch = dispatch_packet(self.own[CODE].address + COPY_WORD, argument);
		break;
	default:
		break; /* NOP */
	}
	return packet;
}

static union packet hostile_dispatch(unsigned int slot)
{
	const struct buffer *code = &self.own[CODE];
	union packet packet;

	packet.dispatch = dispatch_packet(code->address + COPY_WORD, 0);
	switch (below(6)) {
	case 0:
		packet.dispatch.argument = set_argument(code, slot, foreign(8), arena(8));
		break;
	case 1:
		packet.dispatch.argument = set_argument(code, slot, arena(8), foreign(8));
		break;
	case 2:
		packet.dispatch.argument = foreign(16);
		break;
	case 3:
		packet.dispatch.code = foreign(8);
		break;
	case 4:
		packet.dispatch.code = code->address + ADD_WORD;
		packet.dispatch.argument = set_argument(code, slot, arena(8), foreign(8));
		break;
	default: /* a stack there, in whichever slot of the GPU it runs */
		packet.dispatch.code = code->address + PUSH_WORD;
		packet.dispatch.stack_bytes = 16;
		packet.dispatch.stack = foreign(16 * (REFGPU_GROUP_SLOTS + 1));
		break;
	}
	return packet;
}

/* Lines of which the second is not its own. */
static union packet hostile_lines(void)
{
	union packet packet = { 0 };
	uint64_t begin = arena(8), other;

	do {
		other = foreign(8);
	} while (other < begin);
	if (below(2)) {
		packet.fill = fill_packet(begin, 8, pattern());
		packet.fill.pitch = other - begin;
		packet.fill.lines = 2;
		return packet;
	}
	packet.copy = copy_packet(arena(16), arena(16), 8);
	packet.copy.lines = 2;
	packet.copy.source_pitch = 8;
	packet.copy.target_pitch = 8;
	if (below(2)) {
		packet.copy.source = begin;
		packet.copy.source_pitch = other - begin;
	} else {
		packet.copy.target = begin;
		packet.copy.target_pitch = other - begin;
	}
	return packet;
}

static union packet malformed(unsigned int slot)
{
	union packet packet = { .fill = fill_packet(arena(64), 64, pattern()) };
	unsigned int i;

	switch (below(6)) {
	case 0:
		packet.header.flags = (uint16_t)(1 + below(0xffff));
		break;
	case 1:
		packet.header.reserved = 1 + below(1 << 30);
		break;
	case 2:
		packet.fill.target += 1 + below(3);
		break;
	case 3:
		packet.fill.lines = 0;
		break;
	case 4:
		packet.dispatch = dispatch_packet(self.own[CODE].address,
						  set_argument(&self.own[CODE], slot, 0, 0));
		packet.dispatch.group[below(3)] = 0;
		break;
	default: /* noise, which always has reserved bits */
		for (i = 0; i < sizeof(packet.words) / sizeof(packet.words[0]); i++)
			packet.words[i] = random32();
		packet.header.opcode = (uint16_t)below(REFGPU_OP_DISPATCH + 1);
		packet.header.reserved |= 1;
		break;
	}
	return packet;
}

/**
 * attack - a packet of any kind
 * @slot: the attempt that it is of
 * @fate: receives what must become of its job
 */
union packet attack(unsigned int slot, enum fate *fate)
{
	union packet packet = { 0 };
	uint32_t bytes = length();

	*fate = STOPPED;
	switch (below(16)) {
	case 0:
		*fate = DONE;
		return harmless(slot);
	case 1:
		*fate = REJECTED;
		do {
			packet.header.opcode = (uint16_t)(random32() >> below(16));
		} while (packet.header.opcode <= REFGPU_OP_DISPATCH ||
			 packet.header.opcode == REFGPU_OP_TIMESTAMP);
		return packet;
	case 2:
	case 3:
		packet.fill = fill_packet(foreign(bytes), bytes, pattern());
		return packet;
	case 4: /* out of what it has */
		packet.fill = fill_packet(self.own[ARENA_VRAM].address, 1ull << (24 + below(39)),
					  pattern());
		return packet;
	case 5:
	case 6:
		packet.copy = copy_packet(arena(bytes), foreign(bytes), bytes);
		return packet;
	case 7:
		packet.copy = copy_packet(foreign(bytes), arena(bytes), bytes);
		return packet;
	case 8: /* its own code, which jobs can't change */
		packet.fill = fill_packet(self.own[CODE].address + 8 * below(GRANULE / 8), 4, 0);
		return packet;
	case 9:
		return hostile_lines();
	case 10:
		packet.timestamp = (struct refgpu_timestamp) {
			.header.opcode = REFGPU_OP_TIMESTAMP,
			.address = foreign(8),
		};
		return packet;
	case 11:
		return malformed(slot);
	default:
		return hostile_dispatch(slot);
	}
}
