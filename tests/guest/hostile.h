/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostile.h - what the files of hostile share
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "client.h"

#define BYTES		0x20000u	/* of a buffer */
#define GRANULE		0x10000u

/* Kernels that load_code() has put there, with an argument of set_argument() in a0. */
enum { COPY_WORD = 0x000, ADD_WORD = 0x100, PUSH_WORD = 0x200, ARGUMENTS = 0x1000 };

union packet {
	struct refgpu_packet_header header;
	struct refgpu_fill fill;
	struct refgpu_copy copy;
	struct refgpu_dispatch dispatch;
	struct refgpu_timestamp timestamp;
	uint32_t words[REFGPU_PACKET_SIZE / 4];
};

/* What becomes of a job. */
enum fate { DONE, STOPPED, REJECTED };

struct range {
	uint64_t begin;
	uint64_t bytes;
};

/* What the victim has canaries in, and the attacker's buffers. */
enum { VRAM_SECRET, SYSTEM_SECRET, SCREEN, TARGETS };
enum { ARENA_VRAM, ARENA_SYSTEM, TRIPWIRES, CODE, OWN };

/**
 * struct attacker - the attacker's side
 * @fd: its file
 * @own: its buffers
 * @targets: where the victim's canaries are, TARGETS ranges
 * @vram: bytes of video memory that there are
 * @aperture: bytes of system memory that the GPU can have
 */
struct attacker {
	int fd;
	struct buffer own[OWN];
	const struct range *targets;
	uint64_t vram;
	uint64_t aperture;
};

/** self - the attacker, in its process */
extern struct attacker self;

/** seed - of all random numbers; not 0 */
extern uint64_t seed;

uint32_t below(uint32_t limit);
struct refgpu_dispatch dispatch_packet(uint64_t code, uint64_t argument);
int load_code(int fd, struct buffer *code);
uint64_t set_argument(const struct buffer *code, unsigned int slot, uint64_t source,
		      uint64_t target);
union packet harmless(unsigned int slot);
union packet attack(unsigned int slot, enum fate *fate);

#endif /* HOSTILE_H */
