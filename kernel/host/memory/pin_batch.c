// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_batch.c - the guest pages of one map command: pinned by VFIO, mapped for
 * DMA
 *
 * Guest pages that follow each other form a run, the unit of pinning, because
 * VFIO wants exactly the ranges unpinned that were pinned.
 *
 * A guest page that several batches name is mapped for DMA once for all that
 * may write to it (vgpu->pins.dma): two writable DMA mappings of one page are
 * something the DMA API does not know.
 */
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "memory/pin_batch.h"

/* What one vfio_pin_pages() takes at most (VFIO_PIN_PAGES_MAX_ENTRIES). */
#define PIN_PAGES	512

/*
 * The lock is also taken to revoke, for which an administrator and other tenants
 * wait. So with it held no allocation waits for what the VMM's control group lacks.
 */
#define LOCKED_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT)
#define MAP_TRIES	8
/* Mapped for DMA with the lock held: a GPU that is a process may make each wait. */
#define MAP_PAGES	32

/**
 * struct pin_dma - a guest page that the device may write
 * @address: DMA address
 * @users: how often batches name it
 */
struct pin_dma {
	dma_addr_t address;
	u32 users;
};

/* ------------------------------------------------------------ the struct */

static u32 count_runs(const u64 *addr, u32 count)
{
	u32 i, runs = 0, length = 0;

	for (i = 0; i < count; i++) {
		if (!i || length == PIN_PAGES ||
		    addr[i] != addr[i - 1] + PAGE_SIZE) {
			runs++;
			length = 0;
		}
		length++;
	}
	return runs;
}

/**
 * pin_batch_free - free a batch
 * @batch: the batch; in no tree or list, with no page pinned
 */
void pin_batch_free(struct pin_batch *batch)
{
	kvfree(batch->run);
	kvfree(batch->dma);
	kfree(batch);
}

/**
 * pin_batch_alloc - a batch with nothing pinned yet
 * @first: first aperture page
 * @count: number of pages
 * @addr: guest-physical address of each, page aligned
 * @write: the device may write
 *
 * Return: the batch, or NULL: the host is out of memory.
 */
struct pin_batch *pin_batch_alloc(u32 first, u32 count, const u64 *addr,
				  bool write)
{
	struct pin_batch *batch = kzalloc(sizeof(*batch), GFP_KERNEL_ACCOUNT);
	struct pin_run *run = NULL;
	u32 i;

	if (!batch)
		return NULL;
	batch->node.start = first;
	batch->node.last = (unsigned long)first + count - 1;
	INIT_LIST_HEAD(&batch->revoked);
	batch->state = PIN_CLAIMED;
	batch->write = write;
	batch->pages = count;
	batch->dma = kvmalloc_array(count, sizeof(*batch->dma),
				    GFP_KERNEL_ACCOUNT);
	batch->run = kvcalloc(count_runs(addr, count), sizeof(*batch->run),
			      GFP_KERNEL_ACCOUNT);
	if (!batch->dma || !batch->run) {
		pin_batch_free(batch);
		return NULL;
	}
	for (i = 0; i < count; i++) {
		unsigned long page = addr[i] >> PAGE_SHIFT;

		if (!run || run->pages == PIN_PAGES ||
		    page != run->node.last + 1) {
			run = &batch->run[batch->runs++];
			run->batch = batch;
			run->first = i;
			run->node.start = page;
		}
		run->node.last = page;
		run->pages++;
	}
	return batch;
}

/* ---------------------------------------------------------- pin and unpin */

/*
 * Would the CPU have to copy, or the caches to be cleaned, for the device to
 * see this page? Nobody would do it: the guest and the GPU just use it.
 */
static bool needs_copies(struct device *dev, dma_addr_t dma)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	/* Behind a translating IOMMU, whole pages are never copied. */
	if (domain && (domain->type & __IOMMU_DOMAIN_PAGING) &&
	    dev_is_dma_coherent(dev))
		return false;
	return dma_need_sync(dev, dma);
}

/* Nothing is to be copied: see needs_copies(). */
static int dma_map(struct vgpu_gpu *gpu, struct page *page, bool write,
		   dma_addr_t *address)
{
	enum dma_data_direction direction = write ? DMA_BIDIRECTIONAL :
					    DMA_TO_DEVICE;
	struct device *dev = &gpu->pdev->dev;

	if (gpu->family->dma_map)
		return gpu->family->dma_map(gpu, page, write, address);
	*address = dma_map_page_attrs(dev, page, 0, PAGE_SIZE, direction,
				      DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(dev, *address))
		return -EFAULT;
	if (!needs_copies(dev, *address))
		return 0;
	dma_unmap_page_attrs(dev, *address, PAGE_SIZE, direction,
			     DMA_ATTR_SKIP_CPU_SYNC);
	return -EFAULT;
}

static void dma_unmap(struct vgpu_gpu *gpu, const dma_addr_t *address, u32 count,
		      bool write)
{
	u32 i;

	if (gpu->family->dma_unmap) {
		gpu->family->dma_unmap(gpu, address, count);
		return;
	}
	for (i = 0; i < count; i++)
		dma_unmap_page_attrs(&gpu->pdev->dev, address[i], PAGE_SIZE,
				     write ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE,
				     DMA_ATTR_SKIP_CPU_SYNC);
}

static int map_writable(struct vgpu *vgpu, unsigned long number,
			struct page *page, dma_addr_t *address)
{
	struct pin_dma *dma;
	int ret;

