/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * placement.h - the module's own placement, for plans
 *
 * Compiled into the library from the module's source, so that a plan is what the
 * module would do. Its functions get the library's prefix: programs that link the
 * archive may have names of their own.
 */
#ifndef OVGPU_PLACEMENT_H
#define OVGPU_PLACEMENT_H

#define layout_init			ovgpu_layout_init
#define layout_default_memory		ovgpu_layout_default_memory
#define layout_profile_level		ovgpu_layout_profile_level
#define layout_profile_for		ovgpu_layout_profile_for
#define layout_offers			ovgpu_layout_offers
#define layout_block			ovgpu_layout_block
#define layout_offset			ovgpu_layout_offset
#define layout_add			ovgpu_layout_add
#define layout_reserve			ovgpu_layout_reserve
#define layout_remove			ovgpu_layout_remove
#define layout_release			ovgpu_layout_release
#define layout_set_closed		ovgpu_layout_set_closed
#define layout_divide			ovgpu_layout_divide
#define layout_available		ovgpu_layout_available
#define layout_available_instances	ovgpu_layout_available_instances
#define layout_members			ovgpu_layout_members
#define layout_parts			ovgpu_layout_parts
#define layout_slices			ovgpu_layout_slices
#define layout_find_queue		ovgpu_layout_find_queue
#define layout_queue_members		ovgpu_layout_queue_members
#define layout_pool_compute		ovgpu_layout_pool_compute
#define layout_pool_memory		ovgpu_layout_pool_memory
#define layout_free_bytes		ovgpu_layout_free_bytes
#define layout_largest			ovgpu_layout_largest
#define layout_slice_units		ovgpu_layout_slice_units
#define layout_make_plan		ovgpu_layout_make_plan
#define layout_carry_out		ovgpu_layout_carry_out

#include "internal.h"
#include "place/layout.h"

/**
 * struct ovgpu_placement - the layout of one GPU as it is now
 * @layout: who has what
 * @uuid: of the vGPUs, by partition
 * @types: types of the GPU; goes to ovgpu_free()
 * @type_count: their number
 */
struct ovgpu_placement {
	struct layout layout;
	char uuid[LAYOUT_VGPUS][OVGPU_UUID_SIZE];
	struct ovgpu_type **types;
	size_t type_count;
};

/* profile.c */
int ovgpu_placement_read(const struct ovgpu *ovgpu, const char *bdf,
			 struct ovgpu_placement *placement);
bool ovgpu_profile_parse(const char *text, unsigned int *compute,
			 uint64_t *memory);
void ovgpu_profile_name(const struct layout *layout,
			struct layout_profile profile, char *name, size_t size);

#endif /* OVGPU_PLACEMENT_H */
