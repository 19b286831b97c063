/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state_head.h - the state of virtual heads
 */
#ifndef REFGPU_STATE_HEAD_H
#define REFGPU_STATE_HEAD_H

#include "device/scanout.h"
#include "refgpu_hw.h"
#include "types.h"

struct partition;

/**
 * struct head - a virtual head
 * @epoch: when it was enabled; vertical blanks are counted from there
 * @due: time of the next vertical blank, while it is active
 * @flip_ready: no flip before this time, because of FLIP_NS
 * @flip_high: high half of FLIP, written before the low one
 * @watch: frames whose CRC is still wanted
 * @edid_changed: EDID has changed since EDID_BYTES was written
 *
 * All before @partition are registers.
 */
struct head {
	u64 control;
	u64 base;
	u64 pitch;
	u64 format;
	u64 size;
	u64 cursor_base;
	u64 cursor_size;
	u64 cursor_position;
	u64 cursor_hotspot;
	u64 flip;
	u64 vblank_count;
	u64 vblank_time;
	u64 crc;
	u64 status;
	u64 edid_bytes;
	u64 edid[REFGPU_EDID_SIZE / 8];
	struct partition *partition;
	unsigned int number;
	u64 epoch;
	u64 due;
	u64 flip_ready;
	u64 flip_high;
	u32 watch;
	bool edid_changed;
};

/**
 * struct frame - a frame whose CRC is wanted
 * @scanout: how far it has been read
 * @generation: changes when it is dropped
 * @active: it is being read
 * @complete: all of it was read; @scanout has the CRC
 */
struct frame {
	struct scanout scanout;
	u32 generation;
	bool active;
	bool complete;
};

#endif /* REFGPU_STATE_HEAD_H */
