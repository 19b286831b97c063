// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmabuf.c - pictures of a vGPU as dma-bufs
 *
 * A query of the picture returns an id, and the VMM requests the dma-buf of an
 * id when it sees that id for the first time. A table keeps the last ids: a
 * picture of the same place and layout has the same id for as long as the table
 * has it. An id never changes its meaning.
 *
 * A dma-buf shows video memory of the slice, and it is a file, which the VMM may
 * have passed on and which may outlive the vGPU and the GPU. So it belongs to its
 * vGPU only while that is open. At close it is revoked: mappings lose their
 * pages, and show a dummy page from then on. While the hardware is not present,
 * mappings show the dummy page, too.
 *
 * Other devices that attach to it, as a GPU that is to draw the picture, see a
 * copy in host memory (dmabuf_copy.c). Only PCI devices may attach. Software
 * devices can map the file instead, and Mesa ends its VMM when it imports a
 * picture through vgem, because mapping the picture fails there.
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
#include "pci/framebuffer.h"

#define DMABUFS_MAX	64	/* of a vGPU at a time */
#define COPIES_MAX	8	/* of them; QEMU keeps five pictures */
#define COPY_STEP	SZ_64K	/* bytes that are copied at a time */

VGPU_IMPORT_NS("DMA_BUF");

/**
 * struct exported_picture - slice memory behind a dma-buf
 * @node: in vgpu->dmabufs.list; dmabufs_lock
 * @vgpu: the owner; NULL: revoked; dmabufs_lock
 * @inode: inode of the dma-buf's file, through which all its mappings are found
 * @kref: references: of the dma-buf, and of callers that update its copy
 * @plane: the picture
 * @gpu: the GPU, to which this is no reference
 * @offset: of its first byte in the GPU's video memory
 * @mapped: a CPU has or had it mapped, perhaps for writing; READ_ONCE
 * @copy: the copy that other devices see; NULL: none has attached; set once,
 *	with dmabufs_lock held
 * @lock: protects @present against page faults and copying; nests inside mmap_lock
 * @present: @gpu and its video memory may be used; @lock
 * @dummy: the page that mappings show while @present is false
 */
struct exported_picture {
	struct list_head node;
	struct vgpu *vgpu;
	struct inode *inode;
	struct kref kref;
	struct vgpu_plane plane;
	struct vgpu_gpu *gpu;
	u64 offset;
	bool mapped;
	struct vgpu_copy *copy;
	struct rw_semaphore lock;
	bool present;
	struct page *dummy;
};

/*
 * Of all vGPUs: a dma-buf may end at the same time as its vGPU. So nothing that takes
 * long, or that a VMM can hold up, is done with it.
 */
static DEFINE_MUTEX(dmabufs_lock);

/* --------------------------------------------------------------------- ids */

static bool same_picture(const struct vgpu_plane *a, const struct vgpu_plane *b)
{
	return a->base == b->base && a->format == b->format &&
	       a->width == b->width && a->height == b->height &&
	       a->pitch == b->pitch;
}

/* The picture that has an id, which is not 0; NULL: none. */
static const struct vgpu_plane *find_id(const struct vgpu *vgpu, u32 id)
{
	unsigned int i;

	lockdep_assert_held(&vgpu->display.lock);
	for (i = 0; i < VGPU_DMABUF_IDS; i++)
		if (vgpu->dmabufs.ids[i].id == id)
			return &vgpu->dmabufs.ids[i].plane;
	return NULL;
}

/**
 * vgpu_dmabuf_id - the id of the dma-buf that shows a picture
 * @vgpu: the vGPU; display.lock is held
 * @plane: the picture, which fits and begins with a page
 *
 * Return: the id, never 0. A new id replaces the least recently queried one.
 */
u32 vgpu_dmabuf_id(struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	struct vgpu_dmabuf_id *oldest = &vgpu->dmabufs.ids[0];
	unsigned int i;

	lockdep_assert_held(&vgpu->display.lock);
	vgpu->dmabufs.queries++;
	for (i = 0; i < VGPU_DMABUF_IDS; i++) {
		struct vgpu_dmabuf_id *entry = &vgpu->dmabufs.ids[i];

		if (entry->id && same_picture(&entry->plane, plane)) {
			entry->last_query = vgpu->dmabufs.queries;
			return entry->id;
		}
		if (entry->last_query < oldest->last_query)
			oldest = entry;
	}
	do {
		vgpu->dmabufs.last_id++;
	} while (!vgpu->dmabufs.last_id || find_id(vgpu, vgpu->dmabufs.last_id));
	oldest->id = vgpu->dmabufs.last_id;
	oldest->plane = *plane;
	oldest->last_query = vgpu->dmabufs.queries;
	return oldest->id;
}