	lockdep_assert_held(&vgpu->pins.lock);
	dma = xa_load(&vgpu->pins.dma, number);
	if (!dma) {
		dma = kzalloc(sizeof(*dma), LOCKED_GFP);
		if (!dma)
			return -ENOMEM;
		ret = xa_err(xa_store(&vgpu->pins.dma, number, dma,
				      LOCKED_GFP));
		if (!ret) {
			ret = dma_map(vgpu->gpu, page, true, &dma->address);
			if (ret)
				xa_erase(&vgpu->pins.dma, number);
		}
		if (ret) {
			kfree(dma);
			return ret;
		}
	}
	dma->users++;
	*address = dma->address;
	return 0;
}

/* Returns whether no other batch names the page. */
static bool drop_writable(struct vgpu *vgpu, unsigned long number)
{
	struct pin_dma *dma = xa_load(&vgpu->pins.dma, number);

	if (WARN_ON_ONCE(!dma) || --dma->users)
		return false;
	xa_erase(&vgpu->pins.dma, number);
	kfree(dma);
	return true;
}

static int map_more(struct vgpu *vgpu, struct pin_run *run, struct page **pages)
{
	u32 end = min(run->mapped + MAP_PAGES, run->pages);
	struct pin_batch *batch = run->batch;
	int ret = 0;

	mutex_lock(&vgpu->pins.lock);
	if (batch->state == PIN_REVOKED)
		ret = -EFAULT;
	for (; run->mapped < end && !ret; run->mapped += !ret) {
		struct page *page = pages[run->mapped];
		dma_addr_t *address = &batch->dma[run->first + run->mapped];

		if (batch->write)
			ret = map_writable(vgpu, run->node.start + run->mapped,
					   page, address);
		else
			ret = dma_map(vgpu->gpu, page, false, address);
	}
	mutex_unlock(&vgpu->pins.lock);
	return ret;
}

static int map_run(struct vgpu *vgpu, struct pin_run *run, struct page **pages)
{
	unsigned int tries = 0;
	void *room;
	int ret;

	while (run->mapped < run->pages) {
		ret = map_more(vgpu, run, pages);
		if (!ret)
			continue;
		if (ret != -ENOMEM || tries++ == MAP_TRIES)
			return ret;
		/* Have room made for what is left, without the lock. */
		room = kmalloc_array(PIN_PAGES, sizeof(struct pin_dma),
				     GFP_KERNEL_ACCOUNT);
		if (!room)
			return ret;
		kfree(room);
	}
	return 0;
}

static void unmap_run(struct vgpu *vgpu, const struct pin_run *run)
{
	const struct pin_batch *batch = run->batch;
	dma_addr_t *address = &batch->dma[run->first];
	u32 i, count = 0;

	lockdep_assert_held(&vgpu->pins.lock);
	/* Nobody needs these any more: what is to be unmapped moves to the front. */
	for (i = 0; i < run->mapped; i++)
		if (!batch->write || drop_writable(vgpu, run->node.start + i))
			address[count++] = address[i];
	dma_unmap(vgpu->gpu, address, count, batch->write);
}

static int pin_run(struct vgpu *vgpu, struct pin_run *run, struct page **pages)
{
	int prot = IOMMU_READ | (run->batch->write ? IOMMU_WRITE : 0);
	int ret;

	ret = vfio_pin_pages(&vgpu->vdev,
			     (dma_addr_t)run->node.start << PAGE_SHIFT,
			     run->pages, prot, pages);
	/* Over the VM's limit of locked memory, or no memory; else: not guest memory. */
	if (ret == -ENOMEM)
		return -EDQUOT;
	if (ret < 0)
		return -EFAULT;
	run->pinned = true;
	/* All or nothing, says VFIO. */
	if (WARN_ON_ONCE(ret != run->pages))
		return -EFAULT;
	return map_run(vgpu, run, pages);
}

/**
 * pin_batch_pin - pin the pages of a batch and map them for DMA
 * @vgpu: the vGPU
 * @batch: a claim of the caller's
 *
 * Ends early when the claim is revoked. What is pinned stays so when it fails.
 * Sleeps as long as the VMM's memory takes to be there, which may be for ever:
 * with no lock held.
 *
 * Return: 0; -EFAULT: not guest memory, out of the GPU's reach, or revoked;
 * -EDQUOT: over the VM's limit of locked memory, or VFIO is out of memory; -ENOMEM.
 */
int pin_batch_pin(struct vgpu *vgpu, struct pin_batch *batch)
{
	struct page **pages;
	int ret = 0;
	u32 i;

	pages = kmalloc_array(PIN_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < batch->runs && !ret; i++) {
		ret = pin_run(vgpu, &batch->run[i], pages);
		cond_resched();
	}
	kfree(pages);
	return ret;
}

/**
 * pin_batch_unmap_dma - undo the DMA mappings of a batch
 * @vgpu: the vGPU, with pins.lock held
 * @batch: revoked: the hardware does not use it any more
 */
void pin_batch_unmap_dma(struct vgpu *vgpu, struct pin_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->runs; i++)
		unmap_run(vgpu, &batch->run[i]);
}

/**
 * pin_batch_unpin - give the pages of a batch back to the VMM
 * @vgpu: the vGPU
 * @batch: revoked, and not mapped for DMA
 *
 * May sleep, for as long as the VMM's other threads keep VFIO's lock of the
 * container: with no lock held.
 */
void pin_batch_unpin(struct vgpu *vgpu, struct pin_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->runs; i++) {
		struct pin_run *run = &batch->run[i];

		if (run->pinned)
			vfio_unpin_pages(&vgpu->vdev,
					 (dma_addr_t)run->node.start << PAGE_SHIFT,
					 run->pages);
		run->pinned = false;
	}
}
