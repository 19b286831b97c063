/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.h - the one way from a partition's address to a byte of memory
 *
 * A memory view shows one engine the memory of one partition: a slice of video
 * memory from address 0, and the system-memory aperture through the table the
 * host keeps. Every access of packets, harts and heads goes through
 * memory_translate(), so the isolation of partitions is proved in one place.
 *
 * Sections. A pointer is good between memory_enter() and memory_leave() of
 * the thread that got it, and no longer. Sections are short (one slice of
 * work, tens of microseconds), never nest, and take no lock of the device:
 * the host's invalidation and unmapping wait for them. At most one thread is
 * inside a view at a time; others use a view of their own.
 *
 * The view caches entries of the system-memory table across sections, as an
 * IOTLB does. Entries without VALID are not cached, so the host may fill
 * entries without notice, but must invalidate those that it clears.
 *
 * A view can be restricted to granules that a table in the partition's own memory
 * permits (memory_restrict()). What is read of the table is kept for the rest of
 * the section, so nothing of it needs to be invalidated.
 */
#ifndef REFGPU_MEMORY_H
#define REFGPU_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>

#include "refgpu_hw.h"
#include "types.h"

#define MEMORY_CACHE_ENTRIES	64	/* power of two */
#define MEMORY_GRANTED_ENTRIES	16	/* likewise */
#define MEMORY_NO_POISON	UINT64_MAX

/**
 * struct memory_host - how the device reaches the machine's memory
 * @enter: start of a section: pointers handed out stay valid until @leave
 * @leave: end of a section
 * @translate: bus address to pointer, NULL when [bus, bus + length) is not
 *	       one mapped range, or not writable though @write is set
 * @context: first argument of the three
 *
 * @enter and @leave may be NULL. All may be called from any thread.
 */
struct memory_host {
	void (*enter)(void *context);
	void (*leave)(void *context);
	void *(*translate)(void *context, u64 bus, u64 length, bool write);
	void *context;
};

/** enum memory_refusal - why the last translation of a view was refused */
enum memory_refusal {
	MEMORY_REFUSED_NOT = 0,
	MEMORY_REFUSED_ADDRESS,		/* outside, not valid, or read-only */
	MEMORY_REFUSED_DMA,		/* the machine's memory did not answer */
	MEMORY_REFUSED_POISON,		/* uncorrectable video memory error */
};

/**
 * struct memory_map - the memory that a view shows
 * @vram: host pointer to the first byte of the slice
 * @limit: bytes of the slice; 0 revokes it
 * @table: bus address of the system-memory table
 * @pages: entries in it; 0: no system memory
 * @dirty: one bit a granule of the slice, or NULL
 * @dirty_shift: log2 of the granule
 * @poison: offset in the slice of an uncorrectable error (the 64-byte line it
 *	    lies in is refused), or MEMORY_NO_POISON
 */
struct memory_map {
	u8 *vram;
	u64 limit;
	u64 table;
	u64 pages;
	_Atomic u64 *dirty;
	unsigned int dirty_shift;
	u64 poison;
};

/**
 * struct memory_rights - the part of a partition's memory that a packet may reach
 * @table: address of the bits (struct refgpu_rights), a multiple of 8; 0: all is
 *	   permitted
 * @vram_granules: granules of the slice that have bits
 * @sysmem_granules: granules of the aperture that have bits
 *
 * Any values are safe: what has no bits is not permitted, and a table that lies
 * outside of the partition's memory permits nothing.
 */
struct memory_rights {
	u64 table;
	u64 vram_granules;
	u64 sysmem_granules;
};

/* The rights of a granule of the slice, in one section. */
struct memory_granted {
	u64 granule;
	u32 section;
	u32 bits;
};

/* Why an access to the slice is not just an addition. */
#define MEMORY_WATCH_POISON	1
#define MEMORY_WATCH_RIGHTS	2
#define MEMORY_WATCH_WRITES	4	/* dirty tracking: reads don't matter */

struct memory_cached {
	u64 page;		/* number + 1; 0: empty */
	u64 entry;
	u8 *host;
	u32 section;		/* @host is good in this section only */
};

/**
 * struct memory_view - one engine's view of one partition
 *
 * The first group belongs to the thread that uses the view, the second is
 * shared under @lock, the third is atomic.
 */
struct memory_view {
	struct memory_map map;
	struct memory_rights rights;	/* in force now */
	unsigned int watch;		/* MEMORY_WATCH_* */
	struct memory_granted granted[MEMORY_GRANTED_ENTRIES];
	enum memory_refusal refusal;
	const struct memory_host *host;
	struct memory_cached cache[MEMORY_CACHE_ENTRIES];
	u32 seen;			/* generation the first group is of */

