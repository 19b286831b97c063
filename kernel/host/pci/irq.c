// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - a vGPU's interrupts: MSI-X vectors, errors and requests as eventfds
 *
 * Eventfds are replaced under irq.lock and read under RCU, so raising one
 * neither sleeps nor waits for whoever replaces it.
 *
 * Vectors are enabled one by one or all together (no VFIO_IRQ_INFO_NORESIZE).
 * One raised while it has no eventfd, or while the function is no bus master,
 * stays pending, as it would in hardware while it is masked, and is signalled
 * when it may be.
 */
#include <linux/eventfd.h>
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "compat/compat.h"
#include "pci/irq.h"

/**
 * struct vgpu_irq_eventfd - one eventfd that readers may hold
 * @context: the eventfd
 * @rcu: frees it
 */
struct vgpu_irq_eventfd {
	struct eventfd_ctx *context;
	struct rcu_head rcu;
};

static void eventfd_free(struct rcu_head *rcu)
{
	struct vgpu_irq_eventfd *eventfd =
		container_of(rcu, struct vgpu_irq_eventfd, rcu);

	eventfd_ctx_put(eventfd->context);
	kfree(eventfd);
}

static bool eventfd_raise(struct vgpu_irq_eventfd __rcu **slot)
{
	struct vgpu_irq_eventfd *eventfd;
	bool raised = false;

	rcu_read_lock();
	eventfd = rcu_dereference(*slot);
	if (eventfd) {
		vgpu_eventfd_signal(eventfd->context);
		raised = true;
	}
	rcu_read_unlock();
	return raised;
}

/* With irq.lock held. @fd -1: none. */
static int eventfd_replace(struct vgpu *vgpu,
			   struct vgpu_irq_eventfd __rcu **slot, s32 fd)
{
	struct vgpu_irq_eventfd *old, *new = NULL;
	int ret;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
		new->context = eventfd_ctx_fdget(fd);
		if (IS_ERR(new->context)) {
			ret = PTR_ERR(new->context);
			kfree(new);
			return ret;
		}
	}
	old = rcu_replace_pointer(*slot, new, lockdep_is_held(&vgpu->irq.lock));
	if (old)
		call_rcu(&old->rcu, eventfd_free);
	return 0;
}

static bool may_signal(const struct vgpu_irq *irq)
{
	return READ_ONCE(irq->master) && !READ_ONCE(irq->held);
}

/* Signals a vector if it may be; false: it stays pending. */
static bool try_raise(struct vgpu_irq *irq, unsigned int vector)
{
	bool raised;

	rcu_read_lock();
	raised = may_signal(irq) && eventfd_raise(&irq->msix[vector]);
	rcu_read_unlock();
	return raised;
}

/* It may be signalled by now. */
static void raise_pending(struct vgpu_irq *irq, unsigned int vector)
{
	while (may_signal(irq) &&
	       rcu_access_pointer(irq->msix[vector]) &&
	       test_and_clear_bit(vector, &irq->pending)) {
		if (eventfd_raise(&irq->msix[vector]))
			return;
		/* It was taken away in between: for the next one. */
		set_bit(vector, &irq->pending);
		/* Pairs with that of msix_set(), as in vgpu_irq_raise(). */
		smp_mb__after_atomic();
	}
}

/**
 * vgpu_irq_raise - interrupt the guest
 * @vgpu: the vGPU
 * @vector: MSI-X vector; one the vGPU does not have is dropped
 *
 * Any context.
 */
void vgpu_irq_raise(struct vgpu *vgpu, unsigned int vector)
{
	struct vgpu_irq *irq = &vgpu->irq;

	if (vector >= vgpu->vectors)
		return;
	/* A VMM chooses it, with VFIO_IRQ_SET_DATA_NONE or DATA_BOOL. */
	vector = array_index_nospec(vector, VGPU_MAX_VECTORS);
	atomic64_inc(&vgpu->stats.interrupts);
	if (try_raise(irq, vector))
		return;
	set_bit(vector, &irq->pending);
	/* Pairs with those of msix_set() and set_master(): one sees the other. */
	smp_mb__after_atomic();
	raise_pending(irq, vector);
}

/**
 * vgpu_irq_set_master - the guest has switched bus mastering
 * @vgpu: the vGPU
 * @master: on or off; off, MSI-X vectors stay pending
 */
void vgpu_irq_set_master(struct vgpu *vgpu, bool master)
{
	struct vgpu_irq *irq = &vgpu->irq;
	unsigned int vector;

	mutex_lock(&irq->lock);
	WRITE_ONCE(irq->master, master);
	/* Pairs with the one in vgpu_irq_raise(). */
	smp_mb();
	for (vector = 0; vector < vgpu->vectors; vector++)
		raise_pending(irq, vector);
	/* Off: nobody who saw it on raises after this. */
	if (!master)
		synchronize_rcu();
	mutex_unlock(&irq->lock);
}

/**
 * vgpu_irq_hold - let MSI-X vectors stay pending while a VM is paused
 * @vgpu: the vGPU
 * @held: whether it is
 *
 * A VMM that loads the state of interrupt controllers meanwhile loses none.
 */
void vgpu_irq_hold(struct vgpu *vgpu, bool held)
{
	struct vgpu_irq *irq = &vgpu->irq;
	unsigned int vector;

	mutex_lock(&irq->lock);
	WRITE_ONCE(irq->held, held);
	/* Pairs with the one in vgpu_irq_raise(). */
	smp_mb();
	for (vector = 0; vector < vgpu->vectors; vector++)
		raise_pending(irq, vector);
	mutex_unlock(&irq->lock);
}

/**
 * vgpu_irq_request - ask the user to let go of the vGPU
 * @vgpu: the vGPU
 *
 * Return: whether anybody listens.
 */
