/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packets.h - the decoder of ring packets, a pure function
 */
#ifndef REFGPU_PACKETS_H
#define REFGPU_PACKETS_H

#include "refgpu_hw.h"
#include "types.h"

/**
 * union packet - the 64 bytes of a packet
 *
 * A copy taken out of the ring once: the guest may change the ring at any
 * time, also while the packet executes.
 */
union packet {
	struct refgpu_packet_header header;
	struct refgpu_fill fill;
	struct refgpu_copy copy;
	struct refgpu_dispatch dispatch;
	struct refgpu_fence fence;
	struct refgpu_semaphore semaphore;
	struct refgpu_timestamp timestamp;
	struct refgpu_flip flip;
	struct refgpu_rights rights;
	u8 bytes[REFGPU_PACKET_SIZE];
};

/**
 * packet_check() - is this a packet the device executes?
 * @packet: 64 bytes as the guest wrote them
 * @caps: REFGPU_CAP_* of the device: a packet it lacks is an unknown opcode
 *
 * Checks every field that can be judged without memory: opcode, flags,
 * reserved bytes, ranges and alignments. Whether addresses lie in the
 * partition is for the execution.
 *
 * Return: REFGPU_ERROR_NONE, _OPCODE or _PACKET.
 */
enum refgpu_error packet_check(const union packet *packet, u64 caps);

#endif /* REFGPU_PACKETS_H */