/* Of the slice, from its beginning to the end of its last page. */
static u64 picture_bytes(const struct exported_picture *picture)
{
	return PAGE_ALIGN(vgpu_plane_bytes(&picture->plane));
}

/* ----------------------------------------------------------------- mappings */

static vm_fault_t picture_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct exported_picture *picture = vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_OOM;

	/* The dma-buf core has checked that the address lies inside. */
	down_read(&picture->lock);
	if (picture->present)
		ret = vgpu_fb_insert(picture->gpu, vma, vmf->address,
				     picture->offset +
				     ((u64)vmf->pgoff << PAGE_SHIFT));
	if (ret == VM_FAULT_OOM)
		/* Ordinary memory: with ordinary caching. */
		ret = vmf_insert_pfn_prot(vma, vmf->address,
					  page_to_pfn(picture->dummy),
					  vm_get_page_prot(vma->vm_flags));
	up_read(&picture->lock);
	return ret;
}

static const struct vm_operations_struct picture_vm_ops = {
	.fault = picture_fault,
};

static int picture_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct exported_picture *picture = dmabuf->priv;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	WRITE_ONCE(picture->mapped, true);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_decrypted(pgprot_writecombine(vma->vm_page_prot));
	vma->vm_private_data = picture;
	vma->vm_ops = &picture_vm_ops;
	return 0;
}

/**
 * vgpu_dmabuf_each_mapped - the parts of a slice that dma-bufs show to CPUs, or did
 * since the last call
 * @vgpu: the vGPU
 * @each: called for each, with its place in the slice
 *
 * Nothing tells when such a mapping is written through. May sleep.
 */
void vgpu_dmabuf_each_mapped(struct vgpu *vgpu,
			     void (*each)(struct vgpu *vgpu, u64 offset,
					  u64 bytes))
{
	struct vgpu_dmabufs *dmabufs = &vgpu->dmabufs;
	struct exported_picture *picture;

	mutex_lock(&dmabufs_lock);
	list_for_each_entry(picture, &dmabufs->list, node)
		if (READ_ONCE(picture->mapped))
			each(vgpu, picture->plane.base, picture_bytes(picture));
	if (dmabufs->gone_end)
		each(vgpu, dmabufs->gone_first,
		     dmabufs->gone_end - dmabufs->gone_first);
	dmabufs->gone_end = 0;
	mutex_unlock(&dmabufs_lock);
}

/* When it returns, no mapping shows the former content. */
static void set_present(struct exported_picture *picture, bool present)
{
	lockdep_assert_held(&dmabufs_lock);
	down_write(&picture->lock);
	if (picture->present != present) {
		picture->present = present;
		unmap_mapping_range(picture->inode->i_mapping, 0, 0, true);
	}
	up_write(&picture->lock);
}

/* ------------------------------------------------------------ other devices */

/* Copy the picture as it is now, as far as it is present. */
static void update_copy(struct exported_picture *picture)
{
	size_t bytes = vgpu_plane_bytes(&picture->plane), done, step;
	bool present = true;

	for (done = 0; present && done < bytes; done += step) {
		step = min_t(size_t, bytes - done, COPY_STEP);
		/* In steps, so that set_present() does not wait for the whole copy. */
		down_read(&picture->lock);
		present = picture->present;
		if (present)
			vgpu_fb_read(picture->gpu, picture->offset + done,
				     vgpu_copy_at(picture->copy, done), step);
		up_read(&picture->lock);
		cond_resched();
		if (fatal_signal_pending(current))
			break;
	}
	vgpu_copy_show(picture->copy);
}

/* For the first device that attaches. */
static int make_copy(struct exported_picture *picture)
{
	struct vgpu_copy *copy =
		vgpu_copy_create(PAGE_ALIGN(vgpu_plane_bytes(&picture->plane)));
	int ret = 0;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&dmabufs_lock);
	if (!picture->vgpu) {
		ret = -ENODEV;
	} else if (!picture->copy) {
		if (picture->vgpu->dmabufs.copies == COPIES_MAX) {
			ret = -EMFILE;
		} else {
			picture->vgpu->dmabufs.copies++;
			WRITE_ONCE(picture->copy, copy);
			copy = NULL;
		}
	}
	mutex_unlock(&dmabufs_lock);
	vgpu_copy_free(copy);
	return ret;
}

