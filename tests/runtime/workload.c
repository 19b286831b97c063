// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload.c - jobs whose results are checked, see workload.h
 */
#include "workload.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/kernels.h"

/* The reference GPU is an interpreter, on a machine that may itself be emulated. */
#define PATIENCE_MS	60000
#define GROUP		64

static float random_float(uint32_t *state)
{
	return (float)(int)(work_random(state) % 20001 - 10000) / 64.0f;
}

static uint32_t bits(float value)
{
	uint32_t word;

	memcpy(&word, &value, sizeof(word));
	return word;
}

/* Compares floats bit by bit: the GPU's arithmetic is IEEE 754's. */
static int compare(const char *what, const float *got, const float *expected,
		   size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (bits(got[i]) != bits(expected[i]))
			return rt_fail(EILSEQ, "%s: element %zu of %zu is %.9g, not %.9g",
				       what, i, count, (double)got[i],
				       (double)expected[i]);
	return 0;
}

static void put(struct rt_device *device, uint64_t address, const void *data,
		size_t bytes)
{
	memcpy(rt_framebuffer(device, address), data, bytes);
}

static void get(struct rt_device *device, void *data, uint64_t address,
		size_t bytes)
{
	memcpy(data, rt_framebuffer(device, address), bytes);
}

/* Loads and runs a program over a grid of items, waits for its end. */
static int run(struct rt_ring *ring, const char *name, const void *argument,
	       size_t argument_bytes, unsigned int x, unsigned int y,
	       const uint16_t group[3], unsigned int stack)
{
	struct rt_device *device = ring->device;
	const uint32_t grid[3] = { (x + group[0] - 1) / group[0],
				   (y + group[1] - 1) / group[1], 1 };
	uint64_t code, at;
	int error;

	error = rt_kernel_load(device, name, &code);
	if (error)
		return error;
	at = rt_framebuffer_alloc(device, argument_bytes, 64);
	put(device, at, argument, argument_bytes);
	error = rt_dispatch(ring, code, at, grid, group, stack);
	return error ? error : rt_ring_finish(ring, PATIENCE_MS);
}

/**
 * work_vector_add - sum of two arrays
 * @ring: enabled
 * @count: elements
 * @seed: of the input
 */
int work_vector_add(struct rt_ring *ring, unsigned int count, uint32_t seed)
{
	static const uint16_t group[3] = { GROUP, 1, 1 };
	struct rt_device *device = ring->device;
	uint64_t mark = device->framebuffer_next;
	size_t bytes = count * sizeof(float);
	float *a = malloc(bytes), *b = malloc(bytes), *sum = malloc(bytes);
	struct vector_add_argument argument = { .count = count };
	unsigned int i;
	int error = -ENOMEM;

	if (!a || !b || !sum)
		goto free;
	for (i = 0; i < count; i++) {
		a[i] = random_float(&seed);
		b[i] = random_float(&seed);
	}
	argument.a = rt_framebuffer_alloc(device, bytes, 64);
	argument.b = rt_framebuffer_alloc(device, bytes, 64);
	argument.sum = rt_framebuffer_alloc(device, bytes, 64);
	put(device, argument.a, a, bytes);
	put(device, argument.b, b, bytes);
	memset(rt_framebuffer(device, argument.sum), 0xff, bytes);
	error = run(ring, "vector_add", &argument, sizeof(argument), count, 1,
		    group, 0);
	if (!error) {
		for (i = 0; i < count; i++)
			a[i] += b[i];
		get(device, sum, argument.sum, bytes);
		error = compare("vector add", sum, a, count);
	}
free:
	device->framebuffer_next = mark;
	free(a);
	free(b);
	free(sum);
	return error;
}

/**
 * work_sgemm - product of two square matrices
 * @ring: enabled
 * @size: rows and columns
 * @seed: of the input
 */
int work_sgemm(struct rt_ring *ring, unsigned int size, uint32_t seed)
{
	static const uint16_t group[3] = { 8, 8, 1 };
	struct rt_device *device = ring->device;
	uint64_t mark = device->framebuffer_next;
	size_t count = (size_t)size * size, bytes = count * sizeof(float);
	float *a = malloc(bytes), *b = malloc(bytes), *c = malloc(bytes);
	float *expected = malloc(bytes);
	struct sgemm_argument argument = {
		.rows = size, .columns = size, .inner = size,
		.alpha = 1.5f, .beta = -0.25f,
	};
	size_t i, row, column, k;
	int error = -ENOMEM;

	if (!a || !b || !c || !expected)
		goto free;
	for (i = 0; i < count; i++) {
		a[i] = random_float(&seed);
		b[i] = random_float(&seed);
		c[i] = random_float(&seed);
	}
	argument.a = rt_framebuffer_alloc(device, bytes, 64);
	argument.b = rt_framebuffer_alloc(device, bytes, 64);
	argument.c = rt_framebuffer_alloc(device, bytes, 64);
	put(device, argument.a, a, bytes);
	put(device, argument.b, b, bytes);
	put(device, argument.c, c, bytes);
	error = run(ring, "sgemm", &argument, sizeof(argument), size, size,
		    group, 0);
	if (!error) {
		for (row = 0; row < size; row++)
			for (column = 0; column < size; column++) {
				float sum = 0;

				i = row * size + column;
				for (k = 0; k < size; k++)
					sum = fmaf(a[row * size + k],
						   b[k * size + column], sum);
				expected[i] = fmaf(argument.alpha, sum,
						   argument.beta * c[i]);
			}
		get(device, c, argument.c, bytes);
		error = compare("SGEMM", c, expected, count);
	}
free:
	device->framebuffer_next = mark;
	free(a);
	free(b);
	free(c);
	free(expected);
	return error;
}

