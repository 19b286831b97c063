// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine_memory.c - a process that is a GPU: the memory it shares with the machine
 *
 * Video memory is a file that the process maps, too. A page of it that was given out, to
 * be mapped into a VMM for instance, has a reference until it is forgotten: the process
 * may punch holes when it likes.
 *
 * Memory of the host that the GPU may reach is in a table, by bus address, and the
 * process maps it through its device file. A page that is taken out of the table is
 * taken out of the process first. It is nobody's choice but the table's what a process
 * can reach: not the page's, nor bus mastering's, nor what the process says.
 *
 * For bus mastering is switched off where one can't wait. An honest process hears of it
 * from its next OPENVGPU_SOFT_TRANSLATE. From another one nothing is taken by that, nor has
 * to be: what is in the table is still whose it was when it was mapped, and is given to
 * nobody else before it is out of the table, on a GPU that is dead, too.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/vmalloc.h>

#include "compat/compat.h"
#include "family/soft/engine.h"
#include "family/soft/soft.h"
#include "refgpu_hw.h"

/*
 * Bus pages. Memory of several pages, which a driver allocates, has slots of a fixed
 * size; others follow one by one. Bus address 0 is nothing.
 */
#define SLOT_PAGES	256UL
#define SLOTS		256UL
#define SINGLE_FIRST	(SLOT_PAGES * SLOTS)
#define BUS_PAGES	(OPENVGPU_SOFT_DMA_BYTES >> PAGE_SHIFT)
#define TAG_WRITE	1	/* tag of a page */

/* --------------------------------------------------------------- video memory */

/**
 * soft_memory_make_vram - make the video memory
 * @memory: the memory of an engine, which has none yet
 * @bytes: how much
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int soft_memory_make_vram(struct soft_memory *memory, u64 bytes)
{
	struct file *file;

	if (!bytes || bytes % SZ_64K || bytes > REFGPU_VRAM_MAX)
		return -EINVAL;
	file = vgpu_shmem_file("openvgpu-soft-vram", bytes);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* A page that is mapped into a VMM must not be written out. */
	mapping_set_unevictable(file->f_mapping);
	/* Nor does it move for as long as a vGPU is open: not where pages have to. */
	mapping_set_gfp_mask(file->f_mapping, GFP_HIGHUSER);
	SHMEM_I(file_inode(file))->seals = F_SEAL_SEAL | F_SEAL_SHRINK |
					   F_SEAL_GROW;
	memory->vram_bytes = bytes;
	/* Complete, for who maps memory. */
	smp_store_release(&memory->vram, file);
	return 0;
}

/**
 * soft_engine_vram_bytes - the size of the video memory
 * @engine: the engine
 */
u64 soft_engine_vram_bytes(const struct soft_engine *engine)
{
	return engine->memory.vram_bytes;
}

/* With a reference; NULL: there is none, or not to be had. */
static struct page *file_page(struct address_space *mapping, pgoff_t index,
			      bool make)
{
	struct folio *folio;
	struct page *page;

	if (make) {
		page = shmem_read_mapping_page_gfp(mapping, index,
						   mapping_gfp_mask(mapping) |
						   SOFT_GFP_MAY_FAIL);
		return IS_ERR(page) ? NULL : page;
	}
	folio = filemap_get_folio(mapping, index);
	if (IS_ERR_OR_NULL(folio))
		return NULL;
	/* One that was allocated and never touched is not zero yet. */
	if (folio_test_uptodate(folio))
		return folio_file_page(folio, index);
	folio_put(folio);
	return NULL;
}

/**
 * soft_engine_vram_page - the page in which a byte of video memory is
 * @engine: the engine
 * @offset: of the byte
 * @make: make it, if there is none yet
 *
 * May sleep.
 *
 * Return: the page, which stays until it is forgotten; NULL: there is none, or (@make) the
 * host or the caller's control group has none to give.
 */
