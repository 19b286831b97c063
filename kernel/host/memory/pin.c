// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin.c - guest memory in the system-memory aperture of a vGPU
 *
 * A batch is what one vgpu_pin_map() maps: a range of aperture pages and the
 * guest pages behind it. It is also the unit of unmapping, by the guest and
 * when memory goes away under it: one page gone takes the whole batch back.
 *
 * A batch is claimed, valid, revoked and unpinned, in this order. Pinning and
 * unpinning go through VFIO and wait for what the VMM does: for memory that
 * never comes, for another thread that keeps the container's lock. So neither
 * is done with a lock held, and nothing of the whole GPU waits for them. What
 * all paths need, that the hardware lets go, is revoking: it is bounded, and
 * calls nothing of VFIO. Unpinning follows, by a work item of the vGPU. Only
 * the VMM's own calls (dma_unmap, close) wait for that.
 *
 * Two interval trees, both under pins.lock: batches by aperture page (conflicts,
 * unmapping by the guest), without the revoked ones; and runs by guest page
 * (unmapping by VFIO), until they are unpinned. A claim is in both before
 * anything of it is pinned, so whoever revokes finds it.
 *
 * When memory is taken back, the hardware is made to forget it first
 * (vgpu_family.sysmem_clear, sysmem_invalidate), which is bounded and does not
 * depend on what the engines do.
 */
#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/sched.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "compat/compat.h"
#include "memory/pin.h"
#include "memory/pin_batch.h"
#include "memory/unmapping.h"

/*
 * How long a dma_unmap waits for pages to be unpinned: the first time it comes
 * for a range, and how often twice as long the next time. Then without limit,
 * because type1 ends in BUG_ON() when it came 11 times in vain.
 *
 * It may wait in vain because type1 calls it with device_list_lock held, another
 * thread of the VMM that unmaps waits for that lock with iommu->lock held, and
 * unpinning needs iommu->lock. Returning lets that other thread go on. Each time,
 * unpinning gets on by some runs only: a VMM that has thousands of them and is bent
 * on it still ends in type1's deadlock, with its own threads and vGPUs.
 */
#define UNPIN_WAIT	msecs_to_jiffies(50)
#define UNPIN_TRIES	9

/*
 * VFIO writes a line to the host's log each time a VM is over its limit of
 * locked memory. After such a refusal the next attempt waits, first for
 * REFUSAL_WAIT, then twice as long, up to 4 times; it is forgotten after
 * REFUSAL_MEMORY.
 */
#define REFUSAL_WAIT	HZ
#define REFUSALS	3
#define REFUSAL_MEMORY	(60 * HZ)

static void unpin_work(struct work_struct *work);

/**
 * vgpu_pin_init - no guest memory yet
 * @vgpu: the vGPU
 */
void vgpu_pin_init(struct vgpu *vgpu)
{
	struct vgpu_pins *pins = &vgpu->pins;

	mutex_init(&pins->lock);
	pins->runs = RB_ROOT_CACHED;
	pins->batches = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&pins->revoked);
	INIT_LIST_HEAD(&pins->unmappings);
	INIT_WORK(&pins->unpin_work, unpin_work);
	xa_init(&pins->dma);
	pin_log_init(vgpu);
	init_waitqueue_head(&pins->wait);
}

static void set_payer(struct vgpu *vgpu, struct mem_cgroup *payer)
{
	struct mem_cgroup *old;

	mutex_lock(&vgpu->pins.lock);
	old = vgpu->pins.payer;
	vgpu->pins.payer = payer;
	mutex_unlock(&vgpu->pins.lock);
	mem_cgroup_put(old);
}

/**
 * vgpu_pin_open - nothing of the former owner is left
 * @vgpu: the vGPU; is being opened by the calling process
 *
 * From here on that process's control group pays, also when the process has ended
 * and another one has its files.
 */
void vgpu_pin_open(struct vgpu *vgpu)
{
	set_payer(vgpu, get_mem_cgroup_from_mm(current->mm));
	pin_unmapping_forget(vgpu);
	mutex_lock(&vgpu->pins.lock);
	vgpu->pins.refusals = 0;
	mutex_unlock(&vgpu->pins.lock);
}

