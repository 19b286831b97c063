/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs.h - a small job for each shipped kernel, with a check of its result
 * against plain C on the host
 */
#ifndef UNIT_JOBS_H
#define UNIT_JOBS_H

#include <math.h>

#include "../../kernels/kernels.h"
#include "partition.h"

/**
 * struct job - a DISPATCH to try
 * @name: of the kernel
 * @setup: load it, fill in argument and data, complete the packet
 * @right: is the result in memory right?
 */
struct job {
	const char *name;
	void (*setup)(struct partition *partition, struct refgpu_dispatch *packet);
	bool (*right)(const struct partition *partition);
};

static inline void job_packet(struct refgpu_dispatch *packet, uint32_t groups_x,
			      uint32_t groups_y, uint16_t items_x, uint16_t items_y)
{
	memset(packet, 0, sizeof(*packet));
	packet->header.opcode = REFGPU_OP_DISPATCH;
	packet->code = AT_CODE;
	packet->argument = AT_ARGUMENT;
	packet->stack = AT_STACK;
	packet->stack_bytes = 512;
	packet->grid[0] = groups_x;
	packet->grid[1] = groups_y;
	packet->grid[2] = 1;
	packet->group[0] = items_x;
	packet->group[1] = items_y;
	packet->group[2] = 1;
}

static inline void *job_at(const struct partition *partition, uint64_t address)
{
	return partition->vram + address;
}

/* Small numbers with a fraction, so that sums round. */
static inline float job_float(uint32_t i)
{
	return (float)((i * 2654435761u >> 8) & 0xffff) / 4099.0f - 7.5f;
}

#define ADD_COUNT	300u

static void setup_vector_add(struct partition *partition, struct refgpu_dispatch *packet)
{
	struct vector_add_argument *argument = job_at(partition, AT_ARGUMENT);
	float *a = job_at(partition, AT_DATA);
	uint32_t i;

	partition_load(partition, "vector_add", AT_CODE);
	argument->a = AT_DATA;
	argument->b = AT_DATA + 4 * ADD_COUNT;
	/* The sum goes to system memory, across its pages 0 and 1. */
	argument->sum = REFGPU_SYSMEM_APERTURE + 4096 - 2 * ADD_COUNT;
	argument->count = ADD_COUNT;
	for (i = 0; i < 2 * ADD_COUNT; i++)
		a[i] = job_float(i);
	job_packet(packet, 5, 1, 64, 1);
}

static bool right_vector_add(const struct partition *partition)
{
	const float *a = job_at(partition, AT_DATA);
	uint8_t sums[8192];
	float sum;
	uint32_t i;

	memcpy(sums, partition->machine + partition_pages[0] * 4096, 4096);
	memcpy(sums + 4096, partition->machine + partition_pages[1] * 4096, 4096);
	for (i = 0; i < ADD_COUNT; i++) {
		memcpy(&sum, sums + 4096 - 2 * ADD_COUNT + 4 * i, 4);
		if (sum != a[i] + a[ADD_COUNT + i])
			return false;
	}
	return true;
}

#define GEMM_ROWS	11u
#define GEMM_COLUMNS	13u
#define GEMM_INNER	17u

static void setup_sgemm(struct partition *partition, struct refgpu_dispatch *packet)
{
	struct sgemm_argument *argument = job_at(partition, AT_ARGUMENT);
	float *data = job_at(partition, AT_DATA);
	uint32_t i;

	partition_load(partition, "sgemm", AT_CODE);
	argument->a = AT_DATA;
	argument->b = AT_DATA + 0x1000;
	argument->c = AT_DATA + 0x2000;
	argument->rows = GEMM_ROWS;
	argument->columns = GEMM_COLUMNS;
	argument->inner = GEMM_INNER;
	argument->alpha = 1.5f;
	argument->beta = -0.75f;
	for (i = 0; i < 0x3000 / 4; i++)
		data[i] = job_float(i);
	job_packet(packet, 4, 3, 4, 4);
}

