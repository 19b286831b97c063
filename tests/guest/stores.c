// SPDX-License-Identifier: GPL-2.0-only
/*
 * stores.c - the guest's processor stores to video memory with AVX
 *
 *	stores [NODE]
 *
 * For ever. Each round reads what the last one left in a buffer, and stores other words
 * over all of it: an emulator of instructions, as KVM has one for memory that it can't
 * map, does not know these stores. One line says how many rounds there were.
 */
#include <errno.h>
#include <immintrin.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define BYTES		(2u << 20)
#define MAPPED		0x10000u	/* guest memory that the vGPU has mapped all the while */
#define VECTOR		32u	/* bytes of one store */
#define VECTORS		(BYTES / VECTOR)
#define PACE_US		100000	/* others want the processor, too */

__attribute__((target("avx2")))
static __m256i words_of(uint32_t round, uint32_t index)
{
	return _mm256_set1_epi64x((int64_t)((uint64_t)round << 32 | index));
}

/* Return: the first vector with other words in it; VECTORS: none. */
__attribute__((target("avx2")))
static uint32_t check(const uint32_t *memory, uint32_t round)
{
	const __m256i *vector = (const __m256i *)memory;
	uint32_t i;

	for (i = 0; i < VECTORS; i++) {
		__m256i differ = _mm256_xor_si256(_mm256_load_si256(vector + i),
						  words_of(round, i));

		if (!_mm256_testz_si256(differ, differ))
			break;
	}
	return i;
}

__attribute__((target("avx2")))
static void store(uint32_t *memory, uint32_t round)
{
	const __m256i all = _mm256_set1_epi32(-1);
	__m256i *vector = (__m256i *)memory;
	uint32_t i;

	for (i = 0; i < VECTORS; i += 4) {
		_mm256_store_si256(vector + i, words_of(round, i));
		_mm256_storeu_si256(vector + i + 1, words_of(round, i + 1));
		_mm256_stream_si256(vector + i + 2, words_of(round, i + 2));
		_mm256_maskstore_epi32((int *)(vector + i + 3), all, words_of(round, i + 3));
	}
	_mm_sfence();
}

int main(int argc, char **argv)
{
	struct buffer buffer, mapped;
	uint32_t round, at;
	int fd;

	if (argc > 1)
		node = argv[1];
	if (!__builtin_cpu_supports("avx2")) {
		printf("stores: this processor has no AVX2\n");
		return 77;
	}
	fd = open_node();
	if (buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &buffer) ||
	    buffer_create(fd, DRM_REFGPU_BO_SYSTEM, MAPPED, &mapped)) {
		printf("stores: not ok: no buffer: %s\n", strerror(errno));
		return 1;
	}
	store(buffer.words, 0);
	for (round = 0;; round++) {
		at = check(buffer.words, round);
		if (at < VECTORS) {
			printf("stores: not ok: byte %u is of round %u, not %u\n", at * VECTOR,
			       buffer.words[at * VECTOR / 4 + 1], round);
			return 1;
		}
		printf("stores: ok %u\n", round);
		fflush(stdout);
		store(buffer.words, round + 1);
		usleep(PACE_US);
	}
}