struct page *soft_engine_vram_page(struct soft_engine *engine, u64 offset,
				   bool make)
{
	struct soft_memory *memory = &engine->memory;
	unsigned long index = offset >> PAGE_SHIFT;
	struct page *page = xa_load(&memory->shown, index), *earlier;

	if (page || offset >= memory->vram_bytes)
		return page;
	page = file_page(memory->vram->f_mapping, index, make);
	if (!page)
		return NULL;
	earlier = xa_cmpxchg(&memory->shown, index, NULL, page, SOFT_GFP);
	if (!earlier)
		return page;
	put_page(page);
	return xa_is_err(earlier) ? NULL : earlier;
}

/**
 * soft_engine_vram_forget - let go of pages that were given out
 * @engine: the engine
 * @offset: of the first byte
 * @bytes: how much
 *
 * Nothing maps them any more. What the process does to its file is seen after it.
 */
void soft_engine_vram_forget(struct soft_engine *engine, u64 offset, u64 bytes)
{
	struct xarray *shown = &engine->memory.shown;
	unsigned long index;
	struct page *page;

	if (!bytes)
		return;
	xa_for_each_range(shown, index, page, offset >> PAGE_SHIFT,
			  (offset + bytes - 1) >> PAGE_SHIFT) {
		/* Nobody else has let go of it meanwhile. */
		page = xa_erase(shown, index);
		if (page)
			put_page(page);
		cond_resched();
	}
}

/* ------------------------------------------------------- the table of the host's */

static void zap(struct soft_memory *memory, unsigned long index,
		unsigned long count)
{
	lockdep_assert_held_write(&memory->lock);
	if (memory->mapping)
		unmap_mapping_range(memory->mapping,
				    (loff_t)(memory->first + index) << PAGE_SHIFT,
				    (loff_t)count << PAGE_SHIFT, true);
}

/**
 * soft_engine_map - let a GPU reach a page
 * @engine: the engine
 * @page: the page
 * @write: it may be written
 * @address: receives its bus address
 *
 * May sleep, as soft_engine_unmap(), but allocates nothing that is waited for.
 *
 * Return: 0, or -ENOMEM.
 */
int soft_engine_map(struct soft_engine *engine, struct page *page, bool write,
		    dma_addr_t *address)
{
	struct soft_memory *memory = &engine->memory;
	u32 index;
	int ret;

	down_write(&memory->lock);
	ret = xa_alloc_cyclic(&memory->pages, &index,
			      xa_tag_pointer(page, write ? TAG_WRITE : 0),
			      XA_LIMIT(SINGLE_FIRST, BUS_PAGES - 1),
			      &memory->next,
			      GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	/* The sink may be there. */
	if (ret >= 0)
		zap(memory, index, 1);
	up_write(&memory->lock);
	if (ret < 0)
		return -ENOMEM;
	*address = (dma_addr_t)index << PAGE_SHIFT;
	return 0;
}

/**
 * soft_engine_unmap - undo soft_engine_map() of many pages
 * @engine: the engine
 * @address: their bus addresses
 * @count: how many
 *
 * When it returns, the process can't reach the pages any more. May sleep: once for what
 * a page fault of the process takes, as long as there is patience for that.
 */
void soft_engine_unmap(struct soft_engine *engine, const dma_addr_t *address,
		       u32 count)
{
	struct soft_memory *memory = &engine->memory;
	u32 i;

	down_write(&memory->lock);
	/* In this order: see window_mkwrite(). */
	for (i = 0; i < count; i++) {
		zap(memory, address[i] >> PAGE_SHIFT, 1);
		xa_erase(&memory->pages, address[i] >> PAGE_SHIFT);
	}
	up_write(&memory->lock);
}

static void take_out(struct soft_engine *engine, unsigned long first,
		     unsigned long count)
{
	struct soft_memory *memory = &engine->memory;
	unsigned long i;

	down_write(&memory->lock);
	zap(memory, first, count);
	for (i = 0; i < count; i++)
		xa_erase(&memory->pages, first + i);
	up_write(&memory->lock);
}

static int put_in(struct soft_engine *engine, unsigned long first,
		  unsigned long count, void *at)
{
	struct soft_memory *memory = &engine->memory;
	unsigned long i;
	int ret = 0;

	/* Who has the lock waits for no memory. Until then these are as if empty. */
	for (i = 0; i < count && !ret; i++)
		ret = xa_reserve(&memory->pages, first + i, GFP_KERNEL);
	if (ret)
		return ret;
	down_write(&memory->lock);
	for (i = 0; i < count; i++)
		xa_store(&memory->pages, first + i,
			 xa_tag_pointer(vmalloc_to_page(at + i * PAGE_SIZE),
					TAG_WRITE), GFP_NOWAIT);
	/* The sink may be there. */
	zap(memory, first, count);
	up_write(&memory->lock);
	return 0;
}

/**
 * soft_engine_alloc - memory of the kernel that a GPU reaches, too
 * @engine: the engine
 * @bytes: how much, at most 1 MiB
 * @address: receives its bus address
 *
 * May sleep.
 *
 * Return: the memory, all zero, or NULL.
 */
void *soft_engine_alloc(struct soft_engine *engine, size_t bytes,
			dma_addr_t *address)
{
	struct soft_memory *memory = &engine->memory;
	unsigned long count = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
	void *at;
	int slot;

	if (!count || count > SLOT_PAGES)
		return NULL;
	slot = ida_alloc_range(&memory->slots, 1, SLOTS - 1, GFP_KERNEL);
	if (slot < 0)
		return NULL;
	at = __vmalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!at)
		goto free_slot;
	if (put_in(engine, slot * SLOT_PAGES, count, at))
		goto free;
	*address = (dma_addr_t)slot * SLOT_PAGES << PAGE_SHIFT;
	return at;

free:
	take_out(engine, slot * SLOT_PAGES, count);
	vfree(at);
free_slot:
	ida_free(&memory->slots, slot);
	return NULL;
}

