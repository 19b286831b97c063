// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrant.c - a guest with all kinds of work, see migrant.h
 */
#include "migrant.h"

#include <linux/vfio.h>

#define WIDTH		160u
#define HEIGHT		120u
#define PATIENCE_MS	60000
#define BLOCK		4096u	/* bytes of a pattern */
#define BLOCKS		64u	/* of them in guest memory */
#define AHEAD		16u	/* submitted and not looked at; less than BLOCKS */
#define FLIPS_AHEAD	4u

static uint32_t pattern(uint64_t number)
{
	return (uint32_t)(number * 0x9e3779b1u) | 1;
}

/**
 * migrant_begin - set rings, memory and a picture up; nothing runs yet
 * @migrant: receives it
 * @vgpu: open, and not used otherwise
 * @elements: of a job, see jobs_create()
 * @seed: of all that is random
 */
void migrant_begin(struct migrant *migrant, struct vgpu *vgpu, unsigned int elements,
		   uint32_t seed)
{
	unsigned int i;

	memset(migrant, 0, sizeof(*migrant));
	migrant->vgpu = vgpu;
	jobs_create(&migrant->jobs, vgpu->device, elements, seed);
	OK(rt_ring_create(vgpu->device, 1, 256, &migrant->copies));
	OK(rt_ring_create(vgpu->device, 2, 64, &migrant->flips));
	migrant->pattern = rt_framebuffer_alloc(vgpu->device, BLOCK, BLOCK);
	OK(rt_memory_alloc(vgpu->device, BLOCK * BLOCKS, &migrant->memory));
	OK(rt_memory_map(vgpu->device, &migrant->memory, true, &migrant->address));
	for (i = 0; i < 2; i++)
		migrant->mode[i] = screen_draw(vgpu, WIDTH, HEIGHT, seed + i);
	OK(rt_head_on(vgpu->device, 0, &migrant->mode[0]));
}

static void connect_interrupt(struct migrant *migrant)
{
	migrant->eventfd = vgpu_eventfd(migrant->vgpu, VFIO_PCI_MSIX_IRQ_INDEX, 0);
}

/**
 * migrant_chains - patterns are made by ring 3, which takes turns with ring 1
 * @migrant: begun, and nothing was submitted
 *
 * Fences of ring 1 send interrupts, the last of which is waited for.
 */
