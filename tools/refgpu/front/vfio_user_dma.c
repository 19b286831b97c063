// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's memory as the device sees it.
 *
 * A client that truncates the file behind a range after mapping it makes the
 * server die of SIGBUS: it harms its own device and nothing else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "front/vfio_user.h"
#include "front/vfio_user_dma.h"

/* An access gives the lock up after so many bytes, so that an unmap never waits long. */
#define VU_DMA_CHUNK	(256u << 10)

int vu_dma_init(struct vu_dma *dma)
{
	pthread_rwlockattr_t attr;
	int ret;

	memset(dma, 0, sizeof(*dma));
	ret = pthread_rwlockattr_init(&attr);
	if (ret)
		return -ret;
	/* Engines access memory all the time: without this an unmap could starve. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	ret = pthread_rwlock_init(&dma->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -ret;
}

static uint64_t range_size(const struct vu_dma_range *r)
{
	return r->last - r->first + 1;
}

static void range_release(struct vu_dma_range *r)
{
	if (r->map)
		munmap(r->map, range_size(r));
	r->map = NULL;
}

void vu_dma_fini(struct vu_dma *dma)
{
	vu_dma_unmap(dma, 0, 0, true);
	free(dma->ranges);
	pthread_rwlock_destroy(&dma->lock);
}

/* First range that ends at or after @addr, or dma->nr. */
static size_t range_find(const struct vu_dma *dma, uint64_t addr)
{
	size_t lo = 0, hi = dma->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (dma->ranges[mid].last < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Make room for one more range. Caller holds the lock for writing. */
static int range_reserve(struct vu_dma *dma)
{
	struct vu_dma_range *ranges;
	size_t room;

	if (dma->nr < dma->room)
		return 0;
	if (dma->nr >= VFIO_USER_MAX_DMA_MAPS)
		return -ENOSPC;
	room = dma->room ? dma->room * 2 : 16;
	ranges = realloc(dma->ranges, room * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	dma->ranges = ranges;
	dma->room = room;
	return 0;
}

static void range_insert(struct vu_dma *dma, size_t at, const struct vu_dma_range *r)
{
	memmove(&dma->ranges[at + 1], &dma->ranges[at],
		(dma->nr - at) * sizeof(*dma->ranges));
	dma->ranges[at] = *r;
	dma->nr++;
}

static void range_remove(struct vu_dma *dma, size_t at)
{
	dma->nr--;
	memmove(&dma->ranges[at], &dma->ranges[at + 1],
		(dma->nr - at) * sizeof(*dma->ranges));
}

/* Map the file's part; an access beyond its end would be a SIGBUS, so refuse it now. */
static int range_mmap(struct vu_dma_range *r, int fd, uint64_t offset, uint64_t size)
{
	int prot = (r->readable ? PROT_READ : 0) | (r->writable ? PROT_WRITE : 0);
	struct stat st;
	void *map;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode) && (offset > (uint64_t)st.st_size ||
				    size > (uint64_t)st.st_size - offset))
		return -EINVAL;
	/* Reading is needed to write parts of words on some machines; ask for it always. */
	map = mmap(NULL, size, prot | PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
		   (off_t)offset);
	if (map == MAP_FAILED)
		return -errno;
	/* A forked child of the device has no business with the client's memory. */
	madvise(map, size, MADV_DONTFORK);
	r->map = map;
	return 0;
}

/**
 * vu_dma_map() - add a range
 * @dma: table
 * @addr: first bus address
 * @size: length in bytes
 * @flags: VFIO_DMA_MAP_FLAG_READ and _WRITE
 * @fd: file to map, -1 if the client does not share the memory; stays the caller's
 * @offset: where in the file the range starts
 *
 * Return: 0; -EEXIST if it overlaps a range; -EINVAL, -ENOSPC, -ENOMEM or what
 * mmap(2) reports.
 */
int vu_dma_map(struct vu_dma *dma, uint64_t addr, uint64_t size, uint32_t flags,
	       int fd, uint64_t offset)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct vu_dma_range r = {
		.first = addr,
		.last = addr + size - 1,
		.readable = flags & VFIO_DMA_MAP_FLAG_READ,
		.writable = flags & VFIO_DMA_MAP_FLAG_WRITE,
	};
	size_t at;
	int ret;

	if (!size || r.last < addr || (flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)))
		return -EINVAL;
	if (fd >= 0 && ((addr | size | offset) & (page - 1) || size > SIZE_MAX ||
			offset > INT64_MAX || size > INT64_MAX - offset))
		return -EINVAL;

	pthread_rwlock_wrlock(&dma->lock);
	at = range_find(dma, addr);
	if (at < dma->nr && dma->ranges[at].first <= r.last) {
		ret = -EEXIST;
		goto out;
	}
	ret = range_reserve(dma);
	if (ret)
		goto out;
	if (fd >= 0) {
		ret = range_mmap(&r, fd, offset, size);
		if (ret)
			goto out;
	}
	range_insert(dma, at, &r);
out:
	pthread_rwlock_unlock(&dma->lock);
	return ret;
}

