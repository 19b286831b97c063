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
 * Other devices can't attach to it. Video memory of a slice has no struct page,
 * few devices can reach it over the bus, and of those that could not all would
 * let go of it when the vGPU is closed. Nor can devices that are software: Mesa
 * imports a picture through vgem, fails to map it, and ends its VMM.
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "openvgpu.h"

#define DMABUFS_MAX	64	/* of a vGPU at a time */

VGPU_IMPORT_NS(DMA_BUF);

/**
 * struct shown - slice memory behind a dma-buf
 * @node: in vgpu->dmabufs; dmabufs_lock
 * @vgpu: whose; NULL: cut off; dmabufs_lock
 * @inode: of the dma-buf's file, which all its mappings are found by
 * @phys: bus address of the first byte
 * @lock: mappings against being cut off; nests inside mmap_lock
 * @there: @phys may be shown; @lock
 * @dummy: shown in place of it
 */
struct shown {
	struct list_head node;
	struct vgpu *vgpu;
	struct inode *inode;
	phys_addr_t phys;
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

/* ----------------------------------------------------- life of one dma-buf */

static int shown_attach(struct dma_buf *dmabuf,
			struct dma_buf_attachment *attachment)
{
	return -EOPNOTSUPP;
}

/* Not called without an attachment, but they must be there. */
static struct sg_table *shown_map(struct dma_buf_attachment *attachment,
				  enum dma_data_direction direction)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void shown_unmap(struct dma_buf_attachment *attachment,
			struct sg_table *table,
			enum dma_data_direction direction)
{
}

static void forget(struct shown *shown)
{
	lockdep_assert_held(&dmabufs_lock);
	if (!shown->vgpu)
		return;
	list_del(&shown->node);
	shown->vgpu->num_dmabufs--;
	shown->vgpu = NULL;
}

static void shown_free(struct shown *shown)
{
	__free_page(shown->dummy);
	kfree(shown);
}

/* The last user is gone, and every mapping. */
static void shown_release(struct dma_buf *dmabuf)
{
	struct shown *shown = dmabuf->priv;

	mutex_lock(&dmabufs_lock);
	forget(shown);
	mutex_unlock(&dmabufs_lock);
	iput(shown->inode);
	shown_free(shown);
}

static const struct dma_buf_ops shown_ops = {
	.attach		= shown_attach,
	.map_dma_buf	= shown_map,
	.unmap_dma_buf	= shown_unmap,
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
	init_rwsem(&shown->lock);
	shown->phys = vgpu->gpu->fb_phys + vgpu->fb_offset + plane->base;
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
	shown->there = !READ_ONCE(vgpu->offline);
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
		shown_free(shown);
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

/* ------------------------------------------------------ what a vGPU goes through */

/**
 * vgpu_dmabuf_set_offline - the hardware went away, or came back
 * @vgpu: the vGPU; vgpu->offline says the same
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
		forget(shown);
	}
	mutex_unlock(&dmabufs_lock);
	mutex_lock(&vgpu->picture_lock);
	memset(vgpu->dmabuf_name, 0, sizeof(vgpu->dmabuf_name));
	mutex_unlock(&vgpu->picture_lock);
}
