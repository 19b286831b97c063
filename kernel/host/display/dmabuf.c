// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmabuf.c - pictures of a vGPU as dma-bufs
 *
 * A question for the picture is answered with an id, and the VMM asks for the
 * dma-buf of that id when it sees it for the first time. The last ids are kept
 * in a table: the same place and layout has the same id for as long as it is
 * in it. What an id means never changes.
 *
 * A dma-buf shows video memory of the slice, and it may outlive everything: it
 * is a file, which the VMM may have passed on. So it belongs to its vGPU only
 * while that is open. At close it is cut off: mappings lose their pages, and
 * those they get from then on are of a page of its own. The same happens,
 * until it is over, while the hardware is not there.
 *
 * Other devices that attach to it, as a GPU that is to draw the picture, see a
 * copy in host memory (dmabuf_copy.c). Only real devices may: those that are
 * software can map the file, and Mesa, which imports a picture through vgem,
 * fails to map it there and ends its VMM.
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "base/vgpu.h"
#include "compat/compat.h"
#include "display/dmabuf.h"
#include "display/dmabuf_copy.h"
#include "display/plane.h"

#define DMABUFS_MAX	64	/* of a vGPU at a time */
#define COPIES_MAX	8	/* of them; QEMU keeps five pictures */
#define COPY_STEP	SZ_64K	/* bytes that are copied at a time */

VGPU_IMPORT_NS("DMA_BUF");

/**
 * struct shown - slice memory behind a dma-buf
 * @node: in vgpu->dmabufs; dmabufs_lock
 * @vgpu: whose; NULL: cut off; dmabufs_lock
 * @inode: of the dma-buf's file, which all its mappings are found by
 * @count: the dma-buf, and who makes a copy of it just now
 * @plane: what it shows
 * @phys: bus address of the first byte
 * @io: the same, for the processor
 * @lock: mappings and copying against being cut off; nests inside mmap_lock
 * @there: @phys and @io may be used; @lock
 * @copy: what other devices see; NULL: none has asked; set once, with
 *	dmabufs_lock held
 * @dummy: shown in place of it
 */
struct shown {
	struct list_head node;
	struct vgpu *vgpu;
	struct inode *inode;
	struct kref count;
	struct vgpu_plane plane;
	phys_addr_t phys;
	const void __iomem *io;
	struct vgpu_copy *copy;
	struct rw_semaphore lock;
	bool there;
	struct page *dummy;
};

/* Of all vGPUs: a dma-buf may end at the same time as its vGPU. */
static DEFINE_MUTEX(dmabufs_lock);

/* --------------------------------------------------------------------- ids */

static bool same_place(const struct vgpu_plane *a, const struct vgpu_plane *b)
{
	return a->base == b->base && a->format == b->format &&
	       a->width == b->width && a->height == b->height &&
	       a->pitch == b->pitch;
}

static bool id_in_use(const struct vgpu *vgpu, u32 id)
{
	unsigned int i;

	for (i = 0; i < VGPU_DMABUF_NAMES; i++)
		if (vgpu->dmabuf_name[i].id == id)
			return true;
	return false;
}

/**
 * vgpu_dmabuf_name - the id of the dma-buf that shows a picture
 * @vgpu: the vGPU; picture_lock is held
 * @plane: the picture, which fits and begins with a page
 *
 * Return: the id, never 0. It replaces the one that was not asked for longest.
 */
u32 vgpu_dmabuf_name(struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	struct vgpu_dmabuf_name *oldest = &vgpu->dmabuf_name[0];
	unsigned int i;

	lockdep_assert_held(&vgpu->picture_lock);
	vgpu->dmabuf_clock++;
	for (i = 0; i < VGPU_DMABUF_NAMES; i++) {
		struct vgpu_dmabuf_name *name = &vgpu->dmabuf_name[i];

		if (name->id && same_place(&name->plane, plane)) {
			name->asked = vgpu->dmabuf_clock;
			return name->id;
		}
		if (name->asked < oldest->asked)
			oldest = name;
	}
	do {
		vgpu->dmabuf_last_id++;
	} while (!vgpu->dmabuf_last_id || id_in_use(vgpu, vgpu->dmabuf_last_id));
	oldest->id = vgpu->dmabuf_last_id;
	oldest->plane = *plane;
	oldest->asked = vgpu->dmabuf_clock;
	return oldest->id;
}

static bool find_name(struct vgpu *vgpu, u32 id, struct vgpu_plane *plane)
{
	bool found = false;
	unsigned int i;

	mutex_lock(&vgpu->picture_lock);
	for (i = 0; i < VGPU_DMABUF_NAMES; i++) {
		if (id && vgpu->dmabuf_name[i].id == id) {
			*plane = vgpu->dmabuf_name[i].plane;
			found = true;
		}
	}
	mutex_unlock(&vgpu->picture_lock);
	return found;
}

/* ----------------------------------------------------------------- mappings */

