// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of the vfio-user server: eventfds, masks and pending bits. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front/vfio_user_irq.h"

int vu_irqs_init(struct vu_irqs *irqs, const uint32_t *counts)
{
	unsigned int i, v;

	memset(irqs, 0, sizeof(*irqs));
	pthread_mutex_init(&irqs->lock, NULL);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		struct vu_irq *irq = &irqs->index[i];

		if (!counts[i])
			continue;
		irq->fds = calloc(counts[i], sizeof(*irq->fds));
		irq->pending = calloc(counts[i], sizeof(*irq->pending));
		irq->masked = calloc(counts[i], sizeof(*irq->masked));
		if (!irq->fds || !irq->pending || !irq->masked)
			return -ENOMEM;
		for (v = 0; v < counts[i]; v++)
			irq->fds[v] = -1;
		irq->nr = counts[i];
	}
	return 0;
}

/* Caller holds the lock. */
static void irq_set_fd(struct vu_irq *irq, unsigned int v, int fd)
{
	/* It need not be an eventfd: a full pipe must not hold an engine up. */
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (irq->fds[v] >= 0)
		close(irq->fds[v]);
	irq->fds[v] = fd;
}

void vu_irqs_release(struct vu_irqs *irqs)
{
	unsigned int i, v;

	pthread_mutex_lock(&irqs->lock);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++)
		for (v = 0; v < irqs->index[i].nr; v++) {
			irq_set_fd(&irqs->index[i], v, -1);
			irqs->index[i].masked[v] = false;
		}
	pthread_mutex_unlock(&irqs->lock);
}

void vu_irqs_fini(struct vu_irqs *irqs)
{
	unsigned int i;

	vu_irqs_release(irqs);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		free(irqs->index[i].fds);
		free(irqs->index[i].pending);
		free(irqs->index[i].masked);
	}
	pthread_mutex_destroy(&irqs->lock);
}

/* Signal the vector or note that it waits. Caller holds the lock. */
static void irq_deliver(struct vu_irqs *irqs, struct vu_irq *irq, unsigned int v)
{
	const uint64_t one = 1;

	if (irq->fds[v] < 0 || irq->masked[v]) {
		if (!irq->pending[v])
			irqs->kept++;
		irq->pending[v] = true;
		return;
	}
	irq->pending[v] = false;
	/*
	 * EAGAIN means that the counter is full: the client has an interrupt to
	 * fetch anyhow. A descriptor that is no eventfd is the client's loss.
	 */
	if (write(irq->fds[v], &one, sizeof(one)) == sizeof(one))
		irqs->raised++;
}

static void irq_retry(struct vu_irqs *irqs, struct vu_irq *irq, unsigned int v)
{
	if (irq->pending[v] && irq->fds[v] >= 0 && !irq->masked[v])
		irq_deliver(irqs, irq, v);
}

static int irqs_set_locked(struct vu_irqs *irqs, const struct vfio_irq_set *set,
			   const uint8_t *data, size_t data_len, int *fds,
			   unsigned int nr_fds)
{
	const uint32_t type = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	const uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	struct vu_irq *irq;
	unsigned int i;

	if (set->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	irq = &irqs->index[set->index];
	/* Subtract, since the sum could wrap. */
	if (set->start > irq->nr || set->count > irq->nr - set->start)
		return -EINVAL;
	if (type == VFIO_IRQ_SET_DATA_BOOL && data_len < set->count)
		return -EINVAL;
	if (type != VFIO_IRQ_SET_DATA_EVENTFD && nr_fds)
		return -EINVAL;

	switch (set->flags) {
	case VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER:
		/* All of them or, to take them away, none. */
		if (nr_fds && nr_fds != set->count)
			return -EINVAL;
		for (i = 0; i < set->count; i++) {
			irq_set_fd(irq, set->start + i, nr_fds ? fds[i] : -1);
			if (nr_fds)
				fds[i] = -1;
			irq_retry(irqs, irq, set->start + i);
		}
		return 0;
	case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER:
		if (!set->count) {
			for (i = 0; i < irq->nr; i++) {
				irq_set_fd(irq, i, -1);
				irq->masked[i] = false;
			}
			return 0;
		}
		break;
	case VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER:
	case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK:
	case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK:
	case VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_MASK:
	case VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_UNMASK:
		break;
	default:
		return -EINVAL;
	}

	for (i = 0; i < set->count; i++) {
		unsigned int v = set->start + i;

		if (type == VFIO_IRQ_SET_DATA_BOOL && !data[i])
			continue;
		if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
			irq_deliver(irqs, irq, v);
		} else {
			irq->masked[v] = action == VFIO_IRQ_SET_ACTION_MASK;
			irq_retry(irqs, irq, v);
		}
	}
	return 0;
}

/**
 * vu_irqs_set() - carry out the request for an interrupt index
 * @irqs: interrupts
 * @set: the request, already copied out of the message
 * @data: the bytes that followed it
 * @data_len: length of @data in bytes
 * @fds: descriptors that came along; those taken over are set to -1
 * @nr_fds: number of descriptors
 *
 * Return: 0 or -EINVAL.
 */
int vu_irqs_set(struct vu_irqs *irqs, const struct vfio_irq_set *set,
		const uint8_t *data, size_t data_len, int *fds, unsigned int nr_fds)
{
	int ret;

	pthread_mutex_lock(&irqs->lock);
	ret = irqs_set_locked(irqs, set, data, data_len, fds, nr_fds);
	pthread_mutex_unlock(&irqs->lock);
	return ret;
}

int vu_irqs_raise(struct vu_irqs *irqs, unsigned int index, unsigned int vector)
{
	if (index >= VFIO_PCI_NUM_IRQS || vector >= irqs->index[index].nr)
		return -EINVAL;
	pthread_mutex_lock(&irqs->lock);
	irq_deliver(irqs, &irqs->index[index], vector);
	pthread_mutex_unlock(&irqs->lock);
	return 0;
}

uint64_t vu_irqs_pending(struct vu_irqs *irqs, unsigned int index, unsigned int first)
{
	struct vu_irq *irq = &irqs->index[index];
	uint64_t bits = 0;
	unsigned int i;

	pthread_mutex_lock(&irqs->lock);
	for (i = 0; i < 64 && first < irq->nr && i < irq->nr - first; i++)
		bits |= (uint64_t)irq->pending[first + i] << i;
	pthread_mutex_unlock(&irqs->lock);
	return bits;
}

void vu_irqs_clear_pending(struct vu_irqs *irqs)
{
	unsigned int i;

	pthread_mutex_lock(&irqs->lock);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++)
		if (irqs->index[i].nr)
			memset(irqs->index[i].pending, 0,
			       irqs->index[i].nr * sizeof(*irqs->index[i].pending));
	pthread_mutex_unlock(&irqs->lock);
}
