/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chain.h - two rings of a guest that wait for each other at each step
 *
 * The maker makes something when the last one was taken, and may reach no more than
 * that, by a table of rights. The taker tells when it was by timestamps. Every failure
 * ends the test.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include "vgpu.h"

/**
 * struct chain - what the rings share
 * @maker: ring 3
 * @words: framebuffer offset of what they signal each other, and of the timestamp
 * @rights: address of the table; 0: this hardware has none
 * @timestamp: the last
 */
struct chain {
	struct rt_ring maker;
	uint64_t words, rights, timestamp;
};

void chain_create(struct chain *chain, struct rt_device *device, uint64_t made);
void chain_make(struct chain *chain, uint64_t step);
void chain_made(struct chain *chain, struct rt_ring *taker, uint64_t step);
void chain_taken(struct chain *chain, struct rt_ring *taker, uint64_t step);
void chain_look(struct chain *chain);

#endif /* CHAIN_H */