/*
 * Cut [first, last] out of the range at @at, which overlaps it.
 * Returns the index at which to go on, or a negative errno.
 */
static ssize_t range_cut(struct vu_dma *dma, size_t at, uint64_t first, uint64_t last)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct vu_dma_range *r = &dma->ranges[at];
	struct vu_dma_range tail = *r;
	bool head_stays = r->first < first, tail_stays = r->last > last;

	if (!head_stays && !tail_stays) {
		range_release(r);
		range_remove(dma, at);
		return (ssize_t)at;
	}
	/* The parts of one mapping can be given back page by page only. */
	if (r->map && ((head_stays && first & (page - 1)) ||
		       (tail_stays && (last + 1) & (page - 1))))
		return -EINVAL;
	if (head_stays && tail_stays) {
		int ret = range_reserve(dma);

		if (ret)
			return ret;
		r = &dma->ranges[at];
	}
	if (r->map) {
		uint64_t from = head_stays ? first - r->first : 0;
		uint64_t to = tail_stays ? last - r->first : r->last - r->first;

		munmap(r->map + from, to - from + 1);
		if (tail_stays)
			tail.map = r->map + to + 1;
	}
	if (tail_stays)
		tail.first = last + 1;
	if (head_stays)
		r->last = first - 1;
	if (head_stays && tail_stays)
		range_insert(dma, at + 1, &tail);
	else if (tail_stays)
		*r = tail;
	return (ssize_t)at + 1;
}

/**
 * vu_dma_unmap() - take a range away
 * @dma: table
 * @addr: first bus address
 * @size: length in bytes
 * @all: take everything away instead
 *
 * With an emulated IOMMU a client unmaps whole address spaces of which little or
 * nothing was mapped: addresses that are not mapped count as unmapped. On return
 * no access uses the range.
 *
 * Return: 0, -EINVAL for an empty or wrapping range or one that cuts a page,
 * -ENOMEM.
 */
int vu_dma_unmap(struct vu_dma *dma, uint64_t addr, uint64_t size, bool all)
{
	uint64_t last = all ? UINT64_MAX : addr + size - 1;
	ssize_t at;

	if (all)
		addr = 0;
	else if (!size || last < addr)
		return -EINVAL;

	pthread_rwlock_wrlock(&dma->lock);
	at = (ssize_t)range_find(dma, addr);
	while (at >= 0 && (size_t)at < dma->nr && dma->ranges[at].first <= last)
		at = range_cut(dma, (size_t)at, addr, last);
	pthread_rwlock_unlock(&dma->lock);
	return at < 0 ? (int)at : 0;
}

/*
 * Words that another party may look at meanwhile (fences, table entries) must be
 * moved whole, which memcpy() does not promise. @shared is the one of the two
 * that the client sees, and is aligned.
 */