static bool right_sgemm(const struct partition *partition)
{
	const float *a = job_at(partition, AT_DATA);
	const float *b = job_at(partition, AT_DATA + 0x1000);
	const float *c = job_at(partition, AT_DATA + 0x2000);
	uint32_t row, column, k;

	for (row = 0; row < GEMM_ROWS; row++) {
		for (column = 0; column < GEMM_COLUMNS; column++) {
			uint32_t i = row * GEMM_COLUMNS + column;
			volatile float scaled = -0.75f * job_float(0x2000 / 4 + i);
			float sum = 0;

			for (k = 0; k < GEMM_INNER; k++)
				sum = fmaf(a[row * GEMM_INNER + k], b[k * GEMM_COLUMNS + column],
					   sum);
			if (c[i] != fmaf(1.5f, sum, scaled))
				return false;
		}
	}
	return true;
}

static void setup_sha256(struct partition *partition, struct refgpu_dispatch *packet)
{
	struct sha256_argument *argument = job_at(partition, AT_ARGUMENT);

	partition_load(partition, "sha256", AT_CODE);
	argument->messages = AT_DATA;
	argument->digests = AT_DATA + 0x1000;
	argument->bytes = 56;
	argument->pitch = 64;
	argument->count = 2;
	/* FIPS 180-4's example of two blocks. */
	memcpy(job_at(partition, AT_DATA),
	       "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
	memset(job_at(partition, AT_DATA + 64), 0xbd, 56);
	job_packet(packet, 1, 1, 4, 1);
}

static bool right_sha256(const struct partition *partition)
{
	/* The second is of 56 bytes 0xbd, from sha256sum. */
	static const uint8_t digests[64] = {
		0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26, 0x93, 0x0c, 0x3e,
		0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff, 0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4,
		0x19, 0xdb, 0x06, 0xc1,
		0xc1, 0x77, 0xfd, 0x57, 0x30, 0x7d, 0x9e, 0x91, 0xcc, 0xdd, 0x55, 0xf5, 0x36, 0x76,
		0xbb, 0xa8, 0xda, 0xb0, 0x35, 0x12, 0xc5, 0xf0, 0x90, 0x0e, 0x47, 0xdd, 0x37, 0x0c,
		0x4a, 0x73, 0x78, 0x37,
	};
	static const uint8_t nothing[64];

	return !memcmp(job_at(partition, AT_DATA + 0x1000), digests, 64) &&
	       !memcmp(job_at(partition, AT_DATA + 0x1040), nothing, 64);
}

#define PICTURE_WIDTH	20u
#define PICTURE_HEIGHT	14u

static void setup_mandelbrot(struct partition *partition, struct refgpu_dispatch *packet)
{
	struct mandelbrot_argument *argument = job_at(partition, AT_ARGUMENT);

	partition_load(partition, "mandelbrot", AT_CODE);
	argument->pixels = AT_DATA;
	argument->pitch = 128;
	argument->width = PICTURE_WIDTH;
	argument->height = PICTURE_HEIGHT;
	argument->iterations = 40;
	argument->left = -2.25f;
	argument->top = -1.125f;
	argument->step = 0.15625f;
	job_packet(packet, 3, 2, 8, 8);
}

static bool right_mandelbrot(const struct partition *partition)
{
	uint32_t x, y, n, expected, inside = 0;

	for (y = 0; y < PICTURE_HEIGHT; y++) {
		for (x = 0; x < PICTURE_WIDTH; x++) {
			float cr = fmaf((float)x, 0.15625f, -2.25f);
			float ci = fmaf((float)y, 0.15625f, -1.125f);
			volatile float zr = 0, zi = 0, rr = 0, ii = 0, difference;

			for (n = 0; n < 40 && rr + ii <= 4.0f; n++) {
				zi = fmaf(2.0f * zr, zi, ci);
				difference = rr - ii;
				zr = difference + cr;
				rr = zr * zr;
				ii = zi * zi;
			}
			expected = 0;
			if (n < 40)
				expected = (n * 9 & 0xff) << 16 | (n * 5 & 0xff) << 8 |
					   ((128 + n * 3) & 0xff);
			else
				inside++;
			if (((uint32_t *)job_at(partition, AT_DATA + 128 * y))[x] != expected)
				return false;
		}
	}
	return inside > 20 && inside < 200;
}

#define REDUCE_COUNT	1000u
#define REDUCE_GROUPS	3u
#define REDUCE_ITEMS	16u

static void setup_reduce(struct partition *partition, struct refgpu_dispatch *packet)
{
	struct reduce_argument *argument = job_at(partition, AT_ARGUMENT);
	uint32_t *input = job_at(partition, AT_DATA), i;

	partition_load(partition, "reduce", AT_CODE);
	argument->input = AT_DATA;
	argument->scratch = AT_DATA + 0x2000;
	argument->group_sums = AT_DATA + 0x3000;
	argument->total = REFGPU_SYSMEM_APERTURE + 5 * 4096;
	argument->count = REDUCE_COUNT;
	for (i = 0; i < REDUCE_COUNT; i++)
		input[i] = i * 2654435761u;
	job_packet(packet, REDUCE_GROUPS, 1, REDUCE_ITEMS, 1);
}

static bool right_reduce(const struct partition *partition)
{
	const uint32_t *sums = job_at(partition, AT_DATA + 0x3000);
	uint32_t i, expected[REDUCE_GROUPS] = { 0 }, total = 0;

	for (i = 0; i < REDUCE_COUNT; i++) {
		expected[i / REDUCE_ITEMS % REDUCE_GROUPS] += i * 2654435761u;
		total += i * 2654435761u;
	}
	return !memcmp(sums, expected, sizeof(expected)) &&
	       !memcmp(partition->machine + partition_pages[5] * 4096, &total, 4);
}

#define STEPS_COUNT	16u
#define STEPS_ITEMS	10u

static void setup_steps(struct partition *partition, struct refgpu_dispatch *packet)
{
	struct steps_argument *argument = job_at(partition, AT_ARGUMENT);
	uint8_t *steps = job_at(partition, AT_DATA);
	uint32_t n;

	partition_load(partition, "steps", AT_CODE);
	argument->steps = AT_DATA;
	argument->results = AT_DATA + 0x1000;
	argument->count = STEPS_COUNT;
	for (n = 0; n < STEPS_COUNT; n++)
		steps[n] = (uint8_t)(n * 5);
	job_packet(packet, 5, 1, STEPS_ITEMS / 5, 1);
}

static uint32_t steps_value(uint32_t value)
{
	uint32_t n;

	for (n = 0; n < STEPS_COUNT; n++) {
		const uint32_t after[8] = {
			value + 0x9e3779b9, value ^ value >> 7, value * 2654435761u,
			value << 9 | value >> 23, ~value, value / 3, value - n,
			value % 65521 * 65537,
		};

		value = after[n * 5 % 8];
	}
	return value;
}

static bool right_steps(const struct partition *partition)
{
	const uint32_t *results = job_at(partition, AT_DATA + 0x1000);
	uint32_t i;

	for (i = 0; i < STEPS_ITEMS; i++) {
		if (results[i] != steps_value(i))
			return false;
	}
	return true;
}

static const struct job jobs[] = {
	{ "vector_add", setup_vector_add, right_vector_add },
	{ "sgemm", setup_sgemm, right_sgemm },
	{ "sha256", setup_sha256, right_sha256 },
	{ "mandelbrot", setup_mandelbrot, right_mandelbrot },
	{ "reduce", setup_reduce, right_reduce },
	{ "steps", setup_steps, right_steps },
};

#define JOBS	(sizeof(jobs) / sizeof(jobs[0]))

#endif /* UNIT_JOBS_H */