static vm_fault_t shown_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct shown *shown = vma->vm_private_data;
	vm_fault_t ret;

	/* dma-buf's core has checked that it lies inside. */
	down_read(&shown->lock);
	if (shown->there)
		ret = vmf_insert_pfn(vma, vmf->address,
				     PHYS_PFN(shown->phys) + vmf->pgoff);
	else
		/* Ordinary memory: with ordinary caching. */
		ret = vmf_insert_pfn_prot(vma, vmf->address,
					  page_to_pfn(shown->dummy),
					  vm_get_page_prot(vma->vm_flags));
	up_read(&shown->lock);
	return ret;
}

static const struct vm_operations_struct shown_vm_ops = {
	.fault = shown_fault,
};

static int shown_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	vma->vm_private_data = dmabuf->priv;
	vma->vm_ops = &shown_vm_ops;
	return 0;
}

/* When it returns, no mapping shows what it showed before. */
static void set_there(struct shown *shown, bool there)
{
	lockdep_assert_held(&dmabufs_lock);
	down_write(&shown->lock);
	if (shown->there != there) {
		shown->there = there;
		unmap_mapping_range(shown->inode->i_mapping, 0, 0, true);
	}
	up_write(&shown->lock);
}

/* ------------------------------------------------------------ other devices */

/* The picture as it is now, as far as it is there. */
static void refresh(struct shown *shown)
{
	size_t bytes = vgpu_plane_bytes(&shown->plane), done, step;
	bool there = true;

	for (done = 0; there && done < bytes; done += step) {
		step = min_t(size_t, bytes - done, COPY_STEP);
		/* In steps: who cuts it off does not wait for all of it. */
		down_read(&shown->lock);
		there = shown->there;
		if (there)
			vgpu_copy_read(shown->copy, done, step,
				       shown->io + done);
		up_read(&shown->lock);
		cond_resched();
		if (fatal_signal_pending(current))
			break;
	}
	vgpu_copy_show(shown->copy);
}

/* The first device that attaches makes one. */
static int make_copy(struct shown *shown)
{
	struct vgpu_copy *copy =
		vgpu_copy_create(PAGE_ALIGN(vgpu_plane_bytes(&shown->plane)));
	int ret = 0;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&dmabufs_lock);
	if (!shown->vgpu) {
		ret = -ENODEV;
	} else if (!shown->copy) {
		if (shown->vgpu->num_copies == COPIES_MAX) {
			ret = -EMFILE;
		} else {
			shown->vgpu->num_copies++;
			WRITE_ONCE(shown->copy, copy);
			copy = NULL;
		}
	}
	mutex_unlock(&dmabufs_lock);
	vgpu_copy_free(copy);
	return ret;
}

static int shown_attach(struct dma_buf *dmabuf,
			struct dma_buf_attachment *attachment)
{
	struct shown *shown = dmabuf->priv;
	int ret;

	if (!dev_is_pci(attachment->dev))
		return -EOPNOTSUPP;
	if (!READ_ONCE(shown->copy)) {
		ret = make_copy(shown);
		if (ret)
			return ret;
	}
	refresh(shown);
	return 0;
}

static struct sg_table *shown_map(struct dma_buf_attachment *attachment,
				  enum dma_data_direction direction)
{
	struct shown *shown = attachment->dmabuf->priv;

	return vgpu_copy_map(shown->copy, attachment->dev, direction);
}

static void shown_unmap(struct dma_buf_attachment *attachment,
			struct sg_table *table,
			enum dma_data_direction direction)
{
	struct shown *shown = attachment->dmabuf->priv;

	vgpu_copy_unmap(shown->copy, table);
}

/* For the driver of a device that is attached, which reads it by itself. */
static int shown_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct shown *shown = dmabuf->priv;

	if (!READ_ONCE(shown->copy))
		return -EOPNOTSUPP;
	vgpu_copy_address(shown->copy, map);
	return 0;
}

/* ----------------------------------------------------- life of one dma-buf */

static void forget(struct shown *shown)
{
	lockdep_assert_held(&dmabufs_lock);
	if (!shown->vgpu)
		return;
	list_del(&shown->node);
	shown->vgpu->num_dmabufs--;
	if (shown->copy)
		shown->vgpu->num_copies--;
	shown->vgpu = NULL;
}

static void shown_free(struct kref *count)
{
	struct shown *shown = container_of(count, struct shown, count);

	vgpu_copy_free(shown->copy);
	__free_page(shown->dummy);
	kfree(shown);
}

static void shown_put(struct shown *shown)
{
	kref_put(&shown->count, shown_free);
}

/* The last user is gone, and every mapping. */
static void shown_release(struct dma_buf *dmabuf)
{
	struct shown *shown = dmabuf->priv;

	mutex_lock(&dmabufs_lock);
	forget(shown);
	mutex_unlock(&dmabufs_lock);
	iput(shown->inode);
	shown_put(shown);
}

static const struct dma_buf_ops shown_ops = {
	.attach		= shown_attach,
	.map_dma_buf	= shown_map,
	.unmap_dma_buf	= shown_unmap,
	.vmap		= shown_vmap,
	.mmap		= shown_mmap,
	.release	= shown_release,
};