/**
 * vgpu_pin_payer - whose memory is what is allocated for a vGPU's mappings
 * @vgpu: the vGPU
 *
 * For set_active_memcg() around vgpu_pin_map(): a work item is in no control
 * group, and a guest can have it allocate some 100 bytes for each of its pages.
 *
 * Return: the VMM's memory control group, for mem_cgroup_put(); NULL: nobody has
 * it open, or the kernel has no such groups.
 */
struct mem_cgroup *vgpu_pin_payer(struct vgpu *vgpu)
{
	struct mem_cgroup *payer;

	mutex_lock(&vgpu->pins.lock);
	payer = vgpu->pins.payer;
	vgpu_mem_cgroup_get(payer);
	mutex_unlock(&vgpu->pins.lock);
	return payer;
}

/**
 * vgpu_pin_epoch - what vgpu_pin_map() is to be given
 * @vgpu: the vGPU
 *
 * Return: a number that changes whenever all guest memory is revoked.
 */
unsigned int vgpu_pin_epoch(const struct vgpu *vgpu)
{
	return READ_ONCE(vgpu->pins.epoch);
}

/* ---------------------------------------------------------------- revoking */

/* Of no use to anybody any more: its aperture pages are free. */
static void detach(struct vgpu *vgpu, struct pin_batch *batch)
{
	lockdep_assert_held(&vgpu->pins.lock);
	interval_tree_remove(&batch->node, &vgpu->pins.batches);
	WRITE_ONCE(vgpu->pins.pages, vgpu->pins.pages - batch->pages);
	batch->state = PIN_REVOKED;
}

/**
 * struct revocation - batches that are revoked together
 * @batches: those that were valid
 * @first: first aperture page of them
 * @last: last one
 * @count: of all batches, claims included
 */
struct revocation {
	struct list_head batches;
	unsigned long first;
	unsigned long last;
	unsigned int count;
};

static void init_revocation(struct revocation *revocation)
{
	INIT_LIST_HEAD(&revocation->batches);
	revocation->first = ULONG_MAX;
	revocation->last = 0;
	revocation->count = 0;
}

static void revoke(struct vgpu *vgpu, struct pin_batch *batch,
		   struct revocation *revocation)
{
	bool valid = batch->state == PIN_VALID;

	if (batch->state == PIN_REVOKED)
		return;
	revocation->count++;
	detach(vgpu, batch);
	/* A claim is not in the table, and the thread that made it cleans up. */
	if (!valid)
		return;
	vgpu->gpu->family->sysmem_clear(vgpu, batch->node.start, batch->pages);
	revocation->first = min(revocation->first, batch->node.start);
	revocation->last = max(revocation->last, batch->node.last);
	list_add_tail(&batch->revoked, &revocation->batches);
}

/* The hardware forgets them, whatever its engines do. */
static void finish_revocation(struct vgpu *vgpu, struct revocation *revocation)
{
	struct pin_batch *batch;

	lockdep_assert_held(&vgpu->pins.lock);
	if (list_empty(&revocation->batches))
		return;
	vgpu->gpu->family->sysmem_invalidate(vgpu, revocation->first,
					     revocation->last -
					     revocation->first + 1);
	list_for_each_entry(batch, &revocation->batches, revoked) {
		pin_batch_unmap_dma(vgpu, batch);
		cond_resched();
	}
	list_splice_tail(&revocation->batches, &vgpu->pins.revoked);
}

/* Whatever touches these guest pages. Returns how many batches that were. */
static unsigned int revoke_pages(struct vgpu *vgpu, unsigned long first,
				 unsigned long last)
{
	struct interval_tree_node *node;
	struct revocation revocation;

	lockdep_assert_held(&vgpu->pins.lock);
	init_revocation(&revocation);
	for (node = interval_tree_iter_first(&vgpu->pins.runs, first, last); node;
	     node = interval_tree_iter_next(node, first, last))
		revoke(vgpu, container_of(node, struct pin_run, node)->batch,
		       &revocation);
	finish_revocation(vgpu, &revocation);
	return revocation.count;
}

/* --------------------------------------------------------------- unpinning */

