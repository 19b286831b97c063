// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_save.c - which guest memory a vGPU has mapped, for the host that it goes to
 *
 * Nothing is mapped meanwhile, since the vGPU stands still; but its VMM may take
 * memory away at any time.
 */
#include "base/pack.h"
#include "base/vgpu.h"
#include "memory/pin.h"
#include "memory/pin_batch.h"

#define SAVED_HEADER	16
#define SAVED_RUN	16

static struct pin_batch *next_batch(struct vgpu *vgpu, unsigned long first)
{
	struct interval_tree_node *node;

	lockdep_assert_held(&vgpu->pins.lock);
	node = interval_tree_iter_first(&vgpu->pins.batches, first, ULONG_MAX);
	while (node) {
		struct pin_batch *batch = container_of(node, struct pin_batch,
						       node);

		if (batch->state == PIN_VALID)
			return batch;
		node = interval_tree_iter_next(node, first, ULONG_MAX);
	}
	return NULL;
}

/**
 * vgpu_pin_save_bytes - how much room all mappings take
 * @vgpu: the vGPU
 * @header: what each takes besides
 *
 * Return: bytes, more than vgpu_pin_save() will write.
 */
size_t vgpu_pin_save_bytes(struct vgpu *vgpu, size_t header)
{
	struct interval_tree_node *node;
	size_t bytes = 0;

	mutex_lock(&vgpu->pins.lock);
	for (node = interval_tree_iter_first(&vgpu->pins.batches, 0, ULONG_MAX);
	     node; node = interval_tree_iter_next(node, 0, ULONG_MAX))
		bytes += header + SAVED_HEADER + SAVED_RUN *
			 container_of(node, struct pin_batch, node)->runs;
	mutex_unlock(&vgpu->pins.lock);
	return bytes;
}

/**
 * vgpu_pin_save - the next mapping in the order of aperture pages
 * @vgpu: the vGPU
 * @first: where to look from on; is set to behind the mapping
 * @pack: receives it: le64 first aperture page, le32 whether the device may write,
 *	le32 runs, and for each le64 guest page, le64 pages
 *
 * Return: false: there is none.
 */
bool vgpu_pin_save(struct vgpu *vgpu, unsigned long *first,
		   struct vgpu_pack *pack)
{
	struct pin_batch *batch;
	u32 i;

	mutex_lock(&vgpu->pins.lock);
	batch = next_batch(vgpu, *first);
	if (batch) {
		vgpu_pack(pack, 8, batch->node.start);
		vgpu_pack(pack, 4, batch->write);
		vgpu_pack(pack, 4, batch->runs);
		for (i = 0; i < batch->runs; i++) {
			vgpu_pack(pack, 8, batch->run[i].node.start);
			vgpu_pack(pack, 8, batch->run[i].pages);
		}
		*first = batch->node.last + 1;
	}
	mutex_unlock(&vgpu->pins.lock);
	return batch;
}
