/* SPDX-License-Identifier: GPL-2.0-only */
/* The client's memory as the device sees it. */
#ifndef REFGPU_VFIO_USER_DMA_H
#define REFGPU_VFIO_USER_DMA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* All return 0 or a negative errno. */
int vu_dma_init(struct vu_dma *dma);
void vu_dma_fini(struct vu_dma *dma);
int vu_dma_map(struct vu_dma *dma, uint64_t addr, uint64_t size, uint32_t flags,
	       int fd, uint64_t offset);
int vu_dma_unmap(struct vu_dma *dma, uint64_t addr, uint64_t size, bool all);
int vu_dma_access(struct vu_dma *dma, uint64_t addr, void *buf, size_t len,
		  bool write);

/* Caller holds the lock for reading. */
void *vu_dma_pointer(struct vu_dma *dma, uint64_t addr, size_t len, bool write);

#endif /* REFGPU_VFIO_USER_DMA_H */