static void copy_word(void *dst, const void *src, size_t len, const void *shared)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	if (src == shared) {
		switch (len) {
		case 8:
			v8 = __atomic_load_n((const uint64_t *)src, __ATOMIC_ACQUIRE);
			memcpy(dst, &v8, 8);
			return;
		case 4:
			v4 = __atomic_load_n((const uint32_t *)src, __ATOMIC_ACQUIRE);
			memcpy(dst, &v4, 4);
			return;
		default:
			v2 = __atomic_load_n((const uint16_t *)src, __ATOMIC_ACQUIRE);
			memcpy(dst, &v2, 2);
			return;
		}
	}
	switch (len) {
	case 8:
		memcpy(&v8, src, 8);
		__atomic_store_n((uint64_t *)dst, v8, __ATOMIC_RELEASE);
		return;
	case 4:
		memcpy(&v4, src, 4);
		__atomic_store_n((uint32_t *)dst, v4, __ATOMIC_RELEASE);
		return;
	default:
		memcpy(&v2, src, 2);
		__atomic_store_n((uint16_t *)dst, v2, __ATOMIC_RELEASE);
		return;
	}
}

static void copy_shared(void *dst, const void *src, size_t len, const void *shared)
{
	if ((len == 2 || len == 4 || len == 8) && !((uintptr_t)shared % len)) {
		copy_word(dst, src, len, shared);
		return;
	}
	/* Order a long transfer against the fence word that announces it. */
	if (src == shared)
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memcpy(dst, src, len);
	if (dst == shared)
		__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* One piece, inside one range. Returns the bytes done or a negative errno. */
static ssize_t access_piece(struct vu_dma *dma, uint64_t addr, uint8_t *buf,
			    size_t len, bool write)
{
	const struct vu_dma_range *r;
	uint8_t *shared;
	size_t at;

	at = range_find(dma, addr);
	if (at == dma->nr || dma->ranges[at].first > addr)
		return -EFAULT;
	r = &dma->ranges[at];
	if (!r->map)
		return -EFAULT;
	if (write ? !r->writable : !r->readable)
		return -EACCES;
	if (len > VU_DMA_CHUNK)
		len = VU_DMA_CHUNK;
	if (len - 1 > r->last - addr)
		len = (size_t)(r->last - addr) + 1;
	shared = r->map + (addr - r->first);
	if (write)
		copy_shared(shared, buf, len, shared);
	else
		copy_shared(buf, shared, len, shared);
	return (ssize_t)len;
}

int vu_dma_access(struct vu_dma *dma, uint64_t addr, void *buf, size_t len, bool write)
{
	uint8_t *p = buf;

	if (len && addr + (len - 1) < addr)
		goto fault;
	while (len) {
		ssize_t done;

		pthread_rwlock_rdlock(&dma->lock);
		done = access_piece(dma, addr, p, len, write);
		pthread_rwlock_unlock(&dma->lock);
		if (done < 0) {
			__atomic_fetch_add(&dma->faults, 1, __ATOMIC_RELAXED);
			return (int)done;
		}
		addr += (uint64_t)done;
		p += done;
		len -= (size_t)done;
	}
	return 0;
fault:
	__atomic_fetch_add(&dma->faults, 1, __ATOMIC_RELAXED);
	return -EFAULT;
}

void *vu_dma_pointer(struct vu_dma *dma, uint64_t addr, size_t len, bool write)
{
	const struct vu_dma_range *r;
	size_t at = range_find(dma, addr);

	if (!len || at == dma->nr)
		goto fault;
	r = &dma->ranges[at];
	if (r->first > addr || len - 1 > r->last - addr || !r->map ||
	    (write ? !r->writable : !r->readable))
		goto fault;
	return r->map + (addr - r->first);
fault:
	__atomic_fetch_add(&dma->faults, 1, __ATOMIC_RELAXED);
	return NULL;
}
