// SPDX-License-Identifier: GPL-2.0-only
/*
 * chain.c - two rings of a guest that wait for each other, see chain.h
 */
#include "chain.h"

#define PACKETS		256u
/* At chain.words: */
#define MADE		0u
#define TAKEN		8u
#define TIMESTAMP	16u

/* It reaches one granule. */
static void restrict_maker(struct chain *chain, uint64_t granule)
{
	struct rt_device *device = chain->maker.device;
	struct refgpu_rights packet = {
		.header.opcode = REFGPU_OP_RIGHTS,
		.vram_granules = granule + 1,
	};
	volatile uint64_t *table;

	if (!(rt_user_read(device, REFGPU_USER_CAPS) & REFGPU_CAP_RIGHTS))
		return;
	chain->rights = rt_framebuffer_alloc(device, RT_PAGE_SIZE, RT_PAGE_SIZE);
	table = rt_framebuffer(device, chain->rights);
	table[granule / REFGPU_RIGHTS_A_WORD] = (REFGPU_RIGHTS_READ | REFGPU_RIGHTS_WRITE) <<
		granule % REFGPU_RIGHTS_A_WORD * 2;
	packet.table = chain->rights;
	OK(rt_ring_submit(&chain->maker, &packet));
}

/**
 * chain_create - set the maker's ring up; nothing runs yet
 * @chain: receives it
 * @device: of the guest
 * @made: framebuffer offset of what will be made, within 64 KiB
 */
void chain_create(struct chain *chain, struct rt_device *device, uint64_t made)
{
	memset(chain, 0, sizeof(*chain));
	OK(rt_ring_create(device, 3, PACKETS, &chain->maker));
	chain->words = rt_framebuffer_alloc(device, 3 * 8, 64);
	restrict_maker(chain, made / REFGPU_RIGHTS_GRANULE);
}

static void semaphore(struct rt_ring *ring, uint64_t address, uint64_t value, unsigned int flags)
{
	const struct refgpu_semaphore packet = {
		.header = { .opcode = REFGPU_OP_SEMAPHORE, .flags = (uint16_t)flags },
		.address = address,
		.value = value,
	};

	OK(rt_ring_submit(ring, &packet));
}

/**
 * chain_make - what the maker is given next waits until the last step's was taken
 * @chain: created
 * @step: from 1 on
 */
void chain_make(struct chain *chain, uint64_t step)
{
	semaphore(&chain->maker, chain->words + TAKEN, step - 1, 0);
}

/**
 * chain_made - what the taker is given next waits for what the maker was given
 * @chain: created
 * @taker: another ring
 * @step: of chain_make()
 */
void chain_made(struct chain *chain, struct rt_ring *taker, uint64_t step)
{
	semaphore(&chain->maker, chain->words + MADE, step, REFGPU_SEMAPHORE_SIGNAL);
	rt_ring_doorbell(&chain->maker);
	semaphore(taker, chain->words + MADE, step, 0);
}

/**
 * chain_taken - the taker has it, and says when
 * @chain: created
 * @taker: of chain_made(), to which the caller sends a fence
 * @step: of that
 */
void chain_taken(struct chain *chain, struct rt_ring *taker, uint64_t step)
{
	const struct refgpu_timestamp stamp = {
		.header.opcode = REFGPU_OP_TIMESTAMP,
		.address = chain->words + TIMESTAMP,
	};

	OK(rt_ring_submit(taker, &stamp));
	semaphore(taker, chain->words + TAKEN, step, REFGPU_SEMAPHORE_SIGNAL);
}

/**
 * chain_look - time goes forward, and the maker's rights are what they were
 * @chain: created
 */
void chain_look(struct chain *chain)
{
	struct rt_device *device = chain->maker.device;
	uint64_t stamp = *(volatile uint64_t *)rt_framebuffer(device, chain->words + TIMESTAMP);
	uint64_t now = rt_user_read(device, REFGPU_USER_TIMER);
	uint64_t rights = rt_ring_register(&chain->maker, REFGPU_RING_RIGHTS);

	CHECK(stamp >= chain->timestamp && stamp <= now,
	      "a timestamp of %llu ns, after one of %llu, at %llu", (unsigned long long)stamp,
	      (unsigned long long)chain->timestamp, (unsigned long long)now);
	chain->timestamp = stamp;
	CHECK(!stamp || rights == chain->rights, "a table of rights at 0x%llx, not 0x%llx",
	      (unsigned long long)rights, (unsigned long long)chain->rights);
}
