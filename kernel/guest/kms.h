/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kms.h - heads
 */
#ifndef REFGPU_KMS_H
#define REFGPU_KMS_H

#include <linux/types.h>

struct refgpu;

/* Bits of HEAD_CONTROL and HEAD_STATUS, see doc/refgpu.md */
#define HEAD_ENABLE		(1ULL << 0)
#define HEAD_CURSOR		(1ULL << 1)
#define HEAD_IS_ACTIVE		(1ULL << 0)
#define HEAD_FLIP_PENDING	(1ULL << 1)
#define HEAD_REFUSED		(1ULL << 2)

int refgpu_kms_init(struct refgpu *gpu);
void refgpu_kms_start(struct refgpu *gpu);
void refgpu_kms_interrupt(struct refgpu *gpu, u64 status);
void refgpu_kms_restore(struct refgpu *gpu);
void refgpu_kms_end(struct refgpu *gpu);
void refgpu_kms_cancel(struct refgpu *gpu);

#endif /* REFGPU_KMS_H */
