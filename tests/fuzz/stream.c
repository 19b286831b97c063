// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - a guest that gives its vGPU a command stream that is not quite right
 *
 * The device alone gets the same from the fuzz target of its name; here the module
 * is between: runs, preemption, faults, resets.
 */
#include "stream.h"
#include "vmm.h"

#define RING_PACKETS	32u
#define RING_AT(r)	(0x20000ULL + (r) * 0x1000)

static const struct stream_layout layout = {
	.slice_bytes = 16 * MIB, .code = 0x30000, .data = 0x40000, .stack = 0x50000,
	.pages = 128,
};

static bool copy_in(uint8_t *to, const void *from, size_t bytes)
{
	const uint64_t *words = from;
	size_t i;

	for (i = 0; i < bytes / 8; i++)
		if (!vmm_store(to + 8 * i, words[i]))
			return false;
	return true;
}

static void start_ring(uint8_t *page, unsigned int ring)
{
	uint8_t *registers = page + REFGPU_USER_RING(ring);

	vmm_store(registers + REFGPU_RING_CONTROL, 0);
	vmm_store(registers + REFGPU_RING_BASE, RING_AT(ring));
	vmm_store(registers + REFGPU_RING_PACKETS, RING_PACKETS);
	vmm_store(registers + REFGPU_RING_CONTROL, 1);
}

/**
 * vmm_stream - some packets, and mostly a doorbell
 * @actor: the thread that plays the guest
 * @which: number of the vGPU
 */
void vmm_stream(struct actor *actor, unsigned int which)
{
	struct rt_device *device = actor->vmm->device[which];
	uint8_t *framebuffer = (uint8_t *)device->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER].map;
	uint8_t *page = (uint8_t *)device->region[OPENVGPU_NATIVE_BAR_USER].map;
	unsigned int ring = (unsigned int)vmm_below(actor, REFGPU_RINGS);
	unsigned int packets = (unsigned int)vmm_below(actor, 6);
	uint32_t *put = &actor->vmm->put[which][ring];
	uint64_t decisions[16], packet[REFGPU_PACKET_SIZE / 8];
	unsigned int i;

	if (!framebuffer || !page || device->region[OPENVGPU_NATIVE_BAR_USER].size < 0x5000)
		return;
	if (!vmm_below(actor, 4)) {
		copy_in(framebuffer + layout.code, stream_code, sizeof(stream_code));
		vmm_store(page + REFGPU_USER_INTR_ENABLE, ~0ull);
		start_ring(page, ring);
		*put = 0;
	}
	while (packets--) {
		struct fuzz fuzz = { (uint8_t *)decisions, sizeof(decisions) };

		for (i = 0; i < sizeof(decisions) / 8; i++)
			decisions[i] = vmm_random(actor);
		stream_packet(&fuzz, &layout, packet);
		if (!copy_in(framebuffer + RING_AT(ring) +
			     (*put)++ % RING_PACKETS * REFGPU_PACKET_SIZE, packet, sizeof(packet)))
			return;
	}
	vmm_store(page + REFGPU_USER_RING(ring) + REFGPU_RING_DOORBELL,
		  vmm_below(actor, 16) ? *put : vmm_random(actor));
}
