/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * transport.h - a way to a GPU: memory of it, and packets for it
 *
 * Any thread may call, several at once. There is one transport now, the device library
 * in this process; that over the DRM driver comes beside it.
 */
#ifndef OPENCL_TRANSPORT_H
#define OPENCL_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refgpu_hw.h"

struct transport;

/**
 * struct transport_memory - memory of the GPU that the process sees, too
 * @address: for packets and kernels, a multiple of 64 KiB
 * @host: the same bytes
 * @bytes: a multiple of 64 KiB
 */
struct transport_memory {
	uint64_t address;
	void *host;
	uint64_t bytes;
};

/** transport_open() - the process's GPU; NULL with errno set */
struct transport *transport_open(void);

/** transport_close() - when all memory was given back */
void transport_close(struct transport *transport);

/** transport_memory_bytes() - how much memory there is in all */
uint64_t transport_memory_bytes(const struct transport *transport);

/** transport_alloc() - take memory, zeroes or not; false: there is not so much */
bool transport_alloc(struct transport *transport, uint64_t bytes, struct transport_memory *memory);

/** transport_free() - give memory back that no packet uses */
void transport_free(struct transport *transport, struct transport_memory *memory);

/**
 * transport_execute() - have packets executed, and wait
 * @transport: the GPU
 * @packets: REFGPU_PACKET_SIZE bytes each
 * @count: how many, at most TRANSPORT_PACKETS
 *
 * Return: 0, the enum refgpu_error that stopped them, or TRANSPORT_TOO_LONG.
 */
unsigned int transport_execute(struct transport *transport, const void *packets,
			       unsigned int count);

#define TRANSPORT_PACKETS	16u
#define TRANSPORT_TOO_LONG	UINT32_MAX

/** transport_now() - the GPU's clock, that of TIMESTAMP packets, nanoseconds */
uint64_t transport_now(struct transport *transport);

#endif /* OPENCL_TRANSPORT_H */