/* Gives the pages of a revoked batch back, and frees it. */
static void unpin(struct vgpu *vgpu, struct pin_batch *batch)
{
	bool kept;
	u32 i;

	pin_batch_unpin(vgpu, batch);
	mutex_lock(&vgpu->pins.lock);
	for (i = 0; i < batch->runs; i++)
		interval_tree_remove(&batch->run[i].node, &vgpu->pins.runs);
	WRITE_ONCE(vgpu->pins.changes, vgpu->pins.changes + 1);
	kept = pin_log_keep(vgpu, batch);
	mutex_unlock(&vgpu->pins.lock);
	wake_up_all(&vgpu->pins.wait);
	if (!kept)
		pin_batch_free(batch);
}

static struct pin_batch *take_revoked(struct vgpu *vgpu)
{
	struct pin_batch *batch;

	mutex_lock(&vgpu->pins.lock);
	batch = list_first_entry_or_null(&vgpu->pins.revoked, struct pin_batch,
					 revoked);
	if (batch)
		list_del_init(&batch->revoked);
	mutex_unlock(&vgpu->pins.lock);
	return batch;
}

static void unpin_revoked(struct vgpu *vgpu)
{
	struct pin_batch *batch;

	while ((batch = take_revoked(vgpu))) {
		unpin(vgpu, batch);
		cond_resched();
	}
}

static void unpin_work(struct work_struct *work)
{
	unpin_revoked(container_of(work, struct vgpu, pins.unpin_work));
}

/* With pins.lock held. */
static void queue_unpin(struct vgpu *vgpu)
{
	if (!list_empty(&vgpu->pins.revoked))
		queue_work(vgpu->gpu->memory_wq, &vgpu->pins.unpin_work);
}

/* Returns whether none of these guest pages is pinned. */
static bool wait_unpinned(struct vgpu *vgpu, unsigned long first,
			  unsigned long last, unsigned long timeout)
{
	struct vgpu_pins *pins = &vgpu->pins;
	unsigned int changes;
	bool pinned;

	for (;;) {
		mutex_lock(&pins->lock);
		changes = pins->changes;
		pinned = interval_tree_iter_first(&pins->runs, first, last);
		mutex_unlock(&pins->lock);
		if (!pinned || !timeout)
			return !pinned;
		timeout = wait_event_timeout(pins->wait,
					     READ_ONCE(pins->changes) != changes,
					     timeout);
	}
}

/* The same without a limit. In pieces: the kernel reports long sleeps. */
static void wait_long_unpinned(struct vgpu *vgpu, unsigned long first,
			       unsigned long last)
{
	while (!wait_unpinned(vgpu, first, last, HZ))
		;
}

/* ---------------------------------------------------------------- mapping */