/**
 * soft_engine_free - undo soft_engine_alloc()
 * @engine: the engine
 * @bytes: how much it is
 * @at: the memory
 * @address: its bus address
 */
void soft_engine_free(struct soft_engine *engine, size_t bytes, void *at,
		      dma_addr_t address)
{
	take_out(engine, address >> PAGE_SHIFT,
		 PAGE_ALIGN(bytes) >> PAGE_SHIFT);
	vfree(at);
	ida_free(&engine->memory.slots, (address >> PAGE_SHIFT) / SLOT_PAGES);
}

/**
 * soft_memory_translate - whether a GPU may reach memory
 * @memory: the memory of its engine
 * @bus: bus address of the first byte; anything, as what follows
 * @bytes: how much
 * @write: to write to it
 *
 * Return: 0; -EINVAL; -EFAULT: not all of it.
 */
int soft_memory_translate(struct soft_memory *memory, u64 bus, u32 bytes,
			  bool write)
{
	unsigned long index, last;
	int ret = 0;
	void *page;

	if (!bytes || bytes > SZ_1M)
		return -EINVAL;
	if (bus >= OPENVGPU_SOFT_DMA_BYTES ||
	    bytes > OPENVGPU_SOFT_DMA_BYTES - bus)
		return -EFAULT;
	last = (bus + bytes - 1) >> PAGE_SHIFT;
	/* Without the lock: it is true for this moment only anyway. */
	for (index = bus >> PAGE_SHIFT; index <= last && !ret; index++) {
		page = xa_load(&memory->pages, index);
		if (!page || (write && !xa_pointer_tag(page)))
			ret = -EFAULT;
	}
	return ret;
}

/* -------------------------------------------------------- mappings of the process */

static struct soft_memory *memory_of(const struct vm_area_struct *vma)
{
	struct soft_engine *engine = vma->vm_private_data;

	return &engine->memory;
}

/*
 * Inserting a page may wait for memory of the process's control group, or for a processor,
 * and who changes the table for it. That uses up the patience with the process, a step at
 * most each time. It is measured here: waiting for the lock may be for a VMM's thread.
 */
