/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migrant.h - a guest with all kinds of work, whose every result is looked at
 *
 * Whatever moves it from one vGPU to another: no job and no fence is lost, none runs
 * twice, its pictures and its memory are the same. Every failure ends the test.
 */
#ifndef MIGRANT_H
#define MIGRANT_H

#include "chain.h"
#include "jobs.h"
#include "migration.h"
#include "screen.h"

/**
 * struct migrant - the guest
 * @vgpu: where it runs
 * @jobs: on ring 0: computations
 * @copies: ring 1: patterns that go to guest memory
 * @copied: how many were submitted
 * @looked: how many of them were right
 * @pattern: framebuffer offset where they are made
 * @memory: of the guest
 * @address: of it, for the GPU
 * @chained: patterns are made by another ring
 * @chain: that
 * @eventfd: of fences, if so
 * @flips: ring 2: pictures by turns
 * @flipped: how many were submitted
 * @mode: the two pictures, on head 0
 * @timer: the guest's clock when it looked last
 */
struct migrant {
	struct vgpu *vgpu;
	struct jobs jobs;
	struct rt_ring copies;
	uint64_t copied;
	uint64_t looked;
	uint64_t pattern;
	struct rt_memory memory;
	uint64_t address;
	bool chained;
	struct chain chain;
	int eventfd;
	struct rt_ring flips;
	uint64_t flipped;
	struct rt_mode mode[2];
	uint64_t timer;
};

void migrant_begin(struct migrant *migrant, struct vgpu *vgpu, unsigned int elements,
		   uint32_t seed);
void migrant_chains(struct migrant *migrant);
void migrant_work(struct migrant *migrant, uint64_t ns);
void migrant_moves(struct migrant *migrant, struct vgpu *to);
void migrant_finish(struct migrant *migrant);
void migrant_picture(struct migrant *migrant, const char *when);

#endif /* MIGRANT_H */
