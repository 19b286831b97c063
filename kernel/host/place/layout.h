/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * layout.h - who has which compute slices and which video memory of a GPU
 *
 * A GPU is a pool, whose vGPUs are cut from video memory by halving, and GPU
 * instances beside it, which own compute slices and whole memory slices, and
 * whose vGPUs are cut from that memory likewise. Compute slices are a mask and
 * can't fragment. Memory is a matter of blocks, each a power of two of the
 * smallest and aligned to its size: if enough is free and nothing that lies in
 * the way is open, there is a layout in which a request fits, and it is found.
 *
 * The compute slices of a GPU instance may be divided among several queues over its
 * memory. Each but the first is an instance without memory of its own, a compute
 * instance.
 *
 * The layout is a list of blocks, and the only truth: each question makes a bitmap
 * of the smallest blocks from it. It has no pointers, so a copy is a layout, of
 * which one may ask what would happen.
 *
 * Pure C without calls or locks, for the module, the library (which plans with
 * it) and the tests. The caller serialises the calls.
 */
#ifndef PLACE_LAYOUT_H
#define PLACE_LAYOUT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <linux/types.h>
#endif

#define LAYOUT_SLICES		8	/* compute slices, and memory slices, at most */
#define LAYOUT_VGPUS		64	/* partitions at most */
#define LAYOUT_LEVELS		6	/* halvings of video memory at most: 64 units */
#define LAYOUT_POOL		0	/* the number of the pool */
#define LAYOUT_INSTANCES	9	/* the pool, and GPU instances 1..8 */

/**
 * enum layout_refusal - why a request can't be met
 * @LAYOUT_OK: it can
 * @LAYOUT_NO_PARTITION: all partitions are taken
 * @LAYOUT_NO_COMPUTE: not enough compute slices are free
 * @LAYOUT_POOL_NEEDED: the pool must keep compute slices: for its plain vGPUs, or
 *	because an administrator wants it to
 * @LAYOUT_POOL_FIXED: plain vGPUs exist, and their policy promises that what they
 *	get does not change
 * @LAYOUT_POOL_EMPTY: a plain vGPU needs a compute slice in the pool
 * @LAYOUT_POOL_LENT: the pool has slices, but instance 8 works on its hardware block
 * @LAYOUT_NO_MEMORY: not enough video memory is free
 * @LAYOUT_IN_THE_WAY: enough is free, but open vGPUs lie in the way
 * @LAYOUT_BAD_PROFILE: this GPU can't have such an instance at all
 * @LAYOUT_OCCUPIED: the instance has vGPUs
 */
enum layout_refusal {
	LAYOUT_OK,
	LAYOUT_NO_PARTITION,
	LAYOUT_NO_COMPUTE,
	LAYOUT_POOL_NEEDED,
	LAYOUT_POOL_FIXED,
	LAYOUT_POOL_EMPTY,
	LAYOUT_POOL_LENT,
	LAYOUT_NO_MEMORY,
	LAYOUT_IN_THE_WAY,
	LAYOUT_BAD_PROFILE,
	LAYOUT_OCCUPIED,
};

/**
 * struct layout_profile - the shape of a GPU instance
 * @compute: compute slices; 0: no instance, the pool
 * @memory: memory slices, a power of two
 */
struct layout_profile {
	__u8 compute;
	__u8 memory;
};

/**
 * struct layout_instance - a GPU instance
 * @profile: its shape; @profile.compute is 0: this number is free
 * @reserved: it stays when its last vGPU goes
 * @compute: mask of its compute slices, those of its compute instances included
 * @queue: mask of those that work for its own queue
 * @memory_first: its first memory slice, a multiple of @profile.memory
 * @shares: a compute instance: number of the GPU instance that it is a part of, whose
 *	memory it shares; 0: it is a GPU instance
 */
struct layout_instance {
	struct layout_profile profile;
	bool reserved;
	__u8 compute;
	__u8 queue;
	__u8 memory_first;
	__u8 shares;
};

/**
 * struct layout_slices - slices that work for the queue of an instance
 * @compute: mask of compute slices
 * @memory: mask of memory slices
 * @shared: they work for other queues, too
 */
struct layout_slices {
	__u8 compute;
	__u8 memory;
	bool shared;
};

