/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * internal.h - what the parts of libopenvgpu share and do not export
 */
#ifndef OVGPU_INTERNAL_H
#define OVGPU_INTERNAL_H

#include "files.h"
#include "openvgpu.h"

#define OVGPU_TREES		(OVGPU_ROOT + 1)
#define OVGPU_GPU_SETTINGS	(OVGPU_WORK_MODE + 1)
#define OVGPU_VGPU_SETTINGS	(OVGPU_ADMISSION + 1)
#define OVGPU_COUNTERS		(OVGPU_WAIT_SUM_NS + 1)
#define OVGPU_WAIT_BUCKETS	32
#define OVGPU_INSTANCE_MAX	63	/* of numbers; hardware has fewer */
#define OVGPU_HOST_MAX		256	/* bytes of a host's name */
#define OVGPU_INSTANCE_NAME_MAX	31	/* characters of a name */

#define OVGPU_MDEV_PATH		"bus/mdev/devices"
#define OVGPU_PCI_PATH		"bus/pci/devices"

/* name.c */
bool ovgpu_object_valid(enum ovgpu_object object, const char *name);
bool ovgpu_file_name_valid(const char *name);

/* list.c */
void *ovgpu_list_pack(const void *items, size_t count, size_t size);

/* device.c */
struct ovgpu_value ovgpu_gpu_number(const struct ovgpu *ovgpu, const char *bdf,
				    const char *name);

/* attribute.c */
int ovgpu_object_path(char *path, size_t size, enum ovgpu_object object,
		      const char *of, const char *group, const char *name);
void ovgpu_refusal(const struct ovgpu *ovgpu, const char *bdf,
		   const char *about, char *reason, size_t size);

/* process.c */
void ovgpu_owner_fill(const struct ovgpu *ovgpu, struct ovgpu_vgpu *vgpu);

int ovgpu_abi_check(const struct ovgpu *ovgpu, enum ovgpu_object object,
		    const char *of, char *reason, size_t size);

/* settings.c */
void ovgpu_choice_parse(const char *text, char *chosen, size_t chosen_size,
			char *choices, size_t choices_size);

/* event.c */
bool ovgpu_event_parse(const char *message, size_t size,
		       struct ovgpu_event *event);

#endif /* OVGPU_INTERNAL_H */
