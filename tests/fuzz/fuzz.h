/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - what the fuzz targets share: numbers out of the input, and what must
 * hold
 *
 * A target is a file with LLVMFuzzerTestOneInput(). It reads what to do from the
 * input, does it, and checks what must hold afterwards; the sanitizers watch the
 * rest. An input that has come to its end gives zeros. Nothing may depend on
 * anything but the input, so that a seed repeats a run.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * struct fuzz - an input that is read from its beginning to its end
 * @at: next byte
 * @left: bytes left
 */
struct fuzz {
	const uint8_t *at;
	size_t left;
};

/** fuzz_number() - the next @bytes bytes, at most 8, lowest first */
static inline uint64_t fuzz_number(struct fuzz *fuzz, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes && fuzz->left; i++, fuzz->left--)
		value |= (uint64_t)*fuzz->at++ << (8 * i);
	return value;
}

/** fuzz_below() - a number less than @limit, which is at least 1 */
static inline uint64_t fuzz_below(struct fuzz *fuzz, uint64_t limit)
{
	unsigned int bytes = limit <= 0x100 ? 1 : limit <= 0x10000 ? 2 :
			     limit <= 0x100000000 ? 4 : 8;

	return fuzz_number(fuzz, bytes) % limit;
}

/** fuzz_bytes() - @size bytes to @to; zeros behind the end */
static inline void fuzz_bytes(struct fuzz *fuzz, void *to, size_t size)
{
	size_t have = size < fuzz->left ? size : fuzz->left;

	memcpy(to, fuzz->at, have);
	memset((uint8_t *)to + have, 0, size - have);
	fuzz->at += have;
	fuzz->left -= have;
}

/* FUZZ_CHECK(condition, "what was seen, ..."): the input is kept unless it holds */
#define FUZZ_CHECK(condition, ...)						\
	do {									\
		if (!(condition)) {						\
			fprintf(stderr, "%s:%d: %s does not hold: ",		\
				__FILE__, __LINE__, #condition);		\
			fprintf(stderr, __VA_ARGS__);				\
			fprintf(stderr, "\n");					\
			abort();						\
		}								\
	} while (0)

#endif /* FUZZ_H */
