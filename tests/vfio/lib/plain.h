/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plain.h - a vGPU of any family and personality: VFIO, PCI and nothing more;
 * every failure ends the test
 *
 * What the conformance programs use. The environment says which GPU and which
 * series is under test, see run-families.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include "vgpu.h"

const char *plain_type(void);
void plain_make(struct vgpu *vgpu, const char *type);
void plain_open(struct vgpu *vgpu);
uint64_t plain_read(struct vgpu *vgpu, unsigned int region, uint64_t offset,
		    unsigned int size);
void plain_write(struct vgpu *vgpu, unsigned int region, uint64_t offset,
		 unsigned int size, uint64_t value);
unsigned int plain_capability(struct vgpu *vgpu, unsigned int id);
void plain_mark(struct vgpu *vgpu, uint32_t seed);
bool plain_is_marked(const struct vgpu *vgpu, uint32_t seed);
void plain_works(struct vgpu *vgpu, uint32_t seed);
long plain_nonzero(const struct vgpu *vgpu);

#endif /* PLAIN_H */