static struct shown *shown_create(struct vgpu *vgpu,
				  const struct vgpu_plane *plane)
{
	struct shown *shown = kzalloc(sizeof(*shown), GFP_KERNEL_ACCOUNT);

	if (!shown)
		return NULL;
	shown->dummy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!shown->dummy) {
		kfree(shown);
		return NULL;
	}
	INIT_LIST_HEAD(&shown->node);
	kref_init(&shown->count);
	init_rwsem(&shown->lock);
	shown->plane = *plane;
	shown->phys = vgpu->gpu->fb_phys + vgpu->fb_offset + plane->base;
	shown->io = vgpu->gpu->fb_io + vgpu->fb_offset + plane->base;
	return shown;
}

/* The dma-buf's file exists; from here on it follows its vGPU. */
static void join(struct vgpu *vgpu, struct shown *shown, struct dma_buf *dmabuf)
{
	lockdep_assert_held(&dmabufs_lock);
	/* The file may die, with dmabufs_lock not held, before the list is left. */
	shown->inode = file_inode(dmabuf->file);
	ihold(shown->inode);
	shown->vgpu = vgpu;
	list_add_tail(&shown->node, &vgpu->dmabufs);
	vgpu->num_dmabufs++;
	shown->there = vgpu_has_hardware(vgpu);
}

static struct dma_buf *export(struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	struct shown *shown = shown_create(vgpu, plane);
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;

	if (!shown)
		return ERR_PTR(-ENOMEM);
	info.ops = &shown_ops;
	info.size = PAGE_ALIGN(vgpu_plane_bytes(plane));
	info.flags = O_RDWR | O_CLOEXEC;
	info.priv = shown;
	mutex_lock(&dmabufs_lock);
	dmabuf = vgpu->num_dmabufs < DMABUFS_MAX ? dma_buf_export(&info) :
						   ERR_PTR(-EMFILE);
	if (!IS_ERR(dmabuf))
		join(vgpu, shown, dmabuf);
	mutex_unlock(&dmabufs_lock);
	if (IS_ERR(dmabuf))
		shown_put(shown);
	return dmabuf;
}

/**
 * vgpu_dmabuf_get - VFIO_DEVICE_GET_GFX_DMABUF
 * @vgpu: the vGPU, open
 * @arg: the user's u32, the id
 *
 * May sleep.
 *
 * Return: a file; -ENOENT: no picture has that id now; -EMFILE: too many of
 * this vGPU's are not closed yet, or too many files; -ENOMEM; -EFAULT.
 */
long vgpu_dmabuf_get(struct vgpu *vgpu, void __user *arg)
{
	struct vgpu_plane plane;
	struct dma_buf *dmabuf;
	u32 id;
	int fd;

	if (get_user(id, (u32 __user *)arg))
		return -EFAULT;
	if (!find_name(vgpu, id, &plane))
		return -ENOENT;
	dmabuf = export(vgpu, &plane);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

/**
 * vgpu_dmabuf_refresh - let other devices see a picture as it is now
 * @vgpu: the vGPU, open
 * @plane: the picture
 *
 * Reads all of it if a device has attached to a dma-buf of it. May sleep.
 */
void vgpu_dmabuf_refresh(struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	struct shown *shown, *found[COPIES_MAX];
	unsigned int n = 0;

	mutex_lock(&dmabufs_lock);
	list_for_each_entry(shown, &vgpu->dmabufs, node) {
		if (!shown->copy || !same_place(&shown->plane, plane))
			continue;
		kref_get(&shown->count);
		found[n++] = shown;
	}
	mutex_unlock(&dmabufs_lock);
	while (n) {
		shown = found[--n];
		refresh(shown);
		shown_put(shown);
	}
}

/* ------------------------------------------------------ what a vGPU goes through */

/**
 * vgpu_dmabuf_set_offline - the hardware went away, or came back
 * @vgpu: the vGPU; its state says the same
 * @offline: show dummy pages instead of it
 *
 * When it returns, no mapping shows what it showed before. May sleep.
 */
void vgpu_dmabuf_set_offline(struct vgpu *vgpu, bool offline)
{
	struct shown *shown;

	mutex_lock(&dmabufs_lock);
	list_for_each_entry(shown, &vgpu->dmabufs, node)
		set_there(shown, !offline);
	mutex_unlock(&dmabufs_lock);
}

/**
 * vgpu_dmabuf_close - cut off every dma-buf for good
 * @vgpu: the vGPU; nobody has it open any more
 *
 * When it returns, none shows the slice or refers to the vGPU. May sleep.
 */
void vgpu_dmabuf_close(struct vgpu *vgpu)
{
	struct shown *shown, *next;

	mutex_lock(&dmabufs_lock);
	list_for_each_entry_safe(shown, next, &vgpu->dmabufs, node) {
		set_there(shown, false);
		if (shown->copy)
			vgpu_copy_clear(shown->copy);
		forget(shown);
	}
	mutex_unlock(&dmabufs_lock);
	mutex_lock(&vgpu->picture_lock);
	memset(vgpu->dmabuf_name, 0, sizeof(vgpu->dmabuf_name));
	mutex_unlock(&vgpu->picture_lock);
}