	pthread_mutex_t lock;
	pthread_cond_t left;
	struct memory_map wanted;
	bool forget_all;
	u64 forget_first;		/* pages to forget at the next section: */
	u64 forget_end;			/* [first, end), empty when equal */

	_Atomic u32 generation;
	_Atomic u32 section;		/* odd: a thread is inside */
	_Atomic u32 waiters;
};

/**
 * memory_init() - prepare a view that shows nothing
 * @view: to prepare
 * @host: the machine's memory; NULL: none. Must outlive the view
 */
void memory_init(struct memory_view *view, const struct memory_host *host);

/** memory_destroy() - release what memory_init() took; no thread may be inside */
void memory_destroy(struct memory_view *view);

/**
 * memory_configure() - show other memory from the next section on
 * @view: the view
 * @map: the memory to show; copied. All cached entries are forgotten
 *
 * Returns at once; memory_synchronise() waits for a section under way. Any
 * thread.
 */
void memory_configure(struct memory_view *view, const struct memory_map *map);

/**
 * memory_forget() - drop cached entries of a range of system-memory pages
 * @view: the view
 * @first: first page
 * @pages: number of pages; the range is clamped, it cannot wrap
 *
 * Returns at once; memory_synchronise() waits for a section under way.
 */
void memory_forget(struct memory_view *view, u64 first, u64 pages);

/**
 * memory_synchronise() - wait until a section under way at the call has ended
 * @view: the view
 *
 * Not from inside a section. Bounded by the length of one section.
 */
void memory_synchronise(struct memory_view *view);

/** memory_busy() - is a thread inside a section? Any thread; a hint when it is */
static inline bool memory_busy(struct memory_view *view)
{
	return atomic_load(&view->section) & 1;
}

/** memory_enter() - start a section; see the top of this file */
void memory_enter(struct memory_view *view);

/** memory_leave() - end the section: every pointer handed out is dead */
void memory_leave(struct memory_view *view);

/**
 * memory_restrict() - let accesses reach only what a table permits
 * @view: the view
 * @rights: the table, copied; NULL: lift the restriction
 *
 * By the thread that uses the view, inside a section or between two.
 */
void memory_restrict(struct memory_view *view, const struct memory_rights *rights);

/** memory_rights_bytes() - size of a table of rights */
static inline u64 memory_rights_bytes(u64 vram_granules, u64 sysmem_granules)
{
	return ((vram_granules + REFGPU_RIGHTS_A_WORD - 1) / REFGPU_RIGHTS_A_WORD +
		(sysmem_granules + REFGPU_RIGHTS_A_WORD - 1) / REFGPU_RIGHTS_A_WORD) * 8;
}

/**
 * memory_refused_error() - the error code of a translation that was refused
 * @view: the view that has just refused
 * @otherwise: the error when the address itself was at fault
 *
 * Return: an enum refgpu_error.
 */
u32 memory_refused_error(const struct memory_view *view, u32 otherwise);

/* The rest of memory_translate(): system memory, dirty bits, poison, rights. */
void *memory_translate_slow(struct memory_view *view, u64 address, u64 length, bool write);

/* Is an access within the slice one that is permitted, as this section knows already? */
static inline bool memory_granted(const struct memory_view *view, u64 address, u64 length,
				  bool write, unsigned int watch)
{
	const u64 needed = REFGPU_RIGHTS_READ | (write ? REFGPU_RIGHTS_WRITE : 0);
	const u64 granule = address / REFGPU_RIGHTS_GRANULE;
	const struct memory_granted *granted = &view->granted[granule % MEMORY_GRANTED_ENTRIES];

	return watch == MEMORY_WATCH_RIGHTS && granted->granule == granule &&
	       granted->section == view->section && (granted->bits & needed) == needed &&
	       (address + length - 1) / REFGPU_RIGHTS_GRANULE == granule;
}

/**
 * memory_translate() - pointer to [address, address + length) of a partition
 * @view: view whose section the thread is in
 * @address: as the partition names it
 * @length: bytes, at least 1; in the system-memory aperture all in one page
 * @write: the caller will write (or read and write)
 *
 * Return: pointer good until memory_leave(), or NULL when refused; then
 * @view->refusal says why.
 */
static inline void *memory_translate(struct memory_view *view, u64 address,
				     u64 length, bool write)
{
	const unsigned int watch = write ? view->watch : view->watch & ~MEMORY_WATCH_WRITES;

	if (likely(length <= view->map.limit &&
		   address <= view->map.limit - length && length &&
		   (!watch || memory_granted(view, address, length, write, watch))))
		return view->map.vram + address;
	return memory_translate_slow(view, address, length, write);
}

#endif /* REFGPU_MEMORY_H */
