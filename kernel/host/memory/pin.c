// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin.c - guest memory in the system-memory aperture of a vGPU
 *
 * A batch is what one vgpu_pin_map() maps: a range of aperture pages and the
 * guest pages behind it. It is also the unit of unmapping, by the guest and
 * when memory goes away under it: one page gone takes the whole batch back.
 * Within a batch, guest pages that follow each other form a run, the unit of
 * pinning, because VFIO wants exactly the ranges unpinned that were pinned.
 *
 * Two interval trees, both under pins.lock: batches by aperture page (conflicts,
 * unmapping by the guest) and runs by guest page (unmapping by VFIO).
 *
 * Pinning can't be done under pins.lock, which dma_unmap takes. So a batch
 * claims its ranges in both trees first, then pins, then becomes valid. A
 * dma_unmap that meets a claim marks it and waits until the pinning thread
 * has seen the mark and given everything back; that thread looks after each
 * run, so the wait is for one vfio_pin_pages() of at most PIN_PAGES pages.
 *
 * VFIO's type1 calls dma_unmap again, up to ten times, while pages are still
 * pinned, and then dies of it. A guest that maps as fast as it can must not
 * get in between each time: for HOLD_OFF after a dma_unmap nothing is pinned.
 *
 * A guest page that several batches name is mapped for DMA once for all that
 * may write to it (vgpu->pins.dma): two writable DMA mappings of one page are
 * something the DMA API does not know.
 *
 * When memory is taken back, the hardware is made to forget it first
 * (vgpu_family.sysmem_clear), which is bounded and does not depend on what
 * the engines do.
 */
#include <linux/dma-map-ops.h>
#include <linux/interval_tree.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "memory/pin.h"

/* What one vfio_pin_pages() takes at most (VFIO_PIN_PAGES_MAX_ENTRIES). */
#define PIN_PAGES	512
#define HOLD_OFF	msecs_to_jiffies(8)

/**
 * struct pin_run - guest pages in one piece
 * @node: in vgpu->pins.runs, by guest page number
 * @batch: what it is part of
 * @first: index of its first page in the batch
 * @pages: how many
 * @mapped: how many of them have a DMA address
 * @pinned: VFIO has pinned it
 */
struct pin_run {
	struct interval_tree_node node;
	struct pin_batch *batch;
	u32 first;
	u32 pages;
	u32 mapped;
	bool pinned;
};

/**
 * struct pin_batch - what one map command mapped
 * @node: in vgpu->pins.batches, by aperture page
 * @valid: complete, and in the hardware's table; else a claim
 * @revoked: a claim whose memory goes away
 * @write: the device may write
 * @pages: how many
 * @runs: number of elements in @run
 * @dma: DMA address of each page
 * @run: the runs
 */
struct pin_batch {
	struct interval_tree_node node;
	bool valid;
	bool revoked;
	bool write;
	u32 pages;
	u32 runs;
	dma_addr_t *dma;
	struct pin_run *run;
};

/**
 * struct pin_dma - a guest page that the device may write
 * @address: DMA address
 * @users: how often batches name it
 */
struct pin_dma {
	dma_addr_t address;
	u32 users;
};

/**
 * vgpu_pin_init - no guest memory yet
 * @vgpu: the vGPU
 */
void vgpu_pin_init(struct vgpu *vgpu)
{
	mutex_init(&vgpu->pins.lock);
	vgpu->pins.runs = RB_ROOT_CACHED;
	vgpu->pins.batches = RB_ROOT_CACHED;
	xa_init(&vgpu->pins.dma);
	init_waitqueue_head(&vgpu->pins.wait);
	vgpu->pins.unmapped_at = jiffies - HOLD_OFF;
}

/* ------------------------------------------------------------------ batches */

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

static void batch_free(struct pin_batch *batch)
{
	kvfree(batch->run);
	kvfree(batch->dma);
	kfree(batch);
}