/**
 * work_sha256 - digests of several messages
 * @ring: enabled
 * @messages: how many
 * @bytes: of each
 * @seed: of the input
 */
int work_sha256(struct rt_ring *ring, unsigned int messages,
		unsigned int bytes, uint32_t seed)
{
	static const uint16_t group[3] = { 8, 1, 1 };
	struct rt_device *device = ring->device;
	uint64_t mark = device->framebuffer_next;
	struct sha256_argument argument = {
		.bytes = bytes,
		.pitch = (bytes + 63) & ~63u,
		.count = messages,
	};
	size_t all = (size_t)argument.pitch * messages, i;
	uint8_t *data = malloc(all ? all : 1), *digests = malloc(32 * messages);
	uint8_t expected[32];
	int error = -ENOMEM;

	if (!data || !digests)
		goto free;
	for (i = 0; i < all; i++)
		data[i] = (uint8_t)work_random(&seed);
	argument.messages = rt_framebuffer_alloc(device, all, 64);
	argument.digests = rt_framebuffer_alloc(device, 32 * messages, 64);
	put(device, argument.messages, data, all);
	error = run(ring, "sha256", &argument, sizeof(argument), messages, 1,
		    group, 1024);
	if (!error)
		get(device, digests, argument.digests, 32 * messages);
	for (i = 0; !error && i < messages; i++) {
		sha256(data + i * argument.pitch, bytes, expected);
		if (memcmp(expected, digests + 32 * i, 32))
			error = rt_fail(EILSEQ, "SHA-256: digest %zu begins with %02x%02x%02x%02x, not %02x%02x%02x%02x",
					i, digests[32 * i], digests[32 * i + 1],
					digests[32 * i + 2], digests[32 * i + 3],
					expected[0], expected[1], expected[2],
					expected[3]);
	}
free:
	device->framebuffer_next = mark;
	free(data);
	free(digests);
	return error;
}

static uint32_t mandelbrot_pixel(const struct mandelbrot_argument *argument,
				 unsigned int x, unsigned int y)
{
	float cr = fmaf((float)x, argument->step, argument->left);
	float ci = fmaf((float)y, argument->step, argument->top);
	float zr = 0, zi = 0, rr = 0, ii = 0;
	uint32_t n;

	for (n = 0; n < argument->iterations && rr + ii <= 4.0f; n++) {
		zi = fmaf(2.0f * zr, zi, ci);
		zr = rr - ii + cr;
		rr = zr * zr;
		ii = zi * zi;
	}
	if (n == argument->iterations)
		return 0;
	return (n * 9 & 0xff) << 16 | (n * 5 & 0xff) << 8 |
	       ((128 + n * 3) & 0xff);
}

/**
 * work_mandelbrot - the whole set
 * @ring: enabled
 * @width: pixels
 * @height: pixels
 * @iterations: limit
 * @picture: receives width * height pixels, XRGB8888; NULL: not wanted
 */
int work_mandelbrot(struct rt_ring *ring, unsigned int width,
		    unsigned int height, unsigned int iterations,
		    uint32_t *picture)
{
	static const uint16_t group[3] = { 16, 4, 1 };
	struct rt_device *device = ring->device;
	uint64_t mark = device->framebuffer_next;
	struct mandelbrot_argument argument = {
		.pitch = width * 4,
		.width = width,
		.height = height,
		.iterations = iterations,
		.left = -2.25f,
		.top = -1.25f,
		.step = 2.5f / (float)height,
	};
	size_t bytes = (size_t)argument.pitch * height;
	uint32_t *got = malloc(bytes), expected;
	unsigned int x, y;
	int error = -ENOMEM;

	if (!got)
		goto free;
	argument.pixels = rt_framebuffer_alloc(device, bytes, 64);
	error = run(ring, "mandelbrot", &argument, sizeof(argument), width,
		    height, group, 0);
	if (error)
		goto free;
	get(device, got, argument.pixels, bytes);
	for (y = 0; y < height && !error; y++)
		for (x = 0; x < width && !error; x++) {
			expected = mandelbrot_pixel(&argument, x, y);
			if (got[y * width + x] != expected)
				error = rt_fail(EILSEQ, "Mandelbrot: pixel %u,%u is 0x%06x, not 0x%06x",
						x, y, got[y * width + x],
						expected);
		}
	if (picture)
		memcpy(picture, got, bytes);
free:
	device->framebuffer_next = mark;
	free(got);
	return error;
}

