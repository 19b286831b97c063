/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plain.h - an open vGPU of any family and personality: VFIO and nothing more
 *
 * What the conformance programs use. Which GPU and which series is under test
 * is said by the environment, see run-families.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include "harness.h"
#include "host.h"

#define PLAIN_REGIONS	16u

/**
 * struct plain - a vGPU
 * @uuid: its name
 * @space: the VM's address space; NULL: closed
 * @fd: the device's file
 * @group: the group's file, or -1
 * @regions: how many there are
 * @region: what they are; size 0: absent
 * @framebuffer: the BAR that shows the slice
 * @bytes: of the slice, as far as that BAR shows it
 * @map: that BAR, mapped whole
 */
struct plain {
	char uuid[UUID_LENGTH + 1];
	struct rt_space *space;
	int fd;
	int group;
	unsigned int regions;
	struct rt_region region[PLAIN_REGIONS];
	unsigned int framebuffer;
	uint64_t bytes;
	volatile uint8_t *map;
};

const char *plain_type(void);
void plain_make(struct plain *vgpu, const char *type);
void plain_open(struct plain *vgpu);
void plain_close(struct plain *vgpu);
void plain_decoding(struct plain *vgpu, bool on);
uint64_t plain_read(struct plain *vgpu, unsigned int region, uint64_t offset,
		    unsigned int size);
void plain_write(struct plain *vgpu, unsigned int region, uint64_t offset,
		 unsigned int size, uint64_t value);
unsigned int plain_capability(struct plain *vgpu, unsigned int id);
long plain_nonzero(const struct plain *vgpu);

#endif /* PLAIN_H */
