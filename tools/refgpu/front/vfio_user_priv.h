/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the vfio-user server share with each other. */
#ifndef REFGPU_VFIO_USER_PRIV_H
#define REFGPU_VFIO_USER_PRIV_H

#include <pthread.h>

#include "front/vfio_user.h"
#include "front/vfio_user_proto.h"

/* A request carries at most one transfer; nothing else comes near it. */
#define VU_MAX_PAYLOAD		(sizeof(struct vu_region_rw) + VFIO_USER_MAX_XFER)

/*
 * struct vu_dma_range - a range of bus addresses the client has mapped
 * @first: first bus address
 * @last: last bus address, inclusive, so that a range may end at the top
 * @map: where the server sees @first, NULL if the client did not share it
 * @writable: the device may write there
 */
struct vu_dma_range {
	uint64_t first;
	uint64_t last;
	uint8_t *map;
	bool readable;
	bool writable;
};

/*
 * struct vu_dma - all mapped ranges, sorted by address, not overlapping
 * @lock: held for reading during every access, so that taking it for writing
 *	waits for the accesses under way; writers are preferred
 */
struct vu_dma {
	pthread_rwlock_t lock;
	struct vu_dma_range *ranges;
	size_t nr;
	size_t room;
	uint64_t faults;
};

/*
 * struct vu_irq - one interrupt index
 * @fds: eventfd of each vector, -1 if there is none
 * @pending: raised but not signalled
 * @masked: set by the client
 */
struct vu_irq {
	unsigned int nr;
	int *fds;
	bool *pending;
	bool *masked;
};

/* struct vu_irqs - all indexes; @lock protects everything below it */
struct vu_irqs {
	pthread_mutex_t lock;
	struct vu_irq index[VFIO_PCI_NUM_IRQS];
	uint64_t raised;
	uint64_t kept;
};

/*
 * struct vfio_user - the server
 * @config: the device, as vfio_user_create() was told
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

/*
 * struct vu_msg - a request and what is to be answered
 * @len: bytes of payload
 * @fds: descriptors that came with it, -1 where one was taken over
 * @reply_len: bytes of the reply's payload
 * @reply_fd: descriptor to send with the reply, -1 for none
 */
struct vu_msg {
	struct vu_header hdr;
	size_t len;
	int fds[VFIO_USER_MAX_FDS];
	unsigned int nr_fds;
	size_t reply_len;
	int reply_fd;
};

/* Counters are read by other threads while the serving thread counts. */
static inline void vu_count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/*
 * Messages: vfio_user_msg.c. They return 1, 0 when the connection is over or
 * the server is to stop, or a negative errno.
 */
/* Wait until @fd is ready; @timeout_ms is -1 for ever, -ETIMEDOUT when it is over. */
int vu_wait_ready(struct vfio_user *vu, int fd, short events, int timeout_ms);
/*
 * Read exactly @len bytes and take what descriptors come with them. @idle: waiting
 * for a message to start, which may take for ever and may end with the connection.
 */
int vu_msg_read(struct vfio_user *vu, int sock, struct vu_msg *msg, void *buf,
		size_t len, bool idle);
/* Send the reply in @vu, or only @error, a negative errno, if that is not 0. */
int vu_msg_reply(struct vfio_user *vu, int sock, struct vu_msg *msg, int error);
/* Close the descriptors that nobody took over. */
void vu_msg_drop_fds(struct vu_msg *msg);

/*
 * Commands: vfio_user_command.c. Do what the request in @vu asks for and prepare
 * the reply. Returns 0 or the negative errno that the client is to get.
 */
int vu_handle(struct vfio_user *vu, struct vu_msg *msg);

/* DMA ranges: vfio_user_dma.c. All return 0 or a negative errno. */
int vu_dma_init(struct vu_dma *dma);
void vu_dma_fini(struct vu_dma *dma);
int vu_dma_map(struct vu_dma *dma, uint64_t addr, uint64_t size, uint32_t flags,
	       int fd, uint64_t offset);
int vu_dma_unmap(struct vu_dma *dma, uint64_t addr, uint64_t size, bool all);
int vu_dma_access(struct vu_dma *dma, uint64_t addr, void *buf, size_t len,
		  bool write);
/* Caller holds the lock for reading. */
void *vu_dma_pointer(struct vu_dma *dma, uint64_t addr, size_t len, bool write);

/* Interrupts: vfio_user_irq.c. */
int vu_irqs_init(struct vu_irqs *irqs, const uint32_t *counts);
void vu_irqs_fini(struct vu_irqs *irqs);
/* Takes over the descriptors it uses and sets them to -1 in @fds. */
int vu_irqs_set(struct vu_irqs *irqs, const struct vfio_irq_set *set,
		const uint8_t *data, size_t data_len, int *fds, unsigned int nr_fds);
int vu_irqs_raise(struct vu_irqs *irqs, unsigned int index, unsigned int vector);
uint64_t vu_irqs_pending(struct vu_irqs *irqs, unsigned int index,
			 unsigned int first);
void vu_irqs_clear_pending(struct vu_irqs *irqs);
/* Close all eventfds; what is pending stays pending. */
void vu_irqs_release(struct vu_irqs *irqs);

#endif /* REFGPU_VFIO_USER_PRIV_H */