static int check_request(struct vgpu *vgpu, u32 first, u32 count,
			 const u64 *addr)
{
	u32 limit = vgpu->gpu->sysmem_pages;
	u32 i;

	if (!count || count > VGPU_MAP_PAGES_MAX || first >= limit ||
	    count > limit - first)
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

/* VFIO has refused for the limit of locked memory, or for want of memory. */
static void note_refusal(struct vgpu *vgpu)
{
	struct vgpu_pins *pins = &vgpu->pins;
	bool first;

	atomic64_inc(&vgpu->stats.memory_refused);
	mutex_lock(&pins->lock);
	first = !pins->refusals;
	pins->refusals = min(pins->refusals + 1, REFUSALS);
	pins->refused_at = jiffies;
	mutex_unlock(&pins->lock);
	if (first)
		vgpu_owner_error(vgpu,
				 ": guest memory not mapped: its VMM is over its limit of locked memory; raise that limit (RLIMIT_MEMLOCK), unless the host is out of memory");
	else
		/* VFIO's own line counts. */
		vgpu_may_log(vgpu);
}

static unsigned long refusal_wait(struct vgpu_pins *pins)
{
	unsigned long passed, wait = 0;

	mutex_lock(&pins->lock);
	passed = jiffies - pins->refused_at;
	if (passed > REFUSAL_MEMORY)
		pins->refusals = 0;
	if (pins->refusals)
		wait = REFUSAL_WAIT << (pins->refusals - 1);
	mutex_unlock(&pins->lock);
	return wait > passed ? wait - passed : 0;
}

/* With pins.lock held. */
static int check_claim(struct vgpu *vgpu, unsigned int epoch,
		       const struct pin_batch *batch)
{
	u32 i;

	if (epoch != vgpu->pins.epoch)
		return -ECANCELED;
	if (!vgpu_has_hardware(vgpu))
		return -ENODEV;
	if (interval_tree_iter_first(&vgpu->pins.batches, batch->node.start,
				     batch->node.last))
		return -EEXIST;
	if (batch->pages > vgpu->gpu->sysmem_pages - vgpu->pins.pages)
		return -EDQUOT;
	for (i = 0; i < batch->runs; i++)
		if (pin_unmapping_covers(vgpu, batch->run[i].node.start,
					 batch->run[i].node.last))
			return -EFAULT;
	return 0;
}

static int claim(struct vgpu *vgpu, unsigned int epoch, struct pin_batch *batch)
{
	struct vgpu_pins *pins = &vgpu->pins;
	int ret;
	u32 i;

	mutex_lock(&pins->lock);
	ret = check_claim(vgpu, epoch, batch);
	if (!ret) {
		interval_tree_insert(&batch->node, &pins->batches);
		for (i = 0; i < batch->runs; i++)
			interval_tree_insert(&batch->run[i].node, &pins->runs);
		WRITE_ONCE(pins->pages, pins->pages + batch->pages);
	}
	mutex_unlock(&pins->lock);
	return ret;
}

/* All of it is pinned, or @ret says why not. */
static int finish_claim(struct vgpu *vgpu, struct pin_batch *batch, int ret)
{
	mutex_lock(&vgpu->pins.lock);
	if (!ret && batch->state == PIN_REVOKED)
		ret = -EFAULT;
	if (!ret)
		ret = vgpu->gpu->family->sysmem_set(vgpu, batch->node.start,
						    batch->pages, batch->dma,
						    batch->write);
	if (!ret) {
		batch->state = PIN_VALID;
		batch->reached = true;
	} else {
		if (batch->state == PIN_CLAIMED)
			detach(vgpu, batch);
		pin_batch_unmap_dma(vgpu, batch);
	}
	mutex_unlock(&vgpu->pins.lock);
	if (ret)
		unpin(vgpu, batch);
	return ret;
}

/**
 * vgpu_pin_map - show guest memory to a vGPU's engines
 * @vgpu: the vGPU
 * @epoch: vgpu_pin_epoch() when it was asked for: what was revoked since then
 *	is not mapped after it
 * @first: first aperture page
 * @count: number of pages
 * @addr: guest-physical address of each, page aligned; the caller's own copy
 * @write: the device may write too
 *
 * All or nothing. Sleeps as long as the VMM's memory takes to be there, which
 * may be for ever: only from a work item of the vGPU's own, with no lock held.
 *
 * Return: 0; -EINVAL: range or alignment; -EEXIST: an aperture page is in use;
 * -EDQUOT: over the vGPU's limit or the VM's limit of locked memory, or VFIO is out
 * of memory; -EFAULT: not guest memory, or the GPU can't reach it; -ENOMEM: the host
 * is out of memory; -EOPNOTSUPP: no aperture; -ENODEV: closed, or the GPU is gone;
 * -ECANCELED: all was revoked since @epoch.
 */
int vgpu_pin_map(struct vgpu *vgpu, unsigned int epoch, u32 first, u32 count,
		 const u64 *addr, bool write)
{
	struct vgpu_pins *pins = &vgpu->pins;
	struct pin_batch *batch;
	int ret;

	if (!vgpu->gpu->family->sysmem_set || !vgpu->gpu->sysmem_pages)
		return -EOPNOTSUPP;
	ret = check_request(vgpu, first, count, addr);
	if (ret)
		return ret;
	/* So that no more is pinned than the limit, whatever was revoked. */
	unpin_revoked(vgpu);
	wait_event_timeout(pins->wait, READ_ONCE(pins->epoch) != epoch,
			   refusal_wait(pins));
	batch = pin_batch_alloc(first, count, addr, write);
	if (!batch)
		return -ENOMEM;
	ret = claim(vgpu, epoch, batch);
	if (ret) {
		pin_batch_free(batch);
		return ret;
	}
	ret = pin_batch_pin(vgpu, batch);
	if (ret == -EDQUOT)
		note_refusal(vgpu);
	return finish_claim(vgpu, batch, ret);
}

/* -------------------------------------------------------------- unmapping */

/**
 * vgpu_pin_unmap - take back what one vgpu_pin_map() mapped
 * @vgpu: the vGPU
 * @first: its first aperture page
 *
 * When this returns, the hardware can no longer reach the pages, and they are
 * unpinned. May sleep as vgpu_pin_map() does.
 *
 * Return: 0, or -ENOENT if no mapping begins there.
 */
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first)
{
	struct interval_tree_node *node;
	struct revocation revocation;
	struct pin_batch *batch;

	init_revocation(&revocation);
	mutex_lock(&vgpu->pins.lock);
	node = interval_tree_iter_first(&vgpu->pins.batches, first, first);
	if (node && node->start == first) {
		batch = container_of(node, struct pin_batch, node);
		/* A claim is another command's, and not complete. */
		if (batch->state == PIN_VALID)
			revoke(vgpu, batch, &revocation);
	}
	finish_revocation(vgpu, &revocation);
	mutex_unlock(&vgpu->pins.lock);
	unpin_revoked(vgpu);
	return revocation.count ? 0 : -ENOENT;
}

