/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refgpu_kernel.h - what a kernel written in C sees of the reference GPU
 *
 * A kernel is one function, KERNEL(name)(argument), that every work-item runs.
 * There is no library behind it: no static constructor, no malloc, no libc.
 */
#ifndef REFGPU_KERNEL_H
#define REFGPU_KERNEL_H

#include <linux/types.h>

#include "kernels.h"
#include "refgpu_hw.h"

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

/* The entry point: the linker puts it at the first byte of the image. */
#define KERNEL(type, argument)						\
	__attribute__((section(".text.entry"), used)) void _start(type const *(argument))

/* Memory that a partition's address names. */
#define POINTER(type, address)	((type *)(unsigned long)(address))

#define READ_CSR_(csr)							\
	({								\
		u64 csr_value;						\
									\
		__asm__ volatile("csrr %0, %1" : "=r"(csr_value) : "i"(csr)); \
		csr_value;						\
	})

/* Identity of the work-item; @d is a constant: 0 x, 1 y, 2 z. */
#define global_id(d)	READ_CSR_(REFGPU_CSR_GLOBAL_ID(d))
#define local_id(d)	READ_CSR_(REFGPU_CSR_LOCAL_ID(d))
#define group_id(d)	READ_CSR_(REFGPU_CSR_GROUP_ID(d))
#define grid_groups(d)	READ_CSR_(REFGPU_CSR_GRID(d))
#define group_items(d)	READ_CSR_(REFGPU_CSR_GROUP(d))

/* The GPU's clock, nanoseconds: RISC-V's CSR time. */
#define gpu_time()	READ_CSR_(0xc01)

/* Wait until every item of the group is here; memory is ordered across it. */
static inline void barrier(void)
{
	__asm__ volatile("fence\n\t.insn r 0x0b, 0, 0, x0, x0, x0" : : : "memory");
}

#define atomic_add(pointer, value)	__atomic_fetch_add(pointer, value, __ATOMIC_SEQ_CST)

#endif /* REFGPU_KERNEL_H */
