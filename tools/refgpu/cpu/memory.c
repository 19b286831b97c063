// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - translation of partition addresses; see memory.h
 */
#include <string.h>

#include "cpu/memory.h"
#include "refgpu_hw.h"

#define POISON_LINE	64ULL

void memory_init(struct memory_view *view, const struct memory_host *host)
{
	memset(view, 0, sizeof(*view));
	view->host = host;
	view->map.poison = MEMORY_NO_POISON;
	view->wanted.poison = MEMORY_NO_POISON;
	pthread_mutex_init(&view->lock, NULL);
	pthread_cond_init(&view->left, NULL);
}

void memory_destroy(struct memory_view *view)
{
	pthread_cond_destroy(&view->left);
	pthread_mutex_destroy(&view->lock);
}

void memory_configure(struct memory_view *view, const struct memory_map *map)
{
	pthread_mutex_lock(&view->lock);
	view->wanted = *map;
	view->forget_all = true;
	atomic_fetch_add(&view->generation, 1);
	pthread_mutex_unlock(&view->lock);
}

void memory_forget(struct memory_view *view, u64 first, u64 pages)
{
	u64 end = pages > UINT64_MAX - first ? UINT64_MAX : first + pages;

	if (first == end)
		return;
	pthread_mutex_lock(&view->lock);
	if (view->forget_first == view->forget_end) {
		view->forget_first = first;
		view->forget_end = end;
	} else {
		/* Two before the next section: forgetting more is allowed. */
		if (first < view->forget_first)
			view->forget_first = first;
		if (end > view->forget_end)
			view->forget_end = end;
	}
	atomic_fetch_add(&view->generation, 1);
	pthread_mutex_unlock(&view->lock);
}

void memory_synchronise(struct memory_view *view)
{
	u32 section = atomic_load(&view->section);

	if (!(section & 1))
		return;		/* the next section sees the new generation */
	atomic_fetch_add(&view->waiters, 1);
	pthread_mutex_lock(&view->lock);
	while (atomic_load(&view->section) == section)
		pthread_cond_wait(&view->left, &view->lock);
	pthread_mutex_unlock(&view->lock);
	atomic_fetch_sub(&view->waiters, 1);
}

static void set_watch(struct memory_view *view)
{
	view->watch = 0;
	if (view->map.dirty)
		view->watch |= MEMORY_WATCH_WRITES;
	if (view->map.poison != MEMORY_NO_POISON)
		view->watch |= MEMORY_WATCH_POISON;
	if (view->rights.table)
		view->watch |= MEMORY_WATCH_RIGHTS;
}

void memory_restrict(struct memory_view *view, const struct memory_rights *rights)
{
	view->rights = rights ? *rights : (struct memory_rights){ 0 };
	if (view->rights.table)
		memset(view->granted, 0, sizeof(view->granted));
	set_watch(view);
}

/* Apply the requests of other threads since the last section. */
static void refresh(struct memory_view *view)
{
	unsigned int i;

	pthread_mutex_lock(&view->lock);
	view->seen = atomic_load(&view->generation);
	view->map = view->wanted;
	set_watch(view);
	for (i = 0; i < MEMORY_CACHE_ENTRIES; i++) {
		u64 page = view->cache[i].page;

		if (!page)
			continue;
		page--;
		if (view->forget_all ||
		    (page >= view->forget_first && page < view->forget_end))
			view->cache[i].page = 0;
	}
	view->forget_all = false;
	view->forget_first = 0;
	view->forget_end = 0;
	pthread_mutex_unlock(&view->lock);
}

void memory_enter(struct memory_view *view)
{
	/*
	 * Both operations are sequentially consistent: either
	 * memory_synchronise() sees the odd number and waits, or this thread
	 * sees the new generation.
	 */
	atomic_fetch_add(&view->section, 1);
	if (atomic_load(&view->generation) != view->seen)
		refresh(view);
	if (view->map.pages && view->host && view->host->enter)
		view->host->enter(view->host->context);
}

void memory_leave(struct memory_view *view)
{
	if (view->map.pages && view->host && view->host->leave)
		view->host->leave(view->host->context);
	atomic_fetch_add(&view->section, 1);
	if (unlikely(atomic_load(&view->waiters))) {
		pthread_mutex_lock(&view->lock);
		pthread_cond_broadcast(&view->left);
		pthread_mutex_unlock(&view->lock);
	}
}

static void *refuse(struct memory_view *view, enum memory_refusal why)
{
	view->refusal = why;
	return NULL;
}

u32 memory_refused_error(const struct memory_view *view, u32 otherwise)
{
	switch (view->refusal) {
	case MEMORY_REFUSED_DMA:
		return REFGPU_ERROR_DMA;
	case MEMORY_REFUSED_POISON:
		return REFGPU_ERROR_MEMORY;
	default:
		return otherwise;
	}
}

static void mark_dirty(struct memory_view *view, u64 offset, u64 length)
{
	u64 granule = offset >> view->map.dirty_shift;
	u64 last = (offset + length - 1) >> view->map.dirty_shift;

	for (; granule <= last; granule++) {
		_Atomic u64 *word = &view->map.dirty[granule / 64];
		u64 bit = 1ULL << (granule % 64);

		if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
			atomic_fetch_or(word, bit);
	}
}