/**
 * struct layout_vgpu - the block of a vGPU
 * @used: this partition is taken
 * @closed: it holds nothing but zeroes, so that it may move
 * @instance: number of the GPU instance that its memory is in, or LAYOUT_POOL
 * @queue: number of the instance whose queue it is in: @instance, or one that shares
 *	the memory of that
 * @level: its size is that of video memory, halved so often
 * @first: its first unit, from the beginning of video memory; see layout_offset()
 */
struct layout_vgpu {
	bool used;
	bool closed;
	__u8 instance;
	__u8 queue;
	__u8 level;
	__u8 first;
};

/**
 * struct layout - the layout of one GPU
 * @size: bytes of video memory
 * @levels: how often it may be halved, which makes units
 * @reserved: the first unit is not to be given away
 * @vgpus: partitions the GPU has, at most LAYOUT_VGPUS
 * @compute_slices: compute slices the GPU has; 0: it has no instances
 * @memory_slices: memory slices it has, a power of two
 * @pool_min: compute slices the pool keeps at least; may be set at any time
 * @pool_fixed: LAYOUT_POOL_FIXED holds while plain vGPUs exist; likewise
 * @instance: by number; that of the pool is not used
 * @vgpu: by partition
 */
struct layout {
	__u64 size;
	unsigned int levels;
	bool reserved;
	unsigned int vgpus;
	unsigned int compute_slices;
	unsigned int memory_slices;
	unsigned int pool_min;
	bool pool_fixed;
	struct layout_instance instance[LAYOUT_INSTANCES];
	struct layout_vgpu vgpu[LAYOUT_VGPUS];
};

/**
 * struct layout_change - what a call has changed, beside what it was asked for
 * @vgpu: partition of the new vGPU
 * @instance: the instance of the new vGPU, or the new instance
 * @made: the instance is new
 * @removed: layout_remove(): the instance of the vGPU is gone
 * @parts: bit by number: the instances that are new, or gone
 * @moved_vgpus: bit by partition: it lies elsewhere now, maybe with its instance
 * @moved_instances: bit by number: its memory lies elsewhere now
 */
struct layout_change {
	unsigned int vgpu;
	unsigned int instance;
	bool made;
	bool removed;
	__u32 parts;
	__u64 moved_vgpus;
	__u32 moved_instances;
};

bool layout_init(struct layout *layout, __u64 size, unsigned int levels, bool reserved,
		 unsigned int vgpus, unsigned int compute_slices,
		 unsigned int memory_slices);
unsigned int layout_default_memory(const struct layout *layout, unsigned int compute);
unsigned int layout_profile_level(const struct layout *layout,
				  struct layout_profile profile);
struct layout_profile layout_profile_for(const struct layout *layout,
					 unsigned int compute, unsigned int level);
bool layout_offers(const struct layout *layout, unsigned int compute, unsigned int level);
unsigned int layout_block(unsigned int instance);
__u64 layout_offset(const struct layout *layout, unsigned int vgpu);

enum layout_refusal layout_add(struct layout *layout, struct layout_profile profile,
			       unsigned int level, struct layout_change *change);
enum layout_refusal layout_reserve(struct layout *layout, struct layout_profile profile,
				   struct layout_change *change);
void layout_remove(struct layout *layout, unsigned int vgpu, struct layout_change *change);
enum layout_refusal layout_release(struct layout *layout, unsigned int instance,
				   struct layout_change *change);
enum layout_refusal layout_divide(struct layout *layout, unsigned int instance,
				  const __u8 *parts, unsigned int count,
				  struct layout_change *change);
void layout_set_closed(struct layout *layout, unsigned int vgpu, bool closed);

unsigned int layout_available(const struct layout *layout, struct layout_profile profile,
			      unsigned int level);
unsigned int layout_available_instances(const struct layout *layout,
					struct layout_profile profile);
unsigned int layout_members(const struct layout *layout, unsigned int instance);
__u32 layout_parts(const struct layout *layout, unsigned int instance);
struct layout_slices layout_slices(const struct layout *layout, unsigned int instance);
unsigned int layout_find_queue(const struct layout *layout, unsigned int instance);
unsigned int layout_queue_members(const struct layout *layout, unsigned int instance);
unsigned int layout_pool_compute(const struct layout *layout);
unsigned int layout_pool_memory(const struct layout *layout);
__u64 layout_free_bytes(const struct layout *layout, unsigned int instance);
__u64 layout_largest(const struct layout *layout, unsigned int instance);

#endif /* PLACE_LAYOUT_H */