static int picture_attach(struct dma_buf *dmabuf,
			  struct dma_buf_attachment *attachment)
{
	struct exported_picture *picture = dmabuf->priv;
	int ret;

	if (!dev_is_pci(attachment->dev))
		return -EOPNOTSUPP;
	if (!READ_ONCE(picture->copy)) {
		ret = make_copy(picture);
		if (ret)
			return ret;
	}
	update_copy(picture);
	return 0;
}

static struct sg_table *picture_map(struct dma_buf_attachment *attachment,
				    enum dma_data_direction direction)
{
	struct exported_picture *picture = attachment->dmabuf->priv;

	return vgpu_copy_map(picture->copy, attachment->dev, direction);
}

static void picture_unmap(struct dma_buf_attachment *attachment,
			  struct sg_table *table,
			enum dma_data_direction direction)
{
	struct exported_picture *picture = attachment->dmabuf->priv;

	vgpu_copy_unmap(picture->copy, table);
}

/* For the driver of an attached device that reads the copy with the processor. */
static int picture_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct exported_picture *picture = dmabuf->priv;

	if (!READ_ONCE(picture->copy))
		return -EOPNOTSUPP;
	vgpu_copy_address(picture->copy, map);
	return 0;
}

/* ----------------------------------------------------- life of one dma-buf */

/* What was written through it is still to be found. */
static void remember(const struct exported_picture *picture)
{
	struct vgpu_dmabufs *dmabufs = &picture->vgpu->dmabufs;
	u64 first = picture->plane.base, end = first + picture_bytes(picture);

	lockdep_assert_held(&dmabufs_lock);
	if (dmabufs->gone_end) {
		first = min(first, dmabufs->gone_first);
		end = max(end, dmabufs->gone_end);
	}
	dmabufs->gone_first = first;
	dmabufs->gone_end = end;
}

static void unlink_picture(struct exported_picture *picture)
{
	lockdep_assert_held(&dmabufs_lock);
	if (!picture->vgpu)
		return;
	if (READ_ONCE(picture->mapped))
		remember(picture);
	list_del(&picture->node);
	picture->vgpu->dmabufs.count--;
	if (picture->copy)
		picture->vgpu->dmabufs.copies--;
	picture->vgpu = NULL;
}

static void picture_free(struct kref *kref)
{
	struct exported_picture *picture =
		container_of(kref, struct exported_picture, kref);

	vgpu_copy_free(picture->copy);
	__free_page(picture->dummy);
	kfree(picture);
}

static void picture_put(struct exported_picture *picture)
{
	kref_put(&picture->kref, picture_free);
}

/* No user and no mapping is left. */
static void picture_release(struct dma_buf *dmabuf)
{
	struct exported_picture *picture = dmabuf->priv;

	mutex_lock(&dmabufs_lock);
	unlink_picture(picture);
	mutex_unlock(&dmabufs_lock);
	iput(picture->inode);
	picture_put(picture);
}

static const struct dma_buf_ops picture_ops = {
	.attach		= picture_attach,
	.map_dma_buf	= picture_map,
	.unmap_dma_buf	= picture_unmap,
	.vmap		= picture_vmap,
	.mmap		= picture_mmap,
	.release	= picture_release,
};

static struct exported_picture *picture_create(struct vgpu *vgpu,
					       const struct vgpu_plane *plane)
{
	struct exported_picture *picture;

	picture = kzalloc(sizeof(*picture), GFP_KERNEL_ACCOUNT);
	if (!picture)
		return NULL;
	picture->dummy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!picture->dummy) {
		kfree(picture);
		return NULL;
	}
	INIT_LIST_HEAD(&picture->node);
	kref_init(&picture->kref);
	init_rwsem(&picture->lock);
	picture->plane = *plane;
	picture->gpu = vgpu->gpu;
	picture->offset = vgpu->fb_offset + plane->base;
	return picture;
}

/*
 * The dma-buf's file exists; from now on the picture follows its vGPU. Return: false
 * if that has too many.
 */
static bool link_picture(struct vgpu *vgpu, struct exported_picture *picture,
			 struct dma_buf *dmabuf)
{
	bool room;

	mutex_lock(&dmabufs_lock);
	room = vgpu->dmabufs.count < DMABUFS_MAX;
	if (room) {
		/* The file may be freed before the picture leaves the list. */
		picture->inode = file_inode(dmabuf->file);
		ihold(picture->inode);
		picture->vgpu = vgpu;
		list_add_tail(&picture->node, &vgpu->dmabufs.list);
		vgpu->dmabufs.count++;
		picture->present = vgpu_has_hardware(vgpu);
	}
	mutex_unlock(&dmabufs_lock);
	return room;
}