bool vgpu_irq_request(struct vgpu *vgpu)
{
	return eventfd_raise(&vgpu->irq.req);
}

/**
 * vgpu_irq_error - tell the user that the device has failed
 * @vgpu: the vGPU
 */
void vgpu_irq_error(struct vgpu *vgpu)
{
	eventfd_raise(&vgpu->irq.err);
}

static int msix_set(struct vgpu *vgpu, unsigned int vector, s32 fd)
{
	struct vgpu_irq *irq = &vgpu->irq;
	int ret;

	vector = array_index_nospec(vector, VGPU_MAX_VECTORS);
	ret = eventfd_replace(vgpu, &irq->msix[vector], fd);
	if (ret)
		return ret;
	/* Pairs with the one in vgpu_irq_raise(). */
	smp_mb();
	raise_pending(irq, vector);
	return 0;
}

static int set_msix(struct vgpu *vgpu, const struct vfio_irq_set *hdr,
		    const void *data)
{
	unsigned int i;
	int ret = 0;

	if (!hdr->count) {
		if (!(hdr->flags & VFIO_IRQ_SET_DATA_NONE))
			return -EINVAL;
		for (i = 0; i < vgpu->vectors; i++)
			eventfd_replace(vgpu, &vgpu->irq.msix[i], -1);
		vgpu->irq.pending = 0;
		return 0;
	}
	for (i = 0; i < hdr->count && !ret; i++) {
		unsigned int vector = hdr->start + i;

		if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD)
			ret = msix_set(vgpu, vector, ((const s32 *)data)[i]);
		else if (hdr->flags & VFIO_IRQ_SET_DATA_NONE ||
			 ((const u8 *)data)[i])
			vgpu_irq_raise(vgpu, vector);
	}
	return ret;
}

/* The indexes with one eventfd: errors and requests. */
static int set_single(struct vgpu *vgpu, struct vgpu_irq_eventfd __rcu **slot,
		      const struct vfio_irq_set *hdr, const void *data)
{
	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return hdr->count ? eventfd_replace(vgpu, slot, *(const s32 *)data) :
				    -EINVAL;
	if (!hdr->count)
		return hdr->flags & VFIO_IRQ_SET_DATA_NONE ?
		       eventfd_replace(vgpu, slot, -1) : -EINVAL;
	if (hdr->flags & VFIO_IRQ_SET_DATA_NONE || *(const u8 *)data)
		eventfd_raise(slot);
	return 0;
}

/**
 * vgpu_irq_set - VFIO_DEVICE_SET_IRQS
 * @vgpu: the vGPU
 * @hdr: checked by vfio_set_irqs_validate_and_prepare()
 * @data: hdr->count values as hdr->flags says, or NULL
 *
 * When one eventfd of several is bad, those before it are set.
 *
 * Return: 0; -EINVAL for a malformed request; -ENOTTY for what the index can't
 * do; -EBADF or -EINVAL for what is no eventfd; -ENOMEM.
 */
int vgpu_irq_set(struct vgpu *vgpu, struct vfio_irq_set *hdr, void *data)
{
	u32 action = hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	int ret;

	if (!is_power_of_2(action) ||
	    !is_power_of_2(hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK))
		return -EINVAL;
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;

	mutex_lock(&vgpu->irq.lock);
	switch (hdr->index) {
	case VFIO_PCI_MSIX_IRQ_INDEX:
		ret = set_msix(vgpu, hdr, data);
		break;
	case VFIO_PCI_ERR_IRQ_INDEX:
		ret = set_single(vgpu, &vgpu->irq.err, hdr, data);
		break;
	case VFIO_PCI_REQ_IRQ_INDEX:
		ret = set_single(vgpu, &vgpu->irq.req, hdr, data);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&vgpu->irq.lock);
	return ret;
}

/**
 * vgpu_irq_info - VFIO_DEVICE_GET_IRQ_INFO
 * @vgpu: the vGPU
 * @info: index is read, flags and count are filled in
 *
 * Return: 0, also for kinds of interrupt a vGPU does not have (count 0);
 * -EINVAL if there is no such index.
 */
int vgpu_irq_info(struct vgpu *vgpu, struct vfio_irq_info *info)
{
	if (info->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info->flags = 0;
	info->count = 0;
	switch (info->index) {
	case VFIO_PCI_MSIX_IRQ_INDEX:
		info->count = vgpu->vectors;
		break;
	case VFIO_PCI_ERR_IRQ_INDEX:
	case VFIO_PCI_REQ_IRQ_INDEX:
		info->count = 1;
		break;
	}
	if (info->count)
		info->flags = VFIO_IRQ_INFO_EVENTFD;
	return 0;
}

/**
 * vgpu_irq_open - nothing is pending for a new owner
 * @vgpu: the vGPU; its partition is not enabled yet
 *
 * What was raised between the close and now concerned the former owner.
 */
void vgpu_irq_open(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->irq.lock);
	vgpu->irq.pending = 0;
	vgpu->irq.master = false;
	vgpu->irq.held = false;
	mutex_unlock(&vgpu->irq.lock);
}

/**
 * vgpu_irq_close - let go of every eventfd
 * @vgpu: the vGPU
 */
void vgpu_irq_close(struct vgpu *vgpu)
{
	unsigned int i;

	mutex_lock(&vgpu->irq.lock);
	for (i = 0; i < VGPU_MAX_VECTORS; i++)
		eventfd_replace(vgpu, &vgpu->irq.msix[i], -1);
	eventfd_replace(vgpu, &vgpu->irq.err, -1);
	eventfd_replace(vgpu, &vgpu->irq.req, -1);
	mutex_unlock(&vgpu->irq.lock);
}