/**
 * vgpu_pin_unmap_iova - guest memory goes away
 * @vgpu: the vGPU; also one that was closed or whose GPU is gone
 * @iova: guest-physical address
 * @length: bytes; anything up to ULONG_MAX
 *
 * When this returns, the hardware reaches none of it. None of it is pinned
 * either, unless threads of the VMM stand in each other's way: then it returns
 * nevertheless, and type1 comes again. Nothing of it is pinned again until the
 * calling thread returns to user space. Sleeps as vgpu_pin_map() does.
 */
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length)
{
	u64 end = iova + (length - 1);
	unsigned long first = iova >> PAGE_SHIFT;
	unsigned int batches, calls;
	unsigned long last;

	if (!length)
		return;
	if (end < iova)
		end = U64_MAX;
	last = end >> PAGE_SHIFT;

	calls = pin_unmapping_note(vgpu, first, last);
	mutex_lock(&vgpu->pins.lock);
	batches = revoke_pages(vgpu, first, last);
	if (batches) {
		atomic64_add(batches, &vgpu->stats.revoked);
		if (vgpu->personality->revoked)
			vgpu->personality->revoked(vgpu);
	}
	queue_unpin(vgpu);
	mutex_unlock(&vgpu->pins.lock);

	/* All at once is iommufd, which does not come again, and holds no lock. */
	if (calls <= UNPIN_TRIES && length != ULONG_MAX)
		wait_unpinned(vgpu, first, last, UNPIN_WAIT << (calls - 1));
	else
		wait_long_unpinned(vgpu, first, last);
}

/**
 * vgpu_pin_revoke_all - take all guest memory away from the hardware
 * @vgpu: the vGPU; at reset, at close, and when its GPU is reset
 *
 * When this returns, the hardware reaches none of it, and no vgpu_pin_map() of
 * an earlier epoch will change that. It is unpinned later. May sleep, bounded.
 */
void vgpu_pin_revoke_all(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->pins.lock);
	WRITE_ONCE(vgpu->pins.epoch, vgpu->pins.epoch + 1);
	revoke_pages(vgpu, 0, ULONG_MAX);
	queue_unpin(vgpu);
	mutex_unlock(&vgpu->pins.lock);
	wake_up_all(&vgpu->pins.wait);
}

/**
 * vgpu_pin_drain - wait until no guest memory is pinned
 * @vgpu: the vGPU, after vgpu_pin_revoke_all(), so that none follows
 *
 * Sleeps as vgpu_pin_map() does: only in the VMM's own close.
 */
void vgpu_pin_drain(struct vgpu *vgpu)
{
	unpin_revoked(vgpu);
	wait_long_unpinned(vgpu, 0, ULONG_MAX);
	flush_work(&vgpu->pins.unpin_work);
	vgpu_pin_log_stop(vgpu);
	set_payer(vgpu, NULL);
}

/**
 * vgpu_pin_exit - nothing of it is under way any more
 * @vgpu: the vGPU; VFIO does not know it any more
 *
 * A dma_unmap may have come after vgpu_pin_drain(). It found nothing.
 */
void vgpu_pin_exit(struct vgpu *vgpu)
{
	cancel_work_sync(&vgpu->pins.unpin_work);
	/* Of an open that failed. */
	set_payer(vgpu, NULL);
}