/**
 * work_reduce - sum of an array, with barriers and atomics
 * @ring: enabled
 * @count: elements
 * @seed: of the input
 */
int work_reduce(struct rt_ring *ring, unsigned int count, uint32_t seed)
{
	static const uint16_t group[3] = { GROUP, 1, 1 };
	struct rt_device *device = ring->device;
	uint64_t mark = device->framebuffer_next;
	size_t bytes = count * sizeof(uint32_t);
	uint32_t *input = malloc(bytes), sum = 0, got, zero = 0;
	unsigned int items = 256, i;
	struct reduce_argument argument = { .count = count };
	int error = -ENOMEM;

	if (!input)
		goto free;
	for (i = 0; i < count; i++) {
		input[i] = work_random(&seed);
		sum += input[i];
	}
	argument.input = rt_framebuffer_alloc(device, bytes, 64);
	argument.scratch = rt_framebuffer_alloc(device, items * 4, 64);
	argument.group_sums = rt_framebuffer_alloc(device, items / GROUP * 4, 64);
	argument.total = rt_framebuffer_alloc(device, 4, 64);
	put(device, argument.input, input, bytes);
	put(device, argument.total, &zero, 4);
	error = run(ring, "reduce", &argument, sizeof(argument), items, 1,
		    group, 0);
	if (!error) {
		get(device, &got, argument.total, 4);
		if (got != sum)
			error = rt_fail(EILSEQ, "reduce: sum is 0x%x, not 0x%x",
					got, sum);
	}
free:
	device->framebuffer_next = mark;
	free(input);
	return error;
}

/**
 * work_system_memory - a round trip: guest memory, video memory, guest memory
 * @ring: enabled
 * @pages: how much
 * @seed: of the data
 */
int work_system_memory(struct rt_ring *ring, unsigned int pages, uint32_t seed)
{
	struct rt_device *device = ring->device;
	uint64_t mark = device->framebuffer_next, from_at, to_at, video;
	struct rt_memory from = { 0 }, to = { 0 };
	uint32_t *words;
	size_t i;
	int error;

	error = rt_memory_alloc(device, pages * RT_PAGE_SIZE, &from);
	if (error)
		return error;
	error = rt_memory_alloc(device, pages * RT_PAGE_SIZE, &to);
	if (error)
		goto free;
	words = from.cpu;
	for (i = 0; i < from.bytes / 4; i++)
		words[i] = work_random(&seed);
	video = rt_framebuffer_alloc(device, from.bytes, RT_PAGE_SIZE);
	error = rt_memory_map(device, &from, false, &from_at);
	if (error)
		goto free;
	error = rt_memory_map(device, &to, true, &to_at);
	if (error)
		goto unmap_from;
	error = rt_copy(ring, video, from_at, from.bytes);
	if (!error)
		error = rt_copy(ring, to_at, video, from.bytes);
	if (!error)
		error = rt_ring_finish(ring, PATIENCE_MS);
	if (!error && memcmp(rt_framebuffer(device, video), from.cpu, from.bytes))
		error = rt_fail(EILSEQ, "system memory: video memory differs from the source");
	if (!error && memcmp(to.cpu, from.cpu, from.bytes))
		error = rt_fail(EILSEQ, "system memory: what came back differs from the source");
	rt_memory_unmap(device, &to, to_at);
unmap_from:
	rt_memory_unmap(device, &from, from_at);
free:
	device->framebuffer_next = mark;
	rt_memory_free(&to);
	rt_memory_free(&from);
	return error;
}

/**
 * work_spin - start a job that runs until told to stop
 * @ring: enabled
 * @stop: receives what work_stop() wants to know
 *
 * Returns at once; a fence follows the job.
 */
int work_spin(struct rt_ring *ring, uint64_t *stop)
{
	static const uint16_t group[3] = { 1, 1, 1 };
	static const uint32_t grid[3] = { 1, 1, 1 };
	struct rt_device *device = ring->device;
	struct spin_argument argument;
	uint64_t code, at;
	uint32_t zero = 0;
	int error;

	error = rt_kernel_load(device, "spin", &code);
	if (error)
		return error;
	argument.counters = rt_framebuffer_alloc(device, 64, 64);
	argument.stop = rt_framebuffer_alloc(device, 64, 64);
	*stop = argument.stop;
	put(device, argument.stop, &zero, 4);
	at = rt_framebuffer_alloc(device, sizeof(argument), 64);
	put(device, at, &argument, sizeof(argument));
	error = rt_dispatch(ring, code, at, grid, group, 0);
	return error ? error : rt_ring_fence(ring, 0);
}

/**
 * work_stop - let an endless job come to its end
 * @device: whose
 * @stop: as work_spin() gave it
 */
void work_stop(struct rt_device *device, uint64_t stop)
{
	*(volatile uint32_t *)rt_framebuffer(device, stop) = 1;
}