static struct pin_batch *batch_alloc(u32 first, u32 count, const u64 *addr,
				     bool write)
{
	struct pin_batch *batch = kzalloc(sizeof(*batch), GFP_KERNEL_ACCOUNT);
	struct pin_run *run = NULL;
	u32 i;

	if (!batch)
		return NULL;
	batch->node.start = first;
	batch->node.last = (unsigned long)first + count - 1;
	batch->write = write;
	batch->pages = count;
	batch->dma = kvmalloc_array(count, sizeof(*batch->dma),
				    GFP_KERNEL_ACCOUNT);
	batch->run = kvcalloc(count_runs(addr, count), sizeof(*batch->run),
			      GFP_KERNEL_ACCOUNT);
	if (!batch->dma || !batch->run) {
		batch_free(batch);
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
static int dma_map(struct device *dev, struct page *page, bool write,
		   dma_addr_t *address)
{
	enum dma_data_direction direction = write ? DMA_BIDIRECTIONAL :
					    DMA_TO_DEVICE;

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

static int map_writable(struct vgpu *vgpu, unsigned long number,
			struct page *page, dma_addr_t *address)
{
	struct pin_dma *dma;
	int ret;

	lockdep_assert_held(&vgpu->pins.lock);
	dma = xa_load(&vgpu->pins.dma, number);
	if (!dma) {
		dma = kzalloc(sizeof(*dma), GFP_KERNEL_ACCOUNT);
		if (!dma)
			return -ENOMEM;
		ret = xa_err(xa_store(&vgpu->pins.dma, number, dma,
				      GFP_KERNEL_ACCOUNT));
		if (!ret) {
			ret = dma_map(&vgpu->gpu->pdev->dev, page, true,
				      &dma->address);
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

static void unmap_page(struct vgpu *vgpu, unsigned long number, bool write,
		       dma_addr_t address)
{
	struct device *dev = &vgpu->gpu->pdev->dev;
	struct pin_dma *dma;

	lockdep_assert_held(&vgpu->pins.lock);
	if (!write) {
		dma_unmap_page_attrs(dev, address, PAGE_SIZE, DMA_TO_DEVICE,
				     DMA_ATTR_SKIP_CPU_SYNC);
		return;
	}
	dma = xa_load(&vgpu->pins.dma, number);
	if (WARN_ON_ONCE(!dma) || --dma->users)
		return;
	dma_unmap_page_attrs(dev, dma->address, PAGE_SIZE, DMA_BIDIRECTIONAL,
			     DMA_ATTR_SKIP_CPU_SYNC);
	xa_erase(&vgpu->pins.dma, number);
	kfree(dma);
}

static int map_run(struct vgpu *vgpu, struct pin_run *run, struct page **pages)
{
	struct device *dev = &vgpu->gpu->pdev->dev;
	struct pin_batch *batch = run->batch;
	int ret = 0;

	mutex_lock(&vgpu->pins.lock);
	for (; run->mapped < run->pages && !ret; run->mapped += !ret) {
		struct page *page = pages[run->mapped];
		dma_addr_t *address = &batch->dma[run->first + run->mapped];

		if (batch->write)
			ret = map_writable(vgpu, run->node.start + run->mapped,
					   page, address);
		else
			ret = dma_map(dev, page, false, address);
	}
	mutex_unlock(&vgpu->pins.lock);
	return ret;
}

static void unmap_run(struct vgpu *vgpu, const struct pin_run *run)
{
	const struct pin_batch *batch = run->batch;
	u32 i;

	for (i = 0; i < run->mapped; i++)
		unmap_page(vgpu, run->node.start + i, batch->write,
			   batch->dma[run->first + i]);
}

static int pin_run(struct vgpu *vgpu, struct pin_run *run, struct page **pages)
{
	int prot = IOMMU_READ | (run->batch->write ? IOMMU_WRITE : 0);
	int ret;

	ret = vfio_pin_pages(&vgpu->vdev,
			     (dma_addr_t)run->node.start << PAGE_SHIFT,
			     run->pages, prot, pages);
	/* Over the VM's limit of locked memory; else: not guest memory. */
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

/*
 * Give the memory of a batch back and forget it. The hardware does not use it
 * any more. With pins.lock held, so that no dma_unmap comes between: it would
 * find nothing in the trees and pages still pinned.
 */
static void batch_drop(struct vgpu *vgpu, struct pin_batch *batch)
{
	u32 i;

	lockdep_assert_held(&vgpu->pins.lock);
	for (i = 0; i < batch->runs; i++) {
		struct pin_run *run = &batch->run[i];

		unmap_run(vgpu, run);
		if (run->pinned)
			vfio_unpin_pages(&vgpu->vdev,
					 (dma_addr_t)run->node.start << PAGE_SHIFT,
					 run->pages);
		interval_tree_remove(&run->node, &vgpu->pins.runs);
	}
	interval_tree_remove(&batch->node, &vgpu->pins.batches);
	WRITE_ONCE(vgpu->pins.pages, vgpu->pins.pages - batch->pages);
	batch_free(batch);
}

/* Stop the hardware's use of a valid batch, then drop it. */
static void batch_unmap(struct vgpu *vgpu, struct pin_batch *batch)
{
	struct vgpu_gpu *gpu = vgpu->gpu;

	lockdep_assert_held(&vgpu->pins.lock);
	/*
	 * The family falls back on a reset of the partition. If even that does
	 * not help, dying takes bus mastering away from the GPU, so the pages
	 * are safe in any case.
	 */
	if (gpu->family->sysmem_clear(vgpu, batch->node.start, batch->pages))
		vgpu_gpu_dead(gpu, "it does not let go of guest memory");
	batch_drop(vgpu, batch);
}

/* ---------------------------------------------------------------- mapping */

static int check_request(struct vgpu *vgpu, u32 first, u32 count,
			 const u64 *addr)
{
	u32 limit = vgpu->gpu->sysmem_pages;
	u32 i;

	if (!count || first >= limit || count > limit - first)
		return -EINVAL;
	for (i = 0; i < count; i++)
		if (!PAGE_ALIGNED(addr[i]))
			return -EINVAL;
	/* No guest has memory there, and runs must not wrap around. */
	for (i = 0; i < count; i++)
		if (addr[i] >> 52)
			return -EFAULT;
	return 0;
}

static void hold_off(struct vgpu *vgpu)
{
	unsigned long since = jiffies - READ_ONCE(vgpu->pins.unmapped_at);

	if (since < HOLD_OFF)
		schedule_timeout_uninterruptible(HOLD_OFF - since);
}

static int batch_claim(struct vgpu *vgpu, struct pin_batch *batch)
{
	u32 i;
	int ret = 0;

	mutex_lock(&vgpu->pins.lock);
	if (interval_tree_iter_first(&vgpu->pins.batches, batch->node.start,
				     batch->node.last)) {
		ret = -EEXIST;
	} else if (batch->pages > vgpu->gpu->sysmem_pages - vgpu->pins.pages) {
		ret = -EDQUOT;
	} else {
		interval_tree_insert(&batch->node, &vgpu->pins.batches);
		for (i = 0; i < batch->runs; i++)
			interval_tree_insert(&batch->run[i].node, &vgpu->pins.runs);
		WRITE_ONCE(vgpu->pins.pages,
			   vgpu->pins.pages + batch->pages);
	}
	mutex_unlock(&vgpu->pins.lock);
	return ret;
}

static int batch_pin(struct vgpu *vgpu, struct pin_batch *batch)
{
	struct page **pages;
	int ret = 0;
	u32 i;

	pages = kmalloc_array(PIN_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < batch->runs && !ret; i++) {
		ret = pin_run(vgpu, &batch->run[i], pages);
		if (!ret && READ_ONCE(batch->revoked))
			ret = -EFAULT;
		cond_resched();
	}
	kfree(pages);
	return ret;
}

/**
 * vgpu_pin_map - show guest memory to a vGPU's engines
 * @vgpu: the vGPU; open
 * @first: first aperture page
 * @count: number of pages
 * @addr: guest-physical address of each, page aligned; the caller's own copy
 * @write: the device may write too
 *
 * All or nothing. May sleep long (memory is faulted in): not from a guest's
 * access. In process context without a user's mm, or in the VMM's.
 *
 * Return: 0; -EINVAL: range or alignment; -EEXIST: an aperture page is in use;
 * -EDQUOT: over the vGPU's limit or the VM's limit of locked memory; -EFAULT:
 * not guest memory, or the GPU can't reach it; -ENOMEM: the host is out of
 * memory; -EOPNOTSUPP: no aperture; -ENODEV: the GPU is gone.
 */
int vgpu_pin_map(struct vgpu *vgpu, u32 first, u32 count, const u64 *addr,
		 bool write)
{
	const struct vgpu_family *family = vgpu->gpu->family;
	struct pin_batch *batch;
	int ret;

	if (!family->sysmem_set || !vgpu->gpu->sysmem_pages)
		return -EOPNOTSUPP;
	if (vgpu_gpu_is_dead(vgpu->gpu))
		return -ENODEV;
	ret = check_request(vgpu, first, count, addr);
	if (ret)
		return ret;
	batch = batch_alloc(first, count, addr, write);
	if (!batch)
		return -ENOMEM;
	hold_off(vgpu);
	ret = batch_claim(vgpu, batch);
	if (ret) {
		batch_free(batch);
		return ret;
	}
	ret = batch_pin(vgpu, batch);

	mutex_lock(&vgpu->pins.lock);
	if (!ret && batch->revoked)
		ret = -EFAULT;
	if (!ret)
		ret = family->sysmem_set(vgpu, first, count, batch->dma, write);
	if (ret)
		batch_drop(vgpu, batch);
	else
		batch->valid = true;
	vgpu->pins.ended++;
	mutex_unlock(&vgpu->pins.lock);
	wake_up_all(&vgpu->pins.wait);
	return ret;
}

/* -------------------------------------------------------------- unmapping */

/**
 * vgpu_pin_unmap - take back what one vgpu_pin_map() mapped
 * @vgpu: the vGPU
 * @first: its first aperture page
 *
 * When this returns the hardware can no longer reach the pages. May sleep,
 * bounded.
 *
 * Return: 0, or -ENOENT if no mapping begins there.
 */
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first)
{
	struct interval_tree_node *node;
	struct pin_batch *batch;
	int ret = -ENOENT;

	mutex_lock(&vgpu->pins.lock);
	node = interval_tree_iter_first(&vgpu->pins.batches, first, first);
	if (node && node->start == first) {
		batch = container_of(node, struct pin_batch, node);
		/* A claim is another command's, and not complete. */
		if (batch->valid) {
			batch_unmap(vgpu, batch);
			ret = 0;
		}
	}
	mutex_unlock(&vgpu->pins.lock);
	return ret;
}

/*
 * Take back whatever touches guest pages [first, last]. Returns how many
 * batches that were; drops pins.lock to wait for claims.
 */
static unsigned int unmap_pages(struct vgpu *vgpu, unsigned long first,
				unsigned long last)
{
	struct interval_tree_node *node;
	struct pin_batch *batch;
	unsigned int batches = 0;

	lockdep_assert_held(&vgpu->pins.lock);
	while ((node = interval_tree_iter_first(&vgpu->pins.runs, first, last))) {
		unsigned int ended = vgpu->pins.ended;

		batch = container_of(node, struct pin_run, node)->batch;
		batches++;
		if (batch->valid) {
			batch_unmap(vgpu, batch);
			continue;
		}
		WRITE_ONCE(batch->revoked, true);
		mutex_unlock(&vgpu->pins.lock);
		wait_event(vgpu->pins.wait,
			   READ_ONCE(vgpu->pins.ended) != ended);
		mutex_lock(&vgpu->pins.lock);
	}
	return batches;
}

/**
 * vgpu_pin_unmap_iova - guest memory goes away
 * @vgpu: the vGPU; also one that was closed or whose GPU is gone
 * @iova: guest-physical address
 * @length: bytes; anything up to ULONG_MAX
 *
 * When this returns, none of it is pinned. May sleep, bounded, also while the
 * vGPU's engine hangs.
 */
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length)
{
	u64 last = iova + (length - 1);
	unsigned int batches;

	if (!length)
		return;
	if (last < iova)
		last = U64_MAX;

	mutex_lock(&vgpu->pins.lock);
	WRITE_ONCE(vgpu->pins.unmapped_at, jiffies);
	batches = unmap_pages(vgpu, iova >> PAGE_SHIFT, last >> PAGE_SHIFT);
	WRITE_ONCE(vgpu->pins.unmapped_at, jiffies);
	if (batches) {
		atomic64_add(batches, &vgpu->stats.revoked);
		if (vgpu->personality->revoked)
			vgpu->personality->revoked(vgpu);
	}
	mutex_unlock(&vgpu->pins.lock);
}

/**
 * vgpu_pin_unmap_all - take all guest memory back
 * @vgpu: the vGPU; at reset and close
 *
 * May sleep, bounded.
 */
void vgpu_pin_unmap_all(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->pins.lock);
	unmap_pages(vgpu, 0, ULONG_MAX);
	mutex_unlock(&vgpu->pins.lock);
}