static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct soft_engine *engine = vma->vm_private_data;
	struct soft_memory *memory = &engine->memory;
	vm_flags_t flags = vma->vm_flags;
	struct page *page;
	vm_fault_t ret;
	bool awaited;
	void *entry;
	u64 since;

	/* Without the lock: nobody waits any longer for one that is gone. */
	if (soft_engine_is_gone(engine))
		return vmf_insert_pfn(vma, vmf->address, page_to_pfn(memory->sink));
	down_read(&memory->lock);
	since = ktime_get_ns();
	entry = xa_load(&memory->pages, vmf->pgoff - memory->first);
	if (entry) {
		page = xa_untag_pointer(entry);
		/* As if it were private: then a page can't be written. */
		if (!xa_pointer_tag(entry))
			flags &= ~VM_SHARED;
	} else {
		page = memory->sink;
	}
	ret = vmf_insert_pfn_prot(vma, vmf->address, page_to_pfn(page),
				  vm_get_page_prot(flags));
	awaited = rwsem_is_contended(&memory->lock);
	up_read(&memory->lock);
	if (awaited)
		soft_engine_kept_waiting(engine, since);
	return ret;
}

/*
 * Somebody writes to a page that is there, but perhaps not to be written. Without the
 * lock: a page leaves the table only when no mapping shows it any more. So for one that
 * is not to be written there is its entry here, or else the caller finds that the mapping
 * is not what it was, and maps nothing.
 */
static vm_fault_t window_mkwrite(struct vm_fault *vmf)
{
	struct soft_memory *memory = memory_of(vmf->vma);
	void *entry = xa_load(&memory->pages, vmf->pgoff - memory->first);

	return entry && !xa_pointer_tag(entry) ? VM_FAULT_SIGBUS : 0;
}

/* It is moved: then there are two for a moment. */
static void window_open(struct vm_area_struct *vma)
{
	atomic_inc(&memory_of(vma)->windows);
}

static void window_close(struct vm_area_struct *vma)
{
	atomic_dec(&memory_of(vma)->windows);
}

/* Each part would be an area that zap() has to visit. */
static int window_may_split(struct vm_area_struct *vma, unsigned long address)
{
	return -EINVAL;
}

static const struct vm_operations_struct window_ops = {
	.open		= window_open,
	.close		= window_close,
	.may_split	= window_may_split,
	.fault		= window_fault,
	.pfn_mkwrite	= window_mkwrite,
};

/**
 * soft_memory_mmap - map what a GPU reaches into its process
 * @engine: the engine, which has its number
 * @vma: the area
 *
 * Return: 0; -EINVAL; -EMFILE: it has been done too often.
 */
int soft_memory_mmap(struct soft_engine *engine, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff > BUS_PAGES ||
	    vma_pages(vma) > BUS_PAGES - vma->vm_pgoff)
		return -EINVAL;
	if (!atomic_add_unless(&engine->memory.windows, 1,
			       OPENVGPU_SOFT_WINDOWS))
		return -EMFILE;
	/* All engines share the mapping of the device's inode. */
	vma->vm_pgoff += engine->memory.first;
	vma->vm_private_data = engine;
	vma->vm_ops = &window_ops;
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP |
		     VM_DONTCOPY);
	return 0;
}

/* --------------------------------------------------------------- init and exit */

/**
 * soft_memory_init - what the memory of an engine needs
 * @memory: all zero
 *
 * Return: 0 or -ENOMEM.
 */
int soft_memory_init(struct soft_memory *memory)
{
	memory->sink = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!memory->sink)
		return -ENOMEM;
	init_rwsem(&memory->lock);
	xa_init_flags(&memory->pages, XA_FLAGS_ALLOC);
	xa_init(&memory->shown);
	ida_init(&memory->slots);
	return 0;
}

/**
 * soft_memory_close - there are no mappings any more, nor will there be
 * @memory: the memory of an engine whose file is being closed
 */
void soft_memory_close(struct soft_memory *memory)
{
	down_write(&memory->lock);
	memory->mapping = NULL;
	up_write(&memory->lock);
}

/**
 * soft_memory_exit - undo soft_memory_init()
 * @memory: the memory of an engine whose function is away
 */
void soft_memory_exit(struct soft_memory *memory)
{
	WARN_ON(!xa_empty(&memory->pages) || !xa_empty(&memory->shown));
	xa_destroy(&memory->pages);
	xa_destroy(&memory->shown);
	ida_destroy(&memory->slots);
	if (memory->vram)
		fput(memory->vram);
	__free_page(memory->sink);
}
