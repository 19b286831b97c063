// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile.c - guests that do their neighbours no good, see hostile.h
 */
#include "hostile.h"

static struct rt_device *open_for_ever(const char *uuid)
{
	struct rt_device *device = rt_open_vfio(uuid, transport, NULL);

	CHECK(device, "open: %s", rt_message());
	return device;
}

/**
 * hostile_not - one endless job, as a good neighbour has
 * @uuid: of its vGPU
 */
void hostile_not(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring;
	uint64_t stop;

	OK(rt_ring_create(device, 0, 64, &ring));
	OK(work_spin(&ring, &stop));
	for (;;)
		pause();
}

/**
 * hostile_endless - every ring full of work that never ends
 * @uuid: of its vGPU
 */
void hostile_endless(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring[REFGPU_RINGS];
	unsigned int i, j;
	uint64_t stop;

	for (i = 0; i < REFGPU_RINGS; i++)
		OK(rt_ring_create(device, i, 64, &ring[i]));
	for (j = 0; j < 20; j++)
		for (i = 0; i < REFGPU_RINGS; i++)
			OK(work_spin(&ring[i], &stop));
	for (;;)
		pause();
}

/**
 * hostile_doorbells - work that ends at once, and doorbells without any
 * @uuid: of its vGPU
 */
void hostile_doorbells(const char *uuid)
{
	struct refgpu_packet_header nop[REFGPU_PACKET_SIZE /
					sizeof(struct refgpu_packet_header)] = {
		{ .opcode = REFGPU_OP_NOP },
	};
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring[REFGPU_RINGS];
	unsigned int i;

	for (i = 0; i < REFGPU_RINGS; i++)
		OK(rt_ring_create(device, i, 64, &ring[i]));
	for (;;)
		for (i = 0; i < REFGPU_RINGS; i++) {
			if (rt_ring_register(&ring[i], REFGPU_RING_GET) ==
			    ring[i].put)
				rt_ring_submit(&ring[i], nop);
			rt_ring_doorbell(&ring[i]);
		}
}

/**
 * hostile_rings - has work, and has it no more, as often as it can
 * @uuid: of its vGPU
 */
void hostile_rings(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	unsigned int page = REFGPU_USER_RING(0);
	struct rt_ring ring;

	/* Its memory is zeroes: packets that do nothing. */
	OK(rt_ring_create(device, 0, 64, &ring));
	for (;;) {
		rt_user_write(device, page + REFGPU_RING_CONTROL, 0);
		rt_user_write(device, page + REFGPU_RING_CONTROL, 1);
		rt_user_write(device, page + REFGPU_RING_DOORBELL, 1);
	}
}

/**
 * hostile_faults - every packet is a fault
 * @uuid: of its vGPU
 */
void hostile_faults(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	uint8_t trap[REFGPU_PACKET_SIZE] = { REFGPU_OP_TRAP };
	struct rt_ring ring;
	unsigned int i;

	for (;;)
		for (i = 0; i < REFGPU_RINGS; i++) {
			rt_framebuffer_free_all(device);
			if (rt_ring_create(device, i, 64, &ring))
				continue;
			rt_ring_submit(&ring, trap);
			rt_ring_doorbell(&ring);
		}
}

/**
 * hostile_resets - resets itself in the middle of its work, in every way it can
 * @uuid: of its vGPU
 */
void hostile_resets(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring;
	unsigned int way;
	uint64_t stop;

	for (way = 0; ; way++) {
		rt_framebuffer_free_all(device);
		if (!rt_ring_create(device, 0, 64, &ring))
			work_spin(&ring, &stop);
		switch (way % 3) {
		case 0:
			rt_guest_reset(device);
			break;
		case 1:
			rt_function_reset(device);
			break;
		case 2:
			rt_vfio_reset(device);
			rt_memory_decoding(device, true);
			break;
		}
	}
}