void migrant_chains(struct migrant *migrant)
{
	migrant->chained = true;
	chain_create(&migrant->chain, migrant->vgpu->device, migrant->pattern);
	connect_interrupt(migrant);
	rt_user_write(migrant->vgpu->device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
}

static void copy(struct migrant *migrant)
{
	uint64_t to = migrant->address + migrant->copied % BLOCKS * BLOCK;
	struct rt_ring *maker = migrant->chained ? &migrant->chain.maker : &migrant->copies;
	uint64_t step = migrant->copied + 1;

	if (migrant->chained)
		chain_make(&migrant->chain, step);
	OK(rt_fill(maker, migrant->pattern, BLOCK, pattern(migrant->copied)));
	if (migrant->chained)
		chain_made(&migrant->chain, &migrant->copies, step);
	OK(rt_copy(&migrant->copies, to, migrant->pattern, BLOCK));
	if (migrant->chained)
		chain_taken(&migrant->chain, &migrant->copies, step);
	OK(rt_ring_fence(&migrant->copies, migrant->chained ? REFGPU_FENCE_INTERRUPT : 0));
	migrant->copied++;
}

/* The n-th fence has the value n, from 1. */
static void look(struct migrant *migrant)
{
	while (migrant->looked < migrant->copied &&
	       rt_ring_reached(&migrant->copies, migrant->looked + 1)) {
		const volatile uint32_t *word = (const volatile uint32_t *)
			((uint8_t *)migrant->memory.cpu + migrant->looked % BLOCKS * BLOCK);
		unsigned int i;

		for (i = 0; i < BLOCK / 4; i++)
			CHECK(word[i] == pattern(migrant->looked),
			      "copy %llu: word %u in guest memory is 0x%x, not 0x%x",
			      (unsigned long long)migrant->looked, i, word[i],
			      pattern(migrant->looked));
		migrant->looked++;
	}
}

static void flip(struct migrant *migrant)
{
	migrant->flipped++;
	OK(rt_flip(&migrant->flips, 0, migrant->mode[migrant->flipped % 2].base, true));
	OK(rt_ring_fence(&migrant->flips, 0));
}

static void look_at_timer(struct migrant *migrant)
{
	uint64_t timer = rt_user_read(migrant->vgpu->device, REFGPU_USER_TIMER);

	CHECK(timer >= migrant->timer, "the guest's clock went back from %llu to %llu ns",
	      (unsigned long long)migrant->timer, (unsigned long long)timer);
	migrant->timer = timer;
}

/* Nothing runs dry: what has ended is looked at, and more is submitted. */
static void keep_busy(struct migrant *migrant)
{
	jobs_keep(&migrant->jobs, 8);
	look(migrant);
	while (migrant->copied - migrant->looked < AHEAD)
		copy(migrant);
	while (migrant->flipped < FLIPS_AHEAD ||
	       rt_ring_reached(&migrant->flips, migrant->flipped - FLIPS_AHEAD + 1))
		flip(migrant);
	if (migrant->chained)
		chain_look(&migrant->chain);
	look_at_timer(migrant);
}

/**
 * migrant_work - keep the vGPU busy
 * @migrant: begun
 * @ns: for that time
 */
void migrant_work(struct migrant *migrant, uint64_t ns)
{
	uint64_t end = rt_now_ns() + ns;

	do {
		keep_busy(migrant);
		usleep(1000);
	} while (rt_now_ns() < end);
}

/**
 * migrant_moves - the guest goes on, on another vGPU that was loaded with its own
 * @migrant: begun; nothing was done since its vGPU was stopped
 * @to: the other one
 */
void migrant_moves(struct migrant *migrant, struct vgpu *to)
{
	guest_follows(migrant->vgpu, to);
	migrant->vgpu = to;
	migrant->jobs.ring.device = to->device;
	migrant->copies.device = to->device;
	migrant->flips.device = to->device;
	if (migrant->chained) {
		migrant->chain.maker.device = to->device;
		close(migrant->eventfd);
		connect_interrupt(migrant);
	}
	look_at_timer(migrant);
}

/**
 * migrant_picture - head 0 shows what it should
 * @migrant: all flips have ended
 * @when: for the message
 */
void migrant_picture(struct migrant *migrant, const char *when)
{
	const struct rt_mode *mode = &migrant->mode[migrant->flipped % 2];
	uint32_t want = rt_frame_crc(migrant->vgpu->device, mode, NULL), crc;

	OK(rt_head_crc(migrant->vgpu->device, 0, &crc, PATIENCE_MS));
	CHECK(crc == want, "%s: a frame of CRC 0x%08x, not 0x%08x", when, crc, want);
}

/**
 * migrant_finish - everything comes to its end, with the right results
 * @migrant: begun
 */
void migrant_finish(struct migrant *migrant)
{
	jobs_finish(&migrant->jobs);
	if (migrant->chained)
		OK(rt_ring_wait_event(&migrant->copies, migrant->copied, migrant->eventfd,
				      PATIENCE_MS));
	else if (migrant->copied)
		OK(rt_ring_wait(&migrant->copies, migrant->copied, PATIENCE_MS));
	look(migrant);
	CHECK(migrant->looked == migrant->copied, "%llu of %llu copies have ended",
	      (unsigned long long)migrant->looked, (unsigned long long)migrant->copied);
	if (migrant->flipped)
		OK(rt_ring_wait(&migrant->flips, migrant->flipped, PATIENCE_MS));
	migrant_picture(migrant, "at the end");
	look_at_timer(migrant);
	no_faults(migrant->vgpu, "the guest that moved");
}
