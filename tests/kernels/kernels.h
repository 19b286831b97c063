/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernels.h - arguments of the shipped kernels, shared with who launches them
 *
 * Every pointer is an address of the partition. A host fills the structure
 * in memory of the partition and names it as the DISPATCH's argument.
 */
#ifndef REFGPU_KERNELS_H
#define REFGPU_KERNELS_H

#include <linux/types.h>

/**
 * struct vector_add_argument - vector_add: sum[i] = a[i] + b[i]
 *
 * One item an element, in x; items beyond count do nothing.
 */
struct vector_add_argument {
	__u64 a;		/* float[count] */
	__u64 b;		/* float[count] */
	__u64 sum;		/* float[count] */
	__u64 count;
};

/**
 * struct sgemm_argument - sgemm: c = alpha * a * b + beta * c, row by row
 *
 * One item an element of c: x its column, y its row. Products are added up
 * with fused multiply-add, in order of the inner index.
 */
struct sgemm_argument {
	__u64 a;		/* float[rows][inner] */
	__u64 b;		/* float[inner][columns] */
	__u64 c;		/* float[rows][columns] */
	__u32 rows;
	__u32 columns;
	__u32 inner;
	float alpha;
	float beta;
	__u32 reserved;
};

/**
 * struct sha256_argument - sha256: digest of each of count messages
 *
 * One item a message, in x. Messages lie pitch bytes apart.
 */
struct sha256_argument {
	__u64 messages;
	__u64 digests;		/* 32 bytes each */
	__u64 bytes;		/* of each message */
	__u64 pitch;
	__u64 count;
};

/**
 * struct mandelbrot_argument - mandelbrot: a picture of XRGB8888 pixels
 *
 * One item a pixel: x, y. The pixel (x, y) is the point
 * (left + x * step, top + y * step).
 */
struct mandelbrot_argument {
	__u64 pixels;
	__u32 pitch;		/* bytes a line */
	__u32 width;
	__u32 height;
	__u32 iterations;	/* limit; such pixels are black */
	float left;
	float top;
	float step;
	__u32 reserved;
};

/**
 * struct reduce_argument - reduce: sums of unsigned numbers
 *
 * Items in x, a power of two a group, at most 256. Each group adds up its part
 * of the input in a scratch array, with a barrier between steps, stores the sum in
 * group_sums[group], and adds it to the total with an atomic.
 */
struct reduce_argument {
	__u64 input;		/* u32[count] */
	__u64 scratch;		/* u32[groups * items a group] */
	__u64 group_sums;	/* u32[groups] */
	__u64 total;		/* u32 */
	__u64 count;
};

/**
 * struct steps_argument - steps: a number that goes through steps, each one of eight
 *
 * One item a number, in x: it begins as the item's global id, and steps[n] % 8 says
 * what the step n does. The compiler makes a table of the eight.
 */
struct steps_argument {
	__u64 steps;		/* u8[count] */
	__u64 results;		/* u32[items] */
	__u64 count;
};

/**
 * struct spin_argument - spin: count for ever, or until told to stop
 *
 * Every item counts in counters[its global id x] until stop is not 0.
 */
struct spin_argument {
	__u64 counters;		/* u64[items] */
	__u64 stop;		/* u32 */
};

/**
 * struct delay_argument - delay: take some time, however fast the GPU is
 *
 * One item. It stores the GPU's time at its end in ends[count], and adds 1 to count.
 */
struct delay_argument {
	__u64 ns;
	__u64 count;		/* u64 */
	__u64 ends;		/* u64[] */
};

#endif /* REFGPU_KERNELS_H */
