/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts of the vfio-user server: eventfds, masks and pending bits. */
#ifndef REFGPU_VFIO_USER_IRQ_H
#define REFGPU_VFIO_USER_IRQ_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

/*
 * struct vu_irq - one interrupt index
 * @fds: eventfd of each vector, -1: none
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

int vu_irqs_init(struct vu_irqs *irqs, const uint32_t *counts);
void vu_irqs_fini(struct vu_irqs *irqs);

/* Takes over the descriptors it uses and sets them to -1 in @fds. */
int vu_irqs_set(struct vu_irqs *irqs, const struct vfio_irq_set *set,
		const uint8_t *data, size_t data_len, int *fds, unsigned int nr_fds);

int vu_irqs_raise(struct vu_irqs *irqs, unsigned int index, unsigned int vector);
uint64_t vu_irqs_pending(struct vu_irqs *irqs, unsigned int index,
			 unsigned int first);
void vu_irqs_clear_pending(struct vu_irqs *irqs);

/* Close all eventfds; pending vectors stay pending. */
void vu_irqs_release(struct vu_irqs *irqs);

#endif /* REFGPU_VFIO_USER_IRQ_H */