static struct dma_buf *export_picture(struct vgpu *vgpu,
				      const struct vgpu_plane *plane)
{
	struct exported_picture *picture = picture_create(vgpu, plane);
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;

	if (!picture)
		return ERR_PTR(-ENOMEM);
	info.ops = &picture_ops;
	info.size = PAGE_ALIGN(vgpu_plane_bytes(plane));
	info.flags = O_RDWR | O_CLOEXEC;
	info.priv = picture;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		picture_put(picture);
		return dmabuf;
	}
	if (link_picture(vgpu, picture, dmabuf))
		return dmabuf;
	/* It takes the picture with it. */
	dma_buf_put(dmabuf);
	return ERR_PTR(-EMFILE);
}

/**
 * vgpu_dmabuf_get - VFIO_DEVICE_GET_GFX_DMABUF
 * @vgpu: the vGPU, open
 * @arg: the user's u32, the id
 *
 * May sleep.
 *
 * Return: a file descriptor; -ENOENT: no picture has that id now; -EMFILE: the
 * vGPU has too many dma-bufs, or the process too many files; -ENOMEM; -EFAULT.
 */
long vgpu_dmabuf_get(struct vgpu *vgpu, void __user *arg)
{
	const struct vgpu_plane *found;
	struct vgpu_plane plane;
	struct dma_buf *dmabuf;
	u32 id;
	int fd;

	if (get_user(id, (u32 __user *)arg))
		return -EFAULT;
	mutex_lock(&vgpu->display.lock);
	found = id ? find_id(vgpu, id) : NULL;
	if (found)
		plane = *found;
	mutex_unlock(&vgpu->display.lock);
	if (!found)
		return -ENOENT;
	dmabuf = export_picture(vgpu, &plane);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

/**
 * vgpu_dmabuf_refresh - update the copies of a picture that other devices see
 * @vgpu: the vGPU, open
 * @plane: the picture
 *
 * Reads the whole picture if a device has attached to a dma-buf of it. May sleep.
 */
void vgpu_dmabuf_refresh(struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	struct exported_picture *picture, *found[COPIES_MAX];
	unsigned int n = 0;

	mutex_lock(&dmabufs_lock);
	list_for_each_entry(picture, &vgpu->dmabufs.list, node) {
		if (!picture->copy || !same_picture(&picture->plane, plane))
			continue;
		kref_get(&picture->kref);
		found[n++] = picture;
	}
	mutex_unlock(&dmabufs_lock);
	while (n) {
		picture = found[--n];
		update_copy(picture);
		picture_put(picture);
	}
}

/* ------------------------------------------------------- states of the vGPU */

/**
 * vgpu_dmabuf_set_offline - the hardware went away, or came back
 * @vgpu: the vGPU; its state says the same
 * @offline: show dummy pages instead of it
 *
 * When it returns, no mapping shows the former content. May sleep.
 */
void vgpu_dmabuf_set_offline(struct vgpu *vgpu, bool offline)
{
	struct exported_picture *picture;

	mutex_lock(&dmabufs_lock);
	list_for_each_entry(picture, &vgpu->dmabufs.list, node)
		set_present(picture, !offline);
	mutex_unlock(&dmabufs_lock);
}

/* One dma-buf that shows the slice no more, for picture_put(); NULL: none is left. */
static struct exported_picture *revoke_first(struct vgpu *vgpu)
{
	struct exported_picture *picture;

	mutex_lock(&dmabufs_lock);
	picture = list_first_entry_or_null(&vgpu->dmabufs.list,
					   struct exported_picture, node);
	if (picture) {
		kref_get(&picture->kref);
		set_present(picture, false);
		unlink_picture(picture);
	}
	mutex_unlock(&dmabufs_lock);
	return picture;
}

/**
 * vgpu_dmabuf_close - revoke every dma-buf for good
 * @vgpu: the vGPU; nobody has it open any more
 *
 * When it returns, none shows the slice or refers to the vGPU. May sleep.
 */
void vgpu_dmabuf_close(struct vgpu *vgpu)
{
	struct exported_picture *picture;

	while ((picture = revoke_first(vgpu))) {
		/* Large, and other vGPUs wait for the lock. It gets no copy any more. */
		if (picture->copy)
			vgpu_copy_clear(picture->copy);
		picture_put(picture);
	}
	mutex_lock(&vgpu->display.lock);
	memset(vgpu->dmabufs.ids, 0, sizeof(vgpu->dmabufs.ids));
	mutex_unlock(&vgpu->display.lock);
}
