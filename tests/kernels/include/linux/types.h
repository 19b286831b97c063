/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/types.h> for kernels: they are built for another machine than this
 * one, whose system headers are not installed.
 */
#ifndef REFGPU_KERNEL_LINUX_TYPES_H
#define REFGPU_KERNEL_LINUX_TYPES_H

typedef __UINT8_TYPE__ __u8;
typedef __UINT16_TYPE__ __u16;
typedef __UINT32_TYPE__ __u32;
typedef __UINT64_TYPE__ __u64;
typedef __INT8_TYPE__ __s8;
typedef __INT16_TYPE__ __s16;
typedef __INT32_TYPE__ __s32;
typedef __INT64_TYPE__ __s64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;

#endif /* REFGPU_KERNEL_LINUX_TYPES_H */
