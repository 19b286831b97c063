/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * irq.h - interrupts of a vGPU
 */
#ifndef PCI_IRQ_H
#define PCI_IRQ_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vfio.h>

struct vgpu;
struct vgpu_irq_eventfd;

#define VGPU_MAX_VECTORS	8

/**
 * struct vgpu_irq - the interrupts of one vGPU
 * @lock: serialises SET_IRQS
 * @msix: eventfds of the vectors; RCU
 * @err, @req: eventfds of the error and request indexes; RCU
 * @pending: vectors raised while they could not be signalled
 * @master: COMMAND's bus mastering is on; READ_ONCE without @lock
 * @held: its VM is paused; likewise
 */
struct vgpu_irq {
	struct mutex lock;		/* of SET_IRQS */
	struct vgpu_irq_eventfd __rcu *msix[VGPU_MAX_VECTORS];
	struct vgpu_irq_eventfd __rcu *err;
	struct vgpu_irq_eventfd __rcu *req;
	unsigned long pending;
	bool master;
	bool held;
};

int vgpu_irq_info(struct vgpu *vgpu, struct vfio_irq_info *info);
int vgpu_irq_set(struct vgpu *vgpu, struct vfio_irq_set *hdr, void *data);
bool vgpu_irq_request(struct vgpu *vgpu);
void vgpu_irq_error(struct vgpu *vgpu);
void vgpu_irq_set_master(struct vgpu *vgpu, bool master);
void vgpu_irq_hold(struct vgpu *vgpu, bool held);
void vgpu_irq_open(struct vgpu *vgpu);
void vgpu_irq_close(struct vgpu *vgpu);

#endif /* PCI_IRQ_H */
