/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the vfio-user server. */
#ifndef REFGPU_VFIO_USER_STATE_H
#define REFGPU_VFIO_USER_STATE_H

#include "front/vfio_user.h"
#include "front/vfio_user_dma.h"
#include "front/vfio_user_irq.h"
#include "front/vfio_user_proto.h"

/* A request carries at most one transfer; nothing else comes near it. */
#define VU_MAX_PAYLOAD		(sizeof(struct vu_region_rw) + VFIO_USER_MAX_XFER)

/*
 * struct vfio_user - the server
 * @config: the device, as vfio_user_create() got it
 * @ops: the device's callbacks; @opaque is their first argument
 * @stats: written by the serving thread only
 * @listen_fd: the socket at @path, -1 before vfio_user_listen()
 * @stop_fd: eventfd, readable from vfio_user_stop() on
 * @payload: of the request in hand, VU_MAX_PAYLOAD bytes
 * @reply: payload of its reply, VU_MAX_PAYLOAD bytes
 */
struct vfio_user {
	struct vfio_user_config config;
	const struct vfio_user_ops *ops;
	void *opaque;
	struct vu_dma dma;
	struct vu_irqs irqs;
	struct vfio_user_stats stats;
	int listen_fd;
	int stop_fd;
	char *path;
	uint8_t *payload;
	uint8_t *reply;
};

/* Counters are read by other threads while the serving thread counts. */
static inline void vu_count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

#endif /* REFGPU_VFIO_USER_STATE_H */