static void *translate_vram(struct memory_view *view, u64 offset, u64 length,
			    bool write)
{
	u64 line = view->map.poison & ~(POISON_LINE - 1);

	if (view->map.poison != MEMORY_NO_POISON &&
	    offset < line + POISON_LINE && offset + length > line)
		return refuse(view, MEMORY_REFUSED_POISON);
	if (write && view->map.dirty)
		mark_dirty(view, offset, length);
	return view->map.vram + offset;
}

/* Read one entry of the table in host memory. */
static bool read_entry(struct memory_view *view, u64 page, u64 *entry)
{
	const struct memory_host *host = view->host;
	_Atomic u64 *slot;

	/* page < SYSMEM_PAGES_MAX, but the base is any 64-bit number. */
	if (view->map.table > UINT64_MAX - (page + 1) * 8)
		return false;
	slot = host->translate(host->context, view->map.table + page * 8, 8, false);
	if (!slot || (uintptr_t)slot % 8)
		return false;
	*entry = atomic_load(slot);
	return true;
}

static void *translate_sysmem(struct memory_view *view, u64 offset, u64 length,
			      bool write)
{
	u64 within = offset & (REFGPU_PAGE_SIZE - 1);
	u64 page = offset >> REFGPU_PAGE_SHIFT;
	struct memory_cached *cached;
	u64 entry;

	if (page >= view->map.pages || !view->host)
		return refuse(view, MEMORY_REFUSED_ADDRESS);
	if (length > REFGPU_PAGE_SIZE - within)
		return refuse(view, MEMORY_REFUSED_ADDRESS);

	cached = &view->cache[page % MEMORY_CACHE_ENTRIES];
	if (cached->page != page + 1) {
		if (!read_entry(view, page, &entry))
			return refuse(view, MEMORY_REFUSED_DMA);
		if (!(entry & REFGPU_SYSMEM_VALID))
			return refuse(view, MEMORY_REFUSED_ADDRESS);
		cached->page = page + 1;
		cached->entry = entry;
		cached->host = NULL;
	}
	if (write && !(cached->entry & REFGPU_SYSMEM_WRITE))
		return refuse(view, MEMORY_REFUSED_ADDRESS);

	if (!cached->host || cached->section != view->section) {
		cached->host = view->host->translate(view->host->context,
				cached->entry & REFGPU_SYSMEM_ADDRESS,
				REFGPU_PAGE_SIZE,
				cached->entry & REFGPU_SYSMEM_WRITE);
		if (!cached->host)
			return refuse(view, MEMORY_REFUSED_DMA);
		cached->section = view->section;
	}
	return cached->host + within;
}

/* All but the rights. @length is not 0. */
static void *translate(struct memory_view *view, u64 address, u64 length, bool write)
{
	u64 limit = view->map.limit;

	/* Subtract, never add: address + length may wrap. */
	if (length <= limit && address <= limit - length)
		return translate_vram(view, address, length, write);
	if (address >= REFGPU_SYSMEM_APERTURE)
		return translate_sysmem(view, address - REFGPU_SYSMEM_APERTURE,
					length, write);
	return refuse(view, MEMORY_REFUSED_ADDRESS);
}

/* A word of the table of rights. */
static bool read_rights(struct memory_view *view, u64 index, u64 *bits)
{
	u64 table = view->rights.table;
	const u64 *word;

	if (index > (UINT64_MAX - table) / 8) {
		refuse(view, MEMORY_REFUSED_ADDRESS);
		return false;
	}
	word = translate(view, table + index * 8, 8, false);
	if (!word)
		return false;
	if ((uintptr_t)word % 8) {
		/* The front end's mapping is at fault, or the host's alias write. */
		refuse(view, MEMORY_REFUSED_DMA);
		return false;
	}
	*bits = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	return true;
}

/* Does the table permit this access, which is no longer than a granule? */
static bool permitted(struct memory_view *view, u64 address, u64 length, bool write)
{
	const u64 needed = REFGPU_RIGHTS_READ | (write ? REFGPU_RIGHTS_WRITE : 0);
	u64 granules = view->rights.vram_granules, words = 0, granule, last, bits;
	bool sysmem = address >= REFGPU_SYSMEM_APERTURE;

	if (sysmem) {
		address -= REFGPU_SYSMEM_APERTURE;
		words = memory_rights_bytes(granules, 0) / 8;
		granules = view->rights.sysmem_granules;
	}
	granule = address / REFGPU_RIGHTS_GRANULE;
	last = (address + length - 1) / REFGPU_RIGHTS_GRANULE;
	if (length > REFGPU_RIGHTS_GRANULE || last < granule || last >= granules) {
		refuse(view, MEMORY_REFUSED_ADDRESS);
		return false;
	}
	for (; granule <= last; granule++) {
		if (!read_rights(view, words + granule / REFGPU_RIGHTS_A_WORD, &bits))
			return false;
		bits >>= granule % REFGPU_RIGHTS_A_WORD * 2;
		if (!sysmem)
			view->granted[granule % MEMORY_GRANTED_ENTRIES] = (struct memory_granted){
				.granule = granule,
				.section = view->section,
				.bits = bits & (REFGPU_RIGHTS_READ | REFGPU_RIGHTS_WRITE),
			};
		if ((bits & needed) != needed) {
			refuse(view, MEMORY_REFUSED_ADDRESS);
			return false;
		}
	}
	return true;
}

void *memory_translate_slow(struct memory_view *view, u64 address, u64 length,
			    bool write)
{
	if (!length)
		return refuse(view, MEMORY_REFUSED_ADDRESS);
	if (view->rights.table && !permitted(view, address, length, write))
		return NULL;
	return translate(view, address, length, write);
}
