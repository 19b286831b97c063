/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the vfio-user server share with each other. */
#ifndef REFGPU_VFIO_USER_PRIV_H
#define REFGPU_VFIO_USER_PRIV_H

#include <pthread.h>

#include "vfio_user.h"

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
