/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - a process that is a GPU: state shared by the files about it
 *
 * Locks, innermost of the module but for mmap_lock of the process, which is above
 * @memory.lock and @lock: @setup, @memory.lock, @lock, @listening. None is taken with
 * another held.
 */
#ifndef SOFT_ENGINE_H
#define SOFT_ENGINE_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "family/soft_engine.h"
#include "openvgpu_soft.h"

/**
 * struct soft_memory - memory that a process shares with the machine
 * @lock: @pages and what mappings of the process show; taken in its page faults
 * @mapping: has those mappings; NULL: the file is closed, there are none; @lock
 * @windows: how many those are, for each costs who takes a page away
 * @first: page offset in @mapping of bus address 0
 * @pages: of the host, by bus page; tag 1: it may be written; changed with @lock
 * @next: where to look for a free one; @lock
 * @slots: taken ones of struct soft_engine_alloc()
 * @sink: what is shown where no page is
 * @vram: file of the video memory; NULL: not made yet; constant once made
 * @vram_bytes: of it
 * @shown: its pages that the kernel has given out, each with a reference
 */
struct soft_memory {
	struct rw_semaphore lock;	/* see above */
	struct address_space *mapping;
	atomic_t windows;
	unsigned long first;
	struct xarray pages;
	u32 next;
	struct ida slots;
	struct page *sink;
	struct file *vram;
	u64 vram_bytes;
	struct xarray shown;
};

/**
 * struct soft_entry - a request that the process has not read
 * @request: the request
 * @since: when it was put into the queue, in ns
 */
struct soft_entry {
	struct openvgpu_soft_request request;
	u64 since;
};

/**
 * struct soft_engine - a process that is a GPU
 * @kref: the file's, the function's, and that of each work item
 * @number: of all engines; -1: none yet
 * @setup: mutex: CREATE and PLUG
 * @slot: of its PCI function; -1: none; set once, before the function is there
 * @shown: see soft_engine_is_shown(); changed with the PCI core's lock of hotplug
 * @scanned: the PCI core has looked for the function; of @work
 * @gone: it answers no more, for good; @lock for writing
 * @closed: the file is; @lock
 * @pulled: the function is away again; of @work
 * @work: shows the function, or takes it away
 * @wake_work: wakes the process, from where one can't
 * @lock: spinlock: the queue, readers and posters
 * @queue: requests, OPENVGPU_SOFT_QUEUE of them
 * @put: requests put into it; @lock
 * @get: taken out of it; @lock
 * @id: of the last READ; @lock
 * @readers: who waits for an answer; @lock
 * @posters: who waits for room in the queue, the oldest first; @lock
 * @patience: what is left of it, in ns, see engine.c; @lock
 * @charged: when it was told how late it was, in ns; @lock
 * @reset_at: a reset comes before request number reset_at - 1; 0: none does
 * @asked: the process waits here
 * @listening: spinlock: @interrupt and @data
 * @interrupt: who is told of interrupts; NULL: nobody; @listening
 * @data: for it
 * @memory: its memory
 */
struct soft_engine {
	struct kref kref;
	int number;
	struct mutex setup;		/* see above */
	int slot;
	bool shown;
	bool scanned;
	bool gone;
	bool closed;
	bool pulled;
	struct work_struct work;
	struct work_struct wake_work;

	spinlock_t lock;		/* see above */
	struct soft_entry *queue;
	u64 put;
	u64 get;
	u64 id;
	struct list_head readers;
	struct list_head posters;
	s64 patience;
	u64 charged;
	atomic64_t reset_at;
	wait_queue_head_t asked;

	spinlock_t listening;		/* see above */
	void (*interrupt)(void *data, unsigned int vector);
	void *data;

	struct soft_memory memory;
};

/* engine.c */
struct soft_engine *soft_engine_make(void);
void soft_engine_get(struct soft_engine *engine);
void soft_engine_put(struct soft_engine *engine);
void soft_engine_close(struct soft_engine *engine);
void soft_engine_reset(struct soft_engine *engine);
void soft_engine_kick(struct soft_engine *engine);
void soft_engine_kept_waiting(struct soft_engine *engine, u64 since);
bool soft_engine_has_request(struct soft_engine *engine);
unsigned int soft_engine_take(struct soft_engine *engine,
			      struct openvgpu_soft_request *requests,
			      unsigned int count);
int soft_engine_answer(struct soft_engine *engine,
		       const struct openvgpu_soft_answer *answer);
u64 soft_engine_mode(struct soft_engine *engine);
bool soft_engine_may(const struct soft_engine *engine, u16 what);
int soft_engine_interrupt(struct soft_engine *engine, unsigned long vector);

static inline bool soft_engine_is_gone(const struct soft_engine *engine)
{
	return READ_ONCE(engine->gone);
}

/* engine_memory.c */
int soft_memory_init(struct soft_memory *memory);
void soft_memory_exit(struct soft_memory *memory);
void soft_memory_close(struct soft_memory *memory);
int soft_memory_make_vram(struct soft_memory *memory, u64 bytes);
int soft_memory_mmap(struct soft_engine *engine, struct vm_area_struct *vma);
int soft_memory_translate(struct soft_memory *memory, u64 bus, u32 bytes,
			  bool write);

/* engine_device.c */
void soft_engine_number_free(int number);
extern struct workqueue_struct *soft_engine_wq;

#endif /* SOFT_ENGINE_H */
